import { nextTurn } from "../../handle/errors/lost-answer.js";
import type { Stop } from "../../handle/running/call-limits.js";
import { SmallSet } from "../../handle/running/small-set.js";
import { connectionError, type DriverConnection } from "./internals.js";
import type { Carrier, Listener, Statement } from "./statement.js";

/** How many unanswered statements a connection may have. The driver's own limit is 100. */
const MAX_IN_FLIGHT = 90;

/**
 * How many statements in a row are sent before the connection returns to the driver's pool, because others may wait for
 * it.
 */
const MAX_IN_A_ROW = 1_000;

/**
 * How long a connection may take to answer statements whose callers have left. After that it is considered dead and
 * closed.
 */
const GRACE_MS = 5_000;

/** The owner of a connection that was taken out of the pool. */
export interface Owner {
  lose(error: unknown): void;
}

/** Wraps one connection of the driver, and knows which of our statements it has not answered. */
export class Wire implements Carrier {
  readonly connection: DriverConnection;
  readonly onClose: (error: unknown) => void;
  /** Unanswered statements, in the order in which they were sent. The server works on the first one. */
  readonly #inFlight = new SmallSet<Statement>();
  /** Unanswered statements whose callers have left. */
  readonly #abandoned = new Set<Statement>();
  /** Runs while all unanswered statements are abandoned ones. */
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** Whether nothing more may be sent until all statements are answered. */
  #full = false;
  #inARow = 0;
  /**
   * Whether a statement was lost. The driver is about to close the connection, and keeps what is sent until then in its
   * buffer.
   */
  #isLosing = false;
  /** How often the connection was closed. The driver opens it again. */
  #closings = 0;
  /** How many cancel requests are in progress. They could stop the next statement. */
  #cancelling = 0;

  constructor(connection: DriverConnection, onClose: (error: unknown) => void) {
    this.connection = connection;
    this.onClose = (error) => {
      this.#closings++;
      onClose(error);
    };
  }

  /** The number of unanswered statements. */
  get size(): number {
    return this.#inFlight.size;
  }

  get takesMore(): boolean {
    return !this.#full && !this.#isLosing && this.#cancelling === 0 && this.#inFlight.size < MAX_IN_FLIGHT;
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

  /** Records a statement that the driver's pool has sent on this connection. */
  adopt(statement: Statement): void {
    this.#isLosing = false;
    this.#inFlight.add(statement);
    statement.carrier = this;
    this.#follow(statement);
  }

  settle(statement: Statement): void {
    this.#inFlight.delete(statement);
    this.#abandoned.delete(statement);
    this.#watchGrace();
    if (statement.lost) this.#isLosing = true;
    if (this.#inFlight.size > 0) return;
    this.#full = false;
    this.#inARow = 0;
  }

  /**
   * Closes the connection, unless it is already closed, after the driver's buffer was written. Otherwise the next
   * connection would begin with the rest of that buffer.
   */
  close(reason?: unknown): void {
    this.#isLosing = true;
    const closings = this.#closings;
    void nextTurn().then(() => {
      if (closings !== this.#closings) return;
      if (reason === undefined) this.connection.terminate();
      else this.onClose(reason);
    });
  }

  lose(error: unknown): void {
    for (const statement of this.#inFlight) statement.reject(error);
  }

  /**
   * Stops a statement that was sent. The server is asked only if it works on this statement and none was sent after it.
   * Nothing is sent until the request and the statement are answered.
   *
   * Returns a promise for the end of the request. Returns undefined if the server is not asked, or was asked already: a
   * second request could arrive after the answer, and stop a later statement.
   */
  stop(statement: Statement, { error, waits }: Stop): Promise<void> | undefined {
    const isAlone = statement.active && this.#inFlight.size === 1 && this.#inFlight.has(statement);
    if (!isAlone || !waits) statement.abandon(error(isAlone ? "running" : "together"));
    if (!waits) this.expectAnswer(statement);
    return isAlone && !this.isCancelling ? this.#cancel(statement) : undefined;
  }

  /**
   * Asks the server to stop the statement that it works on, for an owner whose time is over. Statements of other owners
   * continue.
   */
  async stopRunning(owner: Listener): Promise<void> {
    const [statement] = this.#inFlight;
    for (const each of this.#inFlight) {
      // The statement that took the connection for the owner belongs to the pool.
      if (each.listener === owner || each.take !== undefined) this.expectAnswer(each);
    }
    if (statement?.active === true && this.#inFlight.size === 1 && !this.isCancelling) await this.#cancel(statement);
  }

  /**
   * Keeps the connection out of the driver's pool until a request to stop a statement is answered, because the request
   * could stop the next one. `makeLast` makes the statement with whose answer the connection returns.
   */
  async holdDuring(asked: Promise<void>, makeLast: () => Statement): Promise<void> {
    const { connection } = this;
    let isAsked = true;
    let isAnswered = false;
    const giveBack = () => {
      if (isAsked || !isAnswered || connection.reserved !== hold) return;
      hold.release = false;
      this.send(makeLast());
    };
    const onAnswer = () => {
      // The connection would have returned to the pool if the server were not in a transaction.
      if (!hold.release) this.close();
      isAnswered = true;
      giveBack();
    };
    const hold = Object.assign(onAnswer, { release: true });
    connection.reserved = hold;
    await asked;
    isAsked = false;
    giveBack();
  }

  async #cancel(statement: Statement): Promise<void> {
    this.#full = true;
    this.#cancelling++;
    // If the server cannot be reached, it cannot be asked. The statement ends on its own.
    await statement.canceller?.(statement).catch(() => {});
    this.#cancelling--;
  }

  /** Closes the connection if a statement that nobody waits for is not answered within the grace period. */
  expectAnswer(statement: Statement): void {
    if (!this.#inFlight.has(statement) || this.#abandoned.has(statement)) return;
    this.#full = true;
    this.#abandoned.add(statement);
    this.#watchGrace();
  }

  /**
   * Starts the grace period when all callers have left. A remaining caller may wait for its statement for a long time,
   * and the statements after it begin later.
   */
  #watchGrace(): void {
    clearTimeout(this.#grace);
    if (this.#abandoned.size === 0 || this.#abandoned.size < this.#inFlight.size) return;
    this.#grace = setTimeout(() => {
      // The driver only closes its own side, and the server would first continue. No caller waits for a statement that
      // this stops.
      const [statement] = this.#inFlight;
      if (statement?.active === true) void statement.canceller?.(statement).catch(() => {});
      this.onClose(connectionError("CONNECTION_CLOSED", "the connection does not answer"));
    }, GRACE_MS);
  }

  #follow(statement: Statement): void {
    // If a text is sent again before it is prepared, it is prepared twice. A full socket does not report its
    // connection.
    const isNew = statement.prepare && !statement.prepared;
    if (isNew || !statement.flows || statement.cursorFn !== undefined || ++this.#inARow >= MAX_IN_A_ROW)
      this.#full = true;
  }
}
