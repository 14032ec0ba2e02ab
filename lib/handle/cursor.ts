import { NextvalError } from "../errors.js";
import type { Sql } from "../sql/fragment.js";
import { addOrigin, type Origin } from "../sql/origin.js";
import type { Connection } from "./connection.js";

/** The protocol counts the rows of a batch in 32 bits. */
const MAX_BATCH = 2_147_483_647;

/** Reads the rows of a statement in batches of `size`. */
export function readCursor<Row>(
  connection: Connection,
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
