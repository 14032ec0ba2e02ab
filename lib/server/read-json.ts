import type { Database, Sql, Transaction } from "../index.js";
import { enterCatalogPath, leaveCatalogPath } from "./catalog-path.js";
import { canBegin, refuseHandle } from "./refuse-handle.js";

/** A handle to read from. A pool or a session reads in its own transaction; a transaction reads in itself. */
export type Source = Pick<Database, "begin"> | Pick<Transaction, "query" | "savepoint">;

export interface Reading {
  /** Whether views and foreign tables may be read, which run their owners' code. Default: false. */
  readonly views?: boolean | undefined;
  /** Statements that run first, such as one that locks the tables to be read. */
  readonly before?: readonly Sql[] | undefined;
}

/**
 * Reads one row with one JSON text, so no parser, transform or naming of the client changes it. Unqualified names are
 * those of `pg_catalog`, whatever the `search_path` is.
 *
 * On a pool or a session it runs in a read-only transaction. In the caller's transaction all statements are sent
 * together. Otherwise a statement of the caller could run between them, with another `search_path`.
 */
export async function readDocument<Document>(
  source: Source,
  query: Sql,
  { views = false, before = [] }: Reading = {},
): Promise<Document> {
  const statements = [enterCatalogPath({ views }), ...before, query];
  const handle = Object(source) as Source;
  const results =
    canBegin(handle) && "begin" in handle
      ? await handle.begin("isolation level read committed, read only", (tx) => sendAll(tx, statements))
      : await sendAll(transactionOf(handle), [...statements, leaveCatalogPath]);
  return documentOf(results[statements.length - 1] as readonly unknown[]);
}

/** Parses the result of a statement that returns one row with one JSON text. */
export function documentOf<Document>([row]: readonly unknown[]): Document {
  const document: unknown = Object.values(row as object)[0];
  // Plugins of libraries, such as ParseJSONResultsPlugin of Kysely, have parsed it already.
  return (typeof document === "string" ? JSON.parse(document) : document) as Document;
}

/** Sends statements without waiting in between. If one fails, all later ones fail too, and the first error counts. */
function sendAll(tx: Pick<Transaction, "query">, statements: readonly Sql[]): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(statements.map((statement) => tx.query(statement).then((rows) => rows)));
}

function transactionOf(source: object): Pick<Transaction, "query"> {
  if ("savepoint" in source && "query" in source) return source as Pick<Transaction, "query">;
  return refuseHandle("the first argument", "must be a handle: a pool, a session or a transaction");
}
