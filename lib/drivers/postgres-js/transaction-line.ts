import { nextTurn } from "../../handle/errors/lost-answer.js";
import type { Answer, Learn, Request, ReservedLine } from "../../handle/port.js";
import { ended } from "../../handle/rules/session-rules.js";
import type { Stop } from "../../handle/running/call-limits.js";
import { RELEASE, rolledBack, SAVEPOINT } from "../../handle/transactions/transaction.js";
import { readCursor } from "./cursor.js";
import type { DriverConnection, DriverQuery, Result } from "./internals.js";
import { type Carrier, type Listener, makeOf, type MakeStatement, PLAIN, type Statement } from "./statement.js";
import { watchOf } from "./transaction-watch.js";

/**
 * Runs statements in a transaction that `client.begin` has opened and will end.
 *
 * Each statement goes to the driver immediately, so all run in the order of their calls, and before the driver's
 * COMMIT. The program may run statements of its own between them. So nothing is prepared, and the server is never asked
 * to stop a statement, because the request could stop another one.
 */
export class TransactionLine implements ReservedLine, Listener, Carrier {
  readonly lost = new Promise<never>(() => {});
  readonly answered = Promise.resolve();
  isLost = false;
  /** Why nothing can be sent anymore. */
  closed: unknown;
  readonly connection: DriverConnection;
  readonly #make: MakeStatement;
  readonly #unanswered = new Set<Statement>();
  /** How many savepoints of handles are open, for the next statement that is sent. */
  #savepoints = 0;
  /** The first failure since the last savepoint was released. */
  #failure: unknown;
  /** Makes `client.begin` fail, even if its work catches the error. */
  #report: (error: unknown) => void = () => {};

  constructor(connection: DriverConnection, make: MakeStatement) {
    this.connection = connection;
    this.#make = make;
    this.#watch();
  }

  send(request: Request): Statement {
    const statement = makeOf(this.#make, request, true);
    this.run(statement);
    this.#savepoints += stepOf(statement);
    return statement;
  }

  cursor(request: Request, size: number, learn: Learn): AsyncIterable<Answer> {
    return readCursor(this, this.#make, request, size, learn);
  }

  run(statement: Statement): void {
    statement.listener = this;
    statement.carrier = this;
    if (this.closed !== undefined) return statement.reject(this.closed);
    this.#unanswered.add(statement);
    // The driver passes it a function that makes `begin` fail. After a savepoint, a failure need not do so.
    const onCatch = (report: (error: unknown) => void) => {
      this.#report = report;
      return statement.then(undefined, this.#savepoints === 0 ? report : () => {});
    };
    statement.catch = onCatch as typeof statement.catch;
    statement.handler(statement);
    Reflect.deleteProperty(statement, "catch");
  }

  refuse(reason: unknown): void {
    this.#end(reason);
    this.#report(reason);
  }

  stop(statement: Statement, { error }: Stop): void {
    if (statement.state === null) statement.neutralize(error("unsent"));
    else statement.abandon(error("together"));
  }

  sent(): boolean {
    return true;
  }

  settled(statement: Statement, error?: unknown): void {
    this.#unanswered.delete(statement);
    if (error !== undefined) {
      this.#savepoints -= stepOf(statement);
      this.#failure ??= error;
    } else if (statement.strings[0] === RELEASE) this.#failure = undefined;
  }

  unsent(): boolean {
    return false;
  }

  refused(): void {
    this.connection.terminate();
  }

  close(reason?: unknown): void {
    void nextTurn().then(() => {
      if (this.isLost) return;
      if (reason === undefined) this.connection.terminate();
      else this.#lose(reason);
    });
  }

  /** Notices the statement that ends the transaction, and the loss of the connection. */
  #watch(): void {
    const { connection } = this;
    watchOf(connection).add(this.#make("", [], PLAIN).handler, (query, control) => {
      this.#end(ended());
      if (control !== "rollback" && control !== "abort") this.#checkCommit(query);
    });
    // The driver's `begin` sets its own listener when its work has returned a promise.
    queueMicrotask(() => {
      const { onclose } = connection;
      connection.onclose = (error) => {
        onclose?.call(connection, error);
        this.#lose(error);
      };
    });
  }

  /**
   * Fails the statement that commits if the server has rolled back. The server answers it without an error, and the
   * driver does not look at the answer.
   */
  #checkCommit(query: DriverQuery): void {
    const { resolve } = query;
    query.resolve = (result: Result) => {
      if (result.command === "ROLLBACK") query.reject(this.#failure ?? rolledBack());
      else resolve(result as never);
    };
  }

  /** Refuses further statements. The driver would never answer those that it was to send after the end. */
  #end(reason: unknown): void {
    this.closed ??= reason;
    for (const statement of this.#unanswered) if (statement.state === null) statement.neutralize(reason);
  }

  #lose(error: unknown): void {
    this.isLost = true;
    this.closed ??= error;
    watchOf(this.connection).lose(error);
    for (const statement of this.#unanswered) statement.reject(error);
    this.connection.terminate();
  }

  // The driver has the connection, so neither is called.
  stopAll(): void {}
  release(): void {}
}

/** By how much a statement changes the number of open savepoints. */
function stepOf({ strings: [text] }: Statement): number {
  if (text === SAVEPOINT) return 1;
  return text === RELEASE ? -1 : 0;
}
