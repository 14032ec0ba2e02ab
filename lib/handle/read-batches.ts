import type { Sql } from "../sql/fragment.js";
import type { Answer, AnswerRows } from "./port.js";

/** The connection that a cursor is opened on. */
interface CursorConnection {
  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown;
  /**
   * Returns a connection that nothing else uses while the cursor is open, and a function that returns it to the pool.
   */
  lease(): Promise<[CursorConnection, () => void]>;
  batches(fragment: Sql, size: number): AsyncIterable<Answer>;
  finishBatch(answer: Answer): AnswerRows;
  /** Throws the translated error of a statement that failed. */
  fail(error: unknown, fragment: Sql): Promise<never>;
}

/**
 * Reads the rows of a statement through a cursor. `open` records the cursor, and returns a function that records its
 * end.
 */
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
    for await (const batch of own.batches(fragment, size)) yield own.finishBatch(batch) as unknown as Row[];
  } catch (error) {
    await connection.fail(error, fragment);
  } finally {
    close();
    release();
  }
}
