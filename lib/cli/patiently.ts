import type { Database, Transaction } from "../index.js";
import type { Settings } from "./settings.js";

/** How long a lock is waited for unless somebody says so, in milliseconds. */
const LOCK_TIMEOUT = 5000;

type Work<Result> = (tx: Transaction) => Result | Promise<Result>;
type Patience = Pick<Settings, "lockTimeout">;

/** Waits for no lock for ever in this transaction, such as for that of a table that is being altered. */
export async function setPatience(tx: Transaction, { lockTimeout = LOCK_TIMEOUT }: Patience): Promise<void> {
  await tx`select pg_catalog.set_config('lock_timeout', ${`${lockTimeout}`}, true)`;
}

/** The same database, whose transactions do not wait for a lock forever unless they set a patience of their own. */
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
