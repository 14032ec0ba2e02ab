import { NextvalError } from "../../errors.js";

/** The error for a date that the server wrote in another style than ISO, in which day and month may be swapped. */
export function otherDateStyle(text: string): NextvalError {
  const problem = `the server wrote a date as ${text.slice(0, 40)}, which may be read in two ways`;
  return new NextvalError("UNEXPECTED_VALUE", `${problem}. The statement has run.`, { hint: "Set DateStyle to ISO." });
}
