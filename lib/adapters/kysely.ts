import {
  type Compilable,
  createQueryId,
  type DeleteResult,
  type Expression,
  type InsertResult,
  type Kysely,
  type MergeResult,
  type OperationNodeSource,
  PostgresQueryCompiler,
  type RawBuilder,
  type RootOperationNode,
  sql as kyselySql,
  type Transaction,
  type UpdateResult,
} from "kysely";
import { hostHandle } from "../drivers/host/host.js";
import { refuseClient } from "../drivers/queued/refuse-client.js";
import {
  embed,
  type HostDatabase,
  type HostTransaction,
  NextvalError,
  type Spliceable,
  type Sql,
  type SqlExpression,
} from "../index.js";
import { builtFragment } from "../internal.js";

/**
 * Turns an expression into one of Kysely, of the same type, for `values`, `select`, `returning`, `where` and Kysely's
 * `sql`.
 *
 * ```ts
 * await db.insertInto("orders").values({ id: toKysely(nextval(orderSeq)), note }).execute();
 * // insert into "orders" ("id", "note") values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
 * ```
 *
 * A fragment or a sequence also becomes an expression; state its type yourself: `toKysely<string>(fragment)`. Kysely's
 * driver decides the type of results: node-postgres returns a bigint as a string unless you call
 * `pg.types.setTypeParser(pg.types.builtins.INT8, BigInt)`.
 */
export function toKysely<Type>(expression: SqlExpression<Type>): RawBuilder<Type>;
export function toKysely<Type = unknown>(fragment: Spliceable): RawBuilder<Type>;
export function toKysely(fragment: Spliceable): RawBuilder<unknown> {
  return embed(kyselySql, fragment);
}

/**
 * Turns a query or an expression of Kysely into a fragment, with its values.
 *
 * ```ts
 * const newest = db.selectFrom("orders").select((eb) => eb.fn.max("id").as("id")).where("tenant", "=", 7);
 * sql`select ${setval(orderSeq, sql`(${fromKysely(newest)})`)}`;
 * // { text: `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass,
 * //   (select max("id") as "id" from "orders" where "tenant" = $1))`, values: [7] }
 * ```
 *
 * Kysely's plugins transform the query but not its rows, which have the server's column names. Throws
 * `INVALID_TEMPLATE`, with the position, for a value that the driver cannot bind.
 */
export function fromKysely<Row>(query: Compilable<Row> & OperationNodeSource): Sql<RowOf<Row>>;
export function fromKysely(expression: Expression<unknown>): Sql;
export function fromKysely(source: OperationNodeSource): Sql {
  if (typeof source?.toOperationNode !== "function") {
    throw new NextvalError(
      "INVALID_TEMPLATE",
      `fromKysely takes a query or an expression of Kysely, not ${typeof source}`,
    );
  }
  return new FragmentCompiler().fragment(source.toOperationNode() as RootOperationNode);
}

/* oxlint-disable typescript/no-explicit-any -- whatever the tables are */

/**
 * Makes a handle that runs its statements through Kysely, in a transaction if it is one. Its log and plugins see them.
 *
 * ```ts
 * await db.transaction().execute(async (trx) => {
 *   const no = await invoiceNo.next(bind(trx)); // a rollback returns the number
 *   await trx.insertInto("invoices").values({ no, customer }).execute();
 * });
 * ```
 *
 * Rows are as Kysely's driver and plugins make them, except columns that `.as()` names. Draws return exact values,
 * however the driver reads `int8`.
 */
export function bind(transaction: Transaction<any>): HostTransaction;
export function bind(db: Kysely<any>): HostDatabase;
export function bind(db: Kysely<any>): HostDatabase {
  if (typeof db?.getExecutor !== "function") return refuseClient(db, "a Kysely or a transaction of it");
  return hostHandle((fragment) => toKysely(fragment).execute(db), db.isTransaction);
}

/* oxlint-enable typescript/no-explicit-any */

/** Kysely's result of a statement without rows is not a row. */
type RowOf<Row> = Row extends InsertResult | UpdateResult | DeleteResult | MergeResult ? unknown : Row;

/** Kysely's own compiler, which records the positions of the values. */
class FragmentCompiler extends PostgresQueryCompiler {
  readonly #pieces = [""];
  readonly #values: unknown[] = [];

  fragment(node: RootOperationNode): Sql {
    this.compileQuery(node, createQueryId());
    return builtFragment(this.#pieces, this.#values);
  }

  protected override append(text: string): void {
    this.#pieces.push(`${this.#pieces.pop()}${text}`);
  }

  protected override appendValue(value: unknown): void {
    this.#values.push(value);
    this.#pieces.push("");
  }
}
