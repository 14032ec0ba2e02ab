import { NextvalError, type Sql } from "../../index.js";
import {
  type Answer,
  type Host,
  type Learn,
  type Reading,
  type Request,
  type ReservedLine,
  type Stop,
  textFragment,
} from "../../internal.js";
import { fetchCursor } from "../queued/fetch-cursor.js";
import { type Owner, Task } from "../queued/task.js";
import { Turns } from "../queued/turns.js";
import { answerOf } from "./read-rows.js";
import { serverErrorIn } from "./server-error.js";
import { hostFragment } from "./statement.js";

/** Runs a fragment through a host. Returns its rows, or an object with `rows`. */
export type RunFragment = (fragment: Sql) => PromiseLike<unknown>;

/** Runs statements through a host: in a transaction one after the other, else whenever they come. */
export class HostLine implements ReservedLine, Owner, Host {
  readonly closed = undefined;
  readonly isLost = false;
  readonly lost = new Promise<never>(() => {});
  readonly #run: RunFragment;
  readonly #byType: Reading;
  readonly #turns: Turns | undefined;
  readonly #unsent = new Set<Task>();
  readonly #serverErrors = new WeakMap<object, unknown>();

  constructor(run: RunFragment, byType: Reading, inTransaction: boolean) {
    this.#run = run;
    this.#byType = byType;
    this.#turns = inTransaction ? new Turns(run) : undefined;
  }

  send(request: Request): Task {
    const task = new Task(request, this);
    this.#unsent.add(task);
    void this.#start(task);
    return task;
  }

  command(text: string): Task {
    const command = { fragment: textFragment(text), parameters: [], reading: this.#byType, wait: 0 };
    const request: Request = { ...command, kind: "command" };
    if (text.startsWith("close")) return this.send(request);
    // A cursor begins a transaction only if there is none.
    const task = new Task(request, this);
    task.reject(new NextvalError("TRANSACTION_REQUIRED", "cursor needs a transaction, which the library has to begin"));
    return task;
  }

  async #start(task: Task): Promise<void> {
    const end = await this.#turns?.take();
    try {
      if (this.#unsent.delete(task)) await this.#finish(task);
    } finally {
      end?.();
    }
  }

  async #finish({ request, resolve, reject }: Task): Promise<void> {
    let text = "";
    try {
      const fragment = hostFragment(request);
      text = fragment.text;
      const answer = answerOf(await this.#run(fragment), request);
      resolve(answer);
      if (answer.failure !== undefined) this.#dropWaiting(answer.failure.error);
    } catch (error) {
      const found = serverErrorIn(error, text);
      if (found !== undefined) this.#serverErrors.set(error as object, found);
      reject(error);
      this.#dropWaiting(error);
    }
  }

  /**
   * After a failure the host rolls back. Statements of the transaction that still wait for their turn would be sent
   * after that, and be committed on their own, or in the next transaction of the connection.
   */
  #dropWaiting(cause: unknown): void {
    if (this.#turns === undefined) return;
    const problem = "the statement was not sent, because another one of its transaction has failed";
    for (const task of this.#unsent) task.reject(new NextvalError("TRANSACTION_FAILED", problem, { cause }));
    this.#unsent.clear();
  }

  serverError(error: unknown): unknown {
    return this.#serverErrors.get(error as object);
  }

  stop(task: Task, how: Stop): void {
    const error = how.error(this.#unsent.delete(task) ? "unsent" : "unstoppable");
    task.reject(error);
    // Whoever cancels a single statement goes on. A limit that was reached is a failure.
    if (!how.waits) this.#dropWaiting(error);
  }

  cursor(request: Request, size: number, learn: Learn): AsyncIterable<Answer> {
    return fetchCursor(this, request, size, learn, false);
  }

  // The host has the transactions, so none of these is called.
  refuse(): void {}
  stopAll(): void {}
  release(): void {}
}
