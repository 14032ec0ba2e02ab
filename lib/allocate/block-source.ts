import { type DrawOptions, type ResolvedOptions, resolveOptions, type SequenceLike } from "../index.js";
import { quotedName, throwSequenceError } from "../internal.js";
import { countValuesFrom } from "../server/usable-range.js";
import type { Block } from "./block-buffer.js";
import { type Definition, readDefinition } from "./block-definition.js";
import type { BlockHandle } from "./limited-handle.js";

/** Far more ids than any program hands out, and few enough to be counted exactly. */
export const MAX_BLOCK_SIZE = 2 ** 52;

/** The number of ids in a block of a sequence with this increment. */
export function sizeOf(increment: bigint): number {
  const size = increment < 0n ? -increment : increment;
  return Math.min(Number(size), MAX_BLOCK_SIZE);
}

/** Draws blocks, and checks that the database's blocks are those of the declaration. */
export class BlockSource {
  readonly #db: BlockHandle;
  readonly #sequence: SequenceLike;
  readonly #declared: ResolvedOptions;
  readonly #options: DrawOptions;
  /** Whether a value is the last id of its block, because it is read against the direction of the sequence. */
  readonly #endsAtValue: boolean;
  /** The last value, after the definition was checked. */
  #last: bigint | undefined;

  constructor(db: BlockHandle, sequence: SequenceLike, readsUpwards: boolean, options: DrawOptions) {
    this.#db = db;
    this.#sequence = sequence;
    this.#options = options;
    this.#declared = resolveOptions(sequence);
    this.#endsAtValue = readsUpwards !== this.#declared.increment > 0n;
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
