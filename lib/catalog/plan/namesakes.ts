import { keyOf } from "../../server/names.js";
import type { DatabaseState, TableState } from "../inspect/state.js";
import { tablesNamed } from "./table-index.js";
import type { Target } from "./target.js";

/** More names than these help nobody to see which one is meant. */
const MOST_NAMED = 3;

/** In a shorter name one character makes another word. */
const SHORTEST = 4;

/** Names by what is left of them if their case, or a single character, is left out. */
type Namesakes = ReadonlyMap<string, readonly string[]>;

/** Prepares names to be looked up with `namesakesIn`. */
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
 * The first few names that differ from a name by their case, or by one character that was added, dropped, changed or put
 * elsewhere: each may be the name after it was changed, or without a slip.
 */
export function namesakesIn(index: Namesakes, name: string): string[] {
  const found = new Set<string>();
  for (const variant of variantsOf(name)) {
    for (const other of index.get(variant) ?? []) {
      if (other !== name) found.add(other);
      if (found.size === MOST_NAMED) return [...found];
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
 * Finds the tables that may be a missing one, moved to another schema or renamed in its own. A table that a declaration names
 * as an owner is none of them.
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
    const moved = tablesNamed(state, table).filter((each) => known.has(each));
    return [
      ...moved.map((each) => `${each.schema}.${table}`),
      ...namesakesIn(namesakes, table).map((name) => `${schema}.${name}`),
    ].slice(0, MOST_NAMED);
  };
}

function freeTables(targets: readonly Target[], { tables }: Pick<DatabaseState, "tables">): ReadonlySet<TableState> {
  const claimed = new Set(
    targets.map(({ schema, options }) => keyOf({ schema, seqName: `${options.ownedBy?.table}` })),
  );
  return new Set(tables.filter(({ schema, table }) => !claimed.has(keyOf({ schema, seqName: table }))));
}
