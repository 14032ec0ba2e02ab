import { connectionError } from "./internals.js";

/** The first and the longest pause before connecting again to a server that refused a connection. */
const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** Decides when to connect again to a server that refuses to open a lost connection. */
export class RefusedConnections {
  /** When the server began to refuse connections. */
  #since: number | undefined;
  #pause = MIN_PAUSE_MS;
  #nextAttempt = 0;

  get areRefused(): boolean {
    return this.#since !== undefined;
  }

  /** How long to wait until the next attempt, in ms. */
  get wait(): number {
    return this.#nextAttempt - performance.now();
  }

  begin(): void {
    this.#since ??= performance.now();
  }

  end(): void {
    this.#since = undefined;
    this.#pause = MIN_PAUSE_MS;
  }

  /** Plans the next attempt, after a longer pause each time. Returns false if `limit` ms have passed. */
  plan(limit: number): boolean {
    const now = performance.now();
    this.#nextAttempt = now + this.#pause;
    this.#pause = Math.min(this.#pause * 2, MAX_PAUSE_MS);
    return now - (this.#since ?? now) < limit;
  }
}

/** The error of statements that have waited for `seconds`. */
export function refusal(seconds: number): Error {
  const message = `the server has refused to open a lost connection again for ${seconds} s`;
  return Object.assign(connectionError("CONNECT_TIMEOUT", message), { hint: "Read why in the log of the server." });
}
