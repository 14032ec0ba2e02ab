import { NextvalError, type ResolvedOptions, resolveOptions, type SequenceLike } from "../index.js";
import { nameOf } from "../server/names.js";

/** The sequence of one node: as it is declared, or as `inspect` has found it. */
export type NodeSequence = SequenceLike | InspectedSequence;

/** The part that counts of what `inspect` has found. */
interface InspectedSequence {
  readonly schema: string;
  readonly seqName: string;
  readonly options: Pick<ResolvedOptions, "startWith" | "increment" | "minValue" | "maxValue" | "cycle">;
  readonly lastValue: bigint | null;
}

/** All that a sequence has drawn and can draw: every `step` from `least` on, up to `greatest`. */
interface Progression {
  readonly label: string;
  readonly least: bigint;
  readonly greatest: bigint;
  readonly step: bigint;
}

/**
 * Makes sure that the sequences of several nodes never give the same value: no two of them have a value in common.
 *
 * ```ts
 * const eu = stride(orderSeq, { node: 0, nodes: 2 });
 * const us = stride(orderSeq, { node: 1, nodes: 3 });
 * checkStrides({ eu, us });
 * // node eu (order_seq) and node us (order_seq) collide: both draw 5, one every 2 from 1 to 9223372036854775807 and ...
 * ```
 *
 * In a list, nodes are called by their places, from 0. A declaration counts from `startWith` on; a state from there or, where
 * it was set to what comes before, from its current value, in steps from the current value. What was drawn with another
 * increment before is not known. Throws `STRIDES_COLLIDE`, also for a sequence that cycles, and
 * `INVALID_ARGUMENT` for what is no sequence.
 */
export function checkStrides(nodes: readonly NodeSequence[] | { readonly [node: string]: NodeSequence }): void {
  if (typeof nodes !== "object" || nodes === null) {
    refuse(`checkStrides takes the sequences of nodes as a list or an object, not ${String(nodes)}`);
  }
  const entries = Object.entries(nodes);
  const progressions = entries.map(([node, sequence]) => progressionOf(node, sequence, entries.length > 1));
  progressions.forEach((one, index) => {
    for (const other of progressions.slice(index + 1)) {
      const common = firstInCommon(one, other);
      if (common === undefined) continue;
      collide(
        `${one.label} and ${other.label} collide: both draw ${common}, ${described(one)} and ${described(other)}`,
      );
    }
  });
}

function progressionOf(node: string, sequence: NodeSequence, isOneOfSeveral: boolean): Progression {
  if (typeof sequence !== "object" || sequence === null || typeof sequence.seqName !== "string") {
    refuse(`node ${node}: checkStrides takes sequences as they are declared or inspected, not ${given(sequence)}`);
  }
  const [label, options, current] =
    "options" in sequence
      ? [`${sequence.schema}.${sequence.seqName}`, sequence.options, sequence.lastValue]
      : [nameOf(sequence), resolveOptions(sequence), null];
  const { startWith, increment, minValue, maxValue, cycle } = options;
  const named = `node ${node} (${label})`;
  if (cycle && isOneOfSeveral) {
    collide(
      `${named} cycles, and would come to the values of others; take the cycle away: alterSequence(..., { cycle: false })`,
    );
  }
  const position = current ?? startWith;
  if (increment > 0n) {
    const least = position > startWith ? position - ((position - startWith) / increment) * increment : position;
    return { label: named, least, greatest: maxValue, step: increment };
  }
  const step = -increment;
  const most = position < startWith ? position + ((startWith - position) / step) * step : position;
  return { label: named, least: most - ((most - minValue) / step) * step, greatest: most, step };
}

/** The smallest value that is in both. Two progressions meet where their remainders agree as far as their steps do. */
function firstInCommon(one: Progression, other: Progression): bigint | undefined {
  const [divisor, inverse] = divide(one.step, other.step);
  const distance = other.least - one.least;
  if (distance % divisor !== 0n) return undefined;
  const period = (one.step / divisor) * other.step;
  const meeting = one.least + one.step * modulo((distance / divisor) * inverse, other.step / divisor);
  const least = one.least > other.least ? one.least : other.least;
  const greatest = one.greatest < other.greatest ? one.greatest : other.greatest;
  const first = least + modulo(meeting - least, period);
  return first <= greatest ? first : undefined;
}

/** The greatest common divisor, and the number that makes it: `a * inverse` is the divisor, but for multiples of `b`. */
function divide(a: bigint, b: bigint): [divisor: bigint, inverse: bigint] {
  let [rest, next] = [a, b];
  let [factor, nextFactor] = [1n, 0n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  return [rest, factor];
}

function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}

function described({ least, greatest, step }: Progression): string {
  return `one every ${step} from ${least} to ${greatest}`;
}

function given(value: unknown): string {
  return typeof value === "object" && value !== null ? "another object" : String(value);
}

function refuse(problem: string): never {
  throw new NextvalError("INVALID_ARGUMENT", problem);
}

function collide(problem: string): never {
  throw new NextvalError("STRIDES_COLLIDE", problem);
}
