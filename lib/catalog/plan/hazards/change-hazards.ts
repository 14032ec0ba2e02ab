import { limitsOf } from "../../../server/integer-limits.js";
import { nameOf } from "../../../server/names.js";
import type { SequenceState, StateOptions } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import type { Target } from "../target.js";
import { hazardsOfCache } from "./cache-hazards.js";
import { hazardsOfFeeding } from "./key-hazards.js";
import { columnsOf, hazardsFor } from "./make-hazard.js";
import { namedInCode } from "./name-hazards.js";
import { hazardsOfRange } from "./range-hazards.js";

/** From this many inserted rows on, a lock on the sequence of a table is reported. */
const BUSY = 100_000n;

/** Returns the hazards of giving a sequence of the database these options. */
export function hazardsOfAlter(target: Target, state: SequenceState): Hazard[] {
  const { options: before, feeds } = state;
  const { options: after } = target;
  const hazard = hazardsFor(nameOf(target.declared));
  return [
    ...hazardsOfRange(target, state),
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
    ...hazardsOfFeeding(target, state),
    ...hazard(
      "CACHE_BREAKS_ORDER",
      before.cache === 1n && after.cache > 1n && feeds.length > 0,
      `with cache ${after.cache} each connection takes values ahead: ${columnsOf(feeds)} will no longer tell which row came first, and what a connection does not use is lost`,
    ),
    ...hazardsOfCache(target, before),
    ...hazardsOfLock(target, state),
  ];
}

/**
 * Returns the hazard of the lock. A change waits for transactions that draw values, and then blocks `nextval` until its
 * own transaction ends.
 */
export function hazardsOfLock({ declared }: Target, { feeds }: SequenceState): Hazard[] {
  const busy = feeds.filter(({ byDefault, inserts }) => byDefault && inserts >= BUSY);
  return hazardsFor(nameOf(declared))(
    "LOCKS_INSERTS",
    busy.length > 0,
    `the change waits for open transactions that drew from it, and until it is committed inserts into ${columnsOf(busy)} wait; ${busy[0]?.inserts} rows were inserted there so far`,
  );
}

/** Returns the hazards of making a sequence logged or unlogged. */
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
  return [...hazardsFor(nameOf(state))("DROPS_SEQUENCE", true, problem), ...namedInCode(nameOf(state), state)];
}

function widthOf({ as }: StateOptions): bigint {
  return limitsOf(as).greatest;
}
