import { Sql } from "../../sql/fragment.js";
import { quoteIdentifier } from "../../sql/identifier.js";
import { Shape } from "../../sql/shape.js";
import { sequenceMark } from "../mark.js";
import { fail, nameProblem } from "../sequence-name.js";
import type { AnySequence } from "../sequence.js";

/**
 * Builds a statement that defines sequences. Utility statements accept no parameters, so it is all text, built from
 * keywords, quoted names and literals only. Empty parts are left out.
 */
export function statement(about: AnySequence | readonly AnySequence[], ...parts: readonly string[]): Sql {
  const text = parts.filter((part) => part !== "").join(" ");
  const marks = [about].flat().map((sequence) => sequenceMark("defines", sequence));
  return new Sql(new Shape([text], [], ...marks), []);
}

/** Quotes a name, or throws if the server would truncate it. The server would do so with only a notice. */
export function checkedName(sequence: AnySequence, name: string): string {
  const problem = nameProblem(name);
  return problem === undefined ? quoteIdentifier(name) : fail(sequence, problem);
}
