import type { PGliteOptions } from "./client.js";

type Parsers = NonNullable<PGliteOptions["parsers"]>;

/** The object ids of `int8` and `int8[]`, which the library reads itself: exactly. */
export const INT8 = 20;
export const INT8_ARRAY = 1016;

const asText = (text: string) => text;

/** Leaves the types as texts that a column of `.as()` may have. A parser of the program may round them. */
export const EXACT: Parsers = { [INT8]: asText, [INT8_ARRAY]: asText, 700: asText, 701: asText, 1700: asText };

/** Leaves all types as texts that PGlite would read. */
export function noParsers(parsers: { readonly [type: string]: unknown }): Parsers {
  return Object.fromEntries(Object.keys(parsers).map((type) => [type, asText]));
}
