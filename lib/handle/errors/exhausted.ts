import { NextvalError } from "../../errors.js";

/**
 * The error of a statement that has waited `wait` ms for a connection. Transactions and sessions hold `owned` of `max`.
 */
export function exhausted(wait: number, owned: number, max: number): NextvalError {
  const problem =
    `no connection was free for ${wait / 1_000} s: ` +
    `transactions and sessions of this client hold ${owned} of its ${max}`;
  const hint = "Inside db.begin use the transaction's own handle, and draw from an allocator before it.";
  return new NextvalError("POOL_EXHAUSTED", problem, { hint });
}
