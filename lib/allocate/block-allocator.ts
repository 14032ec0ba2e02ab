import {
  type BlockReading,
  type DrawOptions,
  type Limits,
  resolveOptions,
  type SequenceLike,
  type SequenceNeeded,
  type ValueOf,
} from "../index.js";
import { optionsOf, sequenceOf, shown, throwSequenceError } from "../internal.js";
import { nameOf } from "../server/names.js";
import { type Allocator, AllocationQueue, MAX_COUNT } from "./allocation-queue.js";
import { BlockBuffer } from "./block-buffer.js";
import { BlockSource, MAX_BLOCK_SIZE, sizeOf } from "./block-source.js";
import { type BlockHandle, type Limitable, limited } from "./limited-handle.js";

/**
 * Options of {@link blockAllocator}. `durable` is the option of `db.nextval`, for each draw. `timeout` and `signal`
 * limit each draw, as for {@link allocator}.
 */
export interface BlockAllocatorOptions extends DrawOptions, Limits {
  /**
   * How many blocks are drawn at a time, from 1 to 2147483647, with at most 2^52 ids together. More are drawn if
   * callers wait for more, and fewer at the end of the sequence. Default: 1.
   */
  readonly size?: number | undefined;
  /**
   * If fewer ids than this are left, the next blocks are drawn in the background. From 0 to the number of ids in `size`
   * blocks. Default: 0, which draws only when a call waits.
   */
  readonly lowWater?: number | undefined;
  /**
   * Which ids a value of the sequence stands for, with increment 100: `"upwards"` the value and the 99 above it,
   * `"downwards"` the value and the 99 below it. All programs that draw from the sequence have to agree. Default:
   * `blocks` of the declaration, which has to be the same if both are given; else the direction of the sequence, so
   * `"upwards"` if its increment is positive.
   */
  readonly blocks?: BlockReading | undefined;
}

/**
 * Hands out the ids of whole blocks, over a sequence whose increment is the size of a block. One `nextval` reserves a
 * block: with increment 100, the value 201 stands for the ids 201 to 300.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { increment: 100 });
 * await using ids = blockAllocator(db, orderSeq);
 * await ids.next(); // 1n, after: select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), ...
 * await ids.take(3); // [2n, 3n, 4n], without a statement
 * await ids.take(250); // 5n to 254n, after one statement for two more blocks
 * ```
 *
 * **Other programs on the same sequence** have to read its values in the same way. Hibernate's `pooled-lo` and EF
 * Core's HiLo do. Hibernate's default, `pooled`, does not: there 201 stands for 102 to 201, and ids come twice side by
 * side. `blocks: "downwards"` reads as `pooled` does:
 *
 * ```ts
 * const ids = blockAllocator(db, orderSeq, { blocks: "downwards" }); // 1n, then 2n to 101n, then 102n to 201n
 * ```
 *
 * The same option in the declaration does so for all allocators, and tells `sequenceStatus` and `planResync` which ids
 * a value stands for.
 *
 * The value `startWith` is then a block of its own, because ids before it are not handed out. Hibernate 5 may count in
 * yet another way. Use `pooled-lo` there.
 *
 * An insert with a default of `nextval` takes one id of a block and leaves the others as a gap. A descending sequence
 * has descending ids, and is read downwards by default.
 *
 * If `maxValue` (`minValue` of a descending sequence) lies inside a block, the ids up to it are handed out, and further
 * calls fail with `SEQUENCE_EXHAUSTED`. If the allocator reads against the direction of the sequence, the ids after the
 * last value are never handed out. A draw of several blocks can reach the end of the sequence, because callers
 * wait for so many or other sessions have drawn from it. It then fails as a whole, and the blocks before the end are
 * lost.
 *
 * A program that uses block after block spends most of its time waiting for the server. With `size` and `lowWater` it
 * seldom waits, but leaves more ids unused when it ends; `close` returns them:
 *
 * ```ts
 * const ids = blockAllocator(db, orderSeq, { size: 8, lowWater: 400 }); // draws 800 ids when fewer than 400 are left
 * ```
 *
 * Before the first block it compares the sequence's increment, bounds and cycle with the declaration. It fails with
 * `SEQUENCE_DIFFERS` if they differ: blocks of another size would overlap, for example. A sequence that cycles is
 * refused with `INVALID_ARGUMENT`.
 *
 * Do not alter the increment while programs are running. They notice only when a value is not a multiple of the
 * increment away from the previous one. Calls are served, draws fail and `close` works as described for `allocator`.
 */
export function blockAllocator<Sequence extends SequenceLike>(
  db: Limitable<BlockHandle>,
  given: Sequence | SequenceNeeded,
  options?: BlockAllocatorOptions,
): Allocator<ValueOf<Sequence>> {
  const sequence = given as Sequence;
  const { cycle, increment, mode, blocks: declared } = resolveOptions(sequenceOf(sequence));
  if (cycle)
    throwSequenceError(
      sequence,
      "blockAllocator does not accept a sequence that cycles, because its blocks would overlap",
    );
  const idsPerBlock = sizeOf(increment);
  const {
    size = 1,
    lowWater = 0,
    durable,
    blocks = declared ?? (increment > 0n ? "upwards" : "downwards"),
    ...limits
  } = optionsOf("blockAllocator", options, ["size", "lowWater", "durable", "blocks", "timeout", "signal"]);
  if (blocks !== "upwards" && blocks !== "downwards") {
    throwSequenceError(sequence, `blockAllocator takes blocks as "upwards" or "downwards", not ${shown(blocks)}`);
  }
  if (declared !== null && blocks !== declared) {
    const given = JSON.stringify(blocks);
    throwSequenceError(sequence, `blockAllocator got blocks ${given}, and the declaration ${JSON.stringify(declared)}`);
  }
  const most = Math.min(MAX_COUNT, Math.floor(MAX_BLOCK_SIZE / idsPerBlock));
  if (!Number.isInteger(size) || size < 1 || size > most) {
    throwSequenceError(sequence, `blockAllocator takes a size from 1 to ${most} blocks, not ${shown(size)}`);
  }
  if (!Number.isInteger(lowWater) || lowWater < 0 || lowWater > size * idsPerBlock) {
    const ids = `the ${size * idsPerBlock} ids that it draws at a time`;
    throwSequenceError(sequence, `blockAllocator takes a lowWater from 0 to ${ids}, not ${shown(lowWater)}`);
  }
  const source = new BlockSource(limited<BlockHandle>("blockAllocator", db, limits), sequence, blocks === "upwards", {
    durable,
  });
  return new AllocationQueue<ValueOf<Sequence>>({
    name: nameOf(sequence),
    lowWater,
    async draw(missing, closing) {
      const drawn = await source.draw(Math.ceil(missing / idsPerBlock), closing ? 1 : size);
      return new BlockBuffer(drawn, increment > 0n ? 1n : -1n, mode);
    },
  });
}
