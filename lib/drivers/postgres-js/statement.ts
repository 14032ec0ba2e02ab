import type { Request } from "../../handle/port.js";
import type { Stop } from "../../handle/running/call-limits.js";
import type { Reading } from "../../handle/values/reading.js";
import type { DriverConnection, DriverQuery } from "./internals.js";
import type { Parameter } from "./parameter.js";

/** Receives the events of a statement. It is the pool or the reserved connection that sends the statement. */
export interface Listener {
  /**
   * The driver has written the statement to the socket, and more may follow immediately. Returns whether the driver
   * itself may send them.
   */
  sent(statement: Statement, connection: DriverConnection): boolean;
  /** The statement is answered or has failed. Called before the driver does anything else with the connection. */
  settled(statement: Statement, error?: unknown): void;
  /**
   * The statement failed before it was sent. If the result is true, the statement keeps waiting and the error is
   * dropped.
   */
  unsent(statement: Statement, error: unknown): boolean;
  /** The server refused to reopen the connection that this statement was lost with. */
  refused(statement: Statement): void;
  /** Stops the statement before its answer. */
  stop(statement: Statement, stop: Stop): void;
  /** Sends the statement again, unprepared, if the connection is not reserved. */
  again?(statement: Statement): Statement;
}

/** The connection that a statement was sent on. */
export interface Carrier {
  readonly connection: DriverConnection;
  /** Closes the connection; a transaction on it fails with `reason`. */
  close(reason?: unknown): void;
}

/** A query of the driver that reports its events to a listener, and runs when the listener sends it. */
export interface Statement extends DriverQuery {
  listener: Listener | undefined;
  carrier: Carrier | undefined;
  /** Whether the driver reported the connection on which it was sent. It does not if the socket was full. */
  flows: boolean;
  /** Whether its connection was lost before the answer, and the error. */
  lost: boolean;
  loss: unknown;
  /** Takes its connection out of the pool. Called when the statement was sent. */
  take: (() => void) | undefined;
  /** How long the statement waits to be sent, in ms, and its deadline. */
  readonly wait: number;
  deadline: number;
  /** Sends the statement when the driver asks for its first row. For cursors only. */
  start: (() => void) | undefined;
  readonly reading: Reading;
  /** Rejects for the caller, while the server may still work on the statement. */
  abandon(error: unknown): void;
  /**
   * Rejects for the caller, and makes the statement do nothing. It still has to run: the driver may be opening a
   * connection for it, and would otherwise forget that connection.
   */
  neutralize(error: unknown): void;
  stop(how: Stop): void;
  again(error: unknown): Statement | undefined;
}

export interface StatementKind {
  /** See `QueryOptions`. */
  readonly simple: boolean;
  readonly unprepared: boolean;
  /** How long the statement waits to be sent, in ms; 0 waits forever. */
  readonly wait: number;
  readonly take: (() => void) | undefined;
  /** How the columns are read; undefined for by their types. */
  readonly reading: Reading | undefined;
  /** Whether rows arrive as arrays of the server's texts. */
  readonly raw: boolean;
  /** Whether the server only describes the columns and does not run the statement. */
  readonly describes: boolean;
}

/** What others differ from. It has every property, so properties added to Object.prototype have no effect. */
export const PLAIN: StatementKind = {
  simple: false,
  unprepared: false,
  wait: 0,
  take: undefined,
  reading: undefined,
  raw: false,
  describes: false,
};

export type MakeStatement = (text: string, parameters: readonly Parameter[], kind: StatementKind) => Statement;

/** Makes the statement of a request. */
export function makeOf(
  make: MakeStatement,
  { fragment, parameters, reading, kind, wait }: Request,
  unprepared = false,
): Statement {
  return make(fragment.text, parameters as readonly Parameter[], {
    ...PLAIN,
    simple: kind === "command",
    unprepared,
    raw: kind === "texts",
    reading,
    wait,
  });
}
