import { nextTurn } from "../../handle/errors/lost-answer.js";
import { isServerError } from "../../handle/errors/server-error.js";
import type { Answer, Learn, Request, ReservedLine } from "../../handle/port.js";
import { ended } from "../../handle/rules/session-rules.js";
import type { Settings, Stop } from "../../handle/running/call-limits.js";
import { RESET } from "../../handle/transactions/run-reserved.js";
import { readCursor } from "./cursor.js";
import type { Pool } from "./pool.js";
import { type Listener, makeOf, PLAIN, type Statement } from "./statement.js";
import type { Owner, Wire } from "./wire.js";

/**
 * Holds a connection that an empty statement took out of the pool, as the driver's own `begin` does.
 *
 * The driver's `reserve` (3.4.9) is never answered in three cases. It also writes to a connection that the server has
 * closed, and releases that connection to the open ones. So this class listens for the close. After it, this class
 * neither uses nor releases the connection, because the driver's pool has already taken it back.
 */
export class Reserved implements ReservedLine, Listener, Owner {
  /** Why the connection was lost. */
  #loss: unknown;
  /** Why its owner can send nothing more, although the connection is open. */
  #refusal: unknown;
  /** Resolves when the empty statement that took the connection is answered, or has failed. */
  answered!: Promise<void>;
  /** Rejects when the connection is closed, and never resolves. */
  readonly lost: Promise<never>;
  #rejectLost!: (reason: unknown) => void;
  readonly #pool: Pool;
  #wire!: Wire;
  readonly #waiting = new Set<Statement>();
  /** When this statement is answered, the connection returns to the pool. */
  #last: Statement | undefined;
  #resets = false;
  /** Whether a limit has ended the work, so nobody waits for an answer anymore. */
  #isStopped = false;
  readonly #hold = Object.assign(() => this.#kept(), { release: true });

  private constructor(pool: Pool) {
    this.#pool = pool;
    this.lost = new Promise<never>((_resolve, reject) => {
      this.#rejectLost = reject;
    });
    // Prevents an unhandled rejection if nothing waits for it.
    this.lost.catch(() => {});
  }

  static async from(pool: Pool, settings: Settings): Promise<Reserved> {
    const reserved = new Reserved(pool);
    const own = (wire: Wire, answered: Promise<void>) => {
      reserved.#wire = wire;
      // Statements that were sent before it may have left no room. They report their answers to the pool.
      reserved.answered = answered.then(() => reserved.#send());
      wire.connection.reserved = reserved.#hold;
      return reserved;
    };
    try {
      await pool.reserve(own, settings);
    } catch (error) {
      await nextTurn();
      throw error;
    }
    return reserved;
  }

  get closed(): unknown {
    return this.#loss ?? this.#refusal;
  }

  get isLost(): boolean {
    return this.#loss !== undefined;
  }

  send(request: Request, isLast = false): Statement {
    const statement = makeOf(this.#pool.make, request);
    this.run(statement, isLast);
    return statement;
  }

  cursor(request: Request, size: number, learn: Learn): AsyncIterable<Answer> {
    return readCursor(this, this.#pool.make, request, size, learn);
  }

  run(statement: Statement, isLast = false): void {
    if (this.#refusal === undefined) this.#add(statement, isLast);
    else statement.reject(this.closed);
  }

  /** Refuses all further statements of its owner, because it is unknown whether a transaction or savepoint is open. */
  refuse(reason: unknown): void {
    // Nothing more is sent after the last statement anyway.
    if (this.#last !== undefined) return;
    this.#refusal ??= reason;
    for (const statement of this.#waiting) this.#drop(statement, reason);
  }

  #add(statement: Statement, isLast: boolean): void {
    statement.listener = this;
    if (this.#loss !== undefined) statement.reject(this.#loss);
    else if (this.#last !== undefined) statement.reject(ended());
    else {
      if (isLast) this.#last = statement;
      // A set that becomes empty with each statement would take longer than all else here.
      if (this.#waiting.size === 0 && this.#wire.takesMore) return this.#sendNow(statement);
      this.#waiting.add(statement);
      this.#send();
    }
  }

  /**
   * Returns the connection to the pool when all statements are answered. Rolls back an open transaction. With `resets`,
   * also undoes everything that the session has changed. Does nothing if a last statement was sent, which itself
   * returns the connection.
   */
  release(resets: boolean): void {
    if (this.isLost || this.#last !== undefined) return;
    this.#resets = resets;
    const last = this.#pool.make(resets ? RESET : "", [], { ...PLAIN, simple: true });
    last.catch(() => {});
    this.#add(last, true);
  }

  stop(statement: Statement, stop: Stop): void {
    if (this.#waiting.has(statement)) this.#drop(statement, stop.error("unsent"));
    else {
      if (statement === this.#last) this.#keep();
      void this.#wire.stop(statement, stop)?.then(() => this.#send());
    }
  }

  /** Asks the server to stop the statement that it works on. Statements that were not sent fail. */
  stopAll(error: unknown): void {
    this.#isStopped = true;
    for (const statement of this.#waiting) this.#drop(statement, error);
    if (this.#last !== undefined) this.#keep();
    if (!this.isLost) void this.#wire.stopRunning(this).then(() => this.#send());
  }

  /**
   * Keeps the connection out of the pool. Otherwise it would return with the answer to its last statement, and the
   * request to stop that statement could hit the next one there.
   */
  #keep(): void {
    this.#last = undefined;
    this.#hold.release = true;
  }

  #drop(statement: Statement, error: unknown): void {
    this.#waiting.delete(statement);
    // The connection still has to return to the pool: `release` sends another last statement.
    if (statement === this.#last) this.#last = undefined;
    statement.abandon(error);
  }

  lose(error: unknown): void {
    this.#loss = error;
    for (const statement of this.#waiting) {
      this.#waiting.delete(statement);
      statement.reject(error);
    }
    void nextTurn().then(() => this.#rejectLost(error));
  }

  sent(): false {
    return false;
  }

  settled(statement: Statement, error?: unknown): void {
    this.#pool.settled(statement);
    if (statement !== this.#last) this.#send();
    else if (this.#resets && isServerError(error) && error.code !== IN_FAILED_TRANSACTION) {
      // Otherwise the session's changes would reach other users of the connection.
      this.#hold.release = true;
      this.#waiting.clear();
    } else queueMicrotask(() => this.#leave());
  }

  unsent(): boolean {
    return false;
  }

  refused(statement: Statement): void {
    this.#pool.refused(statement);
  }

  #send(): void {
    for (const statement of this.#waiting) {
      if (!this.#wire.takesMore) return;
      this.#waiting.delete(statement);
      this.#sendNow(statement);
    }
  }

  #sendNow(statement: Statement): void {
    if (statement === this.#last) this.#hold.release = false;
    this.#wire.send(statement);
    if (this.#isStopped) this.#wire.expectAnswer(statement);
  }

  /** The driver calls it when all statements are answered and the connection has not returned to the pool. */
  #kept(): void {
    if (this.#last === undefined || this.#waiting.size > 0 || !this.#wire.takesMore) return;
    // The last statement could not undo the session's changes.
    if (this.#hold.release) this.#wire.close();
    else this.#rollBack();
  }

  /** Rolls back a transaction that is open or has failed. */
  #rollBack(): void {
    this.#hold.release = true;
    this.#last = undefined;
    const rollback = this.#pool.make("rollback", [], { ...PLAIN, simple: true });
    rollback.catch(() => {});
    this.#add(rollback, !this.#resets);
    if (this.#resets) this.release(true);
  }

  #leave(): void {
    if (!this.isLost && this.#wire.connection.reserved !== this.#hold) this.#pool.release(this.#wire, this);
  }
}

const IN_FAILED_TRANSACTION = "25P02";
