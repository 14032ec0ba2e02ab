import { exhausted, type Use } from "../../internal.js";

/** A wait for a connection. It ends once: with a connection, with an error, or when it is given up. */
export interface Wait {
  /** How long it may take, in ms; 0 is forever. */
  readonly ms: number;
  deadline: number;
  /** Its position among the waits that have a deadline; -1 if it is not one of them. */
  at: number;
  giveUp(error: unknown): void;
}

/** A timer, which in Node.js keeps the process from ending unless it is told not to. */
type Timer = ReturnType<typeof setTimeout> & { ref?(): void; unref?(): void };

/**
 * Gives up waits that take too long. One timer serves all, because starting one for each statement takes too long, as
 * does the table of a set that becomes empty with each.
 */
export class Waits {
  readonly #waits: Wait[] = [];
  readonly #use: () => Use;
  #timer: Timer | undefined;
  #next = Infinity;

  /** `use` tells how many connections are in use, for the error. */
  constructor(use: () => Use) {
    this.#use = use;
  }

  add(wait: Wait): void {
    if (wait.ms === 0) return;
    wait.deadline = performance.now() + wait.ms;
    if (this.#waits.length === 0) this.#timer?.ref?.();
    wait.at = this.#waits.push(wait) - 1;
    if (wait.deadline < this.#next) this.#start(wait.deadline);
  }

  delete(wait: Wait): void {
    if (wait.at < 0) return;
    // The last one takes its place.
    const last = this.#waits.pop() as Wait;
    if (last !== wait) this.#waits[(last.at = wait.at)] = last;
    wait.at = -1;
    // The timer goes on, for the next wait.
    if (this.#waits.length === 0) this.#timer?.unref?.();
  }

  #start(deadline: number): void {
    clearTimeout(this.#timer);
    this.#next = deadline;
    this.#timer = setTimeout(() => this.#check(), Math.max(1, deadline - performance.now())) as Timer;
  }

  #check(): void {
    this.#next = Infinity;
    const now = performance.now();
    const inOrder = [...this.#waits].sort((one, other) => one.deadline - other.deadline);
    for (const wait of inOrder) {
      if (wait.deadline > now) return this.#start(wait.deadline);
      wait.giveUp(exhausted(wait.ms, this.#use()));
    }
  }
}
