/**
 * A map that is cleared when it reaches `limit` entries. Caches use it for entries that are cheap to make again, so a
 * program cannot make them grow without bound.
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
