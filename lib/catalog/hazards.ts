import type { Hazard, HazardCode } from "./change.js";
import { limitsOf } from "./limits.js";
import { nameOf } from "./name.js";
import type { Target } from "./sequences.js";
import type { StateColumn, SequenceState, StateOptions } from "./state.js";

/** So many rows were ever inserted into a table that a lock on its sequence is worth a word. */
const BUSY = 100_000n;

/** Why it may hurt to give a sequence of the database these options. */
export function hazardsOfAlter(target: Target, state: SequenceState): Hazard[] {
  const { options: before, feeds } = state;
  const { options: after } = target;
  const hazard = hazardsFor(nameOf(target.declared));
  return [
    ...currentValueExcluded(target, state),
    ...hazard(
      "NARROWER_TYPE",
      widthOf(after) < widthOf(before),
      `${after.as} holds less than ${before.as}: code and columns that hold its values may rely on the wider type`,
    ),
    ...hazard(
      "INCREMENT_CHANGED",
      before.increment !== after.increment,
      before.increment < 0n === after.increment < 0n
        ? `the increment goes from ${before.increment} to ${after.increment}: whoever reckons with the old distance between values, such as an allocator of blocks, gives values twice`
        : `the increment turns from ${before.increment} to ${after.increment}: from now on it comes back to values that were given out before`,
    ),
    ...(before.cycle ? [] : cycleRepeatsKeys(target, feeds)),
    ...hazard(
      "CACHE_BREAKS_ORDER",
      before.cache === 1n && after.cache > 1n && feeds.length > 0,
      `with cache ${after.cache} each connection takes values ahead: ${columnsOf(feeds)} will no longer tell which row came first, and what a connection does not use is lost`,
    ),
    ...outgrown(target, state),
    ...hazardsOfLock(target, state),
  ];
}

function currentValueExcluded(target: Target, { lastValue, options: before }: SequenceState): Hazard[] {
  const { options: after } = target;
  if (lastValue === null || (lastValue >= after.minValue && lastValue <= after.maxValue)) return [];
  const [bound, verb] =
    lastValue < after.minValue ? (["minValue", "below"] as const) : (["maxValue", "above"] as const);
  const both = after[bound] >= before.minValue && after[bound] <= before.maxValue;
  const cure = both ? `, or first move it there yourself with setval, if no row has such a value` : "";
  return hazardsFor(nameOf(target.declared))(
    "CURRENT_VALUE_EXCLUDED",
    true,
    `its current value ${lastValue} is ${verb} the new ${bound} ${after[bound]}, which the server refuses; declare a ${bound} that includes it${cure}`,
    true,
  );
}

function outgrown(target: Target, { options: before, feeds }: SequenceState): Hazard[] {
  const { options: after } = target;
  const grows = after.minValue < before.minValue || after.maxValue > before.maxValue;
  const fed = feeds.filter((column) => column.byDefault || isOwner(target, column));
  return grows ? widerThanColumn(target, fed) : [];
}

/** Why it may hurt that a sequence comes to belong to a key, for which programs will then draw from it. */
export function hazardsOfOwning(target: Target, keys: readonly StateColumn[], found?: SequenceState): Hazard[] {
  // What it feeds already is no news.
  if (found?.feeds.some((column) => isOwner(target, column)) === true) return [];
  const owner = keys.find((column) => column.schema === target.schema && isOwner(target, column));
  return owner === undefined ? [] : [...cycleRepeatsKeys(target, [owner]), ...widerThanColumn(target, [owner])];
}

function isOwner({ options: { ownedBy } }: Target, { table, column }: StateColumn): boolean {
  return ownedBy?.table === table && ownedBy.column === column;
}

function cycleRepeatsKeys({ declared, options }: Target, columns: readonly StateColumn[]): Hazard[] {
  const keys = columns.filter(({ unique }) => unique);
  return hazardsFor(nameOf(declared))(
    "CYCLE_REPEATS_KEYS",
    options.cycle && keys.length > 0,
    `with cycle its values come again, and ${columnsOf(keys)} takes each only once: inserts will fail with 23505, or 23P01 of an exclusion constraint`,
  );
}

function widerThanColumn({ declared, options }: Target, columns: readonly StateColumn[]): Hazard[] {
  const { minValue, maxValue } = options;
  const narrow = columns.filter(({ baseType }) => {
    const limits = limitsOf(baseType);
    return limits !== undefined && (minValue < limits.least || maxValue > limits.greatest);
  });
  return hazardsFor(nameOf(declared))(
    "WIDER_THAN_COLUMN",
    narrow.length > 0,
    `its values go from ${minValue} to ${maxValue}, more than ${columnsOf(narrow)} of type ${narrow[0]?.type} holds: inserts will fail with 22003; widen the column first, or declare bounds within it`,
  );
}

/** Whoever changes a sequence waits for those who draw from it, and then holds them up until the transaction ends. */
export function hazardsOfLock({ declared }: Target, { feeds }: SequenceState): Hazard[] {
  const busy = feeds.filter(({ byDefault, inserts }) => byDefault && inserts >= BUSY);
  return hazardsFor(nameOf(declared))(
    "LOCKS_INSERTS",
    busy.length > 0,
    `the change waits for open transactions that drew from it, and until it is committed inserts into ${columnsOf(busy)} wait; ${busy[0]?.inserts} rows were inserted there so far`,
  );
}

/** Why it may hurt to make a sequence survive a crash, or no more. */
export function hazardsOfPersistence(target: Target, serverVersion: number): Hazard[] {
  const hazard = hazardsFor(nameOf(target.declared));
  return [
    ...needsPostgres15(target, serverVersion),
    ...hazard(
      "UNLOGGED_STARTS_OVER",
      target.options.unlogged,
      "an unlogged sequence goes back after a crash of the server, and gives the same values again",
    ),
    ...hazard(
      "LOGGED_FROM_CHECKPOINT",
      !target.options.unlogged,
      "what it gave out while it was unlogged may come again if the server crashes before its next checkpoint; setval to its own value cures it",
    ),
  ];
}

export function needsPostgres15(target: Target, serverVersion: number): Hazard[] {
  return hazardsFor(nameOf(target.declared))(
    "NEEDS_POSTGRES_15",
    target.options.unlogged && serverVersion < 150_000,
    `unlogged sequences need PostgreSQL 15, and the server is ${Math.floor(serverVersion / 10_000)}; declare it without unlogged`,
    true,
  );
}

export function hazardsOfDrop(state: SequenceState): Hazard[] {
  const value = state.lastValue === null ? "" : ` ${state.lastValue}`;
  const problem = `its current value${value} is lost, and with it its privileges; statements that name it will fail`;
  return hazardsFor(nameOf(state))("DROPS_SEQUENCE", true, problem);
}

export function hazardsFor(sequence: string) {
  return (code: HazardCode, holds: boolean, problem: string, blocked = false): Hazard[] =>
    holds ? [{ code, message: `${sequence}: ${problem}`, blocked }] : [];
}

function widthOf({ as }: StateOptions): bigint {
  return limitsOf(as).greatest;
}

export function columnsOf(columns: readonly StateColumn[]): string {
  return columns.map(({ schema, table, column }) => `${schema}.${table}.${column}`).join(", ");
}
