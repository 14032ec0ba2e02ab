import { NextvalError, type NextvalErrorCode } from "../errors.js";
import { bytesOf, isText, MAX_NAME_BYTES } from "../sql/identifier.js";
import { about, empty, hasLoneSurrogate, hasNul, shown, tooLong, wrongType } from "./messages.js";

interface Named {
  readonly seqName: string | undefined;
  readonly schema: string | undefined;
}

/** Refuses what was asked of a sequence, in a sentence that begins with its name. */
export function fail(subject: Named, problem: string, code: NextvalErrorCode = "INVALID_ARGUMENT"): never {
  const sequence = sequenceName(subject);
  throw new NextvalError(code, about(sequence, problem), { sequence });
}

/** What a sequence is called in messages: `order_seq`, `billing.invoice_seq`. */
export function sequenceName({ seqName, schema }: Named): string {
  return schema === undefined ? `${seqName}` : `${schema}.${seqName}`;
}

/**
 * What is wrong with a name, else undefined.
 *
 * The server would cut a name of more than 63 bytes with no more than a notice, so that two long names could meet.
 * Source: "Lexical Structure", section "Identifiers".
 */
export function nameProblem(name: unknown, subject = "the name"): string | undefined {
  if (typeof name !== "string") return wrongType(subject, "a string", shown(name));
  if (name === "") return empty(subject);
  return textProblem(name, subject) ?? (bytesOf(name) > MAX_NAME_BYTES ? tooLong(subject, shown(name)) : undefined);
}

/** What keeps PostgreSQL from storing a text, else undefined. */
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
