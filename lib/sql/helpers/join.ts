import { refuse } from "../../errors.js";
import { Sql, type Spliceable, textFragment } from "../fragment.js";
import { admit, type Place, type Splice } from "../value.js";
import { optionsOfHelper } from "./helper-options.js";
import { listShape } from "./list.js";

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
 * `empty` stands for an empty list:
 *
 * ```ts
 * sql`select * from orders where id in (${sql.join([], sql`, `, { empty: sql`null` })})`;
 * // select * from orders where id in (null)
 * ```
 *
 * Without `empty`, an empty list throws `INVALID_TEMPLATE`, because `in ()` and a bare `where` are not SQL. For
 * conditions use `sql.and` and `sql.or`.
 */
export function join(
  items: readonly Splice[],
  separator: Spliceable = COMMA,
  options?: { readonly empty?: Spliceable | undefined },
): Sql {
  const empty = options === undefined ? undefined : optionsOfHelper("sql.join", options, ["empty"]).empty;
  if (!Array.isArray(items)) refuse("sql.join", "takes a list of items");
  if (items.length === 0) return emptyList(empty);
  const between = admit(separator, () => "the separator of sql.join", 0);
  const separating = Sql.tryShapeOf(between);
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

function emptyList(empty: unknown): Sql {
  if (empty === undefined) {
    refuse("sql.join", "needs at least one item", "State what an empty list means, such as { empty: sql`null` }.");
  }
  const fragment = admit(empty, () => "empty of sql.join", 0);
  return fragment instanceof Sql ? fragment : refuse("sql.join", "takes a fragment as empty, such as sql`null`");
}

const ITEM: Place = (index) => `item ${index + 1} of sql.join`;
