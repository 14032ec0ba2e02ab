import type { Sql } from "../../sql/fragment.js";
import type { Result } from "./internals.js";
import type { Statement } from "./statement.js";

/** The connection that a cursor is opened on. */
interface CursorConnection {
  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown;
  /**
   * Returns a connection that nothing else uses while the cursor is open, and a function that returns it to the pool.
   */
  lease(): Promise<[CursorConnection, () => void]>;
  prepare(fragment: Sql): Statement;
  /** Looks up the types of a statement's columns before it runs. */
  describe(statement: Statement): Promise<void>;
  send(statement: Statement): void;
  finishBatch(rows: Result, statement: unknown): Result;
  /** Throws the translated error of a statement that failed. */
  fail(error: unknown, fragment: Sql): Promise<never>;
}

/** Reads the rows of a statement through a cursor of the driver. */
export async function* readBatches<Row>(
  connection: CursorConnection,
  fragment: Sql<Row>,
  size: number,
  open: () => () => void,
): AsyncGenerator<Row[]> {
  const refusal = connection.refusal(fragment);
  if (refusal !== undefined) throw refusal;
  const close = open();
  const [own, release] = await connection.lease();
  try {
    const statement = own.prepare(fragment);
    // No other statement can run once the cursor is open.
    await own.describe(statement);
    statement.executed = false;
    statement.start = () => own.send(statement);
    // The driver reports the columns with the first batch only.
    let described: Result["statement"] | undefined;
    const batches = statement.cursor(size)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value: batch } = await batches.next();
        if (done === true) break;
        described ??= batch.statement;
        yield own.finishBatch(batch, described) as unknown as Row[];
      }
    } finally {
      // The driver (3.4.9) would write to a closed connection, where nothing can catch the error, or to the next
      // connection.
      if (!statement.lost) await batches.return?.();
    }
    // If no call waits for a batch when the connection is lost, the driver (3.4.9) reports the end of the rows.
    if (statement.lost) throw statement.loss;
  } catch (error) {
    await connection.fail(error, fragment);
  } finally {
    close();
    release();
  }
}
