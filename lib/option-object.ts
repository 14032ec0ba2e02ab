import { NextvalError } from "./errors.js";

/**
 * Copies options and reads each of them once. Throws for anything but an object, such as null, before it reads a
 * property. The copy inherits nothing, so properties added to `Object.prototype` are not options.
 */
export function optionsOf<Options extends object>(what: string, given: Options | undefined): Partial<Options> {
  if (given === undefined) return {};
  if (typeof given === "object" && given !== null) return Object.assign(Object.create(null) as {}, given);
  throw new NextvalError("INVALID_ARGUMENT", `${what} takes options as an object, not ${String(given)}`);
}
