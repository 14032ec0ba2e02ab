import type { PGliteClient, PGliteOptions } from "./client.js";

const asIs = (value: unknown) => value as string;

/** The parsers and serializers with which PGlite leaves every value as its text. */
export class Texts {
  readonly #client: PGliteClient;
  readonly #made = new Map<object, { readonly size: number; readonly texts: { [type: number]: typeof asIs } }>();

  constructor(client: PGliteClient) {
    this.#client = client;
  }

  get options(): PGliteOptions {
    const { parsers, serializers } = this.#client;
    return { rowMode: "array", parsers: this.#for(parsers), serializers: this.#for(serializers) };
  }

  /** PGlite (0.5.16) copies the parsers that it is given over its own, so each of its own needs one. */
  #for(own: { readonly [type: string]: unknown }): { [type: number]: typeof asIs } {
    const types = Object.keys(own);
    let made = this.#made.get(own);
    if (made?.size !== types.length) {
      made = { size: types.length, texts: Object.fromEntries(types.map((type) => [type, asIs])) };
      this.#made.set(own, made);
    }
    return made.texts;
  }
}
