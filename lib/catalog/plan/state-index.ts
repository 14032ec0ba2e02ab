import type { DatabaseState, SequenceState, StateOptions, TableState, TakenName } from "../inspect/state.js";

/*
 * A state of a hundred thousand sequences has lists as long as that. Each is grouped by name once, for all targets of a
 * plan: to look through it for each of them would take minutes.
 */

/** Returns the table of this schema and name; undefined if the database has none. */
export function tableOf(
  { tables }: Pick<DatabaseState, "tables">,
  schema: string,
  table: string,
): TableState | undefined {
  return ofTable(tables, table).find((each) => each.schema === schema);
}

/** Returns the tables, or the columns, of the tables of this name in any schema. */
export const ofTable = finder(({ table }: { readonly table: string }) => table);

/** Returns the sequences of this name in any schema. */
export const sequencesNamed = finder(({ seqName }: Pick<SequenceState, "seqName">) => seqName);

/** Returns the sequences that belong to the tables of this name in any schema. */
export const sequencesOfTable = finder(
  ({ options }: { readonly options: Pick<StateOptions, "ownedBy"> }) => options.ownedBy?.table,
);

/** Returns the other objects of this name in any schema. */
export const takenNamed = finder(({ name }: TakenName) => name);

/** Makes a function that finds the items of a list by their name. It groups each list once. */
function finder<Item extends object>(nameOf: (item: Item) => string | undefined) {
  const known = new WeakMap<readonly Item[], Map<string | undefined, Item[]>>();
  return <Each extends Item>(items: readonly Each[], name: string): readonly Each[] => {
    let groups = known.get(items);
    if (groups === undefined) {
      known.set(items, (groups = new Map()));
      for (const each of items) {
        const group = groups.get(nameOf(each));
        if (group === undefined) groups.set(nameOf(each), [each]);
        else group.push(each);
      }
    }
    return (groups.get(name) ?? []) as readonly Item[] as readonly Each[];
  };
}
