import type { BindOptions, Database } from "../../index.js";
import { createDatabase, refuseArgument } from "../../internal.js";
import { serialPort } from "../queued/port.js";
import { refuseClient } from "../queued/refuse-client.js";
import type { PGliteClient } from "./client.js";
import { PGliteDriver } from "./driver.js";

export type { PGliteClient } from "./client.js";

/** What the port uses of a PGlite. Every version has the first. */
const NEEDED: readonly (keyof PGliteClient)[] = [
  "runExclusive",
  "execProtocolStream",
  "_runExclusiveTransaction",
  "_checkReady",
  "syncToFs",
  "_getWrittenBlob",
  "parsers",
];

/**
 * Makes a handle of a PGlite.
 *
 * ```ts
 * const db = bind(new PGlite());
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * A PGlite has one connection. A transaction or session has it until it ends, and all other statements wait. Inside
 * `begin`, use the transaction's own handle: a statement of `db` waits for the transaction, and fails with
 * `POOL_EXHAUSTED`. A session leaves the role and the settings that the PGlite had before, except settings of your own
 * such as `app.tenant`.
 *
 * `int8` columns arrive as bigint, or as the option `int8` says, whatever its parsers say. Columns that `.as()` names
 * arrive as the sequence's `mode` says. All others arrive as PGlite reads them.
 */
export function bind(client: PGliteClient, options?: BindOptions): Database {
  const lacked = NEEDED.find((part) => !Reflect.get(Object(client) as object, part));
  if (lacked === "runExclusive") return refuseClient(client, "a PGlite");
  if (lacked !== undefined) {
    const hint = 'Install another version of "@electric-sql/pglite".';
    refuseArgument("bind", `takes a PGlite of version 0.5.5 to 0.x, and this one has no ${lacked}`, hint);
  }
  return createDatabase(
    serialPort(client, (each) => new PGliteDriver(each)),
    options,
  );
}
