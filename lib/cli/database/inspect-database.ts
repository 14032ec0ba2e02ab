import { type DatabaseState, inspectSequences } from "../../catalog/index.js";
import { type Database, sql } from "../../index.js";
import { givenName } from "../../server/names.js";
import { schemasHint } from "../../server/queries/schema-filter.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { readAgain } from "../../server/retry-concurrent-ddl.js";
import type { Settings } from "../config/settings.js";
import { throwCommandError } from "../terminal/command-error.js";
import { withoutSecrets } from "../terminal/redact.js";
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

/** Rejects unknown schema names. Otherwise a typo would report a healthy database. */
export function refuseUnknownSchemas(
  asked: readonly string[] | undefined,
  known: readonly string[],
  declared: readonly string[] = [],
): void {
  const unknown = asked?.filter((schema) => !known.includes(schema) && !declared.includes(schema)) ?? [];
  if (unknown.length === 0) return;
  const missing = unknown.map((schema) => givenName(withoutSecrets(schema))).join(", ");
  throwCommandError(`There is no schema ${missing} in the database`, schemasHint(known));
}

/** Reads the existing schemas, and rejects unknown schema names. */
export async function checkSchemas(db: Source, asked: readonly string[] | undefined): Promise<void> {
  if (asked === undefined) return;
  const query = sql`select coalesce(json_agg(nspname order by nspname), '[]')::text as document
    from pg_catalog.pg_namespace`;
  refuseUnknownSchemas(asked, await readDocument<string[]>(db, query));
}
