import { refuse } from "../../errors.js";
import { BoundedMap } from "../bounded-map.js";
import { type Sql, textFragment } from "../fragment.js";

const texts = /* @__PURE__ */ new BoundedMap<string, Sql>(1000);
const MAX_REMEMBERED_LENGTH = 1000;

/**
 * Inserts text as SQL, unchanged. Nothing is quoted or checked: never pass text from outside your program.
 *
 * ```ts
 * sql`select * from orders order by id ${sql.raw(descending ? "desc" : "asc")}`;
 * // select * from orders order by id desc
 * ```
 */
export function raw(text: string): Sql {
  if (typeof text !== "string") return refuse("sql.raw", `takes a string, not ${typeof text}`);
  return text.length > MAX_REMEMBERED_LENGTH ? textFragment(text) : texts.getOrMake(text, () => textFragment(text));
}
