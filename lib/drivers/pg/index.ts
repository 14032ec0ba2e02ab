import type { BindOptions, Database } from "../../index.js";
import { createDatabase } from "../../internal.js";
import { serialPort } from "../queued/port.js";
import { refuseClient } from "../queued/refuse-client.js";
import type { PgClient, PgPool } from "./client.js";
import { PgClientDriver, PgPoolDriver } from "./driver.js";

export type { PgClient, PgPool } from "./client.js";

/**
 * Makes a handle of a pool or client of node-postgres. The handle neither changes nor ends it.
 *
 * ```ts
 * const pool = new pg.Pool();
 * const db = bind(pool);
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * A client has to be connected. Its one connection runs one statement, transaction or session after the other; a
 * program that also uses it directly must not do so at the same time. A session leaves the role and the settings that
 * the client had before, except settings of your own such as `app.tenant`. A session on a pool that sets its
 * connections up, by a listener for `connect`, closes its connection.
 *
 * `int8` columns arrive as bigint, or as the option `int8` says, whatever the client's types say. Columns that `.as()`
 * names arrive as the sequence's `mode` says. All others arrive as the client's types read them.
 */
export function bind(client: PgPool | PgClient, options?: BindOptions): Database {
  return createDatabase(portOf(client), options);
}

function portOf(client: PgPool | PgClient) {
  if (isPool(client)) return serialPort(client, (pool) => new PgPoolDriver(pool));
  if (isClient(client)) return serialPort(client, (each) => new PgClientDriver(each));
  return refuseClient(client, "a Pool or a connected Client of pg");
}

function isPool(thing: unknown): thing is PgPool {
  return (
    has(thing, "connect") &&
    has(thing, "query") &&
    typeof (thing as { readonly totalCount?: unknown }).totalCount === "number"
  );
}

function isClient(thing: unknown): thing is PgClient {
  return has(thing, "query") && has(thing, "getTypeParser") && has(thing, "removeListener");
}

function has(thing: unknown, method: string): boolean {
  return typeof thing === "object" && thing !== null && typeof Reflect.get(thing, method) === "function";
}
