import type { ReservedLine } from "./port.js";

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
