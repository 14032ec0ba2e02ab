import { keyOf, shownName } from "../../server/names.js";
import type { DatabaseState, TableState } from "../inspect/state.js";
import { ofTable } from "./state-index.js";
import type { Target } from "./target.js";

/** The most names that are listed. More do not help to see which one is meant. */
const MAX_NAMED = 3;

/** The length from which names are compared by one character. In a shorter name it makes another word. */
const SHORTEST = 4;

/** Names by their variants: in lower case, whole or without one character. */
type Namesakes = ReadonlyMap<string, readonly string[]>;

/** Prepares names for a search with `namesakesIn`. */
export function namesakesOf(names: Iterable<string>): Namesakes {
  const index = new Map<string, string[]>();
  for (const name of names) {
    for (const variant of variantsOf(name)) {
      const group = index.get(variant);
      if (group === undefined) index.set(variant, [name]);
      else group.push(name);
    }
  }
  return index;
}

/**
 * Returns the first few names that differ from a name by their case, or by one character that was added, dropped,
 * changed or moved. Each may be the renamed or correctly spelled name.
 */
export function namesakesIn(index: Namesakes, name: string): string[] {
  const found = new Set<string>();
  for (const variant of variantsOf(name)) {
    for (const other of index.get(variant) ?? []) {
      if (other !== name) found.add(other);
      if (found.size === MAX_NAMED) return [...found];
    }
  }
  return [...found];
}

function variantsOf(name: string): ReadonlySet<string> {
  const lower = name.toLowerCase();
  const shorter = lower.length < SHORTEST ? [] : Array.from(lower, (_, at) => lower.slice(0, at) + lower.slice(at + 1));
  return new Set([lower, ...shorter]);
}

/**
 * Returns a function that finds the tables that a missing table may have become: moved to another schema, or renamed in
 * its own. Tables that a declaration names as an owner are left out.
 */
export function renamedTables(targets: readonly Target[], state: Pick<DatabaseState, "tables">) {
  let free: ReadonlySet<TableState> | undefined;
  const bySchema = new Map<string, Namesakes>();
  return (schema: string, table: string): readonly string[] => {
    const known = (free ??= freeTables(targets, state));
    let namesakes = bySchema.get(schema);
    if (namesakes === undefined) {
      namesakes = namesakesOf([...known].filter((each) => each.schema === schema).map((each) => each.table));
      bySchema.set(schema, namesakes);
    }
    const moved = ofTable(state.tables, table).filter((each) => known.has(each));
    return [
      ...moved.map((each) => shownName(each.schema, table)),
      ...namesakesIn(namesakes, table).map((name) => shownName(schema, name)),
    ].slice(0, MAX_NAMED);
  };
}

function freeTables(targets: readonly Target[], { tables }: Pick<DatabaseState, "tables">): ReadonlySet<TableState> {
  const claimed = new Set(
    targets.map(({ schema, options }) => keyOf({ schema, seqName: `${options.ownedBy?.table}` })),
  );
  return new Set(tables.filter(({ schema, table }) => !claimed.has(keyOf({ schema, seqName: table }))));
}
