import { NextvalError } from "../index.js";

/** Options as they were given, or none; refuses what is no object, such as null, before a property of it is read. */
export function optionsOf<Options extends object>(what: string, given: Options | undefined): Partial<Options> {
  if (given === undefined) return {};
  if (typeof given === "object" && given !== null) return given;
  throw new NextvalError("INVALID_OPTIONS", `${what} takes options as an object, not ${String(given)}`);
}
