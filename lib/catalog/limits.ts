import type { SequenceType } from "../index.js";

/** The smallest and the greatest of something. */
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
 * The whole numbers that a type holds, as the server writes it; undefined where it sets no limit to them, or has none. A
 * domain is not known by its name: what it is made of has to be given.
 *
 * ```ts
 * limitsOf("smallint"); // { least: -32768n, greatest: 32767n }
 * limitsOf("numeric(3,0)"); // { least: -999n, greatest: 999n }
 * ```
 *
 * Source: "Numeric Types".
 */
export function limitsOf(type: SequenceType): Limits;
export function limitsOf(type: string): Limits | undefined;
export function limitsOf(type: string): Limits | undefined {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return Object.hasOwn(INTEGERS, type) ? INTEGERS[type] : undefined;
  const digits = BigInt(precision) - BigInt(scale);
  const greatest = digits > 0n ? 10n ** digits - 1n : 0n;
  return { least: -greatest, greatest };
}
