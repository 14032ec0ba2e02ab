import { type DatabaseState, inspectSequences } from "../../catalog/index.js";
import type { Database } from "../../index.js";
import { readAgain } from "../../server/retry-concurrent-ddl.js";
import type { Settings } from "../config/settings.js";
import { setTimeouts } from "./timeouts.js";

/**
 * Inspects with a lock timeout. Otherwise it could wait forever, for example for a session that has dropped a sequence
 * and not committed.
 */
export function inspectWithLockTimeout(
  db: Database,
  settings: Pick<Settings, "schemas" | "lockTimeout" | "statementTimeout">,
): Promise<DatabaseState> {
  const { schemas } = settings;
  // With the role's own defaults it could wait for the end of serializable transactions, without a limit.
  return db.begin("isolation level read committed, read only", async (tx) => {
    await setTimeouts(tx, settings);
    return await readAgain(() => tx.savepoint((inner) => inspectSequences(inner, { schemas })));
  });
}
