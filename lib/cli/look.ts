import { type DatabaseState, inspect } from "../catalog/index.js";
import { readAgain } from "../catalog/read-again.js";
import type { Database } from "../index.js";
import type { Settings } from "./settings.js";

/** Inspects without waiting for ever, such as for somebody who has dropped a sequence and not committed it. */
export function look(
  db: Database,
  { schemas, lockTimeout = 5000 }: Pick<Settings, "schemas" | "lockTimeout">,
): Promise<DatabaseState> {
  return db.begin("read only", async (tx) => {
    await tx`select set_config('lock_timeout', ${`${lockTimeout}`}, true)`;
    return await readAgain(() => tx.savepoint((inner) => inspect(inner, { schemas })));
  });
}
