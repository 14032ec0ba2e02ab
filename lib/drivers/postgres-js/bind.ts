import { refuseArgument } from "../../errors.js";
import { type BindOptions, createDatabase, createTransaction, type Database } from "../../handle/handles/database.js";
import type { Transaction } from "../../handle/transactions/transaction.js";
import { shown } from "../../sequence/messages.js";
import { type Client, portOf } from "./port.js";
import { type ClientTransaction, connectionOf } from "./transaction.js";

/**
 * A client of postgres.js. The part that is needed is described, so programs over other drivers need not install it.
 */
export interface PostgresClient {
  unsafe(text: string): unknown;
  typed(value: never, type: number): unknown;
  readonly options: { readonly max: number; readonly connection?: object };
}

/** A transaction of a postgres.js client: what its `begin` and `savepoint` pass to their work. */
export interface PostgresTransaction {
  unsafe(text: string): unknown;
  typed(value: never, type: number): unknown;
  savepoint(name: string, work: never): unknown;
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
export function bind(client: PostgresClient, options?: BindOptions): Database;

/**
 * Makes a handle of a transaction that the client itself has begun, and commits or rolls back.
 *
 * ```ts
 * await client.begin(async (own) => {
 *   const tx = bind(own);
 *   const id = await tx.nextval(orderSeq);
 *   await own`insert into orders (id) values (${String(id)})`;
 * });
 * ```
 *
 * Statements run on the transaction's connection, in the order of their calls, between those of the program. If one
 * fails, `client.begin` fails, unless it was inside a `savepoint` of the handle. After the end of the transaction
 * statements fail with `SESSION_REQUIRED`. The server is not asked to stop a statement that was sent.
 */
export function bind(transaction: PostgresTransaction, options?: BindOptions): Transaction;

export function bind(client: PostgresClient | PostgresTransaction, options?: BindOptions): Database | Transaction {
  if (isClient(client)) return createDatabase(portOf(client), options);
  if (isTransaction(client)) return createTransaction(connectionOf(client), options);
  const [given, hint] = describe(client);
  const problem = `takes a client as postgres() returns it, or a transaction of its begin(), not ${given}`;
  return refuseArgument("bind", problem, hint);
}

/** Describes an argument that is not a client, and says what to do with it. */
function describe(given: unknown): readonly [what: string, hint: string] {
  if (typeof given === "function") {
    if ("nextval" in given) return ["a handle", "Use it as it is, because it is bound already."];
    if ("unsafe" in given) {
      return ["a connection of its reserve()", "For a connection of its own, use db.session of the client's handle."];
    }
  }
  const hint = 'Other clients have a bind of their own, in "nextval/pg", "nextval/kysely" and the like.';
  // An address may contain a password.
  return [typeof given === "string" ? "an address" : shown(given), hint];
}

/** The objects that the driver's reserve() and begin() return have no options. */
function isClient(thing: unknown): thing is Client {
  return (
    typeof thing === "function" &&
    "options" in thing &&
    typeof (thing.options as PostgresClient["options"] | undefined)?.max === "number"
  );
}

function isTransaction(thing: unknown): thing is ClientTransaction {
  return typeof thing === "function" && "savepoint" in thing && "unsafe" in thing;
}
