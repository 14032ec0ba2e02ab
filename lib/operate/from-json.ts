import { NextvalError, type NextvalErrorCode } from "../index.js";

/**
 * Returns an integer of a plan that may come from JSON, where `toJson` has made it a string.
 *
 * @param what - the function that takes the plan
 */
export function integerOf(what: string, value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && /^-?[0-9]+$/.test(value)) return BigInt(value);
  const given = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new NextvalError("INVALID_ARGUMENT", `${what} takes a plan with integers as toJson writes them, not ${given}`);
}

/** Returns an error of a plan that may come from JSON, where `toJson` has made it a plain object. */
export function errorOf(value: unknown): Error {
  if (value instanceof Error) return value;
  const { name, code, message, sequence, hint, fix } = Object(value) as { readonly [key: string]: string | undefined };
  if (name === "NextvalError") return new NextvalError(code as NextvalErrorCode, `${message}`, { sequence, hint, fix });
  return Object.assign(new Error(`${message}`), { name: name ?? "Error" }, code === undefined ? {} : { code });
}
