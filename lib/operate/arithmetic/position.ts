import type { SequenceState } from "../../catalog/index.js";
import { rangeOf } from "../../server/usable-range.js";

/** Where a sequence stands, as its own row says: the last value, and whether it has been given out. */
export interface Position {
  readonly last: bigint;
  readonly called: boolean;
}

type Options = SequenceState["options"];

/** Where a sequence stands; undefined where that may not be read. */
export function positionOf({ lastValue, isCalled }: SequenceState): Position | undefined {
  return lastValue === null || isCalled === null ? undefined : { last: lastValue, called: isCalled };
}

/** The value that `nextval` gives next; null where the sequence has ended. */
export function nextOf({ last, called }: Position, { increment, minValue, maxValue, cycle }: Options): bigint | null {
  const next = called ? last + increment : last;
  if (next >= minValue && next <= maxValue) return next;
  if (!cycle) return null;
  return increment > 0n ? minValue : maxValue;
}

/** Its options with the bounds that are left where it feeds a column narrower than itself. */
export function roomOf({ options, feeds }: SequenceState): Options {
  const { least, greatest } = rangeOf(
    options,
    feeds.filter(({ indirect }) => !indirect),
  );
  return { ...options, minValue: least, maxValue: greatest };
}

/** How many values are left before the sequence ends or, where it cycles, comes round. */
export function valuesLeft({ last, called }: Position, { increment, minValue, maxValue }: Options): bigint {
  const distance = increment > 0n ? maxValue - last : last - minValue;
  if (distance < 0n) return 0n;
  const steps = distance / (increment > 0n ? increment : -increment);
  return called ? steps : steps + 1n;
}

/** The same position after `count` more values. */
export function advance({ last, called }: Position, count: bigint, { increment }: Options): Position {
  return { last: last + count * increment, called };
}

/** Whether one position is at another, or past it in the direction of the increment. */
export function hasReached(one: Position, other: Position, { increment }: Options): boolean {
  const ahead = stand(one, increment) - stand(other, increment);
  return increment > 0n ? ahead >= 0n : ahead <= 0n;
}

/** A position as one number, which may lie past the bounds. */
function stand({ last, called }: Position, increment: bigint): bigint {
  return called ? last + increment : last;
}
