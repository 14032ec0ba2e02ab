import { Described } from "./described.js";
import type { Result } from "./internals.js";
import { brokenPromise, type Column } from "./reading.js";

/**
 * The key of the error that one of a result's values failed with. All rows have arrived, so the connection is not
 * disturbed.
 */
const FAILURE: unique symbol = Symbol("failure");

export function failResult(result: Result, failure: { readonly error: unknown }): void {
  Object.defineProperty(result, FAILURE, { value: failure });
}

/**
 * Removes the holes in front of a result. If a statement fails after its first rows, postgres.js (3.4.9) continues
 * counting from there, so the next result on the connection begins with holes.
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
 * Finishes the rows that the driver has read. Looks up types that arrived for the first time, and throws if a column
 * breaks the promise of `.as()`. For a batch of a cursor, `described` belongs to its first batch.
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

/**
 * Parses columns whose types were not known when the rows arrived. A value that a transform of the client has changed
 * stays as it is.
 */
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
