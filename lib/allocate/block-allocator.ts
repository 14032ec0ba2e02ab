import {
  type DrawOptions,
  type Queryable,
  type Limits,
  type ResolvedOptions,
  resolveOptions,
  type SequenceLike,
  type SequenceNeeded,
  type Sql,
  type ValueOf,
} from "../index.js";
import { throwSequenceError, optionsOf, quotedName, sequenceOf, shown } from "../internal.js";
import { nameOf } from "../server/names.js";
import { countValuesFrom } from "../server/usable-range.js";
import { type Allocator, AllocationQueue, MAX_COUNT } from "./allocation-queue.js";
import { type Block, BlockSupply } from "./block-buffer.js";
import { type Definition, readDefinition } from "./block-definition.js";
import { type Limitable, limited } from "./limited-handle.js";

/**
 * Options of `blockAllocator`. `durable` is the option of `db.nextval`, for each draw. `timeout` and `signal` limit
 * each draw, as for `allocator`.
 */
export interface BlockAllocatorOptions extends DrawOptions, Limits {
  /**
   * How many blocks are drawn at a time, from 1 to 2147483647, with at most 2^52 ids together. More are drawn if
   * callers wait for more, and fewer at the end of the sequence. Default: 1.
   */
  readonly blocks?: number | undefined;
  /**
   * If fewer ids than this are left, the next blocks are drawn in the background. From 0 to the number of ids in
   * `blocks`. Default: 0, which draws only when a call waits.
   */
  readonly lowWater?: number | undefined;
  /**
   * Which ids a value of the sequence stands for, with increment 100: `"upwards"` the value and the 99 above it,
   * `"downwards"` the value and the 99 below it. All programs that draw from the sequence have to agree. Default: the
   * direction of the sequence, so `"upwards"` if its increment is positive.
   */
  readonly reads?: BlockReading | undefined;
}

/** Which ids a value of a sequence of blocks stands for: itself and those above it, or itself and those below it. */
export type BlockReading = "upwards" | "downwards";

interface BlockSource extends Pick<Queryable, "nextval" | "nextvals"> {
  query<Row>(fragment: Sql<Row>): PromiseLike<readonly Row[]>;
}

/** Far more ids than any program hands out, and few enough to be counted exactly. */
const MAX_BLOCK_SIZE = 2 ** 52;

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
 * side. `reads: "downwards"` reads as `pooled` does:
 *
 * ```ts
 * const ids = blockAllocator(db, orderSeq, { reads: "downwards" }); // 1n, then 2n to 101n, then 102n to 201n
 * ```
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
 * A program that uses block after block spends most of its time waiting for the server. With `blocks` and `lowWater` it
 * seldom waits, but leaves more ids unused when it ends; `close` returns them:
 *
 * ```ts
 * const ids = blockAllocator(db, orderSeq, { blocks: 8, lowWater: 400 }); // draws 800 ids when fewer than 400 are left
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
  db: Limitable<BlockSource>,
  given: Sequence | SequenceNeeded,
  options?: BlockAllocatorOptions,
): Allocator<ValueOf<Sequence>> {
  const sequence = given as Sequence;
  const { cycle, increment, mode } = resolveOptions(sequenceOf(sequence));
  if (cycle)
    throwSequenceError(
      sequence,
      "blockAllocator does not accept a sequence that cycles, because its blocks would overlap",
    );
  const size = sizeOf(increment);
  const {
    blocks = 1,
    lowWater = 0,
    durable,
    reads = increment > 0n ? "upwards" : "downwards",
    ...limits
  } = optionsOf("blockAllocator", options, ["blocks", "lowWater", "durable", "reads", "timeout", "signal"]);
  if (reads !== "upwards" && reads !== "downwards") {
    throwSequenceError(sequence, `blockAllocator reads "upwards" or "downwards", not ${shown(reads)}`);
  }
  const most = Math.min(MAX_COUNT, Math.floor(MAX_BLOCK_SIZE / size));
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > most) {
    throwSequenceError(sequence, `blockAllocator takes blocks from 1 to ${most}, not ${String(blocks)}`);
  }
  if (!Number.isInteger(lowWater) || lowWater < 0 || lowWater > blocks * size) {
    const ids = `the ${blocks * size} ids that it draws at a time`;
    throwSequenceError(sequence, `blockAllocator takes a lowWater from 0 to ${ids}, not ${String(lowWater)}`);
  }
  const source = new Blocks(limited<BlockSource>(db, limits), sequence, reads, { durable });
  return new AllocationQueue<ValueOf<Sequence>>({
    name: nameOf(sequence),
    lowWater,
    async draw(missing, closing) {
      const drawn = await source.draw(Math.ceil(missing / size), closing ? 1 : blocks);
      return new BlockSupply(drawn, increment > 0n ? 1n : -1n, mode);
    },
  });
}

/** Draws blocks, and checks that the database's blocks are those of the declaration. */
class Blocks {
  readonly #db: BlockSource;
  readonly #sequence: SequenceLike;
  readonly #declared: ResolvedOptions;
  readonly #options: DrawOptions;
  /** Whether a value is the last id of its block, because it is read against the direction of the sequence. */
  readonly #endsAtValue: boolean;
  /** The last value, after the definition was checked. */
  #last: bigint | undefined;

  constructor(db: BlockSource, sequence: SequenceLike, reads: BlockReading, options: DrawOptions) {
    this.#db = db;
    this.#sequence = sequence;
    this.#options = options;
    this.#declared = resolveOptions(sequence);
    this.#endsAtValue = (reads === "upwards") !== this.#declared.increment > 0n;
  }

  /** Draws the needed blocks, and a usual batch if the sequence has as many. */
  async draw(needed: number, usual: number): Promise<Block[]> {
    if (this.#last === undefined) await this.#checkDefinition();
    const sequence = this.#sequence;
    const count = Math.max(1, needed, Math.min(usual, this.#blocksLeft()));
    const drawn =
      count === 1
        ? [await this.#db.nextval(sequence, this.#options)]
        : await this.#db.nextvals(sequence, count, this.#options);
    const { increment } = this.#declared;
    const blocks: Block[] = [];
    let isAligned = true;
    for (const text of drawn) {
      const value = BigInt(text);
      isAligned &&= this.#last === undefined || (value - this.#last) % increment === 0n;
      this.#last = value;
      blocks.push(this.#endsAtValue ? this.#blockUpTo(value) : this.#blockFrom(value));
    }
    // The sequence was either set, which is fine, or altered.
    if (!isAligned) await this.#checkDefinition();
    return blocks;
  }

  /** The number of blocks after the last one, or from the start. Fewer may be left, because other sessions can draw. */
  #blocksLeft(): number {
    const { increment, startWith, minValue, maxValue } = this.#declared;
    const next = this.#last === undefined ? startWith : this.#last + increment;
    return Number(countValuesFrom(next, { least: minValue, greatest: maxValue }, increment));
  }

  /** The block that begins with this value, as far as it is within the bounds. */
  #blockFrom(value: bigint): Block {
    this.#checkBounds(value);
    const { increment, minValue, maxValue } = this.#declared;
    const toTheEnd = increment > 0n ? maxValue - value : value - minValue;
    return { first: value, count: this.#countWithin(toTheEnd) };
  }

  /** The block that ends with this value, without ids before the start. */
  #blockUpTo(value: bigint): Block {
    this.#checkBounds(value);
    const { increment, minValue, maxValue, startWith } = this.#declared;
    const sign = increment > 0n ? 1n : -1n;
    const isPastStart = sign * (value - startWith) >= 0n;
    const begin = isPastStart ? startWith : sign > 0n ? minValue : maxValue;
    const count = this.#countWithin(sign * (value - begin));
    return { first: value - sign * BigInt(count - 1), count };
  }

  /** The number of ids of a block, if the id that is `distance` away from its value is the last one allowed. */
  #countWithin(distance: bigint): number {
    const size = sizeOf(this.#declared.increment);
    return distance < BigInt(size) ? Number(distance) + 1 : size;
  }

  #checkBounds(value: bigint): void {
    const { minValue, maxValue } = this.#declared;
    if (value >= minValue && value <= maxValue) return;
    const problem = `the server gave ${value}, and the ids go from ${minValue} to ${maxValue}`;
    throwSequenceError(this.#sequence, problem, "SEQUENCE_OUT_OF_BOUNDS");
  }

  async #checkDefinition(): Promise<void> {
    // If the check fails, a drawn block is lost, and so is what is known of it.
    this.#last = undefined;
    const sequence = this.#sequence;
    const name = quotedName(sequence);
    const found = await readDefinition(this.#db, name);
    if (found === undefined) {
      const hint = "Create it with createSequence.";
      throwSequenceError(sequence, `there is no sequence ${name}`, "SEQUENCE_NOT_FOUND", { hint });
    }
    const differing = (["increment", "minValue", "maxValue", "cycle"] as const).filter(
      (option) => found[option] !== this.#declared[option],
    );
    if (differing.length === 0) return;
    const differences = differing.map((option) => `${option} ${found[option]} (declared: ${this.#declared[option]})`);
    const harms = [...new Set(differing.map((option) => HARM[option]))].join(", and ");
    throwSequenceError(sequence, `the database has ${differences.join(", ")}`, "SEQUENCE_DIFFERS", {
      hint: `Alter the sequence or its declaration, because ${harms}.`,
    });
  }
}

/** The harm of each difference between the database and the declaration. */
const HARM: { readonly [Option in keyof Definition]: string } = {
  increment: "blocks of another size would overlap or leave ids out",
  minValue: "the ids would end elsewhere",
  maxValue: "the ids would end elsewhere",
  cycle: "its blocks would come a second time",
};

/** The number of ids in a block. */
function sizeOf(increment: bigint): number {
  const size = increment < 0n ? -increment : increment;
  return Math.min(Number(size), MAX_BLOCK_SIZE);
}
