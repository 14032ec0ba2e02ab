import type { IntegerRange } from "../../server/integer-limits.js";
import { countValuesFrom, firstValueAfter } from "../../server/usable-range.js";
import type { Extreme, Extremes } from "../columns/extremes-query.js";
import type { FedColumn } from "../columns/fed-columns.js";

/** A column, with the extremes of its sequence's values in it. */
export interface ColumnExtremes extends Extremes {
  readonly column: FedColumn;
}

/** Returns the columns that were read, with what they hold. */
export function holdingsOf(
  columns: readonly { readonly column: FedColumn; readonly extreme: Extreme }[],
): ColumnExtremes[] {
  return columns.flatMap(({ column, extreme }) => ("unknown" in extreme ? [] : [{ column, ...extreme }]));
}

/** The rows that a sequence meets if it continues from its current value. */
export interface Collision {
  /** The first value that already exists, and the column that has it. */
  readonly first: bigint;
  readonly meets: FedColumn;
  /** The last value that already exists, and the column that has it. */
  readonly last: bigint;
  readonly furthest: FedColumn;
  /** How many values are free before the first. */
  readonly free: bigint;
  /** The value that follows the last; undefined if none does within the bounds of the sequence and its columns. */
  readonly after: bigint | undefined;
  /** How many values follow the last. */
  readonly leftAfter: bigint;
  /**
   * Whether the sequence should stay: more values are free before the first row than follow the last, or as many as a
   * region has. This happens if it was set to a free part of its range, such as the negative half. It
   * also happens if each of several servers has its own part.
   */
  readonly betterHere: boolean;
}

/** This many free values are a separate region, not a gap that an import left. An `integer` has this many in total. */
const MIN_REGION = 2n ** 32n;

/**
 * Returns the rows that a sequence meets if it returns `next` and continues in steps of its increment. Undefined if no
 * row is ahead.
 *
 * It should move past the last row ahead, even if the first row is some values away, as after an import with holes. It
 * should stay if that would skip more free values than it would leave, or a region.
 */
export function collisionOf(
  next: bigint,
  increment: bigint,
  range: IntegerRange,
  holdings: readonly ColumnExtremes[],
): Collision | undefined {
  const meets = leading(holdings, ({ ahead }) => ahead, -increment);
  const furthest = furthestOf(holdings, increment);
  if (meets === undefined || furthest === undefined) return undefined;
  // The sequence has passed the rows since they were read.
  if ((furthest.value - next) * increment < 0n) return undefined;
  const after = valueAfterRow(furthest.value, next, increment, range);
  const leftAfter = after === undefined ? 0n : countValuesFrom(after, range, increment);
  const distance = (meets.value - next) / increment;
  const free = distance < 0n ? 0n : distance;
  return {
    first: meets.value,
    meets: meets.column,
    last: furthest.value,
    furthest: furthest.column,
    free,
    after,
    leftAfter,
    betterHere: free > leftAfter || free >= MIN_REGION,
  };
}

/** Returns the columns that hold each value only once and already have the next one. */
export function takenBy(next: bigint, holdings: readonly ColumnExtremes[]): FedColumn[] {
  return holdings.flatMap(({ column, ahead }) => (column.unique && ahead === next ? [column] : []));
}

/** Returns why a sequence should stay, as the middle of a sentence. */
export function whyBetterHere({ free, leftAfter, last }: Collision): string {
  return free > leftAfter
    ? `more than the ${leftAfter} that follow ${last}`
    : `and a free region of that size may be meant for it`;
}

/** Returns the value that follows a row, in steps from `next`; undefined if none does within the range. */
export function valueAfterRow(row: bigint, next: bigint, increment: bigint, range: IntegerRange): bigint | undefined {
  return firstValueAfter(row, { increment, startWith: next, minValue: range.least, maxValue: range.greatest });
}

/** Returns the furthest value of the sequence, and the column that has it; undefined if no column has any. */
export function furthestOf(holdings: readonly ColumnExtremes[], increment: bigint): Furthest | undefined {
  return leading(holdings, ({ last }) => last, increment);
}

/** A value, the column that has it, and the furthest id there, which differs from the value only with blocks. */
interface Furthest {
  readonly column: FedColumn;
  readonly value: bigint;
  readonly row: bigint | null;
}

function leading(
  holdings: readonly ColumnExtremes[],
  valueOf: (holding: ColumnExtremes) => bigint | null,
  direction: bigint,
) {
  let found: Furthest | undefined;
  for (const holding of holdings) {
    const value = valueOf(holding);
    if (value === null) continue;
    if (found === undefined || (direction > 0n ? value > found.value : value < found.value)) {
      found = { column: holding.column, value, row: holding.row };
    }
  }
  return found;
}

/** Whether a row is past the next value, and between the steps. `beyond` is that of a column. */
export function isBeside(beyond: bigint | null, next: bigint, increment: bigint): beyond is bigint {
  if (beyond === null) return false;
  const distance = beyond - next;
  return distance * increment > 0n && distance % increment !== 0n;
}

/** The advice for rows between the steps. */
export const DECLARE_BLOCKS =
  'If programs make blocks of ids of its values, declare it with blocks: "upwards" or blocks: "downwards".';
