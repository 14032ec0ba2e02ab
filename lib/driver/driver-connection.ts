import type postgres from "postgres";

/** What postgres.js hands to `onexecute`; its own `begin` uses these names, which are not in its types. */
export interface DriverConnection {
  /** Called when the socket is closed, and forgotten then. */
  onclose: ((this: DriverConnection, error: unknown) => void) | null;
  /**
   * Keeps the connection from going back to the pool: it is called when all that was sent is answered. Without `release` that
   * ends as soon as the server is in no transaction then.
   */
  reserved: ((() => void) & { release?: boolean }) | null;
  /** Sends a query; where the result is false, nothing may follow until the server has answered. */
  execute(query: DriverQuery): boolean | undefined;
  /** Rejects all that is not answered. What has been closed is opened again when the pool needs it. */
  terminate(): void;
}

/** A query of postgres.js, with what is not in its types. */
export type DriverQuery = postgres.PendingQuery<postgres.Row[]> & {
  /** Sends the query. */
  handler(query: DriverQuery): void;
  reject(reason: unknown): void;
  readonly options: { readonly last?: boolean };
  readonly cancelled: unknown;
};

/**
 * Options of a statement that runs on any connection of the pool. What postgres.js (3.4.9) is given between the error of a socket
 * and its close, it does not answer by itself, and after the connection is opened again it waits for that answer for ever.
 *
 * It does not say on which connection it runs a cursor, or a statement with values that is new there. What cannot be cured from
 * here either:
 * - Where a connection was lost that has run no other statement, one of these that was sent in the moment of the loss is answered
 *   only when the connection is used again.
 * - What is sent in the moment of the loss from `setImmediate`, or when another socket closes, stays in the buffer: the connection
 *   does not greet the server any more, and its next statements fail with CONNECT_TIMEOUT, up to ten of them.
 * - When the connection of a running statement was lost, and the server then refuses to open it again (such as 3D000, 28P01 or
 *   53300), the driver tries again without a pause, and the next statement is not answered until the server accepts it. The same
 *   is true of whatever accepts connections and closes them without a word.
 * - When a connection is lost while the driver asks it for the types of arrays (`fetch_types`), a promise of the driver is
 *   rejected that nobody can await.
 */
export const ANSWERED = {
  onexecute(connection: DriverConnection): true {
    // Who has taken the connection out of the pool listens by himself.
    if (connection.reserved === null || connection.reserved === undefined) connection.onclose = answerAll;
    return true;
  },
};

function answerAll(this: DriverConnection): void {
  this.terminate();
}
