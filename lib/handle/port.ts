import type { ValueMode } from "../../types/sequence-options.js";
import type { Sql } from "../sql/fragment.js";
import type { Settings, Stop } from "./running/call-limits.js";
import type { Columns, Reading, Readings } from "./values/reading.js";
import type { Writer } from "./values/write-values.js";

/**
 * What a handle needs of a driver. A folder of `lib/drivers` implements it; everything else about handles is written
 * once, above it.
 */
export interface Port {
  /** The role that the client logs in as; empty if its statements may run as another one. */
  readonly user: string;
  /** How the driver reads columns, for the type that `int8` columns arrive as. */
  readings(int8: ValueMode | undefined): Readings;
  /** How the driver takes values. */
  readonly writer: Writer;
  /** Sends each statement on any connection. */
  readonly pool: Line;
  /** Takes a connection out of the pool. `what` is the function that needs it, such as `begin`. */
  reserve(what: string, settings: Settings): Promise<ReservedLine>;
  /** Present if another library runs the statements, and has the transactions. */
  readonly host?: Host;
}

/** A library that runs statements for us. */
export interface Host {
  /** Returns the server's error that is within one of the library, or undefined. */
  serverError(error: unknown): unknown;
}

/** A pool of connections, or one reserved connection, that statements are sent on. */
export interface Line {
  /** Why nothing can be sent anymore, or undefined. */
  readonly closed: unknown;
  /** Sends a statement. After the last one a reserved connection returns to the pool. */
  send(request: Request, isLast?: boolean): Sent;
}

/** A connection that one session, transaction or cursor has for itself. */
export interface ReservedLine extends Line {
  /** Whether the connection is lost. */
  readonly isLost: boolean;
  /** Rejects when the connection is lost, and never resolves. Nothing has to wait for it. */
  readonly lost: Promise<never>;
  /** Refuses all further statements, because it is unknown whether a transaction or savepoint is open. */
  refuse(reason: unknown): void;
  /** Asks the server to stop the statement that it works on. Statements that were not sent fail. */
  stopAll(error: unknown): void;
  /**
   * Returns the connection to the pool when all statements are answered. Rolls back an open transaction. With `resets`,
   * also undoes everything that the session has changed. Does nothing after a last statement was sent.
   */
  release(resets: boolean): void;
  /**
   * Waits until the connection is returned. Undefined if it has been, or if the program cannot use it itself: nobody
   * then needs to wait until it is as it was before.
   */
  returned?(): Promise<void> | undefined;
  /**
   * Reads the rows of a statement in batches of `size`. Passes columns to `learn` before their first batch. While the
   * cursor is open, nothing else may run.
   */
  cursor(request: Request, size: number, learn: Learn): AsyncIterable<Answer>;
}

/** Looks up the types of columns that are not known yet. */
export type Learn = (columns: Columns["unread"]) => Promise<void> | undefined;

/** A statement for a port. */
export interface Request {
  readonly fragment: Sql;
  /** Its values, as the port's `parameter` has made them. */
  readonly parameters: readonly unknown[];
  /** How its columns are read. */
  readonly reading: Reading;
  /**
   * `rows` arrive as objects, `texts` as arrays of the server's texts. A `command` has no values and is never prepared.
   */
  readonly kind: "rows" | "texts" | "command";
  /** How long the statement waits for a connection, in ms; 0 waits forever. */
  readonly wait: number;
}

/** A statement that was sent, or waits to be. Awaiting it returns the answer. */
export interface Sent extends PromiseLike<Answer> {
  /** Stops the statement before its answer. */
  stop(how: Stop): void;
  /**
   * Sends the statement again if the error says that its prepared form had become invalid before it did anything.
   * Returns undefined for any other error.
   */
  again?(error: unknown): Sent | undefined;
}

/** The server's answer to a statement. */
export interface Answer {
  /** The rows, with their `command` and `count`. */
  readonly rows: AnswerRows;
  /** The facts about their columns; undefined if there is nothing left to do with them. */
  readonly columns: Columns | undefined;
  /** The error of a value that could not be read. The statement has run. */
  readonly failure: { readonly error: unknown } | undefined;
}

export type AnswerRows = unknown[] & { readonly command: string; readonly count: number | null };
