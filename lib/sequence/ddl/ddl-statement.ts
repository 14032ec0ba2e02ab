import { Sql } from "../../sql/fragment.js";
import { quoteIdentifier } from "../../sql/helpers/identifier.js";
import { Shape } from "../../sql/shape.js";
import { sequenceMark } from "../mark.js";
import { knownOptions } from "../resolve-options.js";
import { throwSequenceError, nameProblem } from "../sequence-name.js";
import { type AnySequence, quotedName } from "../sequence.js";

/**
 * Options of every ALTER SEQUENCE, such as {@link alterSequence}, {@link restartSequence} and {@link renameSequence}.
 */
export interface AlterOptions {
  /** Whether a sequence that does not exist is only a notice. Default: false. */
  readonly ifExists?: boolean | undefined;
}

/**
 * Builds a statement that defines sequences. Utility statements accept no parameters, so it is all text, built from
 * keywords, quoted names and literals only. Empty parts are left out.
 */
export function statement(about: AnySequence | readonly AnySequence[], ...parts: readonly string[]): Sql {
  const text = parts.filter((part) => part !== "").join(" ");
  const marks = [about].flat().map((sequence) => sequenceMark("defines", sequence));
  return new Sql(new Shape([text], [], ...marks), []);
}

/** Builds an ALTER SEQUENCE. `what` is the function that the options are for. */
export function alterStatement(
  what: string,
  sequence: AnySequence,
  options: AlterOptions,
  ...parts: readonly string[]
): Sql {
  const { ifExists = false } = knownOptions(what, options, ["ifExists"]);
  return statement(sequence, "alter sequence", ifExists ? "if exists" : "", quotedName(sequence), ...parts);
}

/** Quotes a name, or throws if the server would truncate it. The server would do so with only a notice. */
export function checkedName(sequence: AnySequence, name: string): string {
  const problem = nameProblem(name);
  return problem === undefined ? quoteIdentifier(name) : throwSequenceError(sequence, problem);
}
