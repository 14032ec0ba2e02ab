import type {
  Integer,
  ResolvedOptions,
  SequenceLike,
  SequenceNeeded,
  SequenceType,
} from "../../../types/sequence-options.js";
import { refuseUnknown } from "../../sql/did-you-mean.js";
import type { Sql } from "../../sql/fragment.js";
import {
  checkOptions,
  defaultBounds,
  readInteger,
  readOnce,
  resolveOptions,
  shapeProblem,
  typeLimits,
} from "../resolve-options.js";
import { throwSequenceError, sequenceName } from "../sequence-name.js";
import { type AnySequence, sequenceOf } from "../sequence.js";
import { optionClauses, restartProblem } from "./clauses.js";
import { type AlterOptions, alterStatement } from "./ddl-statement.js";

/**
 * The options that {@link alterSequence} can change. Null resets an option to its default, and an absent option keeps
 * its value.
 */
export interface SequenceChanges {
  /** The type on the server. Null resets it to bigint. */
  readonly as?: SequenceType | null | undefined;
  /** The value that a later restart begins at. The current value stays. Null resets it to the first bound. */
  readonly startWith?: Integer | null | undefined;
  /** The difference between two values, not 0. Null resets it to 1. */
  readonly increment?: Integer | null | undefined;
  /** The smallest value. Null resets it to 1, or to the minimum of the type if the increment is negative. */
  readonly minValue?: Integer | null | undefined;
  /** The largest value. Null resets it to the maximum of the type, or to -1 if the increment is negative. */
  readonly maxValue?: Integer | null | undefined;
  /** How many values a session reserves in one step, at least 1. Null resets it to 1. */
  readonly cache?: Integer | null | undefined;
  /** Whether the sequence continues at its other bound after the last value. Null resets it to false. */
  readonly cycle?: boolean | null | undefined;
  /** Where to continue: `true` for the start value, or a value. The next value is this one. Default: it stays. */
  readonly restart?: boolean | Integer | undefined;
}

const CHANGEABLE = ["as", "startWith", "increment", "minValue", "maxValue", "cache", "cycle", "restart"];

/**
 * Changes the options of a sequence.
 *
 * ```ts
 * alterSequence(orderSeq, { maxValue: null, cycle: false }); // alter sequence "order_seq" no maxvalue no cycle
 * ```
 *
 * The changes are checked together with the declared options, by the rules of the server. An option that is not
 * mentioned keeps its value, even if the increment changes its sign. A bound at the limit of the old type moves to the
 * limit of the new type.
 *
 * The current value changes only with `restart`. Without it, a new `startWith` only says where a later restart goes.
 * Some changes are possible only together with a restart, because the server refuses bounds that exclude the current
 * value:
 *
 * ```ts
 * alterSequence(orderSeq, { increment: -1, minValue: -100, maxValue: -1, startWith: -1, restart: true });
 * // alter sequence "order_seq" increment by -1 minvalue -100 maxvalue -1 start with -1 restart
 * ```
 *
 * The statement waits for transactions that draw values, and then blocks `nextval` until its own transaction ends. Set
 * `lock_timeout`. Source: "ALTER SEQUENCE".
 */
export function alterSequence(
  sequence: SequenceLike | SequenceNeeded,
  given: SequenceChanges,
  options: AlterOptions = {},
): Sql {
  const own = sequenceOf(sequence);
  const changes = readOnce(given);
  refuseUnknown(changes, CHANGEABLE, (problem, hint) =>
    throwSequenceError(own, `alterSequence: ${problem}`, "INVALID_OPTIONS", { hint }),
  );
  for (const [option, value] of Object.entries(changes)) {
    const problem =
      option === "restart" ? restartProblem(value) : value === null ? undefined : shapeProblem(option, value);
    if (problem !== undefined) throwSequenceError(own, problem, "INVALID_OPTIONS");
  }
  const { startWith, minValue, maxValue } = afterwards(own, changes);
  const clauses = optionClauses({
    as: changes.as === null ? "bigint" : changes.as,
    increment: changes.increment === null ? 1 : changes.increment,
    minValue: changes.minValue,
    maxValue: changes.maxValue,
    startWith: changes.startWith === null ? startWith : changes.startWith,
    cache: changes.cache === null ? 1 : changes.cache,
    cycle: changes.cycle === null ? false : changes.cycle,
    restart: changes.restart,
  });
  if (clauses.length === 0) throwSequenceError(own, "alterSequence needs at least one change");
  const restart = readInteger(changes.restart);
  if (restart !== undefined && (restart < minValue || restart > maxValue)) {
    const problem = `alterSequence: restart takes a value from ${minValue} to ${maxValue}, not ${restart}`;
    throwSequenceError(own, problem, "SEQUENCE_OUT_OF_BOUNDS");
  }
  return alterStatement("alterSequence", own, options, ...clauses);
}

/** The complete options after the changes, if the sequence was as declared before. */
function afterwards(sequence: AnySequence, changes: SequenceChanges): ResolvedOptions {
  const before = resolveOptions(sequence);
  const as = changed<SequenceType>(changes.as, before.as, "bigint");
  const increment = changed<Integer>(changes.increment, before.increment, 1n);
  const descending = (readInteger(increment) ?? 1n) < 0n;
  const defaults = defaultBounds(as, descending);
  const bound = (option: "minValue" | "maxValue") => {
    const kept = moveLimit(before, option, as);
    // A bound that moves with the type goes to the type's limit, even if its default is another value.
    const moves = changes.as !== undefined && before[option] === typeLimits(before.as)[option];
    return changed<Integer>(changes[option], kept, moves ? kept : defaults[option]);
  };
  const minValue = bound("minValue");
  const maxValue = bound("maxValue");
  const startWith = changed<Integer>(changes.startWith, before.startWith, descending ? maxValue : minValue);
  const cache = changed<Integer>(changes.cache, before.cache, 1n);
  const cycle = changed(changes.cycle, before.cycle, false);
  return checkOptions(sequenceName(sequence), { as, increment, minValue, maxValue, startWith, cache, cycle });
}

function changed<Value>(change: Value | null | undefined, kept: Value, standard: Value): Value {
  return change === undefined ? kept : (change ?? standard);
}

/**
 * Moves a bound at the limit of the old type to the limit of the new type, even if it was given. Source: "ALTER
 * SEQUENCE".
 */
function moveLimit(before: ResolvedOptions, bound: "minValue" | "maxValue", as: SequenceType): Integer {
  return before[bound] === typeLimits(before.as)[bound] ? typeLimits(as)[bound] : before[bound];
}
