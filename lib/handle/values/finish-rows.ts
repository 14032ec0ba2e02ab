import type { Answer, AnswerRows, Learn } from "../port.js";
import type { KnownTypes } from "./known-types.js";
import { brokenPromise, type Column } from "./reading.js";

/**
 * Finishes the rows of an answer. Looks up types that arrived for the first time, and throws if a column breaks the
 * promise of `.as()`.
 */
export function finishRows(
  { rows, columns, failure }: Answer,
  types: KnownTypes,
  learn: Learn,
): AnswerRows | Promise<AnswerRows> {
  if (failure !== undefined) throw failure.error;
  if (columns === undefined) return rows;
  const { unread, filled } = columns;
  for (const { name } of filled) {
    for (const row of rows) if (isObject(row) && row[name] === null) throw brokenPromise(name, null);
  }
  if (unread.length === 0) return rows;
  const learning = learn(unread);
  if (learning === undefined) return readLate(rows, types, unread);
  return learning.then(() => readLate(rows, types, unread));
}

/**
 * Parses columns whose types were not known when the rows arrived. A value that a transform of the client has changed
 * stays as it is.
 */
function readLate(rows: AnswerRows, types: KnownTypes, columns: readonly Column[]): AnswerRows {
  for (const { type, name } of columns) {
    const parse = types.parserOf(type);
    if (parse === undefined) continue;
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
