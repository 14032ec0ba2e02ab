import type { SequenceType } from "../index.js";

/** A smallest and a greatest value. */
export interface IntegerRange {
  readonly least: bigint;
  readonly greatest: bigint;
}

const INTEGERS: { readonly [type: string]: IntegerRange } = {
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
 * limitsOf("character varying(3)"); // { least: -99n, greatest: 999n }
 * ```
 *
 * Sources: "Numeric Types"; "Character Types".
 */
export function limitsOf(type: SequenceType): IntegerRange;
export function limitsOf(type: string): IntegerRange | undefined;
export function limitsOf(type: string): IntegerRange | undefined {
  const length = lengthOf(type);
  if (length !== undefined) return { least: 1n - 10n ** (length - 1n), greatest: 10n ** length - 1n };
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
  const scale = scaleOf(type);
  return scale < 0n ? 10n ** -scale : 1n;
}

/** Returns the number of digits that a type has after the point: 2 for `numeric(12,2)`. */
export function scaleOf(type: string): bigint {
  return precisionOf(type)?.scale ?? 0n;
}

/**
 * Returns the limit, on both sides of 0, up to which a type distinguishes integers; undefined if it distinguishes all
 * that it accepts. Beyond the limit, several integers become one. Source: "Floating-Point Types".
 */
export function exactUpTo(type: string): bigint | undefined {
  return type === "real" ? 2n ** 24n : type === "double precision" ? 2n ** 53n : undefined;
}

/** Whether a type holds text, with or without a length limit. */
export function isText(type: string): boolean {
  return /^(text|character( varying)?(\(\d+\))?|bpchar)$/.test(type);
}

/** Returns the SQLSTATE of an insert whose value the type refuses. */
export function refusalBy(type: string): "22001" | "22003" {
  return isText(type) ? "22001" : "22003";
}

/** A value of a sequence has at most 20 characters. */
function lengthOf(type: string): bigint | undefined {
  const [, length] = /^character(?: varying)?\((\d+)\)$/.exec(type) ?? [];
  return length === undefined || Number(length) >= 20 ? undefined : BigInt(length);
}

function precisionOf(type: string): { readonly precision: bigint; readonly scale: bigint } | undefined {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || scale === undefined) return undefined;
  return { precision: BigInt(precision), scale: BigInt(scale) };
}
