import {
  type DrawOptions,
  type Limits,
  resolveOptions,
  type Queryable,
  type SequenceLike,
  type SequenceNeeded,
  type ValueOf,
} from "../index.js";
import { throwSequenceError, optionsOf, sequenceOf, shown } from "../internal.js";
import { nameOf } from "../server/names.js";
import { type Allocator, AllocationQueue, MAX_COUNT } from "./allocation-queue.js";
import { type Limitable, limited } from "./limited-handle.js";
import { ListBuffer } from "./value-buffer.js";

/**
 * Options of {@link allocator}. `durable` is the option of `db.nextvals`: draws of more than 32 values are always
 * durable. `timeout` and `signal` limit each draw. A draw that gets no answer, because its connection is dead, then
 * fails, and the next call draws on another connection.
 */
export interface AllocatorOptions extends DrawOptions, Limits {
  /** How many values are drawn at a time, from 1 to 2147483647. More are drawn only if callers wait for more. */
  readonly size: number;
  /**
   * If fewer values than this are left, the next ones are drawn in the background. From 0 to `size`; 0 draws only when
   * a call waits. Default: a quarter of `size`, rounded up.
   */
  readonly lowWater?: number | undefined;
}

/**
 * Hands out values of a sequence without a statement for each. It draws `size` values in one statement, and the next
 * ones before they run out.
 *
 * ```ts
 * await using ids = allocator(db, orderSeq, { size: 1000 });
 * await ids.next(); // 1n, after one statement that calls pg_catalog.nextval(...) 1000 times
 * await ids.take(3); // [2n, 3n, 4n]
 * ```
 *
 * Calls are served in their order, and a large `take` neither overtakes nor starves. One draw runs at a time, however
 * many calls wait. If they want more than `size` values, one statement draws all of them. Other programs can draw from
 * the sequence at the same time: values are then not consecutive, but each is handed out once.
 *
 * A draw can fail, for example with `SEQUENCE_EXHAUSTED` or a lost connection. Each call that waits for it then fails
 * with its error, and the next call draws again. Values that were already drawn are still handed out. If no call waits,
 * the error of a background draw is dropped, and the next call draws again. A draw that reaches the end of the sequence
 * fails as a whole, and the values before the end are lost.
 *
 * Pass the pool as `db`: if it is a transaction or session, the allocator stops working when that ends. Values that are
 * drawn and not handed out become gaps; `close` returns them.
 */
export function allocator<Sequence extends SequenceLike>(
  db: Limitable<Pick<Queryable, "nextvals">>,
  given: Sequence | SequenceNeeded,
  options: AllocatorOptions,
): Allocator<ValueOf<Sequence>> {
  const sequence = given as Sequence;
  const { increment } = resolveOptions(sequenceOf(sequence));
  const { size, lowWater, durable, ...limits } = checked(sequence, options);
  const source = limited<Pick<Queryable, "nextvals">>("allocator", db, limits);
  return new AllocationQueue<ValueOf<Sequence>>({
    name: nameOf(sequence),
    lowWater,
    async draw(missing, closing) {
      const count = closing ? missing : Math.max(size, missing);
      return new ListBuffer(await source.nextvals(sequence, count, { durable }), increment);
    },
  });
}

function checked(sequence: SequenceLike, options: AllocatorOptions) {
  const known = ["size", "lowWater", "durable", "timeout", "signal"] as const;
  const given = optionsOf("allocator", options ?? {}, known) as AllocatorOptions;
  const { size, lowWater = Math.ceil(size / 4), ...others } = given;
  if (!Number.isInteger(size) || size < 1 || size > MAX_COUNT) {
    throwSequenceError(sequence, `allocator takes a size from 1 to ${MAX_COUNT}, not ${shown(size)}`);
  }
  if (!Number.isInteger(lowWater) || lowWater < 0 || lowWater > size) {
    throwSequenceError(sequence, `allocator takes a lowWater from 0 to its size ${size}, not ${shown(lowWater)}`);
  }
  return { ...others, size, lowWater };
}
