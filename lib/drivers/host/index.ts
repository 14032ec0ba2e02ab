import type { HostDatabase, HostTransaction } from "../../index.js";
import { knownAs, refuseClient } from "../queued/refuse-client.js";
import { hostHandle } from "./host.js";
import type { RunFragment } from "./line.js";

/**
 * Runs a statement through another library, for {@link bind}. `values` are texts and nulls, for `$1` and following.
 * Returns the rows as objects, or an object with `rows`.
 */
export type RunStatement = (text: string, values: (string | null)[]) => PromiseLike<unknown>;

/**
 * Makes a handle of any library that runs SQL, from a function that runs a statement on any of its connections.
 *
 * ```ts
 * const db = bind((text, values) => dataSource.query(text, values)); // TypeORM
 * const id = await db.nextval(orderSeq);
 * ```
 *
 * Rows are as the library reads them, except columns that `.as()` names. Draws return exact values, however the library
 * reads `int8`. `nextval/kysely`, `nextval/drizzle` and `nextval/knex` have a `bind` that takes the library itself.
 */
export function bind(run: RunStatement): HostDatabase {
  return hostHandle(runnerOf(run, "bind"), false);
}

/**
 * Makes a handle of a transaction of any library that runs SQL, from a function that runs a statement inside it. The
 * library still commits it or rolls it back.
 *
 * ```ts
 * await dataSource.transaction(async ({ queryRunner }) => {
 *   const tx = bindTransaction((text, values) => queryRunner!.query(text, values)); // TypeORM
 *   const no = await invoiceNo.next(tx); // a rollback returns the number
 * });
 * ```
 *
 * Statements run one after the other. After an error of the server, the transaction can only be rolled back.
 */
export function bindTransaction(run: RunStatement): HostTransaction {
  return hostHandle(runnerOf(run, "bindTransaction"), true);
}

function runnerOf(run: RunStatement, what: string): RunFragment {
  // Clients of postgres.js, instances of Knex and our own handles are functions, too.
  if (typeof run !== "function" || knownAs(run) !== undefined) {
    return refuseClient(run, "a function such as (text, values) => queryRunner.query(text, values)", what);
  }
  return ({ text, values }) => run(text, values as (string | null)[]);
}
