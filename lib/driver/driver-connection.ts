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
 * Options of a statement that runs on any connection of the pool. What postgres.js (3.4.9) sends on a socket between its error
 * and its close, it never answers by itself.
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
