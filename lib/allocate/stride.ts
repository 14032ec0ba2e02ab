import { type AnySequence, type PgSequence, resolveOptions, type SequenceLike, type SequenceNeeded } from "../index.js";
import { declareSequence, throwSequenceError, optionsOf, sequenceOf, shown } from "../internal.js";

/** Options of {@link stride}: which of several writers the sequence is for. */
export interface StrideOptions {
  /** The number of this node: 0, 1, ... up to `nodes` - 1. */
  readonly node: number;
  /** How many nodes there are, or will ever be. */
  readonly nodes: number;
}

/**
 * The declaration of one node, as {@link stride} returns it. It differs from the given one only in its start and its
 * increment.
 */
export type StridedSequence<Sequence extends SequenceLike> = PgSequence<
  NonNullable<Sequence["seqName"]>,
  Omit<NonNullable<Sequence["seqOptions"]>, "startWith" | "increment"> & {
    readonly startWith: bigint;
    readonly increment: bigint;
  },
  Sequence["schema"]
>;

/**
 * Declares a sequence for one of several writers (multi-master, shards), so no two of them ever draw the same value.
 * Node k of N starts k steps later, and steps N times as far.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { startWith: 100 });
 * createSequence(stride(orderSeq, { node: 0, nodes: 3 })); // create sequence "order_seq" increment by 3 start with 100
 * createSequence(stride(orderSeq, { node: 2, nodes: 3 })); // create sequence "order_seq" increment by 3 start with 102
 * ```
 *
 * Bounds, type and all other options stay as declared. Count nodes that may be added later: another N changes all
 * strides. An existing sequence continues from its current value. `restartSequence` moves it, and `checkStrides` checks
 * whether nodes collide.
 *
 * Throws `INVALID_ARGUMENT` for a node that does not exist. Also throws for a stride that would start outside the
 * bounds or does not fit into 64 bits. A sequence that cycles is refused, because all nodes would begin again at the
 * same bound.
 */
export function stride<Sequence extends SequenceLike>(
  given: Sequence | SequenceNeeded,
  options: StrideOptions,
): StridedSequence<Sequence> {
  const sequence = given as Sequence;
  const { schema, seqName, seqOptions } = sequenceOf(sequence);
  const { node, nodes } = optionsOf("stride", options ?? {}, ["node", "nodes"]) as StrideOptions;
  if (!Number.isSafeInteger(nodes) || nodes < 1)
    throwSequenceError(sequence, `stride takes 1 node or more, not ${shown(nodes)}`);
  if (!Number.isSafeInteger(node) || node < 0 || node >= nodes) {
    throwSequenceError(sequence, `stride takes a node from 0 to ${nodes - 1}, not ${shown(node)}`);
  }
  const resolved = resolveOptions(sequence);
  if (resolved.cycle && nodes > 1) {
    throwSequenceError(
      sequence,
      "stride does not accept a sequence that cycles, because all nodes would begin again at the same bound",
    );
  }
  const startWith = resolved.startWith + BigInt(node) * resolved.increment;
  const increment = resolved.increment * BigInt(nodes);
  if (startWith < resolved.minValue || startWith > resolved.maxValue) {
    const bounds = `${resolved.minValue} to ${resolved.maxValue}`;
    throwSequenceError(
      sequence,
      `node ${node} of ${nodes} would start with ${startWith}, outside its bounds ${bounds}`,
    );
  }
  return declareSequence(
    seqName,
    { ...seqOptions, startWith, increment },
    schema,
  ) as AnySequence as StridedSequence<Sequence>;
}
