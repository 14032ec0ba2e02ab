import { type Sql, sql, type Transaction } from "../index.js";
import { refuseArgument, shown } from "../internal.js";

/** How long to wait for a lock by default. */
export const DEFAULT_LOCK_TIMEOUT_MS = 5_000;

/**
 * How long a phase of a widening waits for each lock by default. If it waited longer than `deadlock_timeout`, which is
 * 1 s, the server could end sessions that wait for the swap.
 */
export const DEFAULT_WIDEN_LOCK_TIMEOUT_MS = 400;

/** The longest `lock_timeout` of the server. */
export const MAX_LOCK_TIMEOUT_MS = 2_147_483_647;

/**
 * Throws for a value that the server does not accept as `lock_timeout`. `taker` is the function that has the option.
 */
export function checkLockTimeout(taker: string, milliseconds: number): void {
  if (Number.isSafeInteger(milliseconds) && milliseconds >= 0 && milliseconds <= MAX_LOCK_TIMEOUT_MS) return;
  const allowed = `from 0 to ${MAX_LOCK_TIMEOUT_MS} milliseconds`;
  refuseArgument(taker, `takes a lockTimeout ${allowed}, not ${shown(milliseconds)}`);
}

/** Limits how long each later statement of a transaction waits for a lock. 0 waits forever. */
export async function setLockTimeout(tx: Transaction, milliseconds: number): Promise<void> {
  await tx.query(limitTime("lock_timeout", milliseconds));
}

/** Sets a limit of the server until the transaction ends. 0 is no limit. */
export function limitTime(setting: "lock_timeout" | "statement_timeout", milliseconds: number): Sql {
  return sql`select pg_catalog.set_config(${sql.literal(setting)}, ${`${milliseconds}`}, true)`;
}
