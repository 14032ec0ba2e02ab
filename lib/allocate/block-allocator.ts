import {
  type DrawOptions,
  type Handle,
  type Limits,
  type ResolvedOptions,
  resolveOptions,
  type SequenceLike,
  type ValueOf,
} from "../index.js";
import { fail, optionsOf, quotedName, sequenceOf } from "../internal.js";
import { nameOf } from "../server/names.js";
import { countFrom } from "../server/usable-range.js";
import { type Allocator, Dispenser, MOST_AT_ONCE } from "./allocation-queue.js";
import { type Block, BlockSupply } from "./block-buffer.js";
import { type Definition, readDefinition } from "./block-definition.js";
import { type Limitable, limited } from "./limited-handle.js";

/** `durable` is that of `db.nextval`, for each draw; `timeout` and `signal` are those of `allocator`. */
export interface BlockAllocatorOptions extends DrawOptions, Limits {
  /**
   * How many blocks are drawn at a time, from 1 to 2147483647, with at most 2^52 ids together; more where callers wait for more,
   * fewer at the end of the sequence. Default: 1.
   */
  readonly blocks?: number | undefined;
  /**
   * With fewer ids than this left, from 0 to those of `blocks`, the next blocks are drawn in the background. Default: 0, only
   * once somebody waits.
   */
  readonly lowWater?: number | undefined;
}

type Draws = "nextval" | "nextvals" | "query";
type BlockSource = Pick<Handle, Draws>;

/** Far more than any program hands out, and few enough to be counted exactly. */
const MOST_IN_BLOCK = 2 ** 52;

/**
 * Hands out the ids of whole blocks, over a sequence whose increment is the size of a block (what Hibernate calls the
 * pooled-lo optimizer): one `nextval` gives the ids from its value on, up to the next value of the sequence.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { increment: 100 });
 * await using ids = blockAllocator(db, orderSeq);
 * await ids.next(); // 1n, after: select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), pg_catalog.pg_logical_emit_message(...)
 * await ids.take(3); // [2n, 3n, 4n], without a statement
 * await ids.take(250); // 5n to 254n, after one statement for two more blocks
 * ```
 *
 * Whoever else draws from the sequence has to read its values as blocks, too: an insert with a default of `nextval` takes the
 * first id of a block and leaves the others as a gap. A descending sequence gives descending ids. Where `maxValue`
 * (`minValue` where it descends) lies inside a block, the ids up to it are given, and then the calls fail with
 * `SEQUENCE_EXHAUSTED`. A draw of several blocks that comes to the end of the sequence, because callers wait for so many or others
 * have drawn from it, fails as a whole, and the blocks before the end are lost with it.
 *
 * A program that takes block after block spends most of its time waiting for the server. With `blocks` and `lowWater` it seldom
 * waits, and leaves more ids unused when it ends; `close` says which:
 *
 * ```ts
 * const ids = blockAllocator(db, orderSeq, { blocks: 8, lowWater: 400 }); // draws 800 ids when fewer than 400 are left
 * ```
 *
 * Before the first block it reads the sequence's increment, bounds and cycle, and fails with `SEQUENCE_DIFFERS` where the
 * database has others than the declaration: blocks of another size would overlap, for one. A sequence that cycles is refused, with
 * `INVALID_ARGUMENT`. Do not alter the increment while programs are running: it is noticed no sooner than by a value that is no
 * multiple of the increment away from the one before. Order, failures and `close` are those of `allocator`.
 */
export function blockAllocator<Sequence extends SequenceLike>(
  db: Limitable<Draws>,
  sequence: Sequence,
  options?: BlockAllocatorOptions,
): Allocator<ValueOf<Sequence>> {
  const { cycle, increment, mode } = resolveOptions(sequenceOf(sequence));
  if (cycle) fail(sequence, "blockAllocator takes no sequence that cycles, because its blocks would overlap");
  const size = sizeOf(increment);
  const { blocks = 1, lowWater = 0, durable, ...limits } = optionsOf("blockAllocator", options);
  const most = Math.min(MOST_AT_ONCE, Math.floor(MOST_IN_BLOCK / size));
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > most) {
    fail(sequence, `blockAllocator takes blocks from 1 to ${most}, not ${String(blocks)}`);
  }
  if (!Number.isInteger(lowWater) || lowWater < 0 || lowWater > blocks * size) {
    const ids = `the ${blocks * size} ids that it draws at a time`;
    fail(sequence, `blockAllocator takes a lowWater from 0 to ${ids}, not ${String(lowWater)}`);
  }
  const source = new Blocks(limited<Draws>(db, limits), sequence, { durable });
  return new Dispenser<ValueOf<Sequence>>({
    name: nameOf(sequence),
    lowWater,
    async draw(missing, closing) {
      const drawn = await source.draw(Math.ceil(missing / size), closing ? 1 : blocks);
      return new BlockSupply(drawn, increment > 0n ? 1n : -1n, mode);
    },
  });
}

/** Draws blocks, and sees to it that the database cuts them as it is declared. */
class Blocks {
  readonly #db: BlockSource;
  readonly #sequence: SequenceLike;
  readonly #declared: ResolvedOptions;
  readonly #options: DrawOptions;
  /** The first id of the last block, once the definition has been found right. */
  #last: bigint | undefined;

  constructor(db: BlockSource, sequence: SequenceLike, options: DrawOptions) {
    this.#db = db;
    this.#sequence = sequence;
    this.#options = options;
    this.#declared = resolveOptions(sequence);
  }

  /** Draws the blocks that are needed, and as many as is usual while the sequence has them. */
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
    for (const value of drawn) {
      const first = BigInt(value);
      isAligned &&= this.#last === undefined || (first - this.#last) % increment === 0n;
      this.#last = first;
      blocks.push({ first, count: this.#idsFrom(first) });
    }
    // Somebody has set the sequence, which is fine, or altered it.
    if (!isAligned) await this.#checkDefinition();
    return blocks;
  }

  /** How many blocks there are behind the last one, or from the start on: at most, as others may draw, too. */
  #blocksLeft(): number {
    const { increment, startWith, minValue, maxValue } = this.#declared;
    const next = this.#last === undefined ? startWith : this.#last + increment;
    return Number(countFrom(next, { least: minValue, greatest: maxValue }, increment));
  }

  /** How many ids a block has within the bounds. */
  #idsFrom(first: bigint): number {
    const { increment, minValue, maxValue } = this.#declared;
    const toTheEnd = (increment > 0n ? maxValue - first : first - minValue) + 1n;
    if (first < minValue || first > maxValue) {
      const problem = `the server gave ${first}, and the ids go from ${minValue} to ${maxValue}`;
      return fail(this.#sequence, problem, "SEQUENCE_OUT_OF_BOUNDS");
    }
    const size = sizeOf(increment);
    return toTheEnd < BigInt(size) ? Number(toTheEnd) : size;
  }

  async #checkDefinition(): Promise<void> {
    // A block that has been drawn is given up where this fails, and so is what is known of it.
    this.#last = undefined;
    const sequence = this.#sequence;
    const name = quotedName(sequence);
    const found = await readDefinition(this.#db, name);
    if (found === undefined) {
      fail(sequence, `there is no sequence ${name}; create it with createSequence`, "SEQUENCE_NOT_FOUND");
    }
    const differing = (["increment", "minValue", "maxValue", "cycle"] as const).filter(
      (option) => found[option] !== this.#declared[option],
    );
    if (differing.length === 0) return;
    const differences = differing.map((option) => `${option} ${found[option]} (declared: ${this.#declared[option]})`);
    const harms = [...new Set(differing.map((option) => HARM[option]))];
    const problem = `the database has ${differences.join(", ")}: ${harms.join(", and ")}; alter the sequence or its declaration`;
    fail(sequence, problem, "SEQUENCE_DIFFERS");
  }
}

/** What would happen where the database has another option than the declaration. */
const HARM: { readonly [Option in keyof Definition]: string } = {
  increment: "blocks of another size would overlap or leave ids out",
  minValue: "the ids would end elsewhere",
  maxValue: "the ids would end elsewhere",
  cycle: "its blocks would come a second time",
};

/** How many ids a block has. */
function sizeOf(increment: bigint): number {
  const size = increment < 0n ? -increment : increment;
  return Math.min(Number(size), MOST_IN_BLOCK);
}
