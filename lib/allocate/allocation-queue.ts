/// <reference lib="esnext.disposable" preserve="true" />

import { NextvalError } from "../index.js";
import { shown } from "../internal.js";
import { joined, type ValueBuffer, type ValueRange } from "./value-buffer.js";

/** Hands out values that it draws many at a time, as {@link allocator} and {@link blockAllocator} make it. */
export interface Allocator<Value> {
  /**
   * Returns the next value. Values are handed out in the order of the calls of `next` and `take`.
   *
   * ```ts
   * const id = await ids.next(); // 1n
   * ```
   *
   * Fails with the error of the draw that it waited for, and with `ALLOCATOR_CLOSED` after `close`.
   */
  next(): Promise<Value>;

  /**
   * Returns the next `count` values, from 0 to 2147483647, in the order in which they were drawn.
   *
   * ```ts
   * const three = await ids.take(3); // [2n, 3n, 4n]
   * ```
   *
   * Fails with the error of the draw that it waited for, and with `ALLOCATOR_CLOSED` after `close`.
   */
  take(count: number): Promise<Value[]>;

  /**
   * Closes the allocator, and returns the values that were drawn and not handed out. They become gaps unless the caller
   * uses them.
   *
   * ```ts
   * await ids.close(); // { count: 2, unused: [{ first: 41n, last: 42n, step: 1n }] }
   * ```
   *
   * Earlier calls still get their values; later calls fail with `ALLOCATOR_CLOSED`. `close` never fails, and a second
   * call returns the same result. It waits for a running draw, but at most 5 seconds. Values that such a draw returns
   * later go to the calls that wait for them, and the rest is lost.
   */
  close(): Promise<CloseResult<Value>>;

  /** Closes the allocator at the end of a block that declares it with `await using ids = allocator(...)`. */
  [asyncDispose](): Promise<void>;
}

/** The values that an allocator drew and did not hand out. {@link Allocator.close} returns them. */
export interface CloseResult<Value> {
  /** How many values are unused. */
  readonly count: number;
  /** The unused values, in the order in which they were drawn. */
  readonly unused: readonly ValueRange<Value>[];
}

/** The source of an allocator's values. */
export interface ValueSource<Value> {
  /** The name of the sequence in messages. */
  readonly name: string;
  /** If fewer values than this are left, more are drawn in the background. */
  readonly lowWater: number;
  /** Draws at least `missing` values (0 if no call is waiting), and a full batch unless it is closing. */
  draw(missing: number, closing: boolean): Promise<ValueBuffer<Value>>;
}

/** A call that waits for its values. */
interface Waiter {
  readonly count: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** The most values that one draw can count and one array can hold. */
export const MAX_COUNT = 2_147_483_647;

/** How long `close` waits for a draw, because its connection may be dead. */
const MAX_CLOSE_MS = 5_000;

/** Waits, unless it is ended before. */
function pause(ms: number): { promise: Promise<void>; end(): void } {
  let end = () => {};
  const promise = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    end = () => clearTimeout(timer);
  });
  return { promise, end };
}

/**
 * The symbol that `await using` calls. If the platform does not have it yet, it is the symbol that polyfills agree on.
 */
export const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ knownSymbol();

function knownSymbol(): typeof Symbol.asyncDispose {
  const { asyncDispose } = Symbol as { readonly asyncDispose?: typeof Symbol.asyncDispose };
  return asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);
}

/** The queue of an allocator. Calls wait in one line, and one draw runs at a time. */
export class AllocationQueue<Value> implements Allocator<Value> {
  readonly #source: ValueSource<Value>;
  readonly #buffers: ValueBuffer<Value>[] = [];
  /** The number of values that all buffers have left. */
  #left = 0;
  #waiters: Waiter[] = [];
  /** The number of values that all waiters want together. */
  #wanted = 0;
  #drawing: Promise<void> | undefined;
  /** The end of the running draw, which `close` waits for. No call is accepted anymore. */
  #drained: Promise<void> | undefined;
  #closed: Promise<CloseResult<Value>> | undefined;

  constructor(source: ValueSource<Value>) {
    this.#source = source;
  }

  next(): Promise<Value> {
    return this.#isReadyFor(1) ? Promise.resolve(this.#one()) : this.#wait(1, () => this.#one());
  }

  take(count: number): Promise<Value[]> {
    if (!Number.isInteger(count) || count < 0 || count > MAX_COUNT) {
      const problem = `take hands out a whole number of values from 0 to ${MAX_COUNT}, not ${shown(count)}`;
      return Promise.reject(this.#error("INVALID_ARGUMENT", problem));
    }
    return this.#isReadyFor(count) ? Promise.resolve(this.#many(count)) : this.#wait(count, () => this.#many(count));
  }

  close(): Promise<CloseResult<Value>> {
    return (this.#closed ??= this.#drain().then(() => {
      return { count: this.#left, unused: joined(this.#buffers.flatMap((buffer) => buffer.ranges())) };
    }));
  }

  async [asyncDispose](): Promise<void> {
    await this.#drain();
  }

  #isReadyFor(count: number): boolean {
    return this.#left >= count && this.#waiters.length === 0 && this.#drained === undefined;
  }

  #one(): Value {
    const buffer = this.#buffers[0] as ValueBuffer<Value>;
    const value = buffer.one();
    this.#took(1, buffer);
    return value;
  }

  #many(count: number): Value[] {
    const [first] = this.#buffers;
    if (first !== undefined && first.left >= count) {
      const values = first.many(count);
      this.#took(count, first);
      return values;
    }
    const values = new Array<Value>(count);
    for (let index = 0; index < count; index++) values[index] = this.#one();
    return values;
  }

  #took(count: number, buffer: ValueBuffer<Value>): void {
    if (buffer.left === 0) this.#buffers.shift();
    this.#left -= count;
    if (this.#left < this.#source.lowWater) this.#draw();
  }

  #wait<Result>(count: number, handOut: () => Result): Promise<Result> {
    if (this.#drained !== undefined) {
      return Promise.reject(this.#error("ALLOCATOR_CLOSED", "its allocator is closed and hands out no more values"));
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ count, resolve: () => resolve(handOut()), reject });
      this.#wanted += count;
      this.#draw();
    });
  }

  /** Starts a draw, unless one is running. */
  #draw(): void {
    if (this.#drawing !== undefined) return;
    const isClosing = this.#drained !== undefined;
    const missing = Math.max(0, this.#wanted - this.#left);
    if (isClosing && missing === 0) return;
    this.#drawing = this.#source.draw(Math.min(missing, MAX_COUNT), isClosing).then(
      (buffer) => this.#arrive(buffer),
      (reason: unknown) => this.#fail(reason),
    );
  }

  #arrive(buffer: ValueBuffer<Value>): void {
    this.#drawing = undefined;
    if (buffer.left > 0) this.#buffers.push(buffer);
    this.#left += buffer.left;
    let served = 0;
    for (const waiter of this.#waiters) {
      if (waiter.count > this.#left) break;
      served++;
      this.#wanted -= waiter.count;
      waiter.resolve();
    }
    this.#waiters.splice(0, served);
    if (this.#waiters.length > 0 || this.#left < this.#source.lowWater) this.#draw();
  }

  /** If no call is waiting, the error is dropped. The next call tries again. */
  #fail(reason: unknown): void {
    this.#drawing = undefined;
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#wanted = 0;
    for (const waiter of waiters) waiter.reject(reason);
  }

  /** Refuses further calls, and waits for the running draw. */
  #drain(): Promise<void> {
    return (this.#drained ??= this.#waitForDraws());
  }

  async #waitForDraws(): Promise<void> {
    const { promise, end } = pause(MAX_CLOSE_MS);
    await Promise.race([this.#lastDraw(), promise]);
    end();
  }

  /** Waits for the running draw, and for those that it starts because calls still wait. */
  async #lastDraw(): Promise<void> {
    while (this.#drawing !== undefined) await this.#drawing;
  }

  #error(code: "ALLOCATOR_CLOSED" | "INVALID_ARGUMENT", problem: string): NextvalError {
    const { name } = this.#source;
    return new NextvalError(code, `${name}: ${problem}`, { sequence: name });
  }
}
