import { NextvalError } from "../error.js";
import { SQL, Sql, type Spliceable } from "./fragment.js";
import { Shape } from "./shape.js";

/** A typed parameter of the driver, such as postgres.js makes with `client.json(...)`, `client.array(...)` or `client.typed(...)`. */
interface DriverParameter {
  readonly type: number;
  readonly value: unknown;
}

/**
 * A value that the driver can bind to `$1`. Plain objects are bound as JSON; for an object of an interface or class use
 * `client.json(...)`.
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
  | readonly Value[]
  | { readonly [key: string]: unknown };

/** What can stand in a template: a fragment, a sequence, or a value. */
export type Splice = Spliceable | Value;

/** Says where a value stands, for an error: `value 2 (after "where id = ")`. */
export type Place = (index: number) => string;

export function refuse(place: string, problem: string): never {
  throw new NextvalError("INVALID_TEMPLATE", `${place} ${problem}`);
}

/** Whether a thing is a value at first sight, as nearly all are. */
export function isPlain(thing: unknown): boolean {
  return (
    typeof thing === "string" ||
    typeof thing === "number" ||
    thing === null ||
    typeof thing === "boolean" ||
    typeof thing === "bigint"
  );
}

/**
 * The one gate into a template: gives back the fragment that the thing stands for, or the thing itself where it is a value
 * that can be bound. Everything else is refused here, before any SQL exists.
 */
export function admit(thing: unknown, place: Place, index: number): unknown {
  if (isPlain(thing) || thing instanceof Sql) return thing;
  if (typeof thing === "object") return admitObject(thing as object, place, index);
  if (thing === undefined) {
    return refuse(place(index), "is undefined; pass null for NULL, or sql`default` for a column's default");
  }
  return refuse(place(index), `is a ${typeof thing}; pass a value, a fragment or a sequence`);
}

function admitObject(thing: object, place: Place, index: number): unknown {
  if (SQL in thing) return adopt(thing as Spliceable);
  if (thing instanceof Date) {
    return Number.isNaN(thing.getTime()) ? refuse(place(index), "is an invalid Date") : thing;
  }
  if (Array.isArray(thing)) {
    admitItems(thing, (item) => `${place(index)}, item ${item}`);
    return thing;
  }
  if (isThenable(thing)) {
    // The helpers of postgres.js throw from `then` to catch a forgotten tag; of them, only parameters are values.
    if ("value" in thing && "type" in thing) return thing;
    if ("value" in thing || "first" in thing) {
      return refuse(place(index), "is a helper of postgres.js; use sql.identifier, sql.insert or sql.set");
    }
    return refuse(place(index), "is a promise or a query of another library; await it, or embed it as a fragment");
  }
  return thing;
}

function admitItems(items: readonly unknown[], place: Place): void {
  for (let index = 0; index < items.length; index++) {
    if (admit(items[index], place, index + 1) instanceof Sql) {
      refuse(place(index + 1), "is a fragment, which an array parameter cannot hold; use sql.join");
    }
  }
}

function isThenable(thing: object): boolean {
  return "then" in thing && typeof thing.then === "function";
}

/** A fragment made by another copy of this package is taken over by its public face. */
function adopt(thing: Spliceable): Sql {
  const fragment = thing[SQL];
  if (fragment instanceof Sql) return fragment;
  const { strings, values } = fragment as Sql;
  return new Sql(
    new Shape(
      strings,
      values.map(() => null),
    ),
    values,
  );
}
