import { NextvalError } from "../error.js";
import { textFragment } from "../sql/fragment.js";
import type { Transaction } from "./bind.js";
import type { Connection } from "./connection.js";
import { createHandle } from "./handle.js";

type Work<Result> = (transaction: Transaction) => Result | Promise<Result>;

/** A transaction on a reserved connection, for which postgres.js has no `begin`. */
export async function transact<Result>(connection: Connection, options: string, work: Work<Result>): Promise<Awaited<Result>> {
  if (!/^[a-z, ]*$/i.test(options)) {
    throw new NextvalError("INVALID_TEMPLATE", `begin takes transaction modes such as "read only", not ${JSON.stringify(options)}`);
  }
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
): Promise<Awaited<Result>> {
  const connection = outer.nested();
  const run = (text: string) => outer.prepare(textFragment(text));
  const savepoint = <Inner>(inner: Work<Inner>) => {
    const name = `nextval_${depth + 1}`;
    const boundaries = { open: `savepoint ${name}`, close: `release ${name}`, undo: `rollback to ${name}` };
    return scope(connection, boundaries, depth + 1, inner);
  };
  await run(open);
  try {
    const result = await work(Object.assign(createHandle(connection), { savepoint }));
    // After a failed statement the server would answer a commit with a rollback, and say nothing.
    if (connection.failure !== undefined) throw connection.failure;
    await run(close);
    return result;
  } catch (error) {
    await run(undo);
    throw error;
  }
}
