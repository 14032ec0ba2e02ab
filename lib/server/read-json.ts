import { type Database, NextvalError, type Sql, type Transaction } from "../index.js";
import { enterCatalogPath, leaveCatalogPath } from "./catalog-path.js";

/** What can be read from: a pool or a session, which reads in a transaction of its own, or a transaction. */
export type Source = Pick<Database, "begin"> | Pick<Transaction, "query" | "savepoint">;

export interface Reading {
  /** Whether views and foreign tables may be read, which run code of their owners. Default: false. */
  readonly views?: boolean | undefined;
  /** Statements that run before it, such as one that locks what is read. */
  readonly before?: readonly Sql[] | undefined;
}

/**
 * Reads one row of one JSON text, so that no parser, transform or naming of the client comes between. Names without a
 * schema are those of `pg_catalog`, whatever the `search_path` is.
 *
 * On a pool or a session it is a read-only transaction. In the caller's transaction all statements are sent together, so
 * that none of the caller's comes between them and finds another `search_path`.
 */
export async function readDocument<Document>(
  source: Source,
  query: Sql,
  { views = false, before = [] }: Reading = {},
): Promise<Document> {
  const statements = [enterCatalogPath({ views }), ...before, query];
  const results =
    "begin" in source && typeof source.begin === "function"
      ? await source.begin("isolation level read committed, read only", (tx) => sendAll(tx, statements))
      : await sendAll(transactionOf(source), [...statements, leaveCatalogPath]);
  return documentOf(results[statements.length - 1] as readonly unknown[]);
}

/** What a statement that returns one row of one JSON text has given. */
export function documentOf<Document>([row]: readonly unknown[]): Document {
  return JSON.parse(Object.values(row as object)[0] as string) as Document;
}

/** Sends statements without waiting in between. When one fails, so do all after it, and the error of the first counts. */
function sendAll(tx: Pick<Transaction, "query">, statements: readonly Sql[]): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(statements.map((statement) => tx.query(statement).then((rows) => rows)));
}

function transactionOf(source: object): Pick<Transaction, "query"> {
  if ("savepoint" in source && "query" in source) return source as Pick<Transaction, "query">;
  throw new NextvalError("INVALID_ARGUMENT", "the first argument must be a handle: a pool, a session or a transaction");
}
