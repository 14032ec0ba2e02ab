import type postgres from "postgres";
import { exhausted } from "../../handle/errors/exhausted.js";
import { isServerError } from "../../handle/errors/server-error.js";
import type { Line, Request } from "../../handle/port.js";
import { type Settings, type Stop, watch } from "../../handle/running/call-limits.js";
import { SmallSet } from "../../handle/running/small-set.js";
import type { Reading } from "../../handle/values/reading.js";
import { type DriverConnection, isDestroyed } from "./internals.js";
import type { Parameter } from "./parameter.js";
import { refusal, RefusedConnections } from "./refused-connections.js";
import { statementMaker } from "./statement-maker.js";
import { type Listener, makeOf, type MakeStatement, PLAIN, type Statement } from "./statement.js";
import { type Owner, Wire } from "./wire.js";

/** How much longer a statement waits while the driver may be opening a connection for it. */
const CONNECT_MARGIN_MS = 1_000;

/**
 * Distributes statements over the connections of a postgres.js client.
 *
 * The driver's own pool assigns one statement to each connection. This pool decides what is sent after that statement.
 * So it knows what a connection still has to answer, which `cancel` needs, and no statement fails between being queued
 * and being sent.
 */
export class Pool implements Line, Listener {
  readonly closed = undefined;
  readonly make: MakeStatement;
  readonly #options: postgres.ParsedOptions;
  readonly #max: number;
  readonly #waiting = new Set<Statement>();
  /** Statements that the driver's pool has received and not sent yet. */
  readonly #offered = new SmallSet<Statement>();
  readonly #wires = new WeakMap<DriverConnection, Wire>();
  /** Connections with unanswered statements. */
  readonly #carrying = new SmallSet<Wire>();
  readonly #owned = new Map<Wire, Owner>();
  /**
   * How many statements in a row could not be sent because of the earlier fate of their connection. There is at most
   * one for each connection.
   */
  #unsentInARow = 0;
  readonly #connections = new RefusedConnections();
  /** Runs while statements wait to be sent, until the first of their deadlines. */
  #clock: ReturnType<typeof setTimeout> | undefined;
  #clockEnd = Infinity;

  constructor(client: Pick<postgres.Sql, "unsafe" | "options">, byType: Reading) {
    this.#options = client.options;
    this.#max = client.options.max;
    this.make = statementMaker(client, byType);
  }

  /** Whether connections cannot be reserved. Without pipelining the driver does not report which connection it used. */
  get cannotReserve(): boolean {
    return (this.#options as { max_pipeline?: number }).max_pipeline === 0;
  }

  send(request: Request): Statement {
    const statement = makeOf(this.make, request);
    this.run(statement);
    return statement;
  }

  again({ strings: [text = ""], args, reading, isRaw = false, wait }: Statement): Statement {
    const statement = this.make(text, args as readonly Parameter[], {
      ...PLAIN,
      unprepared: true,
      reading,
      raw: isRaw,
      wait,
    });
    this.run(statement);
    return statement;
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
        const statement = this.make("", [], { ...PLAIN, simple: true, take, wait: 2 * wait });
        this.run(statement);
        if (limits !== undefined) {
          const unwatch = watch(limits, "the wait for a connection", (how) => isTaken || this.stop(statement, how));
          statement.then(unwatch, unwatch);
        }
        statement.then(resolve, reject);
      });
      // If the socket was full, no connection was taken, because the driver does not report which one it used.
      if (isTaken) return;
    }
  }

  /** Records that the driver's pool has a connection again. The driver may already have given it to another owner. */
  release(wire: Wire, owner: Owner): void {
    if (this.#owned.get(wire) === owner) this.#owned.delete(wire);
    this.#distributeSoon();
  }

  stop(statement: Statement, stop: Stop): void {
    if (this.#waiting.delete(statement)) statement.abandon(stop.error("unsent"));
    else if (this.#isUnsent(statement)) statement.neutralize(stop.error("unsent"));
    else if (statement.carrier === undefined) statement.abandon(stop.error("together"));
    else {
      const wire = statement.carrier as Wire;
      const asked = wire.stop(statement, stop);
      if (asked === undefined) return;
      void wire.holdDuring(asked, () => {
        const last = this.make("", [], { ...PLAIN, simple: true });
        last.listener = this;
        last.catch(() => {});
        return last;
      });
    }
  }

  sent(statement: Statement, connection: DriverConnection): false {
    const isOffered = this.#offered.delete(statement);
    let wire = this.#wires.get(connection);
    if (wire === undefined) {
      const made: Wire = new Wire(connection, (error) => this.#lose(made, error));
      this.#wires.set(connection, (wire = made));
    }
    connection.onclose = wire.onClose;
    if (isOffered) {
      this.#unsentInARow = 0;
      this.#connections.end();
      wire.adopt(statement);
      if (!this.#carrying.has(wire)) this.#carrying.add(wire);
    }
    statement.take?.();
    this.#goOn();
    return false;
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
    if (this.#connections.areRefused && isDestroyed(error)) {
      this.#afterRefusal(statement);
      return true;
    }
    // The server's error for a statement that was lost with a connection can reach the first statement after it is
    // reopened. The lost statement may even be the client's own. The driver has put the text of the lost statement on
    // the error.
    const isOfAnother = isServerError(error) && "query" in error && typeof error.query === "string";
    // The driver may choose a connection that is ending and not closed yet.
    const isEnded = isDestroyed(error);
    if ((isOfAnother || isEnded) && this.#unsentInARow++ <= this.#max) {
      setTimeout(() => this.#offer(statement));
      return true;
    }
    return false;
  }

  refused(statement: Statement): void {
    this.#connections.begin();
    statement.carrier?.connection.terminate();
  }

  #goOn(): void {
    if (this.#waiting.size > 0) this.#distributeSoon();
    else if (this.#clockEnd < Infinity && this.#offered.size === 0) this.#stopClock();
  }

  #distributeSoon(): void {
    queueMicrotask(() => this.#distribute());
  }

  /** Records the deadline of a statement that waits to be sent. */
  #expect(statement: Statement): void {
    statement.deadline = performance.now() + statement.wait;
    this.#startClock(statement.deadline);
  }

  #startClock(end: number): void {
    if (end >= this.#clockEnd) return;
    clearTimeout(this.#clock);
    this.#clockEnd = end;
    this.#clock = setTimeout(() => this.#giveUp(), end - performance.now());
  }

  /** Whether a statement was not sent. The driver does not report a statement that filled the socket. */
  #isUnsent(statement: Statement): boolean {
    return this.#offered.has(statement) && statement.state === null;
  }

  #stopClock(): void {
    clearTimeout(this.#clock);
    this.#clockEnd = Infinity;
  }

  /** Rejects statements that have waited too long. They were never sent. */
  #giveUp(): void {
    this.#stopClock();
    const now = performance.now();
    let next = Infinity;
    for (const statement of [...this.#waiting, ...this.#offered]) {
      const isOffered = this.#offered.has(statement);
      if (isOffered && !this.#isUnsent(statement)) continue;
      // The driver itself fails if it cannot connect.
      const deadline = statement.deadline + (isOffered ? CONNECT_MARGIN_MS : 0);
      if (deadline > now) next = Math.min(next, deadline);
      else {
        statement.deadline = Infinity;
        const reserved = this.#owned.size;
        const isUsed = reserved > 0 || this.#carrying.size > 0;
        const error = exhausted(statement.wait, { max: this.#max, reserved, isUsed });
        if (isOffered) statement.neutralize(error);
        else {
          this.#waiting.delete(statement);
          statement.abandon(error);
        }
      }
    }
    this.#startClock(next);
  }

  /** Sends the waiting statements, in order. */
  #distribute(): void {
    for (const statement of this.#waiting) {
      if (!this.#send(statement)) return;
      this.#waiting.delete(statement);
    }
  }

  /**
   * Sends a statement on a free connection of the driver's pool, or else after the statements of the least busy
   * connection.
   */
  #send(statement: Statement): boolean {
    if (this.#connections.areRefused && this.#mustWait()) return false;
    if (this.#offered.size + this.#carrying.size + this.#owned.size < this.#max) {
      this.#offer(statement);
      return true;
    }
    const wire = this.#leastBusy();
    wire?.send(statement);
    return wire !== undefined;
  }

  /**
   * Whether a statement has to wait. If the server refuses connections, only one statement at a time tries, with
   * pauses.
   */
  #mustWait(): boolean {
    if (this.#offered.size > 0) return true;
    const pause = this.#connections.wait;
    if (pause > 0) setTimeout(() => this.#distribute(), pause);
    return pause > 0;
  }

  #offer(statement: Statement): void {
    if (!this.#offered.has(statement)) this.#offered.add(statement);
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
    // The driver never answers statements that it received between the error and the close of a socket.
    wire.lose(error);
    wire.connection.terminate();
    this.#distributeSoon();
  }

  /** Tries again after a pause, with one connection for all waiting statements, until `connect_timeout` has passed. */
  #afterRefusal(statement: Statement): void {
    const seconds = (this.#options.connect_timeout as number) || 30;
    if (this.#connections.plan(seconds * 1_000)) {
      setTimeout(() => this.#offer(statement), this.#connections.wait);
      return;
    }
    this.#offered.delete(statement);
    for (const each of [statement, ...this.#waiting]) {
      this.#waiting.delete(each);
      each.abandon(refusal(seconds));
    }
  }
}
