import type { Sql } from "../../sql/fragment.js";
import type { Result } from "./internals.js";
import type { Statement } from "./statement.js";

/** The connection that a cursor is opened on. */
interface CursorConnection {
  /** Why a statement cannot run here, or not now. */
  refusal(fragment: Sql): unknown;
  /** A connection that nothing else uses while the cursor is open, and what gives it back. */
  lease(): Promise<[CursorConnection, () => void]>;
  prepare(fragment: Sql): Statement;
  /** Learns which types the columns of a statement have, before it runs. */
  describe(statement: Statement): Promise<void>;
  send(statement: Statement): void;
  finishBatch(rows: Result, statement: unknown): Result;
  /** Throws what a statement has failed with. */
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
    // Nothing else can be asked once the cursor is open.
    await own.describe(statement);
    statement.executed = false;
    statement.start = () => own.send(statement);
    // The driver says what the columns are with the first batch only.
    let described: Result["statement"] | undefined;
    for await (const batch of statement.cursor(size)) {
      described ??= batch.statement;
      yield own.finishBatch(batch, described) as unknown as Row[];
    }
    // If nothing waits for a batch when the connection is lost, to the driver (3.4.9) there are no more rows.
    if (statement.lost) throw statement.loss;
  } catch (error) {
    await connection.fail(error, fragment);
  } finally {
    close();
    release();
  }
}
