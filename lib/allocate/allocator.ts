import { type DrawOptions, type Limits, resolveOptions, type SequenceLike, type ValueOf } from "../index.js";
import { fail, sequenceOf } from "../internal.js";
import { nameOf } from "../server/names.js";
import { type Allocator, Dispenser, MOST_AT_ONCE } from "./allocation-queue.js";
import { type Limitable, limited } from "./limited-handle.js";
import { ListSupply } from "./value-buffer.js";

/**
 * `durable` is that of `db.nextvals`: draws of more than 32 values are durable by themselves. `timeout` and `signal` limit each draw: a
 * draw that gets no answer, because its connection is dead, then fails, and the next call draws on another connection.
 */
export interface AllocatorOptions extends DrawOptions, Limits {
  /** How many values are drawn at a time, from 1 to 2147483647; more only where callers wait for more. */
  readonly size: number;
  /**
   * With fewer values than this left, from 0 to `size`, the next ones are drawn in the background; with 0 only once somebody
   * waits. Default: a quarter of `size`, rounded up.
   */
  readonly lowWater?: number | undefined;
}

/**
 * Hands out values of a sequence at the speed of memory: it draws `size` of them in one statement, and the next ones before
 * they run out.
 *
 * ```ts
 * await using ids = allocator(db, orderSeq, { size: 1000 });
 * await ids.next(); // 1n, after: select ... pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) ... generate_series ... 1000 values
 * await ids.take(3); // [2n, 3n, 4n]
 * ```
 *
 * First come, first served: values are handed out in the order of the calls, and a large `take` neither overtakes nor starves.
 * One draw is on its way at a time, however many wait; what they want beyond `size` is drawn in the same statement. Other
 * programs may draw from the sequence meanwhile: values then are not consecutive, but each is handed out once.
 *
 * Where a draw fails, such as with `SEQUENCE_EXHAUSTED` or a lost connection, each call that waits for it fails with its
 * error, and the next call draws again. What has been drawn already is still handed out. A draw in the
 * background that fails while nobody waits is forgotten, and the next call draws again. A draw that comes to the end of the
 * sequence fails as a whole, and the values before the end are lost with it.
 *
 * Give it the pool: a transaction or session that ends takes the allocator with it. What is drawn and not handed out is a
 * gap; `close` says which.
 */
export function allocator<Sequence extends SequenceLike>(
  db: Limitable<"nextvals">,
  sequence: Sequence,
  options: AllocatorOptions,
): Allocator<ValueOf<Sequence>> {
  const { increment } = resolveOptions(sequenceOf(sequence));
  const { size, lowWater, durable } = checked(sequence, options);
  const source = limited<"nextvals">(db, options);
  return new Dispenser<ValueOf<Sequence>>({
    name: nameOf(sequence),
    lowWater,
    async draw(missing, closing) {
      const count = closing ? missing : Math.max(size, missing);
      return new ListSupply(await source.nextvals(sequence, count, { durable }), increment);
    },
  });
}

function checked(sequence: SequenceLike, options: AllocatorOptions) {
  const { size, lowWater = Math.ceil(size / 4), durable } = (options ?? {}) as AllocatorOptions;
  if (!Number.isInteger(size) || size < 1 || size > MOST_AT_ONCE) {
    fail(sequence, `allocator takes a size from 1 to ${MOST_AT_ONCE}, not ${String(size)}`);
  }
  if (!Number.isInteger(lowWater) || lowWater < 0 || lowWater > size) {
    fail(sequence, `allocator takes a lowWater from 0 to its size ${size}, not ${String(lowWater)}`);
  }
  return { size, lowWater, durable };
}
