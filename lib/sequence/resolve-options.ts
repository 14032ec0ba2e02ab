import type { Expectations } from "../../types/messages.js";
import type {
  OwningColumn,
  ResolvedOptions,
  SequenceLike,
  SequenceNeeded,
  SequenceOptions,
  SequenceType,
  TargetColumn,
} from "../../types/sequence-options.js";
import { NextvalError } from "../errors.js";
import { checkKnown } from "../option-object.js";
import { refuseUnknown } from "../sql/did-you-mean.js";
import * as message from "./messages.js";
import { nameProblem, refuseNonSequence, sequenceName, textProblem } from "./sequence-name.js";

export interface Bounds {
  readonly minValue: bigint;
  readonly maxValue: bigint;
}

type IntegerOption = "startWith" | "increment" | "minValue" | "maxValue" | "cache";

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const BITS: Readonly<Record<SequenceType, number>> = { smallint: 16, integer: 32, bigint: 64 };

const ALLOWED: Readonly<Record<string, readonly unknown[]>> = {
  as: Object.keys(BITS),
  blocks: ["upwards", "downwards"],
  cycle: [true, false],
  identity: ["always", "by default"],
  mode: ["number", "bigint", "string"],
  unlogged: [true, false],
};

/** The smallest and the largest value of a type. */
export function typeLimits(as: SequenceType): Bounds {
  const half = 1n << BigInt(BITS[as] - 1);
  return { minValue: -half, maxValue: half - 1n };
}

/** The bounds of a sequence that declares none. Source: "CREATE SEQUENCE". */
export function defaultBounds(as: SequenceType, descending: boolean): Bounds {
  const { minValue, maxValue } = typeLimits(as);
  return descending ? { minValue, maxValue: -1n } : { minValue: 1n, maxValue };
}

/**
 * Reads an exact integer. Returns undefined for a fraction, a number beyond 2^53-1, or a string that is not plain
 * decimal.
 */
export function readInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== "string" || !/^(0|-?[1-9]\d*)$/.test(value)) return undefined;
  return BigInt(value.slice(0, MAX_DIGITS));
}

/**
 * How many characters of an integer are read. A longer integer is beyond 64 bits, and so are its first 100 digits.
 * `BigInt` takes seconds to read a million digits.
 */
const MAX_DIGITS = 100;

/**
 * Copies options and reads each of them once. A getter or proxy cannot return one value when checked and another when
 * used. The copy inherits nothing, so properties added to `Object.prototype` are not options.
 */
export function readOnce<Options extends object>(options: Options): Options {
  return freezeColumns(Object.assign(Object.create(null) as Options, options));
}

/** Replaces the columns that options name by frozen copies, each of which is read once. */
export function freezeColumns<Options extends object>(copy: Options & { ownedBy?: unknown; feeds?: unknown }): Options {
  const { ownedBy, feeds } = copy;
  if (typeof ownedBy === "object" && ownedBy !== null) copy.ownedBy = Object.freeze({ ...ownedBy });
  if (Array.isArray(feeds)) copy.feeds = Object.freeze(feeds.map(frozen));
  else if (feeds !== undefined) copy.feeds = frozen(feeds);
  return copy;
}

function frozen(column: unknown): unknown {
  return typeof column === "object" && column !== null ? Object.freeze({ ...column }) : column;
}

/** Copies the options of a function, reads each of them once, and throws for unknown ones. */
export function knownOptions<Options extends object>(
  what: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  const copy = readOnce(options);
  checkKnown(what, copy, known);
  return copy;
}

const resolved = new WeakMap<object, ResolvedOptions>();

/**
 * Returns the complete options of a sequence. Every default is filled in as PostgreSQL does it, and every number is a
 * bigint.
 *
 * ```ts
 * resolveOptions(pgSequence("order_seq", { startWith: 100, as: "integer" }));
 * // { as: "integer", startWith: 100n, increment: 1n, minValue: 1n, maxValue: 2147483647n, cache: 1n, cycle: false,
 * //   ownedBy: null, identity: null, feeds: [], blocks: null, unlogged: false, comment: null, mode: "number" }
 * ```
 *
 * Source of the defaults: "CREATE SEQUENCE".
 */
export function resolveOptions(given: SequenceLike | SequenceNeeded): ResolvedOptions {
  const sequence = given as SequenceLike;
  if (typeof sequence !== "object" || sequence === null) refuseNonSequence(given);
  let options = resolved.get(sequence);
  if (options === undefined)
    resolved.set(sequence, (options = checkOptions(sequenceName(sequence), sequence.seqOptions ?? {})));
  return options;
}

/**
 * Checks options and returns them complete. Throws `INVALID_OPTIONS` with the same words that the compiler uses.
 *
 * The rules are those of the server (`init_params` in its `sequence.c`). Some more values are refused: numbers beyond
 * 2^53-1, strings that are not plain decimal, unknown options, and wrong types. So are names that the server would
 * truncate, text that it cannot store, and a `mode` that cannot hold the values.
 */
export function checkOptions(
  subject: string,
  given: SequenceOptions,
  sequence: string | null = subject,
): ResolvedOptions {
  const options = readOnce(given);
  const throwOptionError = (problem: string, hint?: string): never => {
    const details = { sequence: sequence ?? undefined, hint };
    throw new NextvalError("INVALID_OPTIONS", message.about(subject, problem), details);
  };
  refuseUnknown(options, Object.keys(message.expectations), throwOptionError);
  for (const option of Object.keys(options)) {
    const problem = shapeProblem(option, (options as Record<string, unknown>)[option]);
    if (problem !== undefined) throwOptionError(problem);
  }

  const integer = (option: IntegerOption) => readInteger(options[option]);
  const { as = "bigint", ownedBy, identity, feeds = [] } = options;
  const increment = integer("increment") ?? 1n;
  const descending = increment < 0n;
  const limits = typeLimits(as);
  const defaults = defaultBounds(as, descending);
  const minValue = integer("minValue") ?? defaults.minValue;
  const maxValue = integer("maxValue") ?? defaults.maxValue;
  const startWith = integer("startWith") ?? (descending ? maxValue : minValue);
  const mode = options.mode ?? (as === "bigint" ? "bigint" : "number");
  const bound = (option: IntegerOption, value: bigint) =>
    (options[option] === undefined ? message.byDefault : message.given)(option, `${value}`);
  const min = () => bound("minValue", minValue);
  const max = () => bound("maxValue", maxValue);

  if (identity !== undefined && ownedBy === undefined) throwOptionError(message.identityNeedsOwner);
  for (const [option, value] of [["minValue", minValue] as const, ["maxValue", maxValue] as const]) {
    if (value < limits.minValue) throwOptionError(message.belowType(option, `${value}`, `${limits.minValue}`, as));
    if (value > limits.maxValue) throwOptionError(message.aboveType(option, `${value}`, `${limits.maxValue}`, as));
  }
  if (minValue >= maxValue) {
    throwOptionError(options.minValue === undefined ? message.notAbove(max(), min()) : message.notBelow(min(), max()));
  }
  if (startWith < minValue) throwOptionError(message.below(bound("startWith", startWith), min()));
  if (startWith > maxValue) throwOptionError(message.above(bound("startWith", startWith), max()));
  if (mode === "number") {
    if (maxValue > MAX_SAFE || maxValue < -MAX_SAFE) throwOptionError(message.modeTooNarrow(max()));
    if (minValue > MAX_SAFE || minValue < -MAX_SAFE) throwOptionError(message.modeTooNarrow(min()));
  }
  return Object.freeze({
    as,
    startWith,
    increment,
    minValue,
    maxValue,
    cache: integer("cache") ?? 1n,
    cycle: options.cycle ?? false,
    ownedBy: ownedBy ?? null,
    identity: identity ?? null,
    feeds: Array.isArray(feeds) ? (feeds as readonly TargetColumn[]) : Object.freeze([feeds as TargetColumn]),
    blocks: options.blocks ?? null,
    unlogged: options.unlogged ?? false,
    // The server treats an empty comment as none. Source: "COMMENT".
    comment: options.comment || null,
    mode,
  });
}

/** Returns what is wrong with one option, independent of the others, or undefined. */
export function shapeProblem(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const expected = message.expectations[option as keyof Expectations];
  if (expected === "an integer") return integerProblem(option, value);
  if (option === "ownedBy" && typeof value === "object" && value !== null) return ownerProblem(value);
  if (option === "feeds" && typeof value === "object" && value !== null) return targetsProblem(value);
  if (option === "comment" && typeof value === "string") return textProblem(value, option);
  const allowed = ALLOWED[option]?.includes(value) ?? false;
  return allowed ? undefined : message.wrongType(option, expected, message.shown(value));
}

/** Returns why a value is not an integer for an option, or undefined. */
export function integerProblem(option: string, value: unknown): string | undefined {
  const integer = readInteger(value);
  const text = message.shown(value);
  if (integer === undefined) {
    return Number.isInteger(value) ? message.digitsLost(option, text) : message.wrongType(option, "an integer", text);
  }
  if (BigInt.asIntN(64, integer) !== integer) return message.beyond64Bits(option, text);
  if (option === "increment" && integer === 0n) return message.incrementZero;
  return option === "cache" && integer < 1n ? message.belowOne(option, text) : undefined;
}

function ownerProblem(owner: Partial<OwningColumn>): string | undefined {
  if (Object.keys(owner).sort().join() !== "column,table") return message.notOwner;
  return nameProblem(owner.table, "ownedBy.table") ?? nameProblem(owner.column, "ownedBy.column");
}

function targetsProblem(given: object): string | undefined {
  const targets: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const target of targets) {
    const problem = targetProblem(Object(target) as Partial<TargetColumn>);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function targetProblem(target: Partial<TargetColumn>): string | undefined {
  const { schema, table, column, ...others } = target;
  if (!("table" in target && "column" in target) || Object.keys(others).length > 0) return message.notTarget;
  return (
    (schema === undefined ? undefined : nameProblem(schema, "feeds.schema")) ??
    nameProblem(table, "feeds.table") ??
    nameProblem(column, "feeds.column")
  );
}
