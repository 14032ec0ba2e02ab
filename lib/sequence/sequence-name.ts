import { type Advice, NextvalError, type NextvalErrorCode } from "../errors.js";
import { bytesOf, isText, MAX_NAME_BYTES } from "../sql/helpers/identifier.js";
import { about, empty, hasLoneSurrogate, hasNul, shown, tooLong, wrongType } from "./messages.js";

interface Named {
  readonly seqName: string | undefined;
  readonly schema: string | undefined;
}

/** Throws an error about a sequence. The message begins with the sequence's name. */
export function throwSequenceError(
  subject: Named,
  problem: string,
  code: NextvalErrorCode = "INVALID_ARGUMENT",
  advice: Advice = {},
): never {
  const sequence = sequenceName(subject);
  throw new NextvalError(code, about(sequence, problem), { ...advice, sequence });
}

/** Throws for a value that is passed instead of a sequence, such as its name. */
export function refuseNonSequence(given: unknown): never {
  throw new NextvalError("INVALID_ARGUMENT", `a sequence made by pgSequence is needed, not ${shown(given)}`);
}

/** The name of a sequence in messages: `order_seq`, `billing.invoice_seq`. */
export function sequenceName({ seqName, schema }: Named): string {
  return schema === undefined ? `${seqName}` : `${schema}.${seqName}`;
}

/**
 * Returns what is wrong with a name, or undefined.
 *
 * The server truncates a name of more than 63 bytes with only a notice, so two long names could become one. Source:
 * "Lexical Structure", section "Identifiers".
 */
export function nameProblem(name: unknown, subject = "the name"): string | undefined {
  if (typeof name !== "string") return wrongType(subject, "a string", shown(name));
  if (name === "") return empty(subject);
  return textProblem(name, subject) ?? (bytesOf(name) > MAX_NAME_BYTES ? tooLong(subject, shown(name)) : undefined);
}

/** Returns why PostgreSQL cannot store a text, or undefined. */
export function textProblem(text: string, subject: string): string | undefined {
  if (isText(text)) return undefined;
  return text.includes("\0") ? hasNul(subject) : hasLoneSurrogate(subject);
}

export function checkName(name: unknown, subject: string): asserts name is string {
  const problem = nameProblem(name, subject);
  if (problem !== undefined) {
    const sequence = subject === "the sequence name" && typeof name === "string" ? name : undefined;
    throw new NextvalError("INVALID_OPTIONS", problem, { sequence });
  }
}
