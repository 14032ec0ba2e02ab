import type { Connection } from "./connection.js";
import { createSessionHandle } from "./create-handle.js";
import type { Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";

/** A transaction on a connection of its own, on which it has been opened. */
export async function transact<Result>(session: Connection, work: Work<Result>): Promise<Outcome<Result>> {
  let savepoints = 0;

  /** Work that fails or succeeds as a whole, and is undone when it fails. */
  const attempt = async <Part>(outer: Connection, undo: string, part: Work<Part>): Promise<Outcome<Part>> => {
    const connection = outer.nested();
    const savepoint = async <Inner>(inner: Work<Inner>) => {
      const name = `nextval_${++savepoints}`;
      await connection.run(`savepoint ${name}`);
      return attempt(connection, `rollback to ${name}`, inner);
    };
    try {
      const outcome = await outcomeOf(part(Object.assign(createSessionHandle(connection), { savepoint })));
      // After a failed statement the server would answer a commit with a rollback, and say nothing.
      if (connection.failure !== undefined) throw connection.failure;
      return outcome;
    } catch (error) {
      // Where the connection is lost the server has rolled back by itself; the error that led here matters more.
      await outer.run(undo).catch(() => {});
      throw error;
    }
  };

  const outcome = await attempt(session, "rollback", work);
  await session.run("commit");
  return outcome;
}
