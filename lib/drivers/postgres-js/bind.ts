import { NextvalError } from "../../errors.js";
import { type BindOptions, createDatabase } from "../../handle/database.js";
import type { Database } from "../../handle/handle.js";
import { type Client, portOf } from "./port.js";

/**
 * A client of postgres.js. The part that is needed is described, so programs over other drivers need not install it.
 */
export interface PostgresClient {
  unsafe(text: string): unknown;
  typed(value: never, type: number): unknown;
  readonly options: { readonly max: number; readonly connection?: object };
}

/**
 * Makes a handle of a postgres.js client. The handle neither changes nor ends the client.
 *
 * ```ts
 * const client = postgres();
 * const db = bind(client);
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * Use the client for nothing else. If the driver's own tag cannot write a value, the answers on its connection shift to
 * other statements, including those of the handle.
 *
 * Statements run with the client's own types, transforms and hooks. A connection prepares a statement the second time
 * it runs there. `int8` columns arrive as bigint, unless the option `int8` says otherwise, or the
 * client parses `int8` itself (`types: { bigint: postgres.BigInt }`). Columns that `.as()` names arrive as the
 * sequence's `mode` says. The handle reads arrays itself, so the client does not need `fetch_types`.
 */
export function bind(client: PostgresClient, options?: BindOptions): Database {
  // The objects that the driver's reserve() and begin() return have no options.
  if (typeof (client as unknown) !== "function" || typeof client.options?.max !== "number") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      "bind takes a client as postgres() returns it, not a connection of its reserve() or begin(), " +
        "a handle or an address",
    );
  }
  const { client_encoding: encoding = "UTF8" } = (client.options.connection ?? {}) as { client_encoding?: unknown };
  if (!/^'?(?:utf-?8|unicode)'?$/i.test(String(encoding))) {
    const problem = "because postgres.js writes and reads everything as UTF-8";
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `bind takes a client without client_encoding ${String(encoding)}, ${problem}`,
    );
  }
  return createDatabase(portOf(client as unknown as Client), options);
}
