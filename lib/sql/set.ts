import { refuse } from "../errors.js";
import { BoundedMap } from "./bounded-map.js";
import type { Sql } from "./fragment.js";
import { keyOf, quoteIdentifier } from "./identifier.js";
import { type InsertRow, refuseNonRow } from "./insert.js";
import { Site } from "./template.js";

const sites = /* @__PURE__ */ new BoundedMap<string, Site>(256);

/**
 * Writes the assignments of an update. A value may be a fragment.
 *
 * ```ts
 * sql`update orders set ${sql.set({ note: "sent", sent_at: sql`now()` })} where id = ${id}`;
 * // { text: `update orders set "note" = $1, "sent_at" = now() where id = $2`, values: ["sent", id] }
 * ```
 *
 * Throws `INVALID_TEMPLATE` for an undefined value, which is never left out silently, and for an object without keys.
 */
export function set(assignments: InsertRow): Sql {
  refuseNonRow(assignments, () => "the argument of sql.set", 0);
  const names = Object.keys(assignments);
  if (names.length === 0) refuse("sql.set", "needs at least one column");
  const site = sites.getOrMake(keyOf(names), () => {
    const pieces = names.map((name, index) => `${index === 0 ? "" : ", "}${quoteIdentifier(name, "sql.set")} = `);
    return new Site([...pieces, ""], (_piece, position) => position + 2);
  });
  return site.fragment(names.map((name) => assignments[name]));
}
