import type postgres from "postgres";
import { NextvalError } from "../../errors.js";
import { type Settings, type Stop, watch } from "../../handle/call-limits.js";
import { isServerError } from "../../handle/server-error.js";
import { connectionError, type DriverConnection } from "./internals.js";
import { type Listener, type MakeStatement, type Statement, statementMaker } from "./statement.js";
import { Wire } from "./wire.js";

/** What statements are sent on: a pool of connections, or one that is reserved. */
export interface Line {
  /** Why nothing can be sent any more. */
  readonly closed: unknown;
  run(statement: Statement): void;
  /** Stops a statement before its answer. */
  stop(statement: Statement, stop: Stop): void;
}

/** The owner of a connection that was taken out of the pool. */
export interface Owner {
  lose(error: unknown): void;
}

/** The first and the longest pause before a server that refused a connection is asked again. */
const MIN_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/** How much longer a statement waits if the driver may be opening a connection for it. */
const CONNECT_MARGIN_MS = 1_000;

const pools = new WeakMap<object, Pool>();

/**
 * Distributes statements over the connections of a postgres.js client.
 *
 * The driver's own pool hands out connections, one statement each. This pool decides what is sent after that statement. So it knows what a
 * connection still has to answer, which `cancel` needs, and no statement fails between being queued and being sent.
 */
export class Pool implements Line, Listener {
  readonly closed = undefined;
  readonly make: MakeStatement;
  readonly #client: Pick<postgres.Sql, "unsafe" | "options">;
  readonly #max: number;
  readonly #waiting = new Set<Statement>();
  /** Statements that the driver's pool was given and has not sent. */
  readonly #offered = new Set<Statement>();
  readonly #wires = new WeakMap<DriverConnection, Wire>();
  /** Connections that have statements to answer. */
  readonly #carrying = new Set<Wire>();
  readonly #owned = new Map<Wire, Owner>();
  /** How many statements could not be sent in a row because of what their connection went through: one for each connection at most. */
  #unsentInARow = 0;
  /** Since when the server refuses connections, and how long to wait before the next attempt. */
  #refusedSince: number | undefined;
  #backoff = MIN_BACKOFF_MS;
  #nextAttempt = 0;
  /** Runs while statements wait to be sent. */
  #clock: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Pick<postgres.Sql, "unsafe" | "options">) {
    this.#client = client;
    this.#max = client.options.max;
    this.make = statementMaker(client);
  }

  static of(client: Pick<postgres.Sql, "unsafe" | "options">): Pool {
    let pool = pools.get(client);
    if (pool === undefined) pools.set(client, (pool = new Pool(client)));
    return pool;
  }

  /** Without pipelining the driver does not say which connection a statement was sent on. */
  get cannotReserve(): boolean {
    return (this.#client.options as { max_pipeline?: number }).max_pipeline === 0;
  }

  run(statement: Statement): void {
    statement.listener = this;
    if (this.#waiting.size > 0 || !this.#send(statement)) this.#waiting.add(statement);
    else if (!this.#offered.has(statement)) return;
    if (statement.wait > 0) this.#expect(statement);
  }

  /** Sends an empty statement, and takes its connection out of the pool until `release`. */
  async reserve(own: (wire: Wire, answered: Promise<void>) => Owner, { limits, wait }: Settings): Promise<void> {
    for (;;) {
      let isTaken = false;
      await new Promise<unknown>((resolve, reject) => {
        const take = () => {
          const wire = statement.carrier as Wire;
          isTaken = true;
          this.#carrying.delete(wire);
          const ignore = () => {};
          this.#owned.set(wire, own(wire, statement.then(ignore, ignore)));
          resolve(undefined);
        };
        const statement = this.make("", [], { simple: true, take, wait: 2 * wait });
        this.run(statement);
        if (limits !== undefined) {
          const unwatch = watch(limits, "the wait for a connection", (how) => isTaken || this.stop(statement, how));
          statement.then(unwatch, unwatch);
        }
        statement.then(resolve, reject);
      });
      // Not taken if the socket was full, because the driver does not say then which connection it was.
      if (isTaken) return;
    }
  }

  /** Notes that the driver's pool has a connection again. The driver may already have given it to another owner. */
  release(wire: Wire, owner: Owner): void {
    if (this.#owned.get(wire) === owner) this.#owned.delete(wire);
    this.#distributeSoon();
  }

  stop(statement: Statement, stop: Stop): void {
    if (this.#waiting.delete(statement)) statement.abandon(stop.error("unsent"));
    else if (this.#isUnsent(statement)) neutralize(statement, stop.error("unsent"));
    else if (statement.carrier === undefined) statement.abandon(stop.error("together"));
    else {
      const wire = statement.carrier as Wire;
      const asked = wire.stop(statement, stop);
      if (asked !== undefined) void this.#holdDuring(asked, wire);
    }
  }

  /** Keeps the connection from the driver's pool until the request is answered, because it could hit the next statement. */
  async #holdDuring(asked: Promise<void>, wire: Wire): Promise<void> {
    const { connection } = wire;
    let isAsked = true;
    let isAnswered = false;
    const giveBack = () => {
      if (isAsked || !isAnswered || connection.reserved !== hold) return;
      hold.release = false;
      const last = this.make("", [], { simple: true });
      last.listener = this;
      last.catch(() => {});
      wire.send(last);
    };
    const onAnswer = () => {
      // It would have gone back, were the server not in a transaction.
      if (!hold.release) wire.close();
      isAnswered = true;
      giveBack();
    };
    const hold = Object.assign(onAnswer, { release: true });
    connection.reserved = hold;
    await asked;
    isAsked = false;
    giveBack();
  }

  sent(statement: Statement, connection: DriverConnection): void {
    const isOffered = this.#offered.delete(statement);
    let wire = this.#wires.get(connection);
    if (wire === undefined) {
      const made: Wire = new Wire(connection, (error) => this.#lose(made, error));
      this.#wires.set(connection, (wire = made));
    }
    connection.onclose = wire.onClose;
    if (isOffered) {
      this.#unsentInARow = 0;
      this.#refusedSince = undefined;
      this.#backoff = MIN_BACKOFF_MS;
      wire.adopt(statement);
      this.#carrying.add(wire);
    }
    statement.take?.();
    this.#goOn();
  }

  settled(statement: Statement): void {
    this.#offered.delete(statement);
    const wire = statement.carrier as Wire | undefined;
    if (wire !== undefined) {
      wire.settle(statement);
      if (wire.size === 0 && !wire.isCancelling) this.#carrying.delete(wire);
    }
    this.#goOn();
  }

  unsent(statement: Statement, error: unknown): boolean {
    if (!this.#offered.has(statement)) return false;
    if (this.#refusedSince !== undefined && codeOf(error) === "CONNECTION_DESTROYED") {
      this.#afterRefusal(statement);
      return true;
    }
    // The server's error for a statement that was lost with a connection, perhaps one of the client's own, reaches the first one after
    // it is opened again. The driver has put the text of the lost one on it.
    const isOfAnother = isServerError(error) && "query" in error && typeof error.query === "string";
    // The driver may choose a connection that was ended and is not closed yet.
    const isEnded = codeOf(error) === "CONNECTION_DESTROYED";
    if ((isOfAnother || isEnded) && this.#unsentInARow++ <= this.#max) {
      setTimeout(() => this.#offer(statement));
      return true;
    }
    return false;
  }

  refused(statement: Statement): void {
    this.#refusedSince ??= Date.now();
    statement.carrier?.connection.terminate();
  }

  #goOn(): void {
    if (this.#waiting.size > 0) this.#distributeSoon();
    else if (this.#clock !== undefined && this.#offered.size === 0) this.#stopClock();
  }

  #distributeSoon(): void {
    queueMicrotask(() => this.#distribute());
  }

  /** Notes until when a statement waits to be sent. */
  #expect(statement: Statement): void {
    statement.deadline = Date.now() + statement.wait;
    this.#clock ??= setTimeout(() => this.#giveUp(), statement.wait);
  }

  /** The driver does not tell that it has sent a statement that filled the socket. */
  #isUnsent(statement: Statement): boolean {
    return this.#offered.has(statement) && statement.state === null;
  }

  #stopClock(): void {
    clearTimeout(this.#clock);
    this.#clock = undefined;
  }

  /** Fails statements that have waited too long. They were never sent. */
  #giveUp(): void {
    this.#stopClock();
    const now = Date.now();
    let next = Infinity;
    for (const statement of [...this.#waiting, ...this.#offered]) {
      const isOffered = this.#offered.has(statement);
      if (isOffered && !this.#isUnsent(statement)) continue;
      // The driver fails by itself if it cannot connect.
      const deadline = statement.deadline + (isOffered ? CONNECT_MARGIN_MS : 0);
      if (deadline > now) next = Math.min(next, deadline);
      else {
        statement.deadline = Infinity;
        const error = exhausted(statement.wait, this.#owned.size, this.#max);
        if (isOffered) neutralize(statement, error);
        else {
          this.#waiting.delete(statement);
          statement.abandon(error);
        }
      }
    }
    if (next < Infinity) this.#clock = setTimeout(() => this.#giveUp(), next - now);
  }

  /** Sends the statements that wait, in their order. */
  #distribute(): void {
    for (const statement of this.#waiting) {
      if (!this.#send(statement)) return;
      this.#waiting.delete(statement);
    }
  }

  /** Sends a statement on a free connection of the driver's pool, or else after those that run on the least busy one. */
  #send(statement: Statement): boolean {
    if (this.#refusedSince !== undefined && this.#mustWait()) return false;
    if (this.#offered.size + this.#carrying.size + this.#owned.size < this.#max) {
      this.#offer(statement);
      return true;
    }
    const wire = this.#leastBusy();
    wire?.send(statement);
    return wire !== undefined;
  }

  /** A server that refuses connections is asked by one statement at a time, with pauses. */
  #mustWait(): boolean {
    if (this.#offered.size > 0) return true;
    const pause = this.#nextAttempt - Date.now();
    if (pause > 0) setTimeout(() => this.#distribute(), pause);
    return pause > 0;
  }

  #offer(statement: Statement): void {
    this.#offered.add(statement);
    statement.handler(statement);
  }

  #leastBusy(): Wire | undefined {
    let least: Wire | undefined;
    for (const wire of this.#carrying) {
      if (wire.takesMore && (least === undefined || wire.size < least.size)) least = wire;
    }
    return least;
  }

  #lose(wire: Wire, error: unknown): void {
    this.#carrying.delete(wire);
    this.#owned.get(wire)?.lose(error);
    this.#owned.delete(wire);
    // The driver does not answer what it was given between the error of a socket and its close.
    wire.lose(error);
    wire.connection.terminate();
    this.#distributeSoon();
  }

  /** Tries again after a pause, with one connection for all statements that wait, until `connect_timeout` has passed. */
  #afterRefusal(statement: Statement): void {
    const seconds = (this.#client.options.connect_timeout as number) || 30;
    const now = Date.now();
    this.#nextAttempt = now + this.#backoff;
    this.#backoff = Math.min(this.#backoff * 2, MAX_BACKOFF_MS);
    if (now - (this.#refusedSince ?? now) < seconds * 1_000) {
      setTimeout(() => this.#offer(statement), this.#nextAttempt - now);
      return;
    }
    this.#offered.delete(statement);
    for (const each of [statement, ...this.#waiting]) {
      this.#waiting.delete(each);
      each.abandon(refusal(seconds));
    }
  }
}

/** Makes a statement do nothing. It still has to run, because the driver may be opening a connection for it that it would then forget. */
function neutralize(statement: Statement, error: unknown): void {
  statement.strings = [""];
  statement.args = [];
  statement.take = undefined;
  statement.abandon(error);
}

function exhausted(wait: number, owned: number, max: number): NextvalError {
  const problem =
    `no connection was free for ${wait / 1_000} s: transactions and sessions of this client hold ${owned} of its ${max}; ` +
    "inside db.begin use the transaction's own handle, and draw from an allocator before it";
  return new NextvalError("POOL_EXHAUSTED", problem);
}

function refusal(seconds: number): Error {
  const message = `the server has refused to open a lost connection again for ${seconds} s; its log says why`;
  return connectionError("CONNECT_TIMEOUT", message);
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
