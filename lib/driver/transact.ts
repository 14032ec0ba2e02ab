import type { Connection } from "./connection.js";
import { createSessionHandle } from "./create-handle.js";
import type { Work } from "./handle.js";
import { type Outcome, outcomeOf } from "./outcome.js";

/** A transaction on a reserved connection, for which postgres.js has no `begin`. */
export async function transact<Result>(
  connection: Connection,
  options: string,
  work: Work<Result>,
): Promise<Outcome<Result>> {
  return scope(connection, { open: `begin ${options}`, close: "commit", undo: "rollback" }, 0, work);
}

/** What opens, closes and undoes a part of a transaction that fails or succeeds as a whole. */
interface Boundaries {
  readonly open: string;
  readonly close: string;
  readonly undo: string;
}

async function scope<Result>(
  outer: Connection,
  { open, close, undo }: Boundaries,
  depth: number,
  work: Work<Result>,
): Promise<Outcome<Result>> {
  const connection = outer.nested();
  const savepoint = <Inner>(inner: Work<Inner>) => {
    const name = `nextval_${depth + 1}`;
    const boundaries = { open: `savepoint ${name}`, close: `release ${name}`, undo: `rollback to ${name}` };
    return scope(connection, boundaries, depth + 1, inner);
  };
  await outer.run(open);
  try {
    const result = await outcomeOf(work(Object.assign(createSessionHandle(connection), { savepoint })));
    // After a failed statement the server would answer a commit with a rollback, and say nothing.
    if (connection.failure !== undefined) throw connection.failure;
    await outer.run(close);
    return result;
  } catch (error) {
    // Where the connection is lost the server has rolled back by itself; the error that led here matters more.
    await outer.run(undo).catch(() => {});
    throw error;
  }
}
