import type { DriverConnection } from "./driver-connection.js";
import type { Carrier, Statement } from "./statement.js";

/** The most statements that a connection has to answer at a time; the driver's own bound is 100. */
const MAX_IN_FLIGHT = 90;

/** After so many statements in a row the driver's pool gets the connection back, because others may be waiting for it. */
const MAX_IN_A_ROW = 1_000;

/** One connection of the driver, and which of our statements it has not answered. */
export class Wire implements Carrier {
  readonly connection: DriverConnection;
  /** In the order in which they were sent: the server works on the first one. */
  readonly #inFlight = new Set<Statement>();
  /** Whether nothing may be sent until all that was sent is answered. */
  #full = false;
  #inARow = 0;
  /** Cancel requests that are under way. The next statement could be hit by them. */
  #cancelling = 0;

  readonly onClose: (error: unknown) => void;

  constructor(connection: DriverConnection, onClose: (error: unknown) => void) {
    this.connection = connection;
    this.onClose = onClose;
  }

  /** How many statements are not answered. */
  get size(): number {
    return this.#inFlight.size;
  }

  get takesMore(): boolean {
    return !this.#full && this.#cancelling === 0 && this.#inFlight.size < MAX_IN_FLIGHT;
  }

  get isCancelling(): boolean {
    return this.#cancelling > 0;
  }

  send(statement: Statement): void {
    this.#inFlight.add(statement);
    statement.carrier = this;
    this.connection.execute(statement);
    this.#follow(statement);
  }

  /** Takes note of a statement that the driver's pool has sent on this connection. */
  adopt(statement: Statement): void {
    this.#inFlight.add(statement);
    statement.carrier = this;
    this.#follow(statement);
  }

  settle(statement: Statement): void {
    this.#inFlight.delete(statement);
    if (this.#inFlight.size > 0) return;
    this.#full = false;
    this.#inARow = 0;
  }

  lose(error: unknown): void {
    for (const statement of this.#inFlight) statement.reject(error);
  }

  /** Whether the server works on this statement, and has nothing else to do after it. */
  worksOn(statement: Statement): boolean {
    return statement.active && this.#inFlight.size === 1 && this.#inFlight.has(statement);
  }

  /** Asks the server to stop the statement. Nothing is sent until the server has answered both the request and the statement. */
  async cancel(statement: Statement): Promise<void> {
    this.#cancelling++;
    // A server that cannot be reached cannot be asked: the statement ends as it would have.
    await statement.canceller?.(statement).catch(() => {});
    this.#cancelling--;
  }

  #follow(statement: Statement): void {
    // Sent again before it is prepared, the same text would be prepared twice. A full socket does not say which one it is.
    const isNew = statement.prepare && !statement.prepared;
    if (isNew || !statement.flows || statement.cursorFn !== undefined || ++this.#inARow >= MAX_IN_A_ROW)
      this.#full = true;
  }
}

/** How `cancel` ends a statement that the server may go on with. */
export function cancelled(isSent: boolean): Error {
  const also = isSent ? "; it was sent with others, and may still run on the server" : "";
  return Object.assign(new Error(`canceling statement due to user request${also}`), { code: "57014" });
}
