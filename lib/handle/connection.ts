import type { Decode } from "../sql/expression.js";
import { Sql, textFragment } from "../sql/fragment.js";
import { type Limits, mergedLimits, type Settings, type Stop, watch } from "./call-limits.js";
import { Draws } from "./draws.js";
import { kindOf } from "./first-words.js";
import { Held } from "./held.js";
import { commitUnknown, isFatal, raise, unanswered } from "./lost-answer.js";
import { addHint } from "./parameter-hint.js";
import type { Answer, AnswerRows, Learn, Line, Port, Request, Sent } from "./port.js";
import { readBatches } from "./read-batches.js";
import type { Rows } from "./rows.js";
import { isServerError } from "./server-error.js";
import { cursorOpen, ended, sequenceMarksOf, sessionRequired, statementRefusal } from "./session-rules.js";
import { translate } from "./translate-error.js";
import { finishRows } from "./values/finish-rows.js";
import type { Column, Readings } from "./values/reading.js";
import { writeValues } from "./values/write-values.js";

/** A statement that was started. */
export interface Running<Row> {
  readonly rows: Promise<Rows<Row>>;
  /** Stops the statement before its answer. */
  stop(how: Stop): void;
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

/** The ports of clients that have run a statement that changes the role. It may have changed for any connection. */
const changedRoles = new WeakSet<Port>();

/** Runs the statements of a handle, on a pool or on the one connection of a session or transaction. */
export class Connection {
  readonly #port: Port;
  readonly #readings: Readings;
  readonly settings: Settings;
  /** The connection that all its statements run on; undefined for the pool. */
  readonly #held: Held | undefined;
  readonly #state: State;
  /** Draws values on this pool or connection. */
  readonly draws: Draws;

  constructor(port: Port, settings: Settings, held?: Held, state: State = newState(false)) {
    this.#port = port;
    this.#readings = port.readings(settings.int8);
    this.settings = settings;
    this.#held = held;
    this.#state = state;
    this.draws = new Draws(this, state.draws);
  }

  /** Returns a connection with the same settings that runs on a reserved connection of the client. */
  pin(held: Held): Connection {
    return new Connection(this.#port, this.settings, held);
  }

  /** Returns the same connection, with its own record of failures. */
  nested(): Connection {
    return new Connection(this.#port, this.settings, this.#held, newState(true));
  }

  /** Returns the same connection, with other settings. */
  configured(settings: Settings): Connection {
    return new Connection(this.#port, settings, this.#held, this.#state);
  }

  /** Returns the same connection, with limits on its calls. */
  limited(limits: Limits): Connection {
    return this.configured({ ...this.settings, limits: mergedLimits(this.settings.limits, limits) });
  }

  /** The first error of a statement. The server does not commit a transaction after it. */
  get failure(): unknown {
    return this.#state.failure;
  }

  /** Whether a transaction reports the errors of statements that nothing awaits. */
  get isReported(): boolean {
    return this.#state.inTransaction;
  }

  /** Whether it is a pool, so each statement may run on any connection. */
  get isPool(): boolean {
    return this.#held === undefined;
  }

  /** Makes its handles refuse every call. The session or transaction has ended, and others may have the connection. */
  end(): void {
    this.#state.ended = true;
  }

  /** Runs a transaction or savepoint here. The server keeps them on one stack, so only one can run at a time. */
  async nest<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#state.inner !== undefined)
      throw sessionRequired("a transaction or savepoint is open here already; await it first");
    if (this.#held?.leaveCursor !== undefined) throw cursorOpen();
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
    await this.#held?.leaveCursor?.();
  }

  /** Takes a connection out of the pool. `what` is the function that needs it, such as `begin`. */
  async reserve(what: string, settings: Settings): Promise<Held> {
    return new Held(await this.#port.reserve(what, settings));
  }

  /** Returns a connection that only a cursor uses, and a function that returns it to the pool. */
  async lease(): Promise<[Connection, () => void]> {
    if (this.#held !== undefined) return [this, () => {}];
    const held = await this.reserve("cursor()", this.settings);
    return [this.pin(held), () => held.line.release(false)];
  }

  /** Sends a statement, or rejects its rows with the reason why it cannot run here. */
  start<Row>(fragment: Sql<Row>): Running<Row> {
    const refusal = this.refusal(fragment);
    if (refusal !== undefined) return failed<Row>(refusal);
    let sent: Sent;
    try {
      sent = this.send(this.request(fragment, "rows"));
    } catch (error) {
      return failed<Row>(error);
    }
    const finish = (answer: Answer) => this.finish(answer) as Rows<Row> | Promise<Rows<Row>>;
    let current = sent;
    let stopped: Stop | undefined;
    const onAgain = (again: Sent) => {
      current = again;
      if (stopped !== undefined) again.stop(stopped);
    };
    const rows = sent.then(finish, (error: unknown) => this.#recover(error, sent, fragment, onAgain).then(finish));
    const stop = (how: Stop) => {
      stopped = how;
      current.stop(how);
    };
    return { rows: rows as Promise<Rows<Row>>, stop };
  }

  /** Reads the rows of a statement through a cursor. Returning early closes the cursor. */
  readBatches<Row>(fragment: Sql<Row>, size: number): AsyncGenerator<Row[]> {
    const held = this.#held;
    const open = (): (() => void) => {
      if (held === undefined) return () => {};
      // Draws of this tick were called before the cursor.
      for (const draws of this.#state.draws) draws.sendPending();
      held.leaveCursor = () => batches.return(undefined);
      return () => {
        held.leaveCursor = undefined;
      };
    };
    const batches: AsyncGenerator<Row[]> = readBatches(this, fragment, size, open);
    return batches;
  }

  /** Reads a statement in batches through the cursor of a reserved connection. */
  batches(fragment: Sql, size: number): AsyncIterable<Answer> {
    const learn: Learn = (columns) => this.#learn(columns, "");
    return (this.#held as Held).line.cursor(this.request(fragment, "rows"), size, learn);
  }

  /** Makes the request for a statement, with its values written. Sends nothing. */
  request(fragment: Sql, kind: Request["kind"], reading = this.#readings.of(Sql.shapeOf(fragment))): Request {
    const parameters = writeValues(fragment, this.#port.writer);
    return { fragment, parameters, reading, kind, wait: this.settings.wait };
  }

  /** Sends a statement and watches its limits. After the last statement the connection returns to the pool. */
  send(request: Request, isLast?: boolean): Sent {
    const held = this.#held;
    // The next statement of the session may read the values of earlier draws.
    if (held !== undefined) for (const draws of this.#state.draws) draws.sendPending();
    return this.#limit((held === undefined ? this.#port.pool : held.line).send(request, isLast));
  }

  #limit(sent: Sent): Sent {
    const { limits } = this.settings;
    if (limits === undefined) return sent;
    const unwatch = watch(limits, "the statement", (how) => sent.stop(how));
    sent.then(unwatch, unwatch);
    return sent;
  }

  /** Why nothing can be sent here anymore, or undefined. */
  get #closed(): unknown {
    const line: Line = this.#held?.line ?? this.#port.pool;
    if (line.closed !== undefined) return line.closed;
    return this.#state.ended ? ended() : undefined;
  }

  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown {
    const closed = this.#closed;
    if (closed !== undefined) return closed;
    const signal = this.settings.limits?.signal;
    if (signal?.aborted === true) return signal.reason;
    if (this.#held?.leaveCursor !== undefined) return cursorOpen();
    const kind = kindOf(fragment.text);
    if (kind.changesRole) changedRoles.add(this.#port);
    const handle = this.#held === undefined ? "pool" : this.#state.inTransaction ? "transaction" : "session";
    return statementRefusal(fragment, kind, handle, this.#port.host !== undefined);
  }

  /** Finishes the rows of an answer. Returns a promise if types have to be looked up on the server. */
  finish(answer: Answer): AnswerRows | Promise<AnswerRows> {
    return finishRows(answer, this.#readings.types, (columns) => this.#learn(columns));
  }

  /** Finishes a batch of a cursor, whose types are known: while it is open, nothing else may run. */
  finishBatch(answer: Answer): AnswerRows {
    return finishRows(answer, this.#readings.types, () => undefined) as AnswerRows;
  }

  #learn(columns: readonly Column[], consequence?: string): Promise<void> | undefined {
    // A transaction may have created the types itself. After it has ended, other connections can see them.
    const isOver = this.#closed !== undefined;
    const line = isOver ? () => new Connection(this.#port, this.settings) : () => this;
    const types = columns.map(({ type }) => type);
    return this.#readings.types.lookUp(types, line, consequence);
  }

  /** The role that runs the statements; empty if it may be another one than the client logs in as. */
  get #role(): string {
    return changedRoles.has(this.#port) ? "" : this.#port.user;
  }

  /** Throws the translated error of a statement that failed. */
  async fail(error: unknown, fragment: Sql): Promise<never> {
    const { host } = this.#port;
    const reported = host?.serverError(error) ?? error;
    // Its positions are those of another text.
    if (host === undefined) addHint(error, fragment);
    const translated = translate(reported, sequenceMarksOf(fragment), this.#role);
    const result = translated === reported ? error : translated;
    this.#state.failure ??= result;
    return raise(error, result);
  }

  /** Returns the values of a statement's first column as the server sent them. */
  async values(fragment: Sql): Promise<(string | null)[]> {
    return (await this.rows(fragment)).map(([value]) => value as string | null);
  }

  /** Returns the rows of a statement as the server sent them. */
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
    const sent = this.send(this.request(fragment, "texts", this.#readings.byType));
    const { rows, failure } = await sent.then(undefined, (error) => this.#recover(error, sent, fragment));
    if (failure !== undefined) throw failure.error;
    return rows as unknown as (string | null)[][];
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
  async #recover(error: unknown, sent: Sent, fragment: Sql, onAgain?: (again: Sent) => void): Promise<Answer> {
    const again = sent.again?.(error);
    if (again === undefined) return this.fail(error, fragment);
    onAgain?.(again);
    return this.#limit(again).then(undefined, (error: unknown) => this.fail(error, fragment));
  }

  /**
   * Runs a statement that begins or ends a transaction or savepoint, and returns the server's tag for it, such as
   * COMMIT. If a limit is reached before the answer, nothing more runs here. A further statement would run inside the
   * open transaction, and be undone or committed with it.
   */
  async command(text: string, isLast?: boolean): Promise<string> {
    // A statement that begins a transaction was refused before. One that ends a transaction must not wait for a cursor
    // that other code has opened in the meantime.
    if (this.#held?.leaveCursor !== undefined) await this.leaveCursor();
    if (this.#closed !== undefined) throw this.#closed;
    // Not prepared, because DEALLOCATE ALL would make the next transaction fail.
    const sent = this.send(this.request(textFragment(text), "command", this.#readings.byType), isLast);
    try {
      return (await sent).rows.command;
    } catch (error) {
      if (!isServerError(error)) this.#held?.line.refuse(unanswered(text, error));
      return raise(error);
    }
  }

  /** Commits. If the answer is lost, it is unknown whether the server has committed. */
  async commit(isLast?: boolean): Promise<string> {
    if (this.#closed !== undefined) throw this.#closed;
    const held = this.#held as Held;
    held.isCommitting = true;
    try {
      return await this.command("commit", isLast);
    } catch (error) {
      const { isLost } = held.line;
      if (!isLost && isServerError(error) && !isFatal(error)) throw error;
      const isStopped = !isLost && !isServerError(error);
      throw commitUnknown(error, isStopped ? "the transaction was stopped" : undefined);
    } finally {
      if (!held.line.isLost) held.isCommitting = false;
    }
  }
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
