const INT8 = 20;
const INT8_ARRAY = 1016;

/** Whether the library reads a type itself: `int8` and `int8[]`, exactly. */
export function isExact(type: number): boolean {
  return type === INT8 || type === INT8_ARRAY;
}

/**
 * Returns the text of an `int8` or an array of them. PGlite reads an `int8` as a number if it is exact, and else as a
 * bigint, so no digit is lost.
 */
export function textOf(value: unknown): string | null {
  if (value === null) return null;
  return Array.isArray(value) ? `{${value.map((item) => textOf(item) ?? "NULL").join(",")}}` : String(value);
}
