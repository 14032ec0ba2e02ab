import type { SequenceState } from "../../catalog/index.js";
import { usableRange } from "../../server/usable-range.js";

/** The position of a sequence, as its own row has it: the last value, and whether `nextval` has returned it. */
export interface Position {
  readonly last: bigint;
  readonly called: boolean;
}

type Options = SequenceState["options"];

/** Returns the position of a sequence; undefined if the role may not read it. */
export function positionOf({
  lastValue,
  isCalled,
}: Pick<SequenceState, "lastValue" | "isCalled">): Position | undefined {
  return lastValue === null || isCalled === null ? undefined : { last: lastValue, called: isCalled };
}

/** Returns the value that `nextval` returns next; null if the sequence has ended. */
export function nextOf(
  { last, called }: Position,
  { increment, minValue, maxValue, cycle }: Pick<Options, "increment" | "minValue" | "maxValue" | "cycle">,
): bigint | null {
  const next = called ? last + increment : last;
  if (next >= minValue && next <= maxValue) return next;
  if (!cycle) return null;
  return increment > 0n ? minValue : maxValue;
}

/** Returns the value that would come next if nothing stopped the sequence. It may be past the end. */
export function nextUnbounded(position: Position, options: Parameters<typeof nextOf>[1]): bigint {
  return nextOf(position, options) ?? nextValue(position, options.increment);
}

/** Returns the options of a sequence, with bounds that also fit the columns that it feeds. */
export function usableOptions({ options, feeds }: SequenceState): Options {
  const { least, greatest } = usableRange(
    options,
    feeds.filter(({ indirect }) => !indirect),
  );
  return { ...options, minValue: least, maxValue: greatest };
}

/** Returns how many values are left before the sequence ends or, if it cycles, starts over. */
export function valuesLeft({ last, called }: Position, { increment, minValue, maxValue }: Options): bigint {
  const distance = increment > 0n ? maxValue - last : last - minValue;
  if (distance < 0n) return 0n;
  const steps = distance / (increment > 0n ? increment : -increment);
  return called ? steps : steps + 1n;
}

/** Returns the position after `count` more values. */
export function advance({ last, called }: Position, count: bigint, { increment }: Options): Position {
  return { last: last + count * increment, called };
}

/** Whether one position is at another one, or past it in the direction of the increment. */
export function hasReached(one: Position, other: Position, { increment }: Options): boolean {
  const ahead = nextValue(one, increment) - nextValue(other, increment);
  return increment > 0n ? ahead >= 0n : ahead <= 0n;
}

/** A position as one number, which may be past the bounds. */
function nextValue({ last, called }: Position, increment: bigint): bigint {
  return called ? last + increment : last;
}
