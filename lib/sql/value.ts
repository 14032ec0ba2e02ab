import { refuse } from "../errors.js";
import { isDate } from "./date-text.js";
import { flatFragment, SQL, Sql, type Spliceable } from "./fragment.js";
import type { JsonValue } from "./helpers/json.js";

/** A typed parameter of postgres.js, as `client.json(...)`, `client.array(...)` or `client.typed(...)` makes it. */
interface DriverParameter {
  readonly type: number;
  readonly value: unknown;
}

/**
 * A value that the driver can bind to `$1`. A plain object, or one with a `toJSON`, is bound as JSON. For any other
 * object of a class or an interface, pass `{ ...object }`.
 *
 * ```ts
 * const since: Value = new Date("2026-01-31");
 * sql`select * from orders where created_at > ${since}`; // $1 is since
 * ```
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | DriverParameter
  | JsonValue
  | readonly Value[]
  | { readonly [key: string]: unknown };

/**
 * Anything that can be spliced into a template: a fragment, a sequence, or a value.
 *
 * ```ts
 * const equals = (column: string, value: Splice) => sql`${sql.identifier(column)} = ${value}`;
 * equals("tenant", 7); // { text: `"tenant" = $1`, values: [7] }
 * equals("id", currval(orderSeq)); // "id" = pg_catalog.currval('"order_seq"'::pg_catalog.regclass)
 * ```
 */
export type Splice = Spliceable | Value;

/** Describes the position of a value for an error message: `value 2 (after "where id = ")`. */
export type Place = (index: number) => string;

/** Whether the type alone tells that a thing can be bound, which is so for nearly all values. */
export function isScalar(thing: unknown): boolean {
  return (
    typeof thing === "string" ||
    typeof thing === "number" ||
    thing === null ||
    typeof thing === "boolean" ||
    typeof thing === "bigint"
  );
}

/**
 * Checks one thing that goes into a template; there is no other way in. Returns its fragment if it is spliceable, or
 * the thing itself if it can be bound. Refuses everything else, before any SQL exists.
 */
export function admit(thing: unknown, place: Place, index: number): unknown {
  if (isScalar(thing) || Sql.tryShapeOf(thing) !== null) return thing;
  if (typeof thing === "object") return admitObject(thing as object, place, index);
  if (thing === undefined) {
    return refuse(place(index), "is undefined", "Pass null for NULL, or sql`default` for a column's default.");
  }
  return refuse(place(index), `is a ${typeof thing}, not a value, a fragment or a sequence`);
}

function admitObject(thing: object, place: Place, index: number): unknown {
  if (SQL in thing) return adopt(thing as Spliceable, place, index);
  if (Array.isArray(thing)) {
    admitItems(thing, (item) => `${place(index)}, item ${item}`, 1);
    return thing;
  }
  if (isDate(thing)) {
    return Number.isNaN(thing.getTime()) ? refuse(place(index), "is an invalid Date") : thing;
  }
  if (isThenable(thing)) {
    // The helpers of postgres.js throw from `then` to catch a forgotten tag. Of these helpers, only parameters are
    // values.
    if ("value" in thing && "type" in thing) return thing;
    if ("value" in thing || "first" in thing) {
      return refuse(place(index), "is a helper of postgres.js", "Use sql.identifier, sql.insert or sql.set.");
    }
    return refuse(place(index), "is a promise or another library's query", "Await it, or make it a fragment.");
  }
  if (!isSerializable(thing)) {
    const isOfDrizzle = DRIZZLE_KIND in (thing.constructor ?? {});
    const hint = isOfDrizzle ? "Use fromDrizzle(...)." : "Pass its values, or { ...object } for JSON.";
    refuse(place(index), `is a ${thing.constructor?.name}, not a plain object`, hint);
  }
  return thing;
}

/** Drizzle's mark for the kind of an object. */
const DRIZZLE_KIND = /* @__PURE__ */ Symbol.for("drizzle:entityKind");

/** PostgreSQL arrays have at most 6 dimensions, but an array may also stand for JSON. */
const MAX_DIMENSIONS = 32;

function admitItems(items: readonly unknown[], place: Place, dimension: number): void {
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (Array.isArray(item)) {
      if (dimension === MAX_DIMENSIONS) refuse(place(index + 1), "is nested too deep, or holds itself");
      admitItems(item, (inner) => `${place(index + 1)}, item ${inner}`, dimension + 1);
    } else if (Sql.tryShapeOf(admit(item, place, index + 1)) !== null) {
      refuse(place(index + 1), "is a fragment, which an array parameter cannot hold", "Use sql.join.");
    }
  }
}

/**
 * Whether an object has a meaning as JSON or bytes. Plain objects and bytes of another realm, such as a `vm` context,
 * do.
 */
function isSerializable(thing: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(thing);
  return (
    prototype === null ||
    Object.getPrototypeOf(prototype) === null ||
    Object.prototype.toString.call(thing) === "[object Uint8Array]" ||
    ("toJSON" in thing && typeof thing.toJSON === "function")
  );
}

function isThenable(thing: object): boolean {
  return "then" in thing && typeof thing.then === "function";
}

/**
 * Takes over a fragment of another copy of this package by its public properties. An imitation, such as a proxy, may
 * not have them.
 */
function adopt(thing: Spliceable, place: Place, index: number): Sql {
  try {
    const fragment = thing[SQL];
    if (Sql.tryShapeOf(fragment) !== null) return fragment;
    const { strings, values, marks = [] } = fragment;
    return flatFragment(strings, values, marks);
  } catch {
    return refuse(place(index), "imitates a fragment", "Make one with the sql tag.");
  }
}
