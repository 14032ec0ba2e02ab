import { NextvalError } from "../errors.js";
import { checkedLimits, type Limits } from "./call-limits.js";
import type { Connection } from "./connection.js";
import { createSessionHandle } from "./create-handle.js";
import type { Transaction, Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./work-result.js";

/** The statements that begin a savepoint, and that end it after its work or after `rollback to`. */
export const SAVEPOINT = "savepoint nextval";
export const RELEASE = "release nextval";

/** Options of `transact`. */
export interface Transacting {
  /** The statement that opens the transaction. */
  readonly statement: string;
  /** Whether the connection returns to the pool when the transaction ends. */
  readonly isLast?: boolean;
  /** Called when the work must not be run again. */
  readonly onNoRetry: () => void;
}

/** Runs work in a transaction on a reserved connection. */
export async function transact<Result>(
  session: Connection,
  { statement, isLast, onNoRetry }: Transacting,
  work: Work<Result>,
): Promise<Outcome<Result>> {
  await session.command(statement);
  const transaction = session.nested();
  const outcome = await attempt(transaction, work, onNoRetry).catch(async (error: unknown) => {
    // If the connection is lost, the server has rolled back on its own. The error that led here matters more.
    await session.command("rollback", isLast).catch(() => {});
    throw error;
  });
  // If a statement of the transaction has failed, the server answers COMMIT with a rollback and no error.
  if ((await session.commit(isLast)) === "COMMIT") return outcome;
  throw transaction.failure ?? new NextvalError("TRANSACTION_FAILED", "the server has rolled the transaction back");
}

/** Runs work on a connection. Fails if one of its statements has failed, even if the work has caught the error. */
async function attempt<Result>(
  connection: Connection,
  work: Work<Result>,
  onNoRetry: () => void,
): Promise<Outcome<Result>> {
  try {
    const outcome = await outcomeOf(work(transactionHandle(connection, onNoRetry)));
    await connection.idle();
    if (connection.failure !== undefined) throw connection.failure;
    return outcome;
  } finally {
    await connection.leaveCursor();
    connection.end();
  }
}

export function transactionHandle(connection: Connection, noRetry: () => void): Transaction {
  return Object.assign(createSessionHandle(connection), {
    noRetry,
    savepoint: <Inner>(inner: Work<Inner>) => connection.nest(() => save(connection, inner, noRetry)),
    with: (limits: Limits) => transactionHandle(connection.limited(checkedLimits("with", limits)), noRetry),
  });
}

async function save<Result>(outer: Connection, work: Work<Result>, onNoRetry: () => void): Promise<Outcome<Result>> {
  const connection = outer.nested();
  await outer.command(SAVEPOINT);
  try {
    const outcome = await attempt(connection, work, onNoRetry);
    // Fails if a statement failed that was not awaited.
    await outer.command(RELEASE);
    return outcome;
  } catch (error) {
    // Outer and inner savepoints have the same name, so this one has to be released.
    await outer.command("rollback to nextval").then(
      () => outer.command(RELEASE),
      () => {},
    );
    throw connection.failure ?? error;
  }
}
