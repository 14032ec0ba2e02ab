import type { Transaction } from "../../index.js";
import { setLockTimeout } from "../../server/lock-timeout.js";

/** A statement that takes this much longer than the first one, in milliseconds, has waited for a lock. */
const WAITED_MS = 10;

/** Runs work that may wait for locks, within the time that is left. */
export type Within = <Result>(work: () => PromiseLike<Result>) => Promise<Result>;

/**
 * Limits how long the statements of a transaction wait for locks in total. The server's `lock_timeout` alone would
 * start again with each statement. Returns a function that runs work with the time that is left. The time that
 * statements take without waiting is not counted.
 *
 * A statement that waits for two locks, as OWNED BY does for the sequence and its table, may wait that long for each.
 *
 * @param total - in milliseconds; 0 waits forever
 * @param roundTripMs - how long a statement takes if it does not wait
 */
export function lockBudget(tx: Transaction, total: number, roundTripMs: number): Within {
  let left = total;
  let limit = total;
  return async (work) => {
    if (Math.ceil(left) < limit) {
      limit = Math.ceil(left);
      await setLockTimeout(tx, limit);
    }
    const start = performance.now();
    const result = await work();
    const waited = performance.now() - start - 2 * roundTripMs;
    // When it is used up it stays at 1, because 0 would wait forever.
    if (total > 0 && waited > WAITED_MS) left = Math.max(1, left - waited);
    return result;
  };
}
