import { NextvalError } from "../error.js";
import type { Connection, LAST } from "./connection.js";
import { createSessionHandle } from "./create-handle.js";
import type { Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";

/** A transaction on a connection of its own; `statement` opens it, and what ends it runs with the options `atEnd`. */
export async function transact<Result>(
  session: Connection,
  statement: string,
  work: Work<Result>,
  atEnd?: typeof LAST,
): Promise<Outcome<Result>> {
  await session.run(statement);
  const transaction = session.nested();
  const outcome = await attempt(transaction, work).catch(async (error: unknown) => {
    // Where the connection is lost the server has rolled back by itself; the error that led here matters more.
    await session.run("rollback", atEnd).catch(() => {});
    throw error;
  });
  // To the commit of a transaction in which a statement has failed the server answers with a rollback, and no error.
  if ((await session.run("commit", atEnd)) === "COMMIT") return outcome;
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
  await outer.run("savepoint nextval");
  try {
    const outcome = await attempt(connection, work);
    // Fails where a statement has failed that nobody awaited.
    await outer.run("release nextval");
    return outcome;
  } catch (error) {
    // The name is used again further in and out, so the savepoint has to go.
    await outer.run("rollback to nextval").then(
      () => outer.run("release nextval"),
      () => {},
    );
    throw connection.failure ?? error;
  }
}
