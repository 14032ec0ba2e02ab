/**
 * A map that remembers up to `limit` entries and then starts anew: for what is cheap to make again and common enough to
 * be worth keeping, whatever a program throws at it.
 */
export class BoundedMap<Key, Entry> {
  readonly #entries = new Map<Key, Entry>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  getOrMake(key: Key, make: (key: Key) => Entry): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= this.#limit) this.#entries.clear();
      this.#entries.set(key, (entry = make(key)));
    }
    return entry;
  }
}
