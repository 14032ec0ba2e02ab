import { refuse } from "../../errors.js";
import { BoundedMap } from "../bounded-map.js";
import type { Sql } from "../fragment.js";
import { Site } from "../template.js";
import { keyOf, quoteIdentifier } from "./identifier.js";
import { columnList, type InsertRow, ownOf, refuseNonRow } from "./insert.js";

const sites = /* @__PURE__ */ new BoundedMap<string, Site>(256);

/**
 * Writes the assignments of an update. A value may be a fragment.
 *
 * ```ts
 * sql`update orders set ${sql.set({ note: "sent", sent_at: sql`now()` })} where id = ${id}`;
 * // { text: `update orders set "note" = $1, "sent_at" = now() where id = $2`, values: ["sent", id] }
 * ```
 *
 * `columns` limits them to some keys of the object:
 *
 * ```ts
 * sql`update orders set ${sql.set(order, ["note"])}`; // update orders set "note" = $1
 * ```
 *
 * Throws `INVALID_TEMPLATE` for a missing or undefined value, which is never left out silently, and if there is no
 * column.
 */
export function set<const Assignments extends InsertRow>(
  assignments: Assignments,
  columns?: readonly (keyof Assignments & string)[],
): Sql {
  refuseNonRow(assignments, () => "the argument of sql.set", 0);
  const names = columns === undefined ? Object.keys(assignments) : columnList("sql.set", columns);
  if (names.length === 0) refuse("sql.set", "needs at least one column");
  const site = sites.getOrMake(keyOf(names), () => {
    const pieces = names.map((name, index) => `${index === 0 ? "" : ", "}${quoteIdentifier(name, "sql.set")} = `);
    return new Site([...pieces, ""], (_piece, position) => position + 2);
  });
  return site.fragment(names.map((name) => ownOf(assignments, name)));
}
