import type { ResolvedOptions } from "../index.js";
import { fillValues } from "../internal.js";
import { rangeOf, type ValueBuffer, type ValueRange } from "./value-buffer.js";

type ValueMode = ResolvedOptions["mode"];

/** Blocks of consecutive values. Each value is computed when it is handed out. */
export class BlockBuffer<Value> implements ValueBuffer<Value> {
  readonly #blocks: readonly Block[];
  readonly #step: 1n | -1n;
  readonly #mode: ValueMode;
  #block = 0;
  #next = 0n;
  #leftInBlock = 0;
  left = 0;

  constructor(blocks: readonly Block[], step: 1n | -1n, mode: ValueMode) {
    this.#blocks = blocks;
    this.#step = step;
    this.#mode = mode;
    for (const { count } of blocks) this.left += count;
    this.#open();
  }

  one(): Value {
    const value = this.#value(this.#next);
    this.#take(1);
    return value;
  }

  many(count: number): Value[] {
    const values = new Array<unknown>(count);
    for (let at = 0; at < count;) {
      const end = at + Math.min(count - at, this.#leftInBlock);
      fillValues[this.#mode](values, at, end, this.#next, this.#step);
      this.#take(end - at);
      at = end;
    }
    return values as Value[];
  }

  ranges(): ValueRange<Value>[] {
    const rest = [{ first: this.#next, count: this.#leftInBlock }, ...this.#blocks.slice(this.#block)];
    return rest
      .filter(({ count }) => count > 0)
      .map(({ first, count }) => {
        const last = first + this.#step * BigInt(count - 1);
        return rangeOf(this.#value(first), this.#value(last), this.#step);
      });
  }

  #value(value: bigint): Value {
    const mode = this.#mode;
    return (mode === "bigint" ? value : mode === "number" ? Number(value) : `${value}`) as Value;
  }

  #take(count: number): void {
    this.left -= count;
    this.#leftInBlock -= count;
    if (this.#leftInBlock === 0) this.#open();
    else this.#next += this.#step * BigInt(count);
  }

  #open(): void {
    const block = this.#blocks[this.#block++];
    if (block === undefined) return;
    this.#leftInBlock = block.count;
    this.#next = block.first;
  }
}

/** Consecutive values, which ascend or descend as the sequence does. */
export interface Block {
  readonly first: bigint;
  /** At least 1. */
  readonly count: number;
}
