import { NextvalError } from "./errors.js";

/**
 * A copy of options, read once, or none; refuses what is not an object, such as null, before a property of it is read. The copy
 * inherits nothing: what somebody gave to all objects is not an option.
 */
export function optionsOf<Options extends object>(what: string, given: Options | undefined): Partial<Options> {
  if (given === undefined) return {};
  if (typeof given === "object" && given !== null) return Object.assign(Object.create(null) as {}, given);
  throw new NextvalError("INVALID_ARGUMENT", `${what} takes options as an object, not ${String(given)}`);
}
