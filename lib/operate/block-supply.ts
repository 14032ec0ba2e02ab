import type { Supply } from "./supply.js";

/** Blocks of consecutive values, each computed when it is handed out. */
export class BlockSupply<Value> implements Supply<Value> {
  readonly #blocks: readonly Block[];
  readonly #step: 1 | -1;
  readonly #make: (value: number | bigint) => Value;
  #block = 0;
  /** The next value: a number as long as the block has no other values than a number holds exactly. */
  #next: number | bigint = 0;
  #leftInBlock = 0;
  left = 0;

  constructor(blocks: readonly Block[], step: 1 | -1, make: (value: number | bigint) => Value) {
    this.#blocks = blocks;
    this.#step = step;
    this.#make = make;
    for (const { count } of blocks) this.left += count;
    this.#open();
  }

  one(): Value {
    const value = this.#next;
    this.left--;
    if (--this.#leftInBlock > 0)
      this.#next = typeof value === "number" ? value + this.#step : value + BigInt(this.#step);
    else this.#open();
    return this.#make(value);
  }

  many(count: number): Value[] {
    const values = new Array<Value>(count);
    const make = this.#make;
    for (let at = 0; at < count;) {
      const end = at + Math.min(count - at, this.#leftInBlock);
      this.left -= end - at;
      this.#leftInBlock -= end - at;
      // Twice the same, but for the kind of number: a loop over either is far slower.
      if (typeof this.#next === "number") {
        let next = this.#next;
        for (; at < end; at++, next += this.#step) values[at] = make(next);
        this.#next = next;
      } else {
        let next = this.#next;
        for (const step = BigInt(this.#step); at < end; at++, next += step) values[at] = make(next);
        this.#next = next;
      }
      if (this.#leftInBlock === 0) this.#open();
    }
    return values;
  }

  #open(): void {
    const block = this.#blocks[this.#block++];
    if (block === undefined) return;
    this.#leftInBlock = block.count;
    const last = block.first + BigInt(this.#step) * BigInt(block.count - 1);
    const isSafe = [block.first, last].every((value) => Number.isSafeInteger(Number(value)));
    this.#next = isSafe ? Number(block.first) : block.first;
  }
}

export interface Block {
  readonly first: bigint;
  /** At least 1. */
  readonly count: number;
}
