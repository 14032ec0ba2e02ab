import type { ResolvedOptions } from "../index.js";
import { type IntegerRange, limitsOf } from "./integer-limits.js";

/** The type of a column, and a narrower type that its default casts values to, if there is one. */
export interface StoredType {
  readonly baseType: string;
  readonly castType?: string | null | undefined;
}

/** Returns the integers that a column accepts through its default; undefined if there is no limit. */
export function limitsOfStored({ baseType, castType }: StoredType): IntegerRange | undefined {
  const own = limitsOf(baseType);
  const cast = castType ? limitsOf(castType) : undefined;
  if (own === undefined || cast === undefined) return own ?? cast;
  return {
    least: own.least > cast.least ? own.least : cast.least,
    greatest: own.greatest < cast.greatest ? own.greatest : cast.greatest,
  };
}

/** Returns the part of a sequence's range that fits into every column that stores its values unchanged. */
export function usableRange(
  { minValue, maxValue }: Pick<ResolvedOptions, "minValue" | "maxValue">,
  columns: readonly StoredType[],
): IntegerRange {
  let least = minValue;
  let greatest = maxValue;
  for (const column of columns) {
    const limits = limitsOfStored(column);
    if (limits === undefined) continue;
    if (limits.least > least) least = limits.least;
    if (limits.greatest < greatest) greatest = limits.greatest;
  }
  return { least, greatest };
}

/** Returns how many values `nextval` can return, from `first` to the end of the range. */
export function countValuesFrom(first: bigint, { least, greatest }: IntegerRange, increment: bigint): bigint {
  const begin = increment > 0n ? (first < least ? least : first) : first > greatest ? greatest : first;
  const distance = increment > 0n ? greatest - begin : begin - least;
  return distance < 0n ? 0n : distance / absolute(increment) + 1n;
}

/**
 * Returns the value at which a sequence began: its start value if it has passed that, else the beginning of its range.
 */
export function beginOf(
  startWith: bigint | undefined,
  next: bigint | null,
  increment: bigint,
  { least, greatest }: IntegerRange,
): bigint {
  const first = increment > 0n ? least : greatest;
  if (startWith === undefined || next === null) return first;
  const isPassed = increment > 0n ? startWith > first && startWith <= next : startWith < first && startWith >= next;
  return isPassed ? startWith : first;
}

/**
 * Returns the first value of `startWith + k * increment` that comes after `extreme` in the direction of the sequence
 * and is within its bounds. Undefined if the sequence ends before.
 */
export function firstValueAfter(
  extreme: bigint,
  {
    startWith,
    increment,
    minValue,
    maxValue,
  }: Pick<ResolvedOptions, "startWith" | "increment" | "minValue" | "maxValue">,
): bigint | undefined {
  const step = absolute(increment);
  const sign = increment < 0n ? -1n : 1n;
  const [lowest, highest] = sign > 0n ? [minValue, maxValue] : [-maxValue, -minValue];
  const wanted = sign * extreme + 1n;
  const least = wanted < lowest ? lowest : wanted;
  const start = sign * startWith;
  const value = start + ceilDivide(least - start, step) * step;
  return value > highest ? undefined : sign * value;
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && quotient * divisor !== dividend ? quotient + 1n : quotient;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
