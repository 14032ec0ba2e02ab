import type postgres from "postgres";
import { isServerError } from "../../handle/errors/server-error.js";
import type { Answer } from "../../handle/port.js";
import type { Stop } from "../../handle/running/call-limits.js";
import type { Reading } from "../../handle/values/reading.js";
import { answerOf } from "./answer.js";
import { Described } from "./described.js";
import {
  type DriverConnection,
  type DriverQuery,
  type DriverQueryClass,
  isAnswer,
  isLoss,
  ownError,
  type QueryOptions,
  type Result,
} from "./internals.js";
import { hasDroppedType, hasOtherTypes, isInvalidated } from "./invalidated.js";
import { type Parameter, typesOf } from "./parameter.js";
import { PreparedTexts } from "./prepared-texts.js";
import type { Carrier, Listener, MakeStatement, Statement, StatementKind } from "./statement.js";

/** Distinguishes this copy of the library: a program can load two, which read columns by objects of their own. */
const COPY = /* @__PURE__ */ Math.random().toString(36).slice(2);

/**
 * Makes the statements of a client. They are queries of the driver's own class, with five differences that postgres.js
 * (3.4.9) needs.
 *
 * - The driver sends a new statement in two steps, because it needs the types of the parameters to write them. Our
 *   values are already written, so one step is enough (`describeFirst`).
 * - If a prepared statement has become invalid, the driver repeats it while later statements still wait for their
 *   answers, and mixes up the answers. Ours is not repeated (`retried`). Its error reaches the caller, or the handle,
 *   which sends it again itself (`again`).
 * - If the server refuses to reopen a lost connection, the driver silently tries again without a pause. Ours notices it
 *   (`describeFirst`, once `lost`).
 * - The driver chooses the parser of a column by its type alone. Ours says how each column is read (`Described`).
 * - The driver resolves with the rows alone. Ours resolves with an `Answer`.
 */
export function statementMaker(client: Pick<postgres.Sql, "unsafe">, byType: Reading): MakeStatement {
  const { handler, canceller, constructor } = client.unsafe("") as unknown as DriverQuery;
  const Query = constructor as DriverQueryClass;
  /** Keyed by the connection's process on the server, which the driver knows when it decides whether to prepare. */
  const prepared = new WeakMap<object, PreparedTexts>();

  class Options implements QueryOptions {
    statement!: OwnStatement;
    constructor(
      readonly key: string,
      readonly simple: boolean,
      readonly unprepared: boolean,
    ) {}
    get prepare(): boolean {
      const { state } = this.statement;
      if (this.simple || this.unprepared || state === null) return false;
      let texts = prepared.get(state);
      if (texts === undefined) prepared.set(state, (texts = new PreparedTexts()));
      return texts.admits(this.key);
    }
    onexecute(connection: DriverConnection): boolean {
      this.statement.flows = true;
      return this.statement.listener?.sent(this.statement, connection) === true;
    }
  }

  class OwnStatement extends Query implements Statement {
    listener: Listener | undefined = undefined;
    carrier: Carrier | undefined = undefined;
    flows = false;
    lost = false;
    loss: unknown = undefined;
    start: (() => void) | undefined = undefined;
    deadline = Infinity;
    readonly wait: number;
    take: (() => void) | undefined;
    readonly reading: Reading;
    /** The text, and what else makes it another statement for the server. */
    readonly key: string;
    readonly onlyDescribe: boolean;
    declare nativeResolve: (answer: Answer) => void;
    declare nativeReject: (reason: unknown) => void;
    declare ownSignature: string;

    constructor(
      text: string,
      parameters: readonly Parameter[],
      { simple, unprepared, take, wait, reading = byType, raw, describes }: StatementKind,
    ) {
      const kind = reading.key + typesOf(parameters);
      const key = kind === "" ? text : `${kind} ${text}`;
      const options = new Options(key, simple, unprepared);
      super([text], parameters, handler, canceller, options);
      options.statement = this;
      this.key = key;
      this.take = take;
      this.wait = wait;
      this.reading = reading;
      this.onlyDescribe = describes;
      this.executed = true;
      if (raw) this.isRaw = true;
    }

    stop(how: Stop): void {
      this.listener?.stop(this, how);
    }

    again(error: unknown): Statement | undefined {
      return isInvalidated(error, this) ? this.listener?.again?.(this) : undefined;
    }

    /** The driver calls it each time a caller begins to wait for the statement. */
    handle(): void {
      const { start } = this;
      if (start === undefined) return;
      this.start = undefined;
      this.executed = true;
      start();
    }

    abandon(error: unknown): void {
      const { active } = this;
      this.nativeReject(error);
      // The connection is still waiting for the statement.
      this.active = active;
    }

    neutralize(error: unknown): void {
      this.strings = [""];
      this.args = [];
      this.take = undefined;
      this.abandon(error);
    }

    get describeFirst(): boolean {
      // The driver reads this for a lost statement only if the server sends an error while the connection is reopened.
      if (this.lost) this.listener?.refused(this);
      const { statement } = this;
      // The driver reads this before it sends the statement, for the first time right after it has made the object.
      if (statement !== null && !(statement instanceof Described) && !this.options.simple)
        this.statement = new Described(statement, this.reading);
      return this.onlyDescribe;
    }
    set describeFirst(_value: boolean) {}

    /**
     * The key under which a connection finds a prepared statement again. The client's own statements, and those of
     * another copy of the library, are read differently, so they must not share it.
     */
    get signature(): string {
      return this.ownSignature;
    }
    set signature(signature: string | false) {
      const renewal = this.state ? (prepared.get(this.state)?.renewalOf(this.key) ?? 0) : 0;
      const key = `\0${COPY}\0${renewal}\0${this.reading?.key ?? ""}${signature}`;
      this.ownSignature = signature === false ? "" : key;
    }

    /** The driver has forgotten the invalid prepared statement, and would send this one again. */
    set retried(error: unknown) {
      this.cancelled = true;
      this.reject(error);
    }

    /** `addOrigin` adds the line of the program to errors. The driver would keep one for each statement that fails. */
    get origin(): string {
      return "";
    }

    get resolve(): (result: never) => void {
      return resolve;
    }
    set resolve(native: (answer: Answer) => void) {
      this.nativeResolve = native;
    }

    get reject() {
      return reject;
    }
    set reject(native: (reason: unknown) => void) {
      this.nativeReject = native;
    }
  }

  function resolve(this: OwnStatement, result: Result): void {
    // The columns are known before the server is ready for another statement.
    if (this.onlyDescribe && (result as unknown) === this.statement) return;
    if (this.state !== null && !this.prepare) prepared.get(this.state)?.settle(this.key, true);
    this.nativeResolve(answerOf(result, this));
    this.listener?.settled(this);
  }

  function reject(this: OwnStatement, error: unknown): void {
    if (this.state === null && this.listener?.unsent(this, error) === true) return;
    const isRead = this.cursorFn !== undefined || (this.onlyDescribe && this.state !== null);
    if (isRead && !isAnswer(error) && !isLoss(error)) {
      // A parser, transform or hook of the client threw. The driver then ends the cursor or its description too early,
      // and each further end hits the next statement. So the connection is closed, and there is no next statement.
      this.cursorFn = undefined;
      this.carrier?.close(error);
    }
    if (this.state !== null && isLoss(error)) {
      this.lost = true;
      this.cursorFn = undefined;
      prepared.delete(this.state);
      // A transform or hook of the client can also throw an operating system error. The connection is then still open.
      if (typeof (error as { errno?: unknown }).errno === "number") this.carrier?.close();
    }
    if (this.state !== null && isServerError(error)) {
      const texts = prepared.get(this.state);
      // The driver does not forget such a statement by itself, and it would fail again and again.
      if (!this.prepare) texts?.settle(this.key, false);
      else if (hasDroppedType(error)) texts?.renew(this.key);
      else if (this.prepared && hasOtherTypes(error)) texts?.doubt(this.key);
    }
    if (this.statement instanceof Described) this.statement.takeFailure();
    const own = isServerError(error) ? error : ownError(error);
    if (this.lost) this.loss ??= own;
    this.nativeReject(own);
    this.listener?.settled(this, error);
  }

  return (text, parameters, kind) => new OwnStatement(text, parameters, kind);
}
