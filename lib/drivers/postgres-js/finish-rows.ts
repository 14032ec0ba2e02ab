import { Described } from "./described.js";
import type { Result } from "./internals.js";
import { brokenPromise, type Column } from "./reading.js";

/** Where a result keeps what one of its values has failed with. Its rows have all arrived, so the connection is not disturbed. */
const FAILURE: unique symbol = Symbol("failure");

export function failResult(result: Result, failure: { readonly error: unknown }): void {
  Object.defineProperty(result, FAILURE, { value: failure });
}

/**
 * After a statement that failed behind its first rows, postgres.js (3.4.9) counts on from there: the next result on the
 * connection has holes in front, which are taken away.
 */
export function withoutHoles<List extends readonly unknown[]>(rows: List): List {
  if (rows.length > 0 && !(0 in rows))
    (rows as unknown as unknown[]).splice(
      0,
      rows.findIndex((_row, at) => at in rows),
    );
  return rows;
}

/**
 * Finishes what the driver has read: looks up the types that arrived for the first time, and refuses what breaks a promise of
 * `.as()`. `described` is that of the first batch where the rows are a batch of a cursor.
 */
export function finishRows(
  rows: Result,
  described: unknown,
  lookUpTypes: (columns: readonly Column[]) => Promise<void> | undefined,
): Result | Promise<Result> {
  withoutHoles(rows);
  const failure = (rows as { [FAILURE]?: { readonly error: unknown } })[FAILURE];
  if (failure !== undefined) throw failure.error;
  if (!(described instanceof Described) || described.result === undefined) return rows;
  const { unread, filled } = described.result;
  for (const { name } of filled) {
    for (const row of rows) if (isObject(row) && row[name] === null) throw brokenPromise(name, null);
  }
  if (unread.length === 0) return rows;
  const lookUp = lookUpTypes(unread);
  if (lookUp === undefined) return readLate(rows, described, unread);
  return lookUp.then(() => readLate(rows, described, unread));
}

/** Reads the text of columns whose types were not known when the rows arrived. What a transform of the client made of it stays. */
function readLate(rows: Result, { reading }: Described, columns: readonly Column[]): Result {
  for (const column of columns) {
    const parse = reading.parserOf(column);
    if (parse === undefined) continue;
    const { name } = column;
    for (const row of rows) {
      if (!isObject(row) || Object.isFrozen(row)) continue;
      const value = row[name];
      if (typeof value === "string") row[name] = parse(value);
    }
  }
  return rows;
}

function isObject(row: unknown): row is Record<string, unknown> {
  return typeof row === "object" && row !== null;
}
