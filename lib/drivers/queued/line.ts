import {
  type Answer,
  ended,
  isFatal,
  isServerError,
  type Learn,
  nextTurn,
  type Reading,
  type Request,
  type ReservedLine,
  RESET,
  type Stop,
  textFragment,
} from "../../internal.js";
import { answerOf } from "./answer.js";
import type { QueuedConnection, QueuedStatement, Result } from "./driver.js";
import { fetchCursor } from "./fetch-cursor.js";
import { RESET_TO_NOW } from "./reset.js";
import { type Owner, Task } from "./task.js";

/**
 * How long a connection may take to answer a statement whose caller has left, or a request to stop one. After that it
 * is considered dead and given up.
 */
const GRACE_MS = 5_000;

const RESETS: readonly (string | null)[] = [RESET];

/** Runs statements on a connection that was taken, one after the other. */
export class QueuedLine implements ReservedLine, Owner {
  readonly #connection: QueuedConnection;
  readonly #byType: Reading;
  readonly #onReturn: () => void;
  readonly #waiting = new Set<Task>();
  /** The statement that the server works on. */
  #running: Task | undefined;
  /** When this statement is answered, the connection returns to the pool. */
  #last: Task | undefined;
  /** How many requests to stop a statement are in progress. They could stop the next one. */
  #asking = 0;
  #hasRun = false;
  /** Whether the last statement is answered. */
  #hasEnded = false;
  /** What undoes a session. */
  #reset = RESETS;
  /** The error of the first of these statements that failed. */
  #undoError: unknown;
  #isReturned = false;
  #onProgramsReturn = () => {};
  /** Whether a limit has ended the work, so nobody waits for an answer anymore. */
  #isStopped = false;
  /** Runs while nobody waits for the answer that the connection owes. */
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** Why the connection was lost. */
  #loss: { readonly error: unknown } | undefined;
  /** Why its owner can send nothing more, although the connection is open. */
  #refusal: unknown;
  #lost: Promise<never> | undefined;
  #rejectLost: ((reason: unknown) => void) | undefined;

  /** `onReturn` is called when the connection has returned to the pool, or is lost. */
  constructor(connection: QueuedConnection, byType: Reading, onReturn: () => void) {
    this.#connection = connection;
    this.#byType = byType;
    this.#onReturn = onReturn;
    connection.onLoss((error) => this.#lose(error));
  }

  get closed(): unknown {
    return this.#loss === undefined ? this.#refusal : this.#loss.error;
  }

  get isLost(): boolean {
    return this.#loss !== undefined;
  }

  get lost(): Promise<never> {
    if (this.#lost === undefined) {
      this.#lost = new Promise<never>((_resolve, reject) => {
        this.#rejectLost = reject;
        if (this.#loss !== undefined) reject(this.#loss.error);
      });
      // Prevents an unhandled rejection if nothing waits for it.
      this.#lost.catch(() => {});
    }
    return this.#lost;
  }

  returned(): Promise<void> | undefined {
    const { isOfProgram, isLocked } = this.#connection;
    if (this.#isReturned || isOfProgram !== true || isLocked === true) return undefined;
    return new Promise((resolve) => {
      this.#onProgramsReturn = resolve;
    });
  }

  send(request: Request, isLast = false): Task {
    const task = new Task(request, this);
    if (this.#refusal === undefined) this.add(task, isLast);
    else task.reject(this.closed);
    return task;
  }

  /** Remembers what the program has done on its own connection, for the reset at the end of a session. */
  async remember(): Promise<void> {
    if (this.#connection.isOfProgram !== true) return;
    const request: Request = { fragment: RESET_TO_NOW, parameters: [], reading: this.#byType, kind: "texts", wait: 0 };
    const { rows, failure } = await this.send(request);
    if (failure !== undefined) throw failure.error;
    this.#reset = (rows as unknown as [(string | null)[]])[0];
    this.#hasRun = false;
  }

  cursor(request: Request, size: number, learn: Learn): AsyncIterable<Answer> {
    return fetchCursor(this, request, size, learn, !this.#hasRun);
  }

  /** Runs a statement of the library that returns no rows. */
  command(text: string, isLast = false): Task {
    const task = new Task(
      { fragment: textFragment(text), parameters: [], reading: this.#byType, kind: "command", wait: 0 },
      this,
    );
    this.add(task, isLast);
    return task;
  }

  add(task: Task, isLast: boolean): void {
    task.owner = this;
    if (this.#loss !== undefined) task.reject(this.#loss.error);
    else if (this.#last !== undefined) task.reject(ended());
    else {
      if (isLast) this.#last = task;
      if (this.#isReady && this.#waiting.size === 0) return this.#run(task);
      this.#waiting.add(task);
    }
  }

  refuse(reason: unknown): void {
    // Nothing more is sent after the last statement anyway.
    if (this.#last !== undefined) return;
    this.#refusal ??= reason;
    for (const task of this.#waiting) this.#drop(task, reason);
  }

  release(resets: boolean): void {
    if (this.isLost || this.#last !== undefined) return;
    if (!resets && !this.#hasRun) return this.#return();
    const isIdle = this.#running === undefined && this.#waiting.size === 0 && this.#connection.isIdle === true;
    if (!resets && isIdle) return this.#return();
    const rollback = isIdle ? "" : "rollback; ";
    const texts = resets ? this.#reset.filter((text) => text !== null) : ["rollback"];
    for (const [at, text] of texts.entries()) {
      const task = this.command(resets && at === 0 ? rollback + text : text, at === texts.length - 1);
      task.undoes = resets;
      task.answer.catch(() => {});
    }
  }

  stop(task: Task, how: Stop): void {
    if (this.#waiting.has(task)) this.#drop(task, how.error("unsent"));
    else if (task === this.#running) {
      const canAsk = this.#connection.cancel !== undefined;
      if (!canAsk || !how.waits) task.reject(how.error(canAsk ? "running" : "unstoppable"));
      this.#abandon(task, how.waits);
    }
  }

  stopAll(error: unknown): void {
    this.#isStopped = true;
    for (const task of this.#waiting) this.#drop(task, error);
    if (this.#running === undefined) return;
    this.#running.reject(error);
    this.#abandon(this.#running, false);
  }

  #drop(task: Task, error: unknown): void {
    this.#waiting.delete(task);
    // The connection still has to return to the pool: `release` sends another last statement.
    if (task === this.#last) this.#last = undefined;
    task.reject(error);
  }

  /** Asks the server to stop a statement. Nothing is sent until both the request and the statement are answered. */
  #abandon(task: Task, waits: boolean): void {
    if (this.#connection.cancel === undefined) return;
    if (!waits) this.#startGrace();
    if (this.#asking > 0) return;
    let isAsked = false;
    const begin = () => {
      if (this.#running !== task || this.isLost) return false;
      this.#asking++;
      return (isAsked = true);
    };
    const after = (error?: unknown) => {
      if (isAsked) {
        this.#asking--;
        // The request may still arrive, and stop a later statement.
        if (error !== undefined && !isServerError(error)) this.#lose(error);
      }
      if (this.#running === undefined) this.#endGrace();
      this.#goOn();
    };
    // If the server cannot be asked, the statement ends on its own.
    this.#connection.cancel(begin).then(() => after(), after);
  }

  #startGrace(): void {
    if (this.isLost) return;
    this.#grace ??= setTimeout(() => this.#lose(new Error("the connection does not answer")), GRACE_MS);
  }

  #endGrace(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
  }

  /** Whether a statement can be sent now. */
  get #isReady(): boolean {
    return this.#running === undefined && this.#asking === 0 && this.#loss === undefined;
  }

  #goOn(): void {
    if (!this.#isReady) return;
    if (this.#hasEnded) return this.#finish();
    for (const task of this.#waiting) {
      this.#waiting.delete(task);
      return this.#run(task);
    }
  }

  #run(task: Task): void {
    this.#running = task;
    this.#hasRun = true;
    if (this.#isStopped && this.#connection.cancel !== undefined) this.#startGrace();
    const done = (result: Result) => {
      task.resolve(answerOf(result, task.request));
      this.#answered(task);
    };
    const failed = (error: unknown) => {
      task.reject(error);
      this.#answered(task, error);
    };
    this.#connection.run(task.request as Request & QueuedStatement, done, failed);
  }

  #answered(task: Task, error?: unknown): void {
    this.#running = undefined;
    if (this.#asking > 0) this.#startGrace();
    else if (this.#grace !== undefined) this.#endGrace();
    if (error !== undefined && !(isServerError(error) && !isFatal(error))) return this.#lose(error);
    if (task.undoes) this.#undoError ??= error;
    if (task === this.#last) this.#hasEnded = true;
    this.#goOn();
  }

  /** Returns the connection after the last statement. If what the session has changed is left, it is not used again. */
  #finish(): void {
    if (this.#undoError !== undefined) this.#lose(this.#undoError);
    else this.#return(this.#last?.undoes && this.#connection.hasSetup ? new Error("its session has ended") : undefined);
  }

  #lose(error: unknown): void {
    if (this.isLost) return;
    this.#loss = { error };
    this.#endGrace();
    for (const task of this.#waiting) task.reject(error);
    this.#waiting.clear();
    this.#return(error);
    // The statement that was lost reports its error first, one turn after the driver.
    void nextTurn()
      .then(nextTurn)
      .then(() => this.#rejectLost?.(error));
  }

  #return(broken?: unknown): void {
    if (this.#isReturned) return;
    this.#isReturned = true;
    this.#connection.release(broken);
    this.#onReturn();
    this.#onProgramsReturn();
  }
}
