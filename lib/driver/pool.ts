import type postgres from "postgres";
import { type DriverConnection, isServerError } from "./driver-connection.js";
import { type Listener, type MakeStatement, type Statement, statementMaker } from "./statement.js";
import { cancelled, Wire } from "./wire.js";

/** What statements are sent on: a pool of connections, or one that is reserved. */
export interface Line {
  /** Why nothing can be sent any more. */
  readonly closed: unknown;
  run(statement: Statement): void;
  cancel(statement: Statement): void;
}

/** Who has taken a connection out of the pool. */
export interface Owner {
  lose(error: unknown): void;
}

/** The pause before a server that refused a connection is asked again, and the longest one. */
const MIN_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

const pools = new WeakMap<object, Pool>();

/**
 * Distributes statements over the connections of a postgres.js client.
 *
 * The driver's own pool hands out connections, one statement each; what is sent behind that statement is decided here. So it is known
 * what a connection still has to answer, which `cancel` needs, and nothing fails between being queued and being sent.
 */
export class Pool implements Line, Listener {
  readonly closed = undefined;
  readonly make: MakeStatement;
  readonly #client: Pick<postgres.Sql, "unsafe" | "options">;
  readonly #waiting = new Set<Statement>();
  /** What the driver's pool was given and has not sent. */
  readonly #offered = new Set<Statement>();
  readonly #wires = new WeakMap<DriverConnection, Wire>();
  /** Connections that have something to answer. */
  readonly #carrying = new Set<Wire>();
  readonly #owned = new Map<Wire, Owner>();
  readonly #takers = new WeakMap<Statement, (wire: Wire) => Owner>();
  /** Connections that the driver may mix up with a statement of their past when it opens them again. */
  readonly #suspect = new Set<Wire>();
  #staleErrors = 0;
  /** Since when the server refuses connections, and how long to wait before the next attempt. */
  #refusedSince: number | undefined;
  #backoff = MIN_BACKOFF_MS;
  #nextAttempt = 0;

  constructor(client: Pick<postgres.Sql, "unsafe" | "options">) {
    this.#client = client;
    this.make = statementMaker(client);
  }

  static of(client: Pick<postgres.Sql, "unsafe" | "options">): Pool {
    let pool = pools.get(client);
    if (pool === undefined) pools.set(client, (pool = new Pool(client)));
    return pool;
  }

  run(statement: Statement): void {
    statement.listener = this;
    this.#waiting.add(statement);
    this.#distribute();
  }

  /** Takes the connection on which an empty statement is sent out of the pool, until `release`. */
  async reserve(take: (wire: Wire) => Owner): Promise<void> {
    for (;;) {
      const statement = this.make("", [], { simple: true, takes: true });
      let isTaken = false;
      const taken = new Promise<void>((resolve) => {
        this.#takers.set(statement, (wire) => {
          isTaken = true;
          resolve();
          return take(wire);
        });
      });
      this.run(statement);
      await Promise.race([statement, taken]);
      // Not taken if the socket was full, because the driver does not say then which connection it was.
      if (isTaken) return;
    }
  }

  /** Takes note that the driver's pool has a connection again. */
  release(wire: Wire): void {
    this.#owned.delete(wire);
    this.#distributeSoon();
  }

  cancel(statement: Statement): void {
    if (this.#waiting.delete(statement)) {
      statement.reject(cancelled(false));
    } else if (this.#offered.has(statement)) {
      // The driver's pool may be opening a connection for it, which would be forgotten without a statement.
      statement.strings = [""];
      statement.args = [];
      statement.abandon(cancelled(false));
    } else {
      const wire = statement.carrier as Wire | undefined;
      if (wire === undefined || !wire.worksOn(statement)) statement.abandon(cancelled(true));
      else void this.#cancelOn(wire, statement);
    }
  }

  async #cancelOn(wire: Wire, statement: Statement): Promise<void> {
    const { connection } = wire;
    // Otherwise the connection would go back to the driver's pool with its answer, and the request could hit the next statement.
    const hold = Object.assign(() => hold.release || connection.terminate(), { release: true });
    connection.reserved = hold;
    await Promise.all([wire.cancel(statement), statement.catch(() => {})]);
    if (connection.reserved !== hold) return;
    hold.release = false;
    const last = this.make("", [], { simple: true });
    last.listener = this;
    last.catch(() => {});
    wire.send(last);
  }

  sent(statement: Statement, connection: DriverConnection): void {
    const isOffered = this.#offered.delete(statement);
    let wire = this.#wires.get(connection);
    if (wire === undefined) this.#wires.set(connection, (wire = new Wire(connection)));
    const known = wire;
    connection.onclose = (error) => this.#lose(known, error);
    if (isOffered) {
      this.#suspect.delete(wire);
      this.#staleErrors = 0;
      this.#refusedSince = undefined;
      this.#backoff = MIN_BACKOFF_MS;
      wire.adopt(statement);
      this.#carrying.add(wire);
    }
    const take = this.#takers.get(statement);
    if (take !== undefined) {
      this.#carrying.delete(wire);
      this.#owned.set(wire, take(wire));
    }
    if (this.#waiting.size > 0) this.#distributeSoon();
  }

  settled(statement: Statement): void {
    this.#offered.delete(statement);
    const wire = statement.carrier as Wire | undefined;
    if (wire !== undefined) {
      if (statement.lost) this.#suspect.add(wire);
      wire.settle(statement);
      if (wire.size === 0 && !wire.isCancelling) this.#carrying.delete(wire);
    }
    if (this.#waiting.size > 0) this.#distributeSoon();
  }

  unsent(statement: Statement, error: unknown): boolean {
    if (!this.#offered.has(statement)) return false;
    if (this.#refusedSince !== undefined && codeOf(error) === "CONNECTION_DESTROYED") {
      this.#afterRefusal(statement);
      return true;
    }
    // The server's error for a statement that was lost with a connection reaches the first one after it is opened again.
    if (isServerError(error) && this.#suspect.size > 0 && this.#staleErrors++ <= this.#max) {
      setTimeout(() => this.#offer(statement));
      return true;
    }
    return false;
  }

  refused(statement: Statement): void {
    this.#refusedSince ??= Date.now();
    statement.carrier?.connection.terminate();
  }

  get #max(): number {
    return this.#client.options.max;
  }

  #distributeSoon(): void {
    queueMicrotask(() => this.#distribute());
  }

  /** Sends what waits, in its order: on connections of the driver's pool while it has any, then behind what is running. */
  #distribute(): void {
    for (const statement of this.#waiting) {
      if (this.#refusedSince !== undefined && this.#mustWait()) return;
      if (this.#offered.size + this.#carrying.size + this.#owned.size < this.#max) {
        this.#waiting.delete(statement);
        this.#offer(statement);
        continue;
      }
      const wire = this.#leastBusy();
      if (wire === undefined) return;
      this.#waiting.delete(statement);
      wire.send(statement);
    }
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
    // The driver does not answer what it was given between the error of a socket and its close.
    wire.lose(error);
    wire.connection.terminate();
    this.#carrying.delete(wire);
    const owner = this.#owned.get(wire);
    this.#owned.delete(wire);
    owner?.lose(error);
    this.#distributeSoon();
  }

  /** Tries again after a pause, with one connection for all that waits, until `connect_timeout` has passed. */
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

function refusal(seconds: number): Error {
  const message = `the server has refused to open a lost connection again for ${seconds} s; its log says why`;
  return Object.assign(new Error(message), { code: "CONNECT_TIMEOUT", errno: "CONNECT_TIMEOUT" });
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
