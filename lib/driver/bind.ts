import type postgres from "postgres";
import { NextvalError } from "../error.js";
import { Connection } from "./connection.js";
import { createHandle, createSessionHandle } from "./create-handle.js";
import type { Database, Session, Transaction, Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";
import { reserve } from "./reserve.js";
import { transact } from "./transact.js";

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
    async session<Result>(work: (session: Session) => Result | Promise<Result>): Promise<Outcome<Result>> {
      const reserved = await reserve(client);
      const own = connection.pin(reserved);
      try {
        const begin = beginWith((options, inner) => transact(own, options, inner));
        return await outcomeOf(work(Object.assign(createSessionHandle(own), { begin })));
      } finally {
        reserved.release();
      }
    },
  });
}

function beginWith(run: <Result>(options: string, work: Work<Result>) => Promise<unknown>): Database["begin"] {
  return async <Result>(first: string | Work<Result>, second?: Work<Result>) => {
    const [options, work] = typeof first === "string" ? [first, second as Work<Result>] : ["", first];
    if (!/^[a-z, ]*$/i.test(options)) {
      const given = JSON.stringify(options);
      throw new NextvalError("INVALID_TEMPLATE", `begin takes transaction modes such as "read only", not ${given}`);
    }
    return (await run(options, work)) as Outcome<Result>;
  };
}

/** postgres.js keeps account of failed statements per transaction and savepoint, so both are left to it. */
function nativeTransaction(connection: Connection, native: postgres.TransactionSql): Transaction {
  const own = connection.pin(native);
  return Object.assign(createSessionHandle(own), {
    async savepoint<Result>(work: Work<Result>): Promise<Outcome<Result>> {
      try {
        return (await native.savepoint((inner) => work(nativeTransaction(connection, inner)))) as Outcome<Result>;
      } catch (error) {
        throw own.translate(error);
      }
    },
  });
}
