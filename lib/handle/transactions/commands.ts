import { textFragment } from "../../sql/fragment.js";
import { commitUnknown, isFatal, raise, unanswered } from "../errors/lost-answer.js";
import { isServerError } from "../errors/server-error.js";
import type { Answer } from "../port.js";
import type { Connection } from "../running/connection.js";
import type { Held } from "../running/scope.js";

/**
 * Runs a statement that begins or ends a transaction or savepoint. If a limit is reached before the answer, nothing
 * more runs here. A further statement would run inside the open transaction, and be undone or committed with it.
 */
export async function command(connection: Connection, text: string, isLast?: boolean): Promise<Answer> {
  const { held } = connection.scope;
  // A statement that begins a transaction was refused before. One that ends a transaction must not wait for a cursor
  // that other code has opened in the meantime.
  await held?.leaveCursor?.();
  if (connection.closed !== undefined) throw connection.closed;
  // Not prepared, because DEALLOCATE ALL would make the next transaction fail.
  const sent = connection.send(connection.request(textFragment(text), "command"), isLast);
  try {
    return await sent;
  } catch (error) {
    if (!isServerError(error)) held?.line.refuse(unanswered(text, error));
    return raise(error);
  }
}

/**
 * Commits, and returns the server's tag, which is ROLLBACK if it has not committed. If the answer is lost, it is
 * unknown whether the server has.
 */
export async function commit(connection: Connection, isLast?: boolean): Promise<string> {
  if (connection.closed !== undefined) throw connection.closed;
  const held = connection.scope.held as Held;
  held.isCommitting = true;
  const { rows, failure } = await command(connection, "commit", isLast)
    .catch((error: unknown) => {
      const { isLost } = held.line;
      if (!isLost && isServerError(error) && !isFatal(error)) throw error;
      const isStopped = !isLost && !isServerError(error);
      throw commitUnknown(error, isStopped ? "the transaction was stopped" : undefined);
    })
    .finally(() => {
      if (!held.line.isLost) held.isCommitting = false;
    });
  // It is committed, but PGlite could not write its files.
  if (failure !== undefined) throw failure.error;
  return rows.command;
}
