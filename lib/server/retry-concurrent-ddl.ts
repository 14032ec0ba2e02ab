import { sqlStateOf } from "./sqlstate.js";

const ATTEMPTS = 10;

/**
 * Reads, and reads again where something was dropped or altered meanwhile. Before PostgreSQL 18 a statement that looks
 * at all sequences fails with one that somebody drops while it runs, because its functions look at what is there by
 * then. Since 18 it may meet the file of a sequence just when somebody's ALTER SEQUENCE has put another in its place
 * and emptied it. In a transaction each attempt needs a savepoint; without one the failure is passed on.
 */
export async function readAgain<Result>(read: () => Promise<Result>): Promise<Result> {
  let first: unknown;
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (sqlStateOf(error) === IN_FAILED_TRANSACTION) throw first ?? error;
      if (attempt === ATTEMPTS || !MEANWHILE.has(sqlStateOf(error) ?? "")) throw error;
      first ??= error;
    }
  }
}

/**
 * No relation with this OID, none of this name, no schema of this name; nothing in the file of one that was altered; a
 * deadlock with a session that drops several at once; or the name of a sequence led to a view, or to another relation.
 */
const MEANWHILE = new Set(["XX000", "42P01", "3F000", "XX001", "40P01", "55000", "22012", "42703"]);

const IN_FAILED_TRANSACTION = "25P02";
