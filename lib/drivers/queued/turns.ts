/** The end of the last turn of each client. */
type Lasts = WeakMap<object, Promise<void>>;

/** All copies of the library that a program has loaded take turns with each other. */
const LASTS = Symbol.for("nextval.turns");

/** Gives the one connection of a client to one owner after the other. */
export class Turns {
  readonly #client: object;

  constructor(client: object) {
    this.#client = client;
  }

  /** Waits for the turn. Returns a function that ends it. */
  async take(): Promise<() => void> {
    const lasts = lastsOf(globalThis);
    const before = lasts.get(this.#client);
    let end!: () => void;
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    lasts.set(this.#client, turn);
    await before;
    return end;
  }
}

function lastsOf(global: object): Lasts {
  return ((global as { [LASTS]?: Lasts })[LASTS] ??= new WeakMap());
}
