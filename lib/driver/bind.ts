import type postgres from "postgres";
import { refuse } from "../error.js";
import { type Client, Connection } from "./connection.js";
import { createHandle, createSessionHandle } from "./create-handle.js";
import type { Database, Session, Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";
import { Pool } from "./pool.js";
import { Reserved } from "./reserve.js";
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
  const pool = Pool.of(client);
  const connection = new Connection(client as unknown as Client, pool);

  /** Runs `work` on a connection of its own. If that is lost, it fails immediately, whatever the work is waiting for. */
  const reserved = async <Result>(work: (own: Connection) => Promise<Result>, resets: boolean): Promise<Result> => {
    if ((client.options as { max_pipeline?: number }).max_pipeline === 0) {
      refuse("begin", "needs a client with a max_pipeline of 1 or more");
    }
    const line = await Reserved.from(pool);
    const own = connection.pin(line);
    try {
      return await Promise.race([work(own).finally(() => own.idle()), line.lost]);
    } finally {
      own.end();
      line.release(resets);
    }
  };

  return Object.assign(createHandle(connection), {
    begin: beginWith((statement, work) => reserved((own) => transact(own, statement, work, true), false)),
    session: <Result>(work: (session: Session) => Result | Promise<Result>) =>
      reserved((own) => {
        const begin = beginWith((statement, inner) => own.nest(() => transact(own.nested(), statement, inner)));
        return outcomeOf(work(Object.assign(createSessionHandle(own), { begin })));
      }, true),
  });
}

type Begin = <Result>(statement: string, work: Work<Result>) => Promise<Outcome<Result>>;

function beginWith(run: Begin): Database["begin"] {
  return async <Result>(first: string | Work<Result>, second?: Work<Result>) => {
    const [modes, work] = typeof first === "string" ? [first, second as Work<Result>] : ["", first];
    if (typeof work !== "function") refuse("begin", "needs a function to run");
    if (!/^[a-z, ]*$/i.test(modes)) {
      const given = JSON.stringify(modes);
      refuse("begin", `takes transaction modes such as "read only", not ${given}`);
    }
    return run(`begin ${modes}`, work);
  };
}
