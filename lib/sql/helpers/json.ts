import { refuse } from "../../errors.js";

/** The registered symbol of a marked value, by which copies of this package know each other's. JSON cannot carry it. */
const JSON_VALUE: unique symbol = Symbol.for("nextval.json") as never;

/**
 * A value marked as JSON, as `sql.json` makes it. `JSON.stringify` turns it into the value itself, so other drivers can
 * also write it.
 *
 * ```ts
 * sql`insert into events (tags) values (${sql.json(["new", "paid"])})`; // $1 is '["new","paid"]'
 * ```
 */
export class JsonValue {
  /** Exists only in types, so no other object is taken for a marked value. */
  declare readonly "~json": true;
  readonly #value: unknown;

  /** @internal */
  constructor(value: unknown) {
    this.#value = value;
  }

  /** @internal */
  get [JSON_VALUE](): true {
    return true;
  }

  /** Returns the value itself, for `JSON.stringify`. */
  toJSON(key = ""): unknown {
    const value = this.#value;
    // JSON.stringify does not call `toJSON` on this result, so a Date would become an empty object.
    if ((typeof value !== "object" || value === null) && typeof value !== "bigint") return value;
    const { toJSON } = value as { readonly toJSON?: unknown };
    return typeof toJSON === "function" ? (toJSON.call(value, key) as unknown) : value;
  }
}

/** @internal Whether an object is a value marked as JSON, by this copy of the package or another one. */
export function isJsonValue(thing: object): thing is JsonValue {
  return JSON_VALUE in thing;
}

/**
 * Marks a value as JSON.
 *
 * ```ts
 * sql`insert into events (tags) values (${sql.json(["new", "paid"])})`; // $1 is '["new","paid"]', of type jsonb
 * sql`update settings set value = ${sql.json("on")}`; // $1 is '"on"'
 * ```
 *
 * Arrays and strings need the mark: an unmarked array becomes a PostgreSQL array, and an unmarked string its own text.
 * A plain object that is not empty becomes JSON without it.
 *
 * `null` becomes the JSON value `null`, not SQL's NULL. `undefined`, functions and symbols have no JSON form and are
 * refused here. A cycle or a bigint inside the value is refused when the statement runs, before anything is sent.
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
