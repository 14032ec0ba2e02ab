import { NextvalError, type ResolvedOptions, resolveOptions, type SequenceLike } from "../index.js";
import { refuseArgument, shown } from "../internal.js";
import { nameOf } from "../server/names.js";

/**
 * The sequence of one node, as declared or as `inspectSequences` found it. {@link checkStrides} takes one for each
 * node.
 */
export type StrideMember = SequenceLike | InspectedSequence;

/** The part of an inspected sequence that `checkStrides` needs. */
interface InspectedSequence {
  readonly schema: string;
  readonly seqName: string;
  readonly options: Pick<ResolvedOptions, "startWith" | "increment" | "minValue" | "maxValue" | "cycle">;
  readonly lastValue: bigint | null;
}

/** All values that a sequence has returned and can return: every `step` from `least` up to `greatest`. */
interface Progression {
  readonly label: string;
  readonly least: bigint;
  readonly greatest: bigint;
  readonly step: bigint;
}

/**
 * Throws if the sequences of several nodes can ever return the same value.
 *
 * ```ts
 * const eu = stride(orderSeq, { node: 0, nodes: 2 });
 * const us = stride(orderSeq, { node: 1, nodes: 3 });
 * checkStrides({ eu, us });
 * // node eu (order_seq) and node us (order_seq) collide: both draw 5, one every 2 from 1 to ...
 * ```
 *
 * Nodes in a list are named by their index, from 0. The values of a declaration begin at `startWith`. Those of an
 * inspected sequence begin there too, or at its current value if it was set to one before `startWith`; the steps are
 * counted from the current value. Values that it drew earlier with another increment are unknown.
 *
 * Throws `STRIDES_COLLIDE`, also for a sequence that cycles, and `INVALID_ARGUMENT` for anything but a sequence.
 */
export function checkStrides(nodes: readonly StrideMember[] | { readonly [node: string]: StrideMember }): void {
  if (typeof nodes !== "object" || nodes === null) {
    refuseArgument("checkStrides", `takes the sequences of nodes as a list or an object, not ${shown(nodes)}`);
  }
  const entries = Object.entries(nodes);
  const progressions = entries.map(([node, sequence]) => progressionOf(node, sequence, entries.length > 1));
  progressions.forEach((one, index) => {
    for (const other of progressions.slice(index + 1)) {
      const common = firstInCommon(one, other);
      if (common === undefined) continue;
      throwCollision(
        `${one.label} and ${other.label} collide: both draw ${common}, ${described(one)} and ${described(other)}`,
        "Declare all of them with stride, and with the same number of nodes.",
      );
    }
  });
}

function progressionOf(node: string, sequence: StrideMember, isOneOfSeveral: boolean): Progression {
  if (typeof sequence !== "object" || sequence === null || typeof sequence.seqName !== "string") {
    const problem = `checkStrides takes sequences as they are declared or inspected, not ${given(sequence)}`;
    refuseArgument(`node ${node}:`, problem);
  }
  const [label, options, current] =
    "options" in sequence
      ? [`${sequence.schema}.${sequence.seqName}`, sequence.options, sequence.lastValue]
      : [nameOf(sequence), resolveOptions(sequence), null];
  const { startWith, increment, minValue, maxValue, cycle } = options;
  const named = `node ${node} (${label})`;
  if (cycle && isOneOfSeveral) {
    throwCollision(
      `${named} cycles, and would come to the values of others`,
      "Take the cycle away: alterSequence(..., { cycle: false }).",
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

/**
 * Returns the smallest value that is in both. Two progressions meet if their remainders agree modulo the greatest
 * common divisor of their steps.
 */
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

/**
 * Returns the greatest common divisor of `a` and `b`, and an `inverse` for which `a * inverse` is that divisor modulo
 * `b`.
 */
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

function throwCollision(problem: string, hint: string): never {
  throw new NextvalError("STRIDES_COLLIDE", problem, { hint });
}
