import { type AnySequence, type PgSequence, resolveOptions, type SequenceLike } from "../index.js";
import { declareSequence, fail, sequenceOf } from "../internal.js";

/** Which of several writers a sequence is for. */
export interface StrideOptions {
  /** The number of this node: 0, 1, ... up to `nodes` - 1. */
  readonly node: number;
  /** How many nodes there are, or will ever be. */
  readonly nodes: number;
}

/** The declaration of one node: that of all of them, but for where it starts and how far it steps. */
export type StrideOf<Sequence extends SequenceLike> = PgSequence<
  NonNullable<Sequence["seqName"]>,
  Omit<NonNullable<Sequence["seqOptions"]>, "startWith" | "increment"> & {
    readonly startWith: bigint;
    readonly increment: bigint;
  },
  Sequence["schema"]
>;

/**
 * The declaration of a sequence for one of several writers (multi-master, shards), so that no two of them ever draw the same
 * value: node k of N starts k steps later, and makes N steps at once.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { startWith: 100 });
 * createSequence(stride(orderSeq, { node: 0, nodes: 3 })); // create sequence "order_seq" increment by 3 start with 100
 * createSequence(stride(orderSeq, { node: 2, nodes: 3 })); // create sequence "order_seq" increment by 3 start with 102
 * ```
 *
 * Bounds, type and everything else stay as declared. Count nodes that may come later: with another N all strides are others.
 * A sequence that exists already goes on where it is; `restartSequence` moves it, and `checkStrides` tells whether nodes collide.
 *
 * Throws `INVALID_ARGUMENT` for a node that does not exist, for a stride that would start outside the bounds or does not fit
 * into 64 bits, and for a sequence that cycles: each node would begin again at the same bound.
 */
export function stride<Sequence extends SequenceLike>(sequence: Sequence, options: StrideOptions): StrideOf<Sequence> {
  const { schema, seqName, seqOptions } = sequenceOf(sequence);
  const { node, nodes } = (options ?? {}) as StrideOptions;
  if (!Number.isSafeInteger(nodes) || nodes < 1) fail(sequence, `stride takes 1 node or more, not ${String(nodes)}`);
  if (!Number.isSafeInteger(node) || node < 0 || node >= nodes) {
    fail(sequence, `stride takes a node from 0 to ${nodes - 1}, as there are ${nodes}, not ${String(node)}`);
  }
  const resolved = resolveOptions(sequence);
  if (resolved.cycle && nodes > 1) {
    fail(sequence, "stride takes no sequence that cycles, because all nodes would begin again at the same bound");
  }
  const startWith = resolved.startWith + BigInt(node) * resolved.increment;
  const increment = resolved.increment * BigInt(nodes);
  if (startWith < resolved.minValue || startWith > resolved.maxValue) {
    const bounds = `${resolved.minValue} to ${resolved.maxValue}`;
    fail(sequence, `node ${node} of ${nodes} would start with ${startWith}, outside its bounds ${bounds}`);
  }
  return declareSequence(seqName, { ...seqOptions, startWith, increment }, schema) as AnySequence as StrideOf<Sequence>;
}
