import type { Limits } from "../../server/integer-limits.js";
import { countFrom, firstBehind } from "../../server/usable-range.js";
import type { Extremes } from "../columns/extremes-query.js";
import type { FedColumn } from "../columns/fed-columns.js";

/** A column, and what it holds of its sequence's values. */
export interface Holding extends Extremes {
  readonly column: FedColumn;
}

/** What a sequence runs into that goes on from where it is. */
export interface Collision {
  /** The first value that is there already, and the column that has it. */
  readonly first: bigint;
  readonly meets: FedColumn;
  /** The last such value, and the column that has it. */
  readonly last: bigint;
  readonly furthest: FedColumn;
  /** How many values it gives before the first. */
  readonly free: bigint;
  /** The value that follows the last; undefined where none does within its bounds and those of its columns. */
  readonly behind: bigint | undefined;
  /** How many values follow the last. */
  readonly leftBehind: bigint;
  /**
   * Whether it is better off where it is, as more values are free before the first than follow the last. So it is where
   * somebody has set it to a part of its range that rows left free, such as the negative half.
   */
  readonly betterHere: boolean;
}

/**
 * What a sequence meets that gives `next` and goes on in steps of its increment; undefined where nothing lies ahead.
 *
 * It should move behind the last row ahead, also where the first is some values away, as after an import with holes;
 * unless that would jump over more free values than it would leave.
 */
export function collisionOf(
  next: bigint,
  increment: bigint,
  range: Limits,
  holdings: readonly Holding[],
): Collision | undefined {
  const meets = leading(holdings, ({ ahead }) => ahead, -increment);
  const furthest = furthestOf(holdings, increment);
  if (meets === undefined || furthest === undefined) return undefined;
  // It has gone past them since they were read.
  if ((furthest.value - next) * increment < 0n) return undefined;
  const behind = behindRow(furthest.value, next, increment, range);
  const leftBehind = behind === undefined ? 0n : countFrom(behind, range, increment);
  const distance = (meets.value - next) / increment;
  const free = distance < 0n ? 0n : distance;
  return {
    first: meets.value,
    meets: meets.column,
    last: furthest.value,
    furthest: furthest.column,
    free,
    behind,
    leftBehind,
    betterHere: free > leftBehind,
  };
}

/** The value of the grid of `next` that follows a row; undefined where none does within the range. */
export function behindRow(row: bigint, next: bigint, increment: bigint, range: Limits): bigint | undefined {
  return firstBehind(row, { increment, startWith: next, minValue: range.least, maxValue: range.greatest });
}

/** The value of the sequence that goes furthest, and the column that has it; undefined where no column has any. */
export function furthestOf(
  holdings: readonly Holding[],
  increment: bigint,
): { readonly column: FedColumn; readonly value: bigint } | undefined {
  return leading(holdings, ({ last }) => last, increment);
}

function leading(holdings: readonly Holding[], valueOf: (holding: Holding) => bigint | null, direction: bigint) {
  let found: { readonly column: FedColumn; readonly value: bigint } | undefined;
  for (const holding of holdings) {
    const value = valueOf(holding);
    if (value === null) continue;
    if (found === undefined || (direction > 0n ? value > found.value : value < found.value)) {
      found = { column: holding.column, value };
    }
  }
  return found;
}
