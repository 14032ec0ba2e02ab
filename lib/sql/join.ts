import { refuse } from "../errors.js";
import { Sql, type Spliceable, textFragment } from "./fragment.js";
import { listShape } from "./list.js";
import { admit, type Place, type Splice } from "./value.js";

const COMMA = /* @__PURE__ */ textFragment(", ");

/**
 * Joins fragments, sequences or values with a comma or another fragment.
 *
 * ```ts
 * sql`select * from orders where id in (${sql.join([1, 2, 3])})`;
 * // { text: "select * from orders where id in ($1, $2, $3)", values: [1, 2, 3] }
 * sql`select * from orders where ${sql.join(conditions, sql` and `)}`;
 * ```
 *
 * Throws `INVALID_TEMPLATE` for an empty list, because `in ()` and a bare `where` are not SQL. Say what an empty list
 * means, such as `sql.empty` or `sql`false``.
 */
export function join(items: readonly Splice[], separator: Spliceable = COMMA): Sql {
  if (!Array.isArray(items) || items.length === 0) {
    refuse("sql.join", "needs at least one item; for an empty list say what is meant, such as sql.empty or sql`false`");
  }
  const between = admit(separator, () => "the separator of sql.join", 0);
  const separating = Sql.shapeIn(between);
  if (separating === null || separating.size > 0) {
    return refuse("sql.join", "takes a fragment without values as separator, such as sql` and `");
  }
  const things = new Array<unknown>(items.length);
  let first: Sql | undefined;
  for (let index = 0; index < things.length; index++) {
    const thing = (things[index] = admit(items[index], ITEM, index));
    if (first === undefined && thing instanceof Sql) first = thing;
  }
  const pieces = () => {
    const text = separating.text + separating.ending;
    return ["", ...things.slice(1).map(() => text), ""];
  };
  const home = first === undefined ? separating : Sql.shapeOf(first);
  return new Sql(listShape(home, things, first === undefined, pieces, separating), things);
}

const ITEM: Place = (index) => `item ${index + 1} of sql.join`;
