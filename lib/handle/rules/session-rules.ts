import { NextvalError } from "../../errors.js";
import type { SequenceMark } from "../../sequence/mark.js";
import { sequenceName } from "../../sequence/sequence-name.js";
import { SQL, Sql } from "../../sql/fragment.js";
import type { Mark } from "../../sql/shape.js";
import type { Kind } from "./first-words.js";

/** The kind of connection that a handle runs its statements on. */
export type HandleKind = "pool" | "session" | "transaction";

const NO_COPY = "copy from stdin and copy to stdout do not run on a handle";
const COPY_HINT = "Use the client itself, such as client`copy ...`.writable() or .readable().";

/**
 * Returns why a statement cannot run on a handle, or undefined. An example is `currval` on a pool, where the next
 * statement may run in any session. `hosted` is whether another library runs the statements.
 */
export function statementRefusal(
  fragment: Sql,
  { copies, control: words, hasNul }: Kind,
  kind: HandleKind,
  hosted: boolean,
): NextvalError | undefined {
  if (copies) return new NextvalError("INVALID_TEMPLATE", NO_COPY, { hint: COPY_HINT });
  if (hasNul) return new NextvalError("INVALID_TEMPLATE", "the statement contains a NUL character");
  const refuse = hosted ? hostedControlRefusal : controlRefusal;
  const control = words === undefined ? undefined : refuse(words, kind);
  if (control !== undefined || kind !== "pool") return control;
  const drawn: SequenceMark[] = [];
  for (const mark of sequenceMarksOf(fragment)) {
    const { use, sequence } = mark;
    if (use === "draws") drawn.push(mark);
    if (use !== "reads" || (sequence === undefined ? drawn.length > 0 : drawn.some((each) => isSame(each, mark))))
      continue;
    const name = sequence && sequenceName(sequence);
    return sessionRequired(
      `${name === undefined ? "lastval()" : `${name}: currval`} belongs to one session, ` +
        "and a pool may use another one for every statement",
      `Run it ${hosted ? "on the handle of a transaction" : "in db.begin or db.session"}, ` +
        "or use the value that nextval returned.",
      name,
    );
  }
  return undefined;
}

/**
 * Refuses to begin or end a transaction by hand. Such a transaction would include other callers' statements, or exclude
 * the following ones.
 */
function controlRefusal(words: string, kind: HandleKind): NextvalError | undefined {
  if (kind === "session") return undefined;
  if (kind === "transaction") {
    const hint = "Return from the work of begin to commit, and throw to roll back.";
    return new NextvalError("TRANSACTION_CONTROL", `${words} cannot run inside db.begin`, { hint });
  }
  if (words !== "begin" && !words.startsWith("start")) return undefined;
  const problem = `${words} would open a transaction on one connection of the pool for every statement that runs there`;
  return new NextvalError("TRANSACTION_CONTROL", problem, { hint: "Use db.begin." });
}

/** Refuses the same on a handle of another library, which has the transactions. */
function hostedControlRefusal(words: string): NextvalError {
  const problem = `${words} does not run on this handle, because another library begins and ends its transactions`;
  return new NextvalError("TRANSACTION_CONTROL", problem, { hint: "Use the functions of that library." });
}

/** Returns what a statement does with each of its sequences. */
export function sequenceMarksOf(fragment: Sql): SequenceMark[] {
  return Sql.shapeOf(fragment).marks.filter(isSequenceMark);
}

function isSequenceMark(mark: Mark): mark is SequenceMark {
  return mark.kind === "sequence";
}

function isSame(one: SequenceMark, other: SequenceMark): boolean {
  return one.sequence?.[SQL].text === other.sequence?.[SQL].text;
}

export function sessionRequired(problem: string, hint?: string, sequence?: string): NextvalError {
  return new NextvalError("SESSION_REQUIRED", problem, { hint, sequence });
}

export function ended(): NextvalError {
  return sessionRequired("this session or transaction has ended, and its handle with it");
}

export function cursorOpen(): NextvalError {
  return sessionRequired("a cursor is open on this session or transaction", "Leave its loop first.");
}
