import type { Database, Transaction } from "../../index.js";
import { DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import type { Settings } from "../config/settings.js";

type Work<Result> = (tx: Transaction) => Result | Promise<Result>;
type Patience = Pick<Settings, "lockTimeout" | "statementTimeout">;

/**
 * Limits how long the statements of this transaction wait for a lock, such as that of a table that is being altered.
 * Also limits how long each may take in total, if `statementTimeout` is given.
 */
export async function setPatience(
  tx: Transaction,
  { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS, statementTimeout }: Patience,
): Promise<void> {
  await setLockTimeout(tx, lockTimeout);
  if (statementTimeout === undefined) return;
  await tx`select pg_catalog.set_config('statement_timeout', ${`${statementTimeout}`}, true)`;
}

/** Wraps a database, so its transactions do not wait for a lock forever unless they set their own timeout. */
export function patiently(db: Database, patience: Patience): Pick<Database, "begin"> {
  const begin = <Result>(modes: string, work: Work<Result>) =>
    db.begin(modes, async (tx) => {
      await setPatience(tx, patience);
      return await work(tx);
    });
  return {
    begin: ((...given: [Work<unknown>] | [string, Work<unknown>]) =>
      given.length === 1 ? begin("", given[0]) : begin(...given)) as Database["begin"],
  };
}
