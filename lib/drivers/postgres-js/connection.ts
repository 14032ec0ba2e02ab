import type postgres from "postgres";
import { NextvalError, refuseArgument } from "../../errors.js";
import { type Limits, type Settings, type Stop, watch } from "../../handle/call-limits.js";
import type { Executor, Running } from "../../handle/executor.js";
import { Draws } from "../../handle/nextval-batch.js";
import { addHint } from "../../handle/parameter-hint.js";
import type { Rows } from "../../handle/rows.js";
import { isServerError } from "../../handle/server-error.js";
import { cursorOpen, ended, sequenceMarksOf, sessionRequired, statementRefusal } from "../../handle/session-rules.js";
import { translate } from "../../handle/translate-error.js";
import type { Decode } from "../../sql/expression.js";
import { Sql } from "../../sql/fragment.js";
import { Described } from "./described.js";
import { finishRows, withoutHoles } from "./finish-rows.js";
import type { Result } from "./internals.js";
import { isInvalidated } from "./invalidated.js";
import { commitUnknown, isFatal, raise, refuseLost, unanswered } from "./lost-answer.js";
import type { Line, Pool } from "./pool.js";
import { readBatches } from "./read-batches.js";
import { type Column, Readings } from "./reading.js";
import { Reserved } from "./reserve.js";
import type { Statement } from "./statement.js";
import { typesOf, writeValues, type WritingClient } from "./write-values.js";

/** The part of a postgres.js client that a connection needs. */
export interface Client extends WritingClient {
  readonly options: WritingClient["options"] & postgres.ParsedOptions;
}

/** The state that all handles of one connection share, whatever their limits. */
interface State {
  /** The first error of a statement. The server does not commit a transaction after it. */
  failure: unknown;
  ended: boolean;
  /** Whether this is a transaction, which fails with the error of any of its statements. */
  readonly inTransaction: boolean;
  inner: Promise<unknown> | undefined;
  /** The draws that wait for the end of the tick. */
  readonly draws: Set<Draws>;
}

/** Wraps a postgres.js client, or one of its connections, and tracks its session state. */
export class Connection implements Executor {
  readonly #client: Client;
  readonly #pool: Pool;
  /** The connection that all its statements run on; undefined for the pool. */
  readonly #reserved: Reserved | undefined;
  readonly #settings: Settings;
  readonly #state: State;
  readonly #readings: Readings;
  readonly draws: Draws;

  constructor(client: Client, pool: Pool, settings: Settings, reserved?: Reserved, state?: State) {
    this.#client = client;
    this.#pool = pool;
    this.#reserved = reserved;
    this.#settings = settings;
    this.#readings = Readings.of(client);
    this.#state = state ?? newState(false);
    this.draws = new Draws(this, this.#state.draws);
  }

  /** Returns a connection with the same settings that runs on a reserved connection of the client. */
  pin(reserved: Reserved): Connection {
    return new Connection(this.#client, this.#pool, this.#settings, reserved);
  }

  /** Returns the same connection, with its own record of failures. */
  nested(): Connection {
    return new Connection(this.#client, this.#pool, this.#settings, this.#reserved, newState(true));
  }

  /** Returns the same connection, with limits on its calls. */
  limited(limits: Limits): Connection {
    const settings = { ...this.#settings, limits: { ...this.#settings.limits, ...limits } };
    return new Connection(this.#client, this.#pool, settings, this.#reserved, this.#state);
  }

  get settings(): Settings {
    return this.#settings;
  }

  get failure(): unknown {
    return this.#state.failure;
  }

  /** Whether a transaction reports the errors of statements that nothing awaits. */
  get isReported(): boolean {
    return this.#state.inTransaction;
  }

  /** Makes its handles refuse every call. The session or transaction has ended, and others may have the connection. */
  end(): void {
    this.#state.ended = true;
  }

  /** Runs a transaction or savepoint here. The server keeps them on one stack, so only one can run at a time. */
  async nest<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#state.inner !== undefined)
      throw sessionRequired("a transaction or savepoint is open here already; await it first");
    if (this.#reserved?.leaveCursor !== undefined) throw cursorOpen();
    try {
      const inner = work();
      this.#state.inner = inner;
      return await inner;
    } finally {
      this.#state.inner = undefined;
    }
  }

  /** Waits for a transaction or savepoint that the work did not await. */
  async idle(): Promise<void> {
    await this.#state.inner?.catch(() => {});
  }

  /** Closes a cursor whose loop was not left. */
  async leaveCursor(): Promise<void> {
    await this.#reserved?.leaveCursor?.();
  }

  /** Returns a connection that only a cursor uses, and a function that returns it to the pool. */
  async lease(): Promise<[Connection, () => void]> {
    if (this.#reserved !== undefined) return [this, () => {}];
    if (this.#pool.cannotReserve) refuseArgument("cursor()", "needs a client with a max_pipeline of 1 or more");
    const line = await Reserved.from(this.#pool, this.#settings);
    // A cursor ends with Flush, not Sync. PgBouncer misses the cursor if it is sent before the statement ahead is
    // answered: it gives the server's connection to another client, and the cursor waits forever.
    await line.answered;
    return [this.pin(line), () => line.release(false)];
  }

  /**
   * Records an open cursor. postgres.js makes every other statement on its connection wait until it ends. Returns a
   * function that records its end.
   */
  openCursor(leave: () => PromiseLike<unknown>): () => void {
    const line = this.#reserved;
    if (line === undefined) return () => {};
    line.leaveCursor = leave;
    return () => {
      line.leaveCursor = undefined;
    };
  }

  /** Makes the driver's statement, with its values written. Sends nothing. */
  prepare(fragment: Sql): Statement {
    const values = writeValues(fragment, this.#client);
    const reading = this.#readings.of(Sql.shapeOf(fragment));
    return this.#pool.make(fragment.text, values, { types: typesOf(values), reading, wait: this.#settings.wait });
  }

  start<Row>(fragment: Sql<Row>): Running<Row> {
    const refusal = this.refusal(fragment);
    if (refusal !== undefined) return failed<Row>(refusal);
    let statement: Statement;
    try {
      statement = this.prepare(fragment);
    } catch (error) {
      return failed<Row>(error);
    }
    const finish = (result: Result) => this.finish(refuseLost(result)) as unknown as Rows<Row>;
    this.run(statement);
    let current = statement;
    const onAgain = (again: Statement) => {
      current = again;
    };
    const rows = statement.then(finish, (error: unknown) =>
      this.recover(error, statement, fragment, onAgain).then(finish),
    );
    return { rows, stop: (how) => this.stop(current, how) };
  }

  readBatches<Row>(fragment: Sql<Row>, size: number): AsyncGenerator<Row[]> {
    const leave = () => batches.return(undefined);
    const batches: AsyncGenerator<Row[]> = readBatches(this, fragment, size, () => this.openCursor(leave));
    return batches;
  }

  /** Sends a statement and watches its limits. After the last statement the connection returns to the pool. */
  run(statement: Statement, isLast?: boolean): void {
    this.send(statement, isLast);
    const { limits } = this.#settings;
    if (limits === undefined) return;
    const unwatch = watch(limits, "the statement", (how) => this.stop(statement, how));
    statement.then(unwatch, unwatch);
  }

  /** Sends a statement. After the last one the connection returns to the pool. */
  send(statement: Statement, isLast?: boolean): void {
    if (this.#reserved === undefined) this.#pool.run(statement);
    else {
      // The next statement of the session may read the values of earlier draws.
      for (const draws of this.#state.draws) draws.flush();
      this.#reserved.run(statement, isLast);
    }
  }

  stop(statement: Statement, how: Stop): void {
    (this.#reserved ?? this.#pool).stop(statement, how);
  }

  /** Why nothing can be sent here anymore, or undefined. */
  get #closed(): unknown {
    const line: Line = this.#reserved ?? this.#pool;
    if (line.closed !== undefined) return line.closed;
    return this.#state.ended ? ended() : undefined;
  }

  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown {
    const closed = this.#closed;
    if (closed !== undefined) return closed;
    const signal = this.#settings.limits?.signal;
    if (signal?.aborted === true) return signal.reason;
    if (this.#reserved?.leaveCursor !== undefined) return cursorOpen();
    const kind = this.#reserved === undefined ? "pool" : this.#state.inTransaction ? "transaction" : "session";
    return statementRefusal(fragment, kind);
  }

  /** Finishes the rows of a statement. Returns a promise if types have to be looked up on the server. */
  finish(rows: Result): Result | Promise<Result> {
    return finishRows(rows, rows.statement, (columns) => this.#lookUp(columns));
  }

  /** Finishes a batch of a cursor. While the cursor is open, nothing can be looked up: `describe` has done so. */
  finishBatch(rows: Result, statement: unknown): Result {
    const failure = statement instanceof Described ? statement.takeFailure() : undefined;
    if (failure !== undefined) throw failure.error;
    return finishRows(rows, statement, () => undefined) as Result;
  }

  /** Looks up the types of a statement's columns before it runs. */
  async describe({ strings: [text = ""], args }: Statement): Promise<void> {
    const statement = this.#pool.make(text, args, { unprepared: true, describes: true, wait: this.#settings.wait });
    this.run(statement);
    const { statement: described } = refuseLost(await statement);
    // The driver reads the columns only when they are accessed.
    if (described instanceof Described && described.columns !== null)
      await this.#lookUp(described.result?.unread ?? [], "");
  }

  #lookUp(columns: readonly Column[], consequence?: string): Promise<void> | undefined {
    // A transaction may have created the types itself. After it has ended, other connections can see them.
    const isOver = this.#closed !== undefined;
    const line = isOver ? () => new Connection(this.#client, this.#pool, this.#settings) : () => this;
    const types = columns.map(({ type }) => type);
    return this.#readings.types.lookUp(types, line, consequence);
  }

  get isPool(): boolean {
    return this.#reserved === undefined;
  }

  /** Throws the translated error of a statement that failed. */
  async fail(error: unknown, fragment: Sql): Promise<never> {
    addHint(error, fragment);
    const result = translate(error, sequenceMarksOf(fragment), this.#client.options.user);
    this.#state.failure ??= result;
    return raise(error, result);
  }

  /** Returns the values of a statement's first column as the server sent them, without the client's parsers. */
  async values(fragment: Sql): Promise<(string | null)[]> {
    return (await this.rows(fragment)).map(([value]) => value as string | null);
  }

  /** Returns the rows of a statement as the server sent them, without the client's parsers. */
  async rows(fragment: Sql): Promise<(string | null)[][]> {
    const refusal = this.refusal(fragment);
    if (refusal !== undefined) throw refusal;
    return this.ownRows(fragment);
  }

  /**
   * Returns the rows of one of the library's own statements. Skips the check for an open cursor, because the cursor
   * waits for this statement.
   */
  async ownRows(fragment: Sql): Promise<(string | null)[][]> {
    const statement = this.prepare(fragment).raw();
    this.run(statement);
    const rows = refuseLost(await statement.catch((error) => this.recover(error, statement, fragment)));
    return withoutHoles(rows as unknown as readonly unknown[]).map(textsOf);
  }

  /** Returns the value of a statement that returns one row of one column, which is never null. */
  async value<Value>(fragment: Sql, decode: Decode<Value>): Promise<Value> {
    const [text] = await this.values(fragment);
    return decode(text as string);
  }

  /**
   * Sends a prepared statement again if it has become invalid, because its table was altered or a session discarded it.
   * In a session it is not sent again, because the statements after it have already run. Throws any other error.
   */
  async recover(
    error: unknown,
    statement: Statement,
    fragment: Sql,
    onAgain?: (again: Statement) => void,
  ): Promise<Result> {
    if (this.#reserved !== undefined || !isInvalidated(error, statement)) return this.fail(error, fragment);
    const again = this.#pool.make(fragment.text, statement.args, {
      unprepared: true,
      reading: statement.reading,
      wait: this.#settings.wait,
    });
    again.isRaw = statement.isRaw;
    onAgain?.(again);
    this.run(again);
    return again.catch((error) => this.fail(error, fragment));
  }

  /**
   * Runs a statement that begins or ends a transaction or savepoint, and returns the server's tag for it, such as
   * COMMIT. If a limit is reached before the answer, nothing more runs here. A further statement would run inside the
   * open transaction, and be undone or committed with it.
   */
  async command(text: string, isLast?: boolean): Promise<string> {
    // A statement that begins a transaction was refused before. One that ends a transaction must not wait for a cursor
    // that other code has opened in the meantime.
    if (this.#reserved?.leaveCursor !== undefined) await this.leaveCursor();
    if (this.#closed !== undefined) throw this.#closed;
    // Not prepared, because DEALLOCATE ALL would make the next transaction fail.
    const statement = this.#pool.make(text, [], { simple: true, wait: this.#settings.wait });
    this.run(statement, isLast);
    try {
      return (await statement).command;
    } catch (error) {
      if (!isServerError(error)) this.#reserved?.refuse(unanswered(text, error));
      return raise(error);
    }
  }

  /** Commits. If the answer is lost, it is unknown whether the server has committed. */
  async commit(isLast?: boolean): Promise<string> {
    if (this.#closed !== undefined) throw this.#closed;
    const line = this.#reserved as Reserved;
    line.isCommitting = true;
    try {
      return await this.command("commit", isLast);
    } catch (error) {
      if (!line.isLost && isServerError(error) && !isFatal(error)) throw error;
      const isStopped = !line.isLost && !isServerError(error);
      throw commitUnknown(error, isStopped ? "the transaction was stopped" : undefined);
    } finally {
      if (!line.isLost) line.isCommitting = false;
    }
  }
}

/** Reads a raw row as texts. The driver also passes raw rows to the client's transform of rows. */
function textsOf(row: unknown): (string | null)[] {
  if (Array.isArray(row) && row.every((value) => value === null || value instanceof Uint8Array))
    return row.map((value) => (value === null ? null : String(value)));
  const problem = "the client's transform.row changes the rows that the library reads; bind a client without it";
  throw new NextvalError("UNEXPECTED_VALUE", `${problem}. The statement has run.`);
}

function failed<Row>(error: unknown): Running<Row> {
  return { rows: Promise.reject(error), stop() {} };
}

function newState(inTransaction: boolean): State {
  return {
    failure: undefined,
    ended: false,
    inTransaction,
    inner: undefined,
    draws: new Set(),
  };
}
