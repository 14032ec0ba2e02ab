import type { PGliteClient, PGliteOptions } from "./client.js";

type Parsers = NonNullable<PGliteOptions["parsers"]>;

/** The object ids of `int8` and `int8[]`, which the library reads itself: exactly. */
export const INT8 = 20;
export const INT8_ARRAY = 1016;

const asText = (text: string) => text;

/** Leaves the types as texts that a column of `.as()` may have. A parser of the program may round them. */
export const EXACT: Parsers = { [INT8]: asText, [INT8_ARRAY]: asText, 700: asText, 701: asText, 1700: asText };

/** Texts that a parser of these types may not be able to keep. */
const SAMPLES: readonly (readonly [type: number, text: string])[] = [
  [INT8, "9007199254740993"],
  [INT8_ARRAY, "{9007199254740993,NULL}"],
  [700, "1.5"],
  [701, "1.5"],
  [1700, "9007199254740993.5"],
];

interface Known {
  readonly readers: readonly unknown[];
  readonly areExact: boolean;
}

const known = new WeakMap<object, Known>();

/**
 * Whether no parser of a PGlite loses what an `int8` or a column of `.as()` holds, as its own do not. Parsers for one
 * query take longer than most queries do, because PGlite then copies all of its own.
 */
export function areExact(parsers: PGliteClient["parsers"]): boolean {
  const last = known.get(parsers);
  if (last !== undefined && SAMPLES.every(([type], index) => parsers[type] === last.readers[index])) {
    return last.areExact;
  }
  const now = {
    readers: SAMPLES.map(([type]) => parsers[type]),
    areExact: SAMPLES.every(([type, text]) => keeps(parsers[type], type, text)),
  };
  known.set(parsers, now);
  return now.areExact;
}

function keeps(parser: unknown, type: number, text: string): boolean {
  if (parser === undefined) return true;
  try {
    return textOf((parser as (text: string, type: number) => unknown)(text, type)) === text;
  } catch {
    return false;
  }
}

/** Returns the text of an `int8` or an array of them that an exact parser has read: as a number, or as a bigint. */
export function textOf(value: unknown): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return `{${value.map((item) => textOf(item) ?? "NULL").join(",")}}`;
  return ["string", "number", "bigint"].includes(typeof value) ? `${value as string | number | bigint}` : "?";
}

/** Leaves all types as texts that PGlite would read. */
export function noParsers(parsers: { readonly [type: string]: unknown }): Parsers {
  return Object.fromEntries(Object.keys(parsers).map((type) => [type, asText]));
}
