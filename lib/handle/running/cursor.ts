import { NextvalError } from "../../errors.js";
import type { Sql } from "../../sql/fragment.js";
import { addOrigin, type Origin } from "../../sql/origin.js";
import type { Answer, AnswerRows } from "../port.js";

/** The protocol counts the rows of a batch in 32 bits. */
const MAX_BATCH = 2_147_483_647;

/** A connection that can open a cursor. */
interface Readable {
  readBatches<Row>(fragment: Sql<Row>, size: number): AsyncGenerator<Row[]>;
}

/** Reads the rows of a statement in batches of `size`. */
export function readCursor<Row>(
  connection: Readable,
  fragment: Sql<Row>,
  size: number,
  origin: Origin | undefined,
): AsyncGenerator<Row[]> {
  if (!Number.isInteger(size) || size < 1 || size > MAX_BATCH) {
    throw new NextvalError("INVALID_ARGUMENT", `cursor() reads batches of 1 to ${MAX_BATCH} rows, not ${size}`);
  }
  return located(connection.readBatches(fragment, size), origin);
}

async function* located<Row>(batches: AsyncGenerator<Row[]>, origin: Origin | undefined): AsyncGenerator<Row[]> {
  try {
    yield* batches;
  } catch (error) {
    throw addOrigin(error, origin);
  }
}

/** The connection that a cursor is opened on. */
interface CursorConnection {
  /** Returns why a statement cannot run here now, or undefined. */
  refusal(fragment: Sql): unknown;
  /**
   * Returns a connection that nothing else uses while the cursor is open, and a function that returns it to the pool.
   */
  lease(): Promise<[CursorConnection, () => Promise<void> | undefined]>;
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
    for await (const batch of own.batches(fragment, size)) {
      const rows: unknown[] = own.finishBatch(batch);
      yield rows as Row[];
    }
  } catch (error) {
    await connection.fail(error, fragment);
  } finally {
    close();
    await release();
  }
}
