import type { Decode } from "../../sql/expression.js";
import { Sql } from "../../sql/fragment.js";
import { Draws } from "../drawing/draws.js";
import { raise } from "../errors/lost-answer.js";
import { addHint } from "../errors/parameter-hint.js";
import { translate } from "../errors/translate-error.js";
import type { Answer, AnswerRows, Learn, Line, Port, Request, Sent } from "../port.js";
import { kindOf } from "../rules/first-words.js";
import { cursorOpen, ended, sequenceMarksOf, statementRefusal } from "../rules/session-rules.js";
import { finishRows } from "../values/finish-rows.js";
import type { Column, Readings } from "../values/reading.js";
import { writeValues } from "../values/write-values.js";
import { abortedBy, type Limits, mergedLimits, type Settings, type Stop, watch } from "./call-limits.js";
import { readBatches } from "./cursor.js";
import type { Rows } from "./rows.js";
import { Held, Scope } from "./scope.js";

/** A statement that was started. */
export interface Running<Row> {
  readonly rows: Promise<Rows<Row>>;
  /** Stops the statement before its answer. */
  stop(how: Stop): void;
}

/** The ports of clients that have run a statement that changes the role. It may have changed for any connection. */
const changedRoles = new WeakSet<Port>();

/** Runs the statements of a handle, on a pool or on the one connection of a session or transaction. */
export class Connection {
  readonly #port: Port;
  readonly #readings: Readings;
  readonly settings: Settings;
  readonly scope: Scope;
  /** Draws values on this pool or connection. */
  readonly draws: Draws;

  constructor(port: Port, settings: Settings, scope = new Scope()) {
    this.#port = port;
    this.#readings = port.readings(settings.int8);
    this.settings = settings;
    this.scope = scope;
    this.draws = new Draws(this, scope.draws);
  }

  /** Returns a connection with the same settings and another scope. */
  within(scope: Scope): Connection {
    return new Connection(this.#port, this.settings, scope);
  }

  /** Returns the same connection, for a transaction or savepoint with its own record of failures. */
  nested(): Connection {
    return this.within(new Scope(this.scope.held, true));
  }

  /** Returns the same connection, with other settings. */
  configured(settings: Settings): Connection {
    return new Connection(this.#port, settings, this.scope);
  }

  /** Returns the same connection, with limits on its calls. */
  limited(limits: Limits): Connection {
    return this.configured({ ...this.settings, limits: mergedLimits(this.settings.limits, limits) });
  }

  /** Whether it is a pool, so each statement may run on any connection. */
  get isPool(): boolean {
    return this.scope.held === undefined;
  }

  /** Takes a connection out of the pool. `what` is the function that needs it, such as `begin`. */
  async reserve(what: string, settings: Settings): Promise<Held> {
    return new Held(await this.#port.reserve(what, settings));
  }

  /** Returns a connection that only a cursor uses, and a function that returns it to the pool. */
  async lease(): Promise<[Connection, () => Promise<void> | undefined]> {
    if (this.scope.held !== undefined) return [this, () => undefined];
    const held = await this.reserve("cursor()", this.settings);
    const release = () => {
      held.line.release(false);
      return held.line.returned?.();
    };
    return [this.within(new Scope(held)), release];
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
    const { held } = this.scope;
    const open = (): (() => void) => {
      if (held === undefined) return () => {};
      this.scope.sendDraws();
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
    return (this.scope.held as Held).line.cursor(this.request(fragment, "rows"), size, learn);
  }

  /** Makes the request for a statement, with its values written. Sends nothing. */
  request(fragment: Sql, kind: Request["kind"]): Request {
    const parameters = writeValues(fragment, this.#port.writer);
    const reading = this.#readings.of(Sql.shapeOf(fragment));
    return { fragment, parameters, reading, kind, wait: this.settings.wait };
  }

  /** Sends a statement and watches its limits. After the last statement the connection returns to the pool. */
  send(request: Request, isLast?: boolean): Sent {
    this.scope.sendDraws();
    return this.#limit(this.#line.send(request, isLast));
  }

  #limit(sent: Sent): Sent {
    const { limits } = this.settings;
    if (limits === undefined) return sent;
    const unwatch = watch(limits, "the statement", (how) => sent.stop(how));
    sent.then(unwatch, unwatch);
    return sent;
  }

  get #line(): Line {
    return this.scope.held?.line ?? this.#port.pool;
  }

  /** Why nothing can be sent here anymore, or undefined. */
  get closed(): unknown {
    return this.#line.closed ?? (this.scope.hasEnded ? ended() : undefined);
  }

  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown {
    const closed = this.closed;
    if (closed !== undefined) return closed;
    const reason = abortedBy(this.settings.limits?.signal);
    if (reason !== undefined) return reason;
    const { held, inTransaction } = this.scope;
    if (held?.leaveCursor !== undefined) return cursorOpen();
    const kind = kindOf(fragment.text);
    if (kind.changesRole) changedRoles.add(this.#port);
    const handle = held === undefined ? "pool" : inTransaction ? "transaction" : "session";
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
    const isOver = this.closed !== undefined;
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
    this.scope.failure ??= result;
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
    const sent = this.send(this.request(fragment, "texts"));
    const { rows, failure } = await sent.then(undefined, (error) => this.#recover(error, sent, fragment));
    if (failure !== undefined) throw failure.error;
    const texts: unknown[] = rows;
    return texts as (string | null)[][];
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
}

function failed<Row>(error: unknown): Running<Row> {
  return { rows: Promise.reject(error), stop() {} };
}
