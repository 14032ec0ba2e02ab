import { NextvalError } from "../../errors.js";

/** How many connections a client has at most, and who has them. */
export interface Use {
  readonly max: number;
  /** How many of them transactions, sessions and cursors of the library have. */
  readonly reserved: number;
  /** Whether the library has any, if only for a statement. */
  readonly isUsed: boolean;
}

/** The error of a statement that has waited `wait` ms for a connection. */
export function exhausted(wait: number, { max, reserved, isUsed }: Use): NextvalError {
  const [reason, hint] = isUsed
    ? [
        `transactions and sessions of this client hold ${reserved} of its ${max}`,
        "Inside db.begin use the transaction's own handle, and draw from an allocator before it.",
      ]
    : [`none could be opened, or other code has all ${max} of the client`, "Check that the server can be reached."];
  return new NextvalError("POOL_EXHAUSTED", `no connection was free for ${wait / 1_000} s: ${reason}`, { hint });
}
