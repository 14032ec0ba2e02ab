import type { Database, Transaction } from "../../index.js";
import { DEFAULT_LOCK_TIMEOUT_MS, limitTime, setLockTimeout } from "../../server/lock-timeout.js";
import type { Settings } from "../config/settings.js";
import type { Running } from "./connect.js";

type Work<Result> = (tx: Transaction) => Result | Promise<Result>;
type Timeouts = Pick<Settings, "lockTimeout" | "statementTimeout">;

/**
 * Limits how long the statements of this transaction wait for a lock, such as that of a table that is being altered.
 * Also limits how long each may take in total, if `statementTimeout` is given.
 */
export async function setTimeouts(
  tx: Transaction,
  { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS, statementTimeout }: Timeouts,
): Promise<void> {
  await setLockTimeout(tx, lockTimeout);
  if (statementTimeout === undefined) return;
  await tx.query(limitTime("statement_timeout", statementTimeout));
}

/**
 * Wraps a database, so its transactions do not wait for a lock forever unless they set their own timeout.
 *
 * @param running - follows the connection of the transactions, for a command that outlives a lost one
 */
export function withTimeouts(db: Database, timeouts: Timeouts, running?: Running): Pick<Database, "begin"> {
  const begin = <Result>(modes: string, work: Work<Result>) =>
    db.begin(modes, async (tx) => {
      if (running !== undefined) {
        running.pid = (await tx<Running>`select pg_catalog.pg_backend_pid() as pid`.one()).pid;
      }
      await setTimeouts(tx, timeouts);
      return await work(tx);
    });
  return {
    begin: ((...given: [Work<unknown>] | [string, Work<unknown>]) =>
      given.length === 1 ? begin("", given[0]) : begin(...given)) as Database["begin"],
  };
}
