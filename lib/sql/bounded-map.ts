/** The length of the longest text that is kept as a key. */
const MAX_KEY_CHARACTERS = 10_000;

/**
 * A map that is cleared when it reaches `limit` entries. Caches use it for entries that are cheap to make again, so a
 * program cannot make them grow without bound. An entry for a long text is not kept.
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
      if (typeof key === "string" && key.length > MAX_KEY_CHARACTERS) return make(key);
      if (this.#entries.size >= this.#limit) this.#entries.clear();
      this.#entries.set(key, (entry = make(key)));
    }
    return entry;
  }
}
