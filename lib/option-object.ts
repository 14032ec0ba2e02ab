import { refuseArgument } from "./errors.js";
import { refuseUnknown } from "./sql/did-you-mean.js";

/**
 * Copies options and reads each of them once. Throws for anything but an object, such as null, before it reads a
 * property. Also throws for an unknown option. The copy inherits nothing, so properties added to `Object.prototype` are
 * not options.
 */
export function optionsOf<Options extends object>(
  what: string,
  given: Options | undefined,
  known: readonly (keyof Options & string)[],
): Partial<Options> {
  if (given === undefined) return Object.create(null) as {};
  if (typeof given === "object" && given !== null) {
    const options = Object.assign(Object.create(null) as {}, given);
    checkKnown(what, options, known);
    return options;
  }
  return refuseArgument(what, `takes options as an object, not ${String(given)}`);
}

/** Throws for an option that a function does not have. */
export function checkKnown(what: string, options: object, known: readonly string[]): void {
  refuseUnknown(options, known, (problem, hint) => refuseArgument(`${what}:`, problem, hint));
}
