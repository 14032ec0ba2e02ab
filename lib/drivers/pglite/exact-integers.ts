/** The object ids of `int8` and `int8[]`. */
export const INT8 = 20;
export const INT8_ARRAY = 1016;

/** PGlite reads an `int8` as a number if it is exact, and else as a bigint. So no digit is lost. */
export function asBigint(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asBigint);
  return value === null ? null : BigInt(value as number | bigint | string);
}
