import type { RowFrom } from "../../../types/rows.js";
import type { CheckedThings, StatedThings, Thing } from "../../sql/checked-things.js";
import type { Sql } from "../../sql/fragment.js";
import type { Port, ReservedLine } from "../port.js";
import { checkedLimits, type Limits } from "../running/call-limits.js";
import { Connection } from "../running/connection.js";
import type { Query } from "../running/query.js";
import { Held, Scope } from "../running/scope.js";
import { createHandle, createSessionHandle, type Queryable, type SessionQueryable } from "./queryable.js";

/**
 * A statement that another library runs when it is first awaited. Its rows are as that library reads them, except that
 * columns that `.as()` names arrive as the sequence's `mode` says.
 *
 * ```ts
 * const { id } = await host`select ${nextval(orderSeq).as("id")}`.one(); // host is a HostDatabase
 * ```
 */
export interface HostQuery<Row>
  extends
    Pick<Promise<Row[]>, "then" | "catch" | "finally" | typeof Symbol.toStringTag>,
    Pick<Query<Row>, "one" | "maybeOne" | "cancel"> {}

/**
 * Runs statements through another library, such as Kysely, on any of its connections. Its transactions have more.
 *
 * ```ts
 * import { bind } from "nextval/kysely";
 *
 * const host = bind(kysely);
 * const ids = await host.nextvals(orderSeq, 1000);
 * ```
 *
 * `nextval/kysely`, `nextval/drizzle`, `nextval/knex` and `nextval/host` have a `bind` that makes it.
 */
export interface HostDatabase extends Pick<Queryable, "one" | "nextval" | "nextvals" | "setval"> {
  /** Runs a template when the result is first awaited. */
  <Row extends object = {}, const Things extends readonly Thing[] = StatedThings>(
    strings: TemplateStringsArray,
    ...things: CheckedThings<Things>
  ): HostQuery<RowFrom<Row, Things>>;

  /** Runs a fragment when the result is first awaited. */
  query<Row>(fragment: Sql<Row>): HostQuery<Row>;

  /**
   * Returns this handle with limits on each of its statements. A statement that reaches one fails. It may still run on
   * the server, because the library has no way to stop it.
   */
  with(limits: Limits): this;
}

/**
 * Runs statements inside a transaction that another library has begun and ends. They run one after the other. A
 * rollback undoes them as it undoes the library's own.
 *
 * ```ts
 * import { bind } from "nextval/kysely";
 *
 * await kysely.transaction().execute(async (trx) => {
 *   const tx = bind(trx);
 *   const id = await tx.nextval(orderSeq);
 *   await tx.currval(orderSeq); // the same value
 * });
 * ```
 */
export interface HostTransaction extends HostDatabase, Pick<SessionQueryable, "currval" | "lastval" | "cursor"> {
  /** Always true. It tells the handle of a transaction from that of a pool. */
  readonly isTransaction: true;
}

/** How long a statement waits for a connection is for the library to say. */
const SETTINGS = { wait: 0 };

/** @internal Makes a handle that runs each statement wherever the host does. */
export function createHostDatabase(port: Port): HostDatabase {
  return databaseHandle(new Connection(port, SETTINGS));
}

/** @internal Makes a handle for a transaction of the host. */
export function createHostTransaction(port: Port & { readonly pool: ReservedLine }): HostTransaction {
  return transactionHandle(new Connection(port, SETTINGS, new Scope(new Held(port.pool), true)));
}

function databaseHandle(connection: Connection): HostDatabase {
  const handle = Object.assign(createHandle(connection), {
    with: (limits: Limits) => databaseHandle(connection.limited(checkedLimits("with", limits))),
  });
  // A cursor needs a transaction.
  Reflect.deleteProperty(handle, "cursor");
  return handle as HostDatabase;
}

function transactionHandle(connection: Connection): HostTransaction {
  return Object.assign(createSessionHandle(connection), {
    isTransaction: true as const,
    with: (limits: Limits) => transactionHandle(connection.limited(checkedLimits("with", limits))),
  }) as HostTransaction;
}
