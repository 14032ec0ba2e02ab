import { exhausted, type Use } from "../../internal.js";

/** A wait for a connection. It ends once: with a connection, with an error, or when it is given up. */
export interface Wait {
  /** How long it may take, in ms; 0 is forever. */
  readonly ms: number;
  deadline: number;
  giveUp(error: unknown): void;
}

/** A timer, which in Node.js keeps the process from ending unless it is told not to. */
type Timer = ReturnType<typeof setTimeout> & { ref?(): void; unref?(): void };

/** Gives up waits that take too long. One timer serves all, because starting one for each statement takes too long. */
export class Waits {
  readonly #waits = new Set<Wait>();
  readonly #use: () => Use;
  #timer: Timer | undefined;
  #next = Infinity;

  /** `use` tells how many connections are in use, for the error. */
  constructor(use: () => Use) {
    this.#use = use;
  }

  add(wait: Wait): void {
    if (wait.ms === 0) return;
    wait.deadline = Date.now() + wait.ms;
    if (this.#waits.size === 0) this.#timer?.ref?.();
    this.#waits.add(wait);
    if (wait.deadline < this.#next) this.#start(wait.deadline);
  }

  delete(wait: Wait): void {
    // The timer goes on, for the next wait.
    if (this.#waits.delete(wait) && this.#waits.size === 0) this.#timer?.unref?.();
  }

  #start(deadline: number): void {
    clearTimeout(this.#timer);
    this.#next = deadline;
    this.#timer = setTimeout(() => this.#check(), Math.max(1, deadline - Date.now())) as Timer;
  }

  #check(): void {
    this.#next = Infinity;
    const now = Date.now();
    let next = Infinity;
    for (const wait of this.#waits) {
      if (wait.deadline > now) next = Math.min(next, wait.deadline);
      else {
        this.#waits.delete(wait);
        wait.giveUp(exhausted(wait.ms, this.#use()));
      }
    }
    if (next < Infinity) this.#start(next);
  }
}
