import { type Advice, NextvalError, type NextvalErrorCode } from "../../errors.js";
import type { SequenceMark } from "../../sequence/mark.js";
import { sequenceName } from "../../sequence/sequence-name.js";
import type { AnySequence } from "../../sequence/sequence.js";
import { SQL } from "../../sql/fragment.js";
import { isServerError, type ServerError } from "./server-error.js";

/** The server's functions for sequences, by the names that its errors carry in every language. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["nextval_internal", "nextval"],
  ["currval_oid", "currval"],
  ["lastval", "lastval"],
  ["do_setval", "setval"],
]);

/** The codes that `classify` knows. */
const CODES: ReadonlySet<string> = new Set(["2200H", "55000", "22003", "3F000", "42P01", "42501", "25006"]);

/**
 * The longest message that is translated. A server message about a sequence is one sentence with at most two names of
 * 63 bytes.
 */
const MAX_MESSAGE = 1000;

const USES: { readonly [name: string]: SequenceMark["use"] } = {
  nextval: "draws",
  currval: "reads",
  lastval: "reads",
  setval: "sets",
};

/** A statement and the transaction around it can fail with the same driver error. Both get the same translation. */
const translated = new WeakMap<object, NextvalError>();

/**
 * Turns a server error about a sequence into a `NextvalError`. Returns any other error unchanged. `role` has run the
 * statement, and is empty if it is not known.
 */
export function translate(error: unknown, marks: readonly SequenceMark[], role: string): unknown {
  if (!isServerError(error)) return error;
  const known = translated.get(error);
  if (known !== undefined) return known;
  const reason = classify(error, marks, role);
  if (reason === undefined) return error;
  const { code, sequence, hint, fix } = reason;
  const message = sequence === undefined ? error.message : `${sequence}: ${error.message}`;
  const result = new NextvalError(code, message, { sequence, hint, fix, cause: error });
  translated.set(error, result);
  return result;
}

interface Reason extends Advice {
  readonly code: NextvalErrorCode;
  readonly sequence: string | undefined;
}

/**
 * Source: the SQLSTATEs that `sequence.c` raises, and "Sequence Manipulation Functions" in the PostgreSQL
 * documentation.
 */
function classify(error: ServerError, marks: readonly SequenceMark[], role: string): Reason | undefined {
  // Errors with other codes are not about sequences, and may quote user input of any length.
  if (!CODES.has(error.code) || error.message.length > MAX_MESSAGE) return undefined;
  const called = FUNCTIONS.get(error.routine) ?? /\b(nextval|setval)\(\)/.exec(error.message)?.[1];
  const quoted = QUOTED.exec(error.message)?.[1];
  const mark = findMark(error, marks, called, quoted);
  // A column's default or an identity column can draw from a sequence that the statement does not name.
  const sequence = mark?.sequence === undefined ? quoted : sequenceName(mark.sequence);
  const because = (code: NextvalErrorCode, hint: string, fix?: string): Reason => ({ code, sequence, hint, fix });
  switch (error.code) {
    case "2200H":
      return { code: "SEQUENCE_EXHAUSTED", sequence, ...exhaustedAdvice(error.message, mark?.sequence) };
    case "55000":
      if (called !== "currval" && called !== "lastval") return undefined;
      return because("SEQUENCE_NOT_CALLED", `Call nextval in the same session or transaction before ${called}.`);
    case "22003":
      if (called !== "setval") return undefined;
      return because("SEQUENCE_OUT_OF_BOUNDS", "Set a value between its minValue and maxValue.");
    case "3F000":
    case "42P01":
      if (mark === undefined) return undefined;
      return because("SEQUENCE_NOT_FOUND", "Create it with createSequence, or look at its schema and the search_path.");
    case "42501":
      if (called === undefined && mark?.use !== "defines") return undefined;
      return because(
        "PERMISSION_DENIED",
        ...permissionAdvice(called, mark?.sequence, error.where === undefined ? role : ""),
      );
    case "25006":
      if (called === undefined) return undefined;
      return because("READ_ONLY", "Draw and set values on the primary, in a transaction that may write.");
    default:
      return undefined;
  }
}

/** The last values of the types that can be widened. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ["32767", "smallint"],
  ["-32768", "smallint"],
  ["2147483647", "integer"],
  ["-2147483648", "integer"],
]);

/**
 * Advises how to extend a sequence. A bound cannot be raised beyond the type, and the sequence of a column is not
 * always known, nor its type.
 */
function exhaustedAdvice(message: string, sequence: AnySequence | undefined): Advice {
  const raise = "Raise its maxValue (minValue if it descends), or let it cycle.";
  const end = /\((-?\d{1,19})\)/.exec(message)?.[1] ?? "";
  if (end === "9223372036854775807" || end === "-9223372036854775808") {
    return { hint: "A bigint sequence goes no further: start a new range of keys, or let it cycle." };
  }
  const type = ENDS.get(end);
  if (type !== undefined && (sequence === undefined || sequence.seqOptions?.as === type)) {
    const widen = `Widen it and its column to bigint, because type ${type} ends there.`;
    return { hint: sequence === undefined ? `${widen} If it is of a wider type, raise its bound.` : widen };
  }
  if (sequence === undefined) return { hint: raise };
  const bound = `${sequence.seqOptions?.increment ?? 1}`.startsWith("-") ? "minvalue" : "maxvalue";
  // The declaration may be wider than the sequence.
  const as = type === undefined ? "" : " as bigint";
  return { hint: raise, fix: `alter sequence ${sequence[SQL].text}${as} no ${bound}` };
}

function permissionAdvice(
  called: string | undefined,
  sequence: AnySequence | undefined,
  role: string,
): [hint: string, fix?: string] {
  if (called === undefined) return ["Connect as its owner."];
  const privilege = called === "setval" ? "update" : "usage";
  // Another library does not tell who it logs in as, and a function may run as its owner.
  if (role === "") return [`Let its owner grant ${privilege} on it.`];
  if (sequence === undefined) return [`Let its owner grant ${privilege} on it to ${role}.`];
  const fix = `grant ${privilege} on sequence ${sequence[SQL].text} to "${role.replaceAll('"', '""')}"`;
  return ["Run the fix as its owner.", fix];
}

/** Finds the mark of the sequence that the error is about. Undefined if several sequences are possible. */
function findMark(
  error: ServerError,
  marks: readonly SequenceMark[],
  called: string | undefined,
  quoted: string | undefined,
): SequenceMark | undefined {
  const candidates = marks.filter(({ use, sequence }) => {
    if (sequence === undefined || (called !== undefined && USES[called] !== use)) return false;
    // Before PostgreSQL 16 the error names the missing schema.
    if (error.code === "3F000") return use !== "defines" && quoted === sequence.schema;
    // Only the error about a read-only transaction does not name the sequence.
    return error.code === "25006" || isNamed(error, quoted, sequence);
  });
  const names = new Set(candidates.map(({ sequence }) => sequence?.[SQL].text));
  return names.size === 1 ? candidates[0] : undefined;
}

/**
 * Matches a quoted name, in the quotation marks of the server's languages. With its schema it has at most 127
 * characters.
 */
const QUOTED = /["»„«“「]\s?(.{1,127}?)\s?["«“»”」](?:\W|$)/;

/**
 * Whether a server message names a sequence. If a privilege is missing, the name is unquoted at the end:
 * `permission denied for sequence order_seq`.
 */
function isNamed({ code, message }: ServerError, quoted: string | undefined, sequence: AnySequence): boolean {
  const { seqName } = sequence;
  if (quoted !== undefined) return quoted === seqName || quoted === sequenceName(sequence);
  return code === "42501" && (message.endsWith(` ${seqName}`) || message.endsWith(` ${sequenceName(sequence)}`));
}
