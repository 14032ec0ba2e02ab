import type { ReservedLine } from "../port.js";
import { cursorOpen, sessionRequired } from "../rules/session-rules.js";
import { SmallSet } from "./small-set.js";

/** A reserved connection, and what all handles on it have to know of each other. */
export class Held {
  readonly line: ReservedLine;
  /** Ends the open cursor, whichever handle has opened it. */
  leaveCursor: (() => PromiseLike<unknown>) | undefined;
  /** Whether COMMIT was sent and not answered yet. */
  isCommitting = false;

  constructor(line: ReservedLine) {
    this.line = line;
  }
}

/** Draws that wait for the end of the tick. */
export interface PendingDraws {
  sendPending(): void;
}

/** What all handles of one pool, session, transaction or savepoint share, whatever their limits. */
export class Scope {
  /** The connection that all its statements run on; undefined for the pool. */
  readonly held: Held | undefined;
  /** Whether this is a transaction or savepoint, which fails with the error of any of its statements. */
  readonly inTransaction: boolean;
  /** The first error of a statement. The server does not commit a transaction after it. */
  failure: unknown;
  /** Whether it has ended, and others may have the connection. */
  hasEnded = false;
  readonly draws = new SmallSet<PendingDraws>();
  #inner: Promise<unknown> | undefined;

  constructor(held?: Held, inTransaction = false) {
    this.held = held;
    this.inTransaction = inTransaction;
  }

  /** Runs a transaction or savepoint here. The server keeps them on one stack, so only one can run at a time. */
  async nest<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#inner !== undefined)
      throw sessionRequired("a transaction or savepoint is open here already", "Await it first.");
    if (this.held?.leaveCursor !== undefined) throw cursorOpen();
    try {
      const inner = work();
      this.#inner = inner;
      return await inner;
    } finally {
      this.#inner = undefined;
    }
  }

  /** Waits for a transaction or savepoint that the work did not await. */
  async idle(): Promise<void> {
    await this.#inner?.catch(() => {});
  }

  /** Draws values now that were asked for in this tick, because the next statement of the session may read them. */
  sendDraws(): void {
    if (this.held !== undefined) for (const draws of this.draws) draws.sendPending();
  }
}
