import { NextvalError } from "../error.js";
import type { Connection } from "./connection.js";
import { createSessionHandle } from "./create-handle.js";
import type { Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";

/** A transaction on a connection of its own; `statement` opens it. With `isLast` the connection goes back to the pool when it ends. */
export async function transact<Result>(
  session: Connection,
  statement: string,
  work: Work<Result>,
  isLast = false,
): Promise<Outcome<Result>> {
  await session.command(statement);
  const transaction = session.nested();
  const outcome = await attempt(transaction, work).catch(async (error: unknown) => {
    // Where the connection is lost the server has rolled back by itself; the error that led here matters more.
    await session.command("rollback", isLast).catch(() => {});
    throw error;
  });
  // To the commit of a transaction in which a statement has failed the server answers with a rollback, and no error.
  if ((await session.command("commit", isLast)) === "COMMIT") return outcome;
  throw transaction.failure ?? new NextvalError("TRANSACTION_FAILED", "the server has rolled the transaction back");
}

/** Work on a connection, which fails when one of its statements has failed, whether or not the work took notice. */
async function attempt<Result>(connection: Connection, work: Work<Result>): Promise<Outcome<Result>> {
  try {
    const handle = createSessionHandle(connection);
    const savepoint = <Inner>(inner: Work<Inner>) => connection.nest(() => save(connection, inner));
    const outcome = await outcomeOf(work(Object.assign(handle, { savepoint })));
    await connection.idle();
    if (connection.failure !== undefined) throw connection.failure;
    return outcome;
  } finally {
    connection.end();
  }
}

async function save<Result>(outer: Connection, work: Work<Result>): Promise<Outcome<Result>> {
  const connection = outer.nested();
  await outer.command("savepoint nextval");
  try {
    const outcome = await attempt(connection, work);
    // Fails where a statement has failed that nobody awaited.
    await outer.command("release nextval");
    return outcome;
  } catch (error) {
    // The name is used again further in and out, so the savepoint has to go.
    await outer.command("rollback to nextval").then(
      () => outer.command("release nextval"),
      () => {},
    );
    throw connection.failure ?? error;
  }
}
