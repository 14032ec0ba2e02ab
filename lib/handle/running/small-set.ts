/**
 * A set of few items that is often empty. V8 makes the table of a `Set` anew each time when it becomes empty, which
 * takes longer than anything else that is done for a statement. An item must not be added twice.
 */
export class SmallSet<Item> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  has(item: Item): boolean {
    return this.#items.includes(item);
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  delete(item: Item): boolean {
    const at = this.#items.indexOf(item);
    // Nearly always the first, which `shift` removes without making an array of it.
    if (at === 0) this.#items.shift();
    else if (at > 0) this.#items.splice(at, 1);
    return at >= 0;
  }

  /** Visits the items that it holds now, in the order in which they were added. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items.slice()[Symbol.iterator]();
  }
}
