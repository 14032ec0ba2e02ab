import type { SequenceType } from "../index.js";

/** A smallest and a greatest value. */
export interface Limits {
  readonly least: bigint;
  readonly greatest: bigint;
}

const INTEGERS: { readonly [type: string]: Limits } = {
  smallint: { least: -(2n ** 15n), greatest: 2n ** 15n - 1n },
  integer: { least: -(2n ** 31n), greatest: 2n ** 31n - 1n },
  bigint: { least: -(2n ** 63n), greatest: 2n ** 63n - 1n },
};

/**
 * Returns the range of integers that a type accepts. The type is given as the server writes it. Undefined if the type
 * has no limit or no integers. For a domain, pass its base type, because its name says nothing.
 *
 * ```ts
 * limitsOf("smallint"); // { least: -32768n, greatest: 32767n }
 * limitsOf("numeric(3,0)"); // { least: -999n, greatest: 999n }
 * limitsOf("numeric(3,-2)"); // { least: -99949n, greatest: 99949n }, because 99950 rounds to 100000
 * ```
 *
 * Source: "Numeric Types".
 */
export function limitsOf(type: SequenceType): Limits;
export function limitsOf(type: string): Limits | undefined;
export function limitsOf(type: string): Limits | undefined {
  const numeric = precisionOf(type);
  if (numeric === undefined) return Object.hasOwn(INTEGERS, type) ? INTEGERS[type] : undefined;
  const { precision, scale } = numeric;
  const digits = precision - scale;
  // The server first rounds to the scale, and rounds half a step away from zero.
  const greatest = digits > 0n ? 10n ** digits - 1n - roundingStep(type) / 2n : 0n;
  return { least: -greatest, greatest };
}

/**
 * Returns the distance between the integers that a type can distinguish: 100 for `numeric(3,-2)`, which stores 1 to 49
 * as 0, and 1 for other types. A negative scale needs PostgreSQL 15.
 */
export function roundingStep(type: string): bigint {
  const { scale } = precisionOf(type) ?? { scale: 0n };
  return scale < 0n ? 10n ** -scale : 1n;
}

function precisionOf(type: string): { readonly precision: bigint; readonly scale: bigint } | undefined {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return undefined;
  return { precision: BigInt(precision), scale: BigInt(scale) };
}
