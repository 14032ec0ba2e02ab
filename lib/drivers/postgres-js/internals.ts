import type postgres from "postgres";
import { isServerError } from "../../handle/errors/server-error.js";
import type { Answer } from "../../handle/port.js";

/**
 * The connection that postgres.js passes to `onexecute`. Its own `begin` uses these names, which are not in its types.
 */
export interface DriverConnection {
  /** Called once, when the socket is closed. */
  onclose: ((this: DriverConnection, error: unknown) => void) | null;
  /**
   * Keeps the connection from returning to the pool. The driver calls it when everything that was sent is answered. If
   * `release` is false then and the server is in no transaction, the connection returns to the pool instead.
   */
  reserved: ((() => void) & { release: boolean }) | null;
  /** Sends a query. */
  execute(query: DriverQuery): boolean | undefined;
  /** Opens the connection, for the first query that then runs. */
  connect(query: DriverQuery): void;
  /** Rejects all unanswered queries and closes the socket. The pool opens it again when it needs it. */
  terminate(): void;
}

export type Result = postgres.Row[] & {
  readonly command: string;
  readonly count: number | null;
  /** Null if the result belongs to no statement: see `answerOf`. */
  readonly statement: unknown;
  readonly columns: readonly unknown[] | null;
};

/** A query of postgres.js, including properties that its types leave out. */
export interface DriverQuery extends QueryBase {
  resolve: (result: never) => void;
  reject: (reason: unknown) => void;
}

/** The driver resolves it with a `Result`, of which `resolve` of our statements makes an answer. */
interface QueryBase extends Promise<Answer> {
  /** Passes the query to the driver's pool. */
  readonly handler: ((query: DriverQuery) => void) & { readonly debug?: unknown };
  /** Asks the server to stop the statement, if it is the one that the connection waits for. */
  readonly canceller: ((query: DriverQuery) => Promise<void>) | null;
  /** The text. An empty text does nothing. */
  strings: readonly string[];
  args: readonly unknown[];
  /** The driver's record of the statement while it runs; null before it is sent. */
  statement: DriverStatement | null;
  readonly options: QueryOptions;
  /** The connection's process on the server, once the query was sent; null before. */
  readonly state: object | null;
  /** Whether it is the query that its connection waits for. */
  active: boolean;
  executed: boolean;
  /**
   * Whether the query runs as a prepared statement, and whether the connection had prepared it before. Known after it
   * was sent.
   */
  readonly prepare: boolean;
  readonly prepared: boolean;
  /** The driver's function for batches of rows, while a cursor is open. */
  cursorFn: unknown;
  /** Set to prevent the query from being sent. */
  cancelled: unknown;
  /** Whether rows arrive as arrays of bytes, past the parsers of the client. */
  isRaw: boolean | undefined;
  cursor(size: number): AsyncIterable<Result>;
}

/** A connection's record of a statement while it runs, and between runs if it is prepared. */
export interface DriverStatement {
  readonly string: string;
  readonly types: unknown[];
  readonly name: string;
}

export type DriverQueryClass = new (
  strings: readonly string[],
  args: readonly unknown[],
  handler: DriverQuery["handler"],
  canceller: DriverQuery["canceller"],
  options: QueryOptions,
) => QueryBase;

export interface QueryOptions {
  /** Whether the text goes through the simple protocol, which has no parameters and may hold several statements. */
  readonly simple: boolean;
  /** Read when the query is sent: whether it runs as a prepared statement. */
  readonly prepare: boolean;
  /**
   * Called when the query was written to the socket. If it returns false, the driver sends nothing else until the query
   * is answered.
   */
  onexecute(connection: DriverConnection): boolean;
}

/** Whether an error is the answer of the server. An `onnotice` of the client may also throw a notice as an error. */
export function isAnswer(error: unknown): boolean {
  return isServerError(error) && /^(?:ERROR|FATAL|PANIC)$/.test(error.severity);
}

/** Whether an error says that the connection was lost, and is not the server's answer to the statement. */
export function isLoss(error: unknown): boolean {
  if (typeof error !== "object" || error === null || isServerError(error)) return false;
  return "errno" in error || "syscall" in error;
}

/** Whether the driver has ended or is ending the connection, and has not sent the statement. */
export function isDestroyed(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "CONNECTION_DESTROYED";
}

/** An error of a connection, in the form that the driver gives its own. */
export function connectionError(code: "CONNECT_TIMEOUT" | "CONNECTION_CLOSED", message: string): Error {
  return Object.assign(new Error(message), { code, errno: code });
}

/**
 * Makes a separate error for each statement. The driver gives all statements that were lost with a connection the same
 * error, with the text and parameters of the first of them.
 */
export function ownError(error: unknown): unknown {
  if (!isLoss(error)) return error;
  const { message, ...details } = error as Error;
  const { code, errno, syscall, address, port } = details as Record<string, unknown>;
  const own = Object.assign(new Error(message, { cause: undefined }), { code, errno });
  for (const [name, value] of Object.entries({ syscall, address, port })) {
    if (value !== undefined) Object.defineProperty(own, name, { value, enumerable: true });
  }
  return own;
}
