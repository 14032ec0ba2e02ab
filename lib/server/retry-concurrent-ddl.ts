import { sqlStateOf } from "./sqlstate.js";

const ATTEMPTS = 10;

/**
 * Reads, and retries if something was dropped or altered at the same time.
 *
 * Before PostgreSQL 18, a statement that reads all sequences fails if another session drops one while it runs. Its
 * functions look up the current state. From 18 on, it may open the file of a sequence just after ALTER SEQUENCE has
 * replaced and emptied that file. In a transaction each attempt needs a savepoint; without one the first error is
 * thrown.
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
 * The possible errors: there is no relation with this OID, no relation of this name, or no schema of this name. The
 * file of an altered sequence is empty. The statement deadlocked with a session that drops several sequences. The name
 * of a sequence now refers to a view, or to another relation.
 */
const MEANWHILE = new Set(["XX000", "42P01", "3F000", "XX001", "40P01", "55000", "22012", "42703"]);

const IN_FAILED_TRANSACTION = "25P02";
