/** Values that have been drawn and are handed out one after the other. */
export interface Supply<Value> {
  /** How many are left. */
  readonly left: number;
  /** Hands out the next one; there is one. */
  one(): Value;
  /** Hands out the next `count`; there are so many. */
  many(count: number): Value[];
}

/** Values in an array, which is read by index and never copied as a whole. */
export class ListSupply<Value> implements Supply<Value> {
  readonly #values: Value[];
  #at = 0;

  constructor(values: Value[]) {
    this.#values = values;
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
}
