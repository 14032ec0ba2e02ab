/** Gives the one connection of a client to one owner after the other. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for the turn. Returns a function that ends it. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}
