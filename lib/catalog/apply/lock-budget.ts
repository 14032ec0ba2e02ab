import type { Transaction } from "../../index.js";
import { setLockTimeout } from "../../server/lock-timeout.js";

/** A statement that takes so much longer than the first one, in milliseconds, has waited. */
const WAITED_MS = 10;

/**
 * Limits how long the statements of a transaction wait for locks in all: the server's `lock_timeout` would begin anew with each.
 * What is returned runs work with the time that is left. The time that statements take without waiting is not counted.
 *
 * A statement that waits for two locks, as OWNED BY does for the sequence and its table, may wait that long for each.
 *
 * @param total in milliseconds; 0 waits forever
 * @param roundTripMs how long a statement takes that waits for nothing
 */
export function lockBudget(tx: Transaction, total: number, roundTripMs: number) {
  let left = total;
  let limit = total;
  return async <Result>(work: () => PromiseLike<Result>): Promise<Result> => {
    if (Math.ceil(left) < limit) {
      limit = Math.ceil(left);
      await setLockTimeout(tx, limit);
    }
    const start = performance.now();
    const result = await work();
    const waited = performance.now() - start - 2 * roundTripMs;
    // One that is used up stays at 1, because 0 would wait forever.
    if (total > 0 && waited > WAITED_MS) left = Math.max(1, left - waited);
    return result;
  };
}
