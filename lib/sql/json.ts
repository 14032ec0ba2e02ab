import { refuse } from "../errors.js";

/** A value that is JSON, whatever its kind. It becomes itself under `JSON.stringify`, so that other drivers write it, too. */
export class JsonValue {
  /** Exists for the compiler only: nothing else passes for a marked value. */
  declare readonly "~json": true;
  readonly #value: unknown;

  /** @internal */
  constructor(value: unknown) {
    this.#value = value;
  }

  toJSON(key = ""): unknown {
    const value = this.#value;
    // JSON.stringify does not ask a second time, and would take a Date for an empty object.
    if ((typeof value !== "object" || value === null) && typeof value !== "bigint") return value;
    const { toJSON } = value as { readonly toJSON?: unknown };
    return typeof toJSON === "function" ? (toJSON.call(value, key) as unknown) : value;
  }
}

/**
 * Marks a value as JSON. An array or a string needs the mark, because an unmarked array becomes a PostgreSQL array, and an unmarked
 * string its own text. A plain object that is not empty becomes JSON without it.
 *
 * ```ts
 * sql`insert into events (tags) values (${sql.json(["new", "paid"])})`; // $1 is '["new","paid"]', of type jsonb
 * sql`update settings set value = ${sql.json("on")}`; // $1 is '"on"'
 * ```
 *
 * `null` becomes the JSON value `null`, not SQL's NULL. `undefined`, functions and symbols have no JSON and are refused here; a cycle or
 * a bigint inside is refused when the statement runs, before anything is sent.
 */
export function json(value: unknown): JsonValue {
  if (value === undefined || typeof value === "function" || typeof value === "symbol") {
    return refuse(
      "sql.json",
      `needs a value that JSON has, not ${value === undefined ? "undefined" : `a ${typeof value}`}`,
    );
  }
  return new JsonValue(value);
}
