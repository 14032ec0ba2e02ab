import type { Decode } from "../sql/expression.js";
import type { Sql } from "../sql/fragment.js";
import type { Limits, Stop } from "./call-limits.js";
import type { Draws } from "./nextval-batch.js";
import type { Rows } from "./rows.js";

/** A statement that was started. */
export interface Running<Row> {
  readonly rows: Promise<Rows<Row>>;
  /** Stops the statement before its answer. */
  stop(how: Stop): void;
}

/**
 * Runs the statements of a handle, on a pool or on the one connection of a session or transaction. A driver implements
 * it.
 */
export interface Executor {
  /** Draws values on this pool or connection. */
  readonly draws: Draws;
  /** The first error of a statement. The server does not commit a transaction after it. */
  readonly failure: unknown;
  /** Whether a transaction reports the errors of statements that nothing awaits. */
  readonly isReported: boolean;

  /** Sends a statement, or rejects its rows with the reason why it cannot run here. */
  start<Row>(fragment: Sql<Row>): Running<Row>;
  /** Reads the rows of a statement through a cursor. Returning early closes the cursor. */
  readBatches<Row>(fragment: Sql<Row>, size: number): AsyncGenerator<Row[]>;
  /** Returns the values of a statement's first column as the server sent them. */
  values(fragment: Sql): Promise<(string | null)[]>;
  /** Returns the value of a statement that returns one row of one column, which is never null. */
  value<Value>(fragment: Sql, decode: Decode<Value>): Promise<Value>;

  /** Runs a statement that returns no rows, and returns the server's tag for it, such as COMMIT. */
  command(text: string, isLast?: boolean): Promise<string>;
  /** Commits. If the answer is lost, it is unknown whether the server has committed. */
  commit(isLast?: boolean): Promise<string>;
  /** Runs a transaction or savepoint here. The server keeps them on one stack, so only one can run at a time. */
  nest<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Returns an executor on the same connection that tracks its own failures. */
  nested(): Executor;
  /** Returns an executor on the same connection whose calls have these limits. */
  limited(limits: Limits): Executor;
  /** Waits for a transaction or savepoint that the work did not await. */
  idle(): Promise<void>;
  /** Closes a cursor whose loop was not left. */
  leaveCursor(): Promise<void>;
  /** Makes its handles refuse every call. The session or transaction has ended, and others may have the connection. */
  end(): void;
}
