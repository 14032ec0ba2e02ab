import { limitsOf } from "../../../server/integer-limits.js";
import { shownName, shownNameOf } from "../../../server/names.js";
import type { SequenceState, StateOptions } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import { isUndrawn, movesToStart } from "../restarts.js";
import type { Target } from "../target.js";
import { hazardsOfCache } from "./cache-hazards.js";
import { hazardsOfFeeding } from "./key-hazards.js";
import { aboutColumns, hazardsFor } from "./make-hazard.js";
import { namedInCode } from "./name-hazards.js";
import { hazardsOfRange } from "./range-hazards.js";

/** From this many inserted rows on, a lock on the sequence of a table is reported. */
const BUSY = 100_000n;

/** Returns the hazards of giving a sequence of the database these options. */
export function hazardsOfAlter(target: Target, found: SequenceState): Hazard[] {
  const { options: before, feeds } = found;
  const { options: after } = target;
  const restarts = movesToStart(target, found);
  const turns = before.increment < 0n !== after.increment < 0n;
  // One that cycles at its old start comes to values that it would not have reached so soon.
  const isHarmless = turns && isUndrawn(found) && (restarts || !after.cycle);
  const hazard = hazardsFor(shownNameOf(target.declared));
  return [
    ...hazardsOfRange(target, found, restarts),
    ...hazard(
      "NARROWER_TYPE",
      widthOf(after) < widthOf(before),
      `${after.as} holds less than ${before.as}, and code or columns with its values may rely on that`,
      { hint: "Check the code and the columns that hold its values." },
    ),
    ...hazard(
      "INCREMENT_CHANGED",
      before.increment !== after.increment && !isHarmless,
      turns
        ? `its increment turns from ${before.increment} to ${after.increment}, ` +
            "so it comes back to values that it may have returned before"
        : `its increment goes from ${before.increment} to ${after.increment}: programs with the old one, ` +
            "such as allocators, repeat values",
      { hint: "Stop the programs that use the sequence, and start them with the new increment." },
    ),
    ...hazardsOfFeeding(target, found, restarts),
    ...hazard(
      "CACHE_BREAKS_ORDER",
      before.cache === 1n && after.cache > 1n && feeds.length > 0,
      aboutColumns(
        feeds,
        (these, areMany) =>
          `with cache ${after.cache} each connection reserves values: ` +
          `${these} no longer ${areMany ? "show" : "shows"} the order of rows`,
      ),
      {
        hint: "Sort by a timestamp instead, and expect gaps, because connections lose the values that they do not use.",
      },
    ),
    ...hazardsOfCache(target, before),
    ...(after.identity === null ? hazardsOfLock : hazardsOfTableLock)(target, found),
  ];
}

/**
 * Returns the hazard of the lock. A change waits for transactions that draw values, and then blocks `nextval` until its
 * own transaction ends.
 */
export function hazardsOfLock(target: Target, state: SequenceState): Hazard[] {
  return lockHazards(
    target,
    state,
    "inserts into",
    "Apply it when few sessions insert: it first waits for open transactions that drew from the sequence.",
  );
}

/** Returns the hazard of a change through an identity column, which locks the table. */
export function hazardsOfTableLock(target: Target, state: SequenceState): Hazard[] {
  return lockHazards(
    target,
    state,
    "reads and writes of",
    "Apply it when few sessions use the table: it first waits for open transactions that have used it.",
  );
}

function lockHazards({ declared }: Target, { feeds }: SequenceState, what: string, hint: string): Hazard[] {
  const busy = feeds.filter(({ byDefault, inserts }) => byDefault && inserts >= BUSY);
  return hazardsFor(shownNameOf(declared))(
    "LOCKS_INSERTS",
    busy.length > 0,
    aboutColumns(busy, (these) => `${what} ${these} wait until the change is committed`),
    { hint },
  );
}

/** Returns the hazard of an identity column that takes no values of inserts any more. */
export function hazardsOfGenerated({ declared, schema, options: { ownedBy } }: Target): Hazard[] {
  return hazardsFor(shownNameOf(declared))(
    "IDENTITY_REJECTS_VALUES",
    true,
    `inserts that give a value for ${shownName(schema, ownedBy?.table, ownedBy?.column)} will fail with 428C9`,
    { hint: 'Declare identity: "by default", or let these inserts say OVERRIDING SYSTEM VALUE.' },
  );
}

/** Returns the hazards of making a sequence logged or unlogged. */
export function hazardsOfPersistence(target: Target, serverVersion: number): Hazard[] {
  const hazard = hazardsFor(shownNameOf(target.declared));
  return [
    ...needsPostgres15(target, serverVersion),
    ...hazard(
      "UNLOGGED_STARTS_OVER",
      target.options.unlogged,
      "after a crash of the server an unlogged sequence goes back, and returns the same values again",
      { hint: "Declare it without unlogged, unless its values may repeat after a crash." },
    ),
    ...hazard(
      "LOGGED_FROM_CHECKPOINT",
      !target.options.unlogged,
      "if the server crashes before its next checkpoint, values from while it was unlogged come again",
      { hint: "Run checkpoint after the change, or set the sequence to its own value with setval." },
    ),
  ];
}

export function needsPostgres15(target: Target, serverVersion: number): Hazard[] {
  return hazardsFor(shownNameOf(target.declared))(
    "NEEDS_POSTGRES_15",
    target.options.unlogged && serverVersion < 150_000,
    `unlogged sequences need PostgreSQL 15, and the server has version ${Math.floor(serverVersion / 10_000)}`,
    { hint: "Declare it without unlogged.", blocked: true },
  );
}

export function hazardsOfDrop(state: SequenceState): Hazard[] {
  const value = state.lastValue === null ? "" : ` ${state.lastValue}`;
  return [
    ...hazardsFor(shownNameOf(state))(
      "DROPS_SEQUENCE",
      true,
      `its current value${value} and its privileges are lost, and statements that name it fail`,
      { hint: "Declare it to keep it, or plan without prune." },
    ),
    ...namedInCode(shownNameOf(state), state),
  ];
}

function widthOf({ as }: StateOptions): bigint {
  return limitsOf(as).greatest;
}
