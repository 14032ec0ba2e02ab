/** Values that were drawn and are handed out one after the other. */
export interface ValueBuffer<Value> {
  /** The number of values left. */
  readonly left: number;
  /** Hands out the next value. The caller checks that there is one. */
  one(): Value;
  /** Hands out the next `count` values. The caller checks that there are as many. */
  many(count: number): Value[];
  /** The values left, as ranges, some of which may touch. */
  ranges(): ValueRange<Value>[];
}

/**
 * Values at equal distances: `first`, `first + step` and so on, up to and including `last`. {@link Allocator.close}
 * returns the unused values so.
 */
export interface ValueRange<Value> {
  /** The first value of the range. */
  readonly first: Value;
  /** The last value of the range, which belongs to it. */
  readonly last: Value;
  /** The difference between two values: a number if they are numbers, else a bigint. Negative if the values descend. */
  readonly step: Value extends number ? number : bigint;
}

/** Makes a range of the values that a buffer has left. */
export function rangeOf<Value>(first: Value, last: Value, step: bigint): ValueRange<Value> {
  return { first, last, step: (typeof first === "number" ? Number(step) : step) as ValueRange<Value>["step"] };
}

/** Joins ranges that touch. */
export function joined<Value>(ranges: readonly ValueRange<Value>[]): ValueRange<Value>[] {
  const all: ValueRange<Value>[] = [];
  for (const range of ranges) {
    const before = all.at(-1);
    const { first, last, step } = range;
    const touches = before?.step === step && toBigint(first) - toBigint(before.last) === BigInt(step);
    if (touches) all[all.length - 1] = { first: before.first, last, step };
    else all.push(range);
  }
  return all;
}

/** Values in an array, which is read by index and never copied as a whole. */
export class ListBuffer<Value> implements ValueBuffer<Value> {
  readonly #values: Value[];
  readonly #step: bigint;
  #at = 0;

  constructor(values: Value[], step: bigint) {
    this.#values = values;
    this.#step = step;
  }

  get left(): number {
    return this.#values.length - this.#at;
  }

  one(): Value {
    return this.#values[this.#at++] as Value;
  }

  many(count: number): Value[] {
    const from = this.#at;
    this.#at += count;
    return count === this.#values.length ? this.#values : this.#values.slice(from, this.#at);
  }

  ranges(): ValueRange<Value>[] {
    return this.#values.slice(this.#at).map((value) => rangeOf(value, value, this.#step));
  }
}

/** Values of a sequence are integers: numbers, bigints or decimal text. */
function toBigint(value: unknown): bigint {
  return BigInt(value as bigint);
}
