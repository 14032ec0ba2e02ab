/** The object ids of `int8` and `int8[]`. */
export const INT8 = 20;
export const INT8_ARRAY = 1016;

/**
 * Returns the text of an `int8` or an array of them. PGlite reads an `int8` as a number if it is exact, and else as a
 * bigint, so no digit is lost.
 */
export function textOf(value: unknown): string | null {
  if (value === null) return null;
  return Array.isArray(value) ? `{${value.map((item) => textOf(item) ?? "NULL").join(",")}}` : String(value);
}
