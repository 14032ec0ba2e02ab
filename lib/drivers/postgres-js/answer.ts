import { NextvalError } from "../../errors.js";
import type { Answer, AnswerRows } from "../../handle/port.js";
import { Described } from "./described.js";
import { connectionError, type DriverQuery, type Result } from "./internals.js";

/** Makes the answer of what the driver has read for a statement. */
export function answerOf(result: Result, { isRaw, options }: DriverQuery): Answer {
  const described = result.statement;
  const rows: AnswerRows = result;
  if (options.simple) return { rows, columns: undefined, failure: undefined };
  if (!described) return lost(rows);
  const failure = described instanceof Described ? described.takeFailure() : undefined;
  withoutHoles(rows);
  if (isRaw === true) return textAnswer(rows);
  return { rows, columns: described instanceof Described ? described.result : undefined, failure };
}

/**
 * The answer for a result that belongs to no statement. When postgres.js (3.4.9) reopens a lost connection, it may
 * treat the lost statement as answered, with such an empty result.
 */
function lost(rows: AnswerRows): Answer {
  const error = connectionError("CONNECTION_CLOSED", "the connection was closed before an answer came");
  return { rows, columns: undefined, failure: { error } };
}

/** The answer for a batch of a cursor. The driver tells the columns with the first batch only. */
export function batchAnswer(batch: Result, described: unknown): Answer {
  const failure = described instanceof Described ? described.takeFailure() : undefined;
  const columns = described instanceof Described ? described.result : undefined;
  return { rows: withoutHoles(batch), columns, failure };
}

/**
 * Removes the holes in front of a result. If a statement fails after its first rows, postgres.js (3.4.9) continues
 * counting from there, so the next result on the connection begins with holes.
 */
function withoutHoles(rows: AnswerRows): AnswerRows {
  if (rows.length === 0 || 0 in rows) return rows;
  const firstRow = rows.findIndex((_row, at) => at in rows);
  rows.splice(0, firstRow);
  return rows;
}

/** Reads raw rows as texts. The driver also passes raw rows to the client's transform of rows. */
function textAnswer(rows: AnswerRows): Answer {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (!isRaw(row)) return { rows, columns: undefined, failure: { error: transformed() } };
    rows[at] = row.map((value) => (value === null ? null : String(value)));
  }
  return { rows, columns: undefined, failure: undefined };
}

function isRaw(row: unknown): row is readonly (Uint8Array | null)[] {
  return Array.isArray(row) && row.every((value) => value === null || value instanceof Uint8Array);
}

function transformed(): NextvalError {
  const problem = "the client's transform.row changes the rows that the library reads";
  return new NextvalError("UNEXPECTED_VALUE", `${problem}. The statement has run.`, {
    hint: "Bind a client without transform.row.",
  });
}
