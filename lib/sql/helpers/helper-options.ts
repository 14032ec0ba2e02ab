import { refuse } from "../../errors.js";
import { refuseUnknown } from "../did-you-mean.js";
import { SQL } from "../fragment.js";

/**
 * Copies the options of a helper of `sql`, without inherited ones. Refuses anything but an object, and unknown options.
 */
export function optionsOfHelper<Options extends object>(
  what: string,
  given: Options,
  known: readonly (keyof Options & string)[],
): Options {
  if (typeof given !== "object" || given === null || Array.isArray(given) || SQL in given) {
    refuse(what, `takes options as an object, with ${known.join(" or ")}`);
  }
  const options = Object.assign(Object.create(null) as Options, given);
  refuseUnknown(options, known, (problem, hint) => refuse(`${what}:`, problem, hint));
  return options;
}
