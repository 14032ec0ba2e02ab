import type postgres from "postgres";
import { Connection } from "./connection.js";
import { createHandle, type Handle, type SessionHandle } from "./handle.js";
import { transact } from "./transact.js";

/** A pool of connections, each statement on any of them. `currval` and `lastval` do not exist here: begin or reserve. */
export interface Database extends Handle {
  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws or a statement of it fails.
   * `options` follow `begin`, such as `"isolation level serializable"` or `"read only"`.
   *
   * ```ts
   * await db.begin(async (tx) => {
   *   await tx`insert into orders (id) values (${nextval(orderSeq)})`;
   *   await tx`insert into items (order_id) values (${currval(orderSeq)})`;
   * });
   * ```
   *
   * A rollback gives back no drawn value and undoes no `setval`.
   */
  begin<Result>(work: (transaction: Transaction) => Result | Promise<Result>): Promise<Awaited<Result>>;
  begin<Result>(options: string, work: (transaction: Transaction) => Result | Promise<Result>): Promise<Awaited<Result>>;

  /** Runs `work` on one reserved connection, which goes back to the pool afterwards. */
  session<Result>(work: (session: Session) => Result | Promise<Result>): Promise<Awaited<Result>>;
}

/** One connection of its own, outside a transaction or around several. */
export interface Session extends SessionHandle {
  /** The same as that of the pool, on this connection. */
  begin: Database["begin"];
}

/** A transaction. */
export interface Transaction extends SessionHandle {
  /** Runs `work` behind a savepoint: when it throws, what it did is rolled back to there, and the error is passed on. */
  savepoint<Result>(work: (transaction: Transaction) => Result | Promise<Result>): Promise<Awaited<Result>>;
}

/**
 * Makes a handle of a postgres.js client. The client stays as it is, and goes on to be yours to use and to end.
 *
 * ```ts
 * const client = postgres();
 * const db = bind(client);
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * Statements run prepared, with the client's own types, transforms and hooks. `int8` columns arrive as bigint, or as the
 * sequence's `mode` says where they come from `.as()`; a client that parses `int8` itself (`types: { bigint: postgres.BigInt }`)
 * keeps its own way.
 */
export function bind<Types extends Record<string, unknown>>(client: postgres.Sql<Types>): Database {
  const connection = new Connection(client, client.options, false);
  return Object.assign(createHandle(connection), {
    begin: beginWith(async (options, work) => {
      try {
        return await client.begin(options, (native) => work(nativeTransaction(connection, native)));
      } catch (error) {
        throw connection.translate(error);
      }
    }),
    async session<Result>(work: (session: Session) => Result | Promise<Result>): Promise<Awaited<Result>> {
      const reserved = await client.reserve();
      const own = connection.pin(reserved);
      try {
        return await work(
          Object.assign(createHandle(own), { begin: beginWith((options, inner) => transact(own, options, inner)) }),
        );
      } finally {
        reserved.release();
      }
    },
  });
}

type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;

function beginWith(run: <Result>(options: string, work: Work<Result>) => Promise<unknown>): Database["begin"] {
  return <Result>(first: string | Work<Result>, second?: Work<Result>) =>
    (typeof first === "string" ? run(first, second as Work<Result>) : run("", first)) as Promise<Awaited<Result>>;
}

/** postgres.js keeps account of failed statements per transaction and savepoint, so both are left to it. */
function nativeTransaction(connection: Connection, native: postgres.TransactionSql): Transaction {
  const own = connection.pin(native);
  return Object.assign(createHandle(own), {
    async savepoint<Result>(work: Work<Result>): Promise<Awaited<Result>> {
      try {
        return (await native.savepoint((inner) => work(nativeTransaction(connection, inner)))) as Awaited<Result>;
      } catch (error) {
        throw own.translate(error);
      }
    },
  });
}
