import { NextvalError } from "../../errors.js";
import { isServerError } from "./server-error.js";

/** Whether the server ends the session with this error, possibly after it has committed. */
export function isFatal(error: unknown): boolean {
  return isServerError(error) && error.severity !== "ERROR";
}

export function commitUnknown(cause: unknown, event = "the connection was lost"): NextvalError {
  const problem = `${event} before the server answered COMMIT, so the transaction may have been committed or not`;
  const hint = "Look for what it should have written before you run it again.";
  return new NextvalError("COMMIT_UNKNOWN", problem, { hint, cause });
}

/** The error of later statements, after a statement that begins or ends a transaction or savepoint got no answer. */
export function unanswered(text: string, cause: unknown): NextvalError {
  const reason = `"${text.trim()}" got no answer in time`;
  const problem = `nothing more runs here, and what is open is rolled back, because ${reason}`;
  return new NextvalError("TRANSACTION_FAILED", problem, { cause });
}

/** Throws an error, or its translation. First waits until a connection that may be lost is closed. */
export async function raise(error: unknown, result = error): Promise<never> {
  if (!isServerError(error)) await nextTurn();
  throw result;
}

/**
 * Waits one turn of the event loop. A socket emits `error` and `close` in the same turn. postgres.js (3.4.9) can lose a
 * statement that is sent between the two and block the connection: it clears the timer of its write, and then waits for
 * it. Reporting the error one turn later makes an immediate retry safe.
 */
export function nextTurn(): Promise<void> {
  return sleep(0);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
