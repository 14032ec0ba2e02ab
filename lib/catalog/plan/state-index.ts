import type { DatabaseState, TableState } from "../inspect/state.js";

type Tables = Pick<DatabaseState, "tables">;

/** Returns the table of this schema and name; undefined if the database has none. */
export function tableOf({ tables }: Tables, schema: string, table: string): TableState | undefined {
  return groupsOf(tables)
    .get(table)
    ?.find((each) => each.schema === schema);
}

/** Returns the tables of this name, in any schema. */
export function tablesNamed({ tables }: Tables, table: string): readonly TableState[] {
  return groupsOf(tables).get(table) ?? [];
}

const known = new WeakMap<Tables["tables"], Map<string, TableState[]>>();

/** Groups the tables by name, once for all targets of a plan. */
function groupsOf(tables: Tables["tables"]): ReadonlyMap<string, readonly TableState[]> {
  let groups = known.get(tables);
  if (groups === undefined) {
    known.set(tables, (groups = new Map()));
    for (const each of tables) {
      const group = groups.get(each.table);
      if (group === undefined) groups.set(each.table, [each]);
      else group.push(each);
    }
  }
  return groups;
}
