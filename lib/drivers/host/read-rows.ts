import { NextvalError } from "../../index.js";
import type { Answer, AnswerRows, Column, Request } from "../../internal.js";

/** The types as which a column is read that may hold integers, and any other. Neither has a reader of its own. */
const FLOAT4 = 700;
const TEXT = 25;

interface Row {
  readonly [name: string]: unknown;
}

/** Reads what a host has returned for a request. What fails is a failure of the answer: the statement has run. */
export function answerOf(returned: unknown, request: Request): Answer {
  try {
    return read(returned, request);
  } catch (cause) {
    return { rows: answered([]), columns: undefined, failure: { error: afterRun(cause) } };
  }
}

function read(returned: unknown, { kind, reading }: Request): Answer {
  if (kind === "command") return { rows: answered([]), columns: undefined, failure: undefined };
  const rows = rowsOf(returned);
  if (kind === "texts") return { rows: answered(rows.map(textsOf)), columns: undefined, failure: undefined };
  const columns = Object.keys(rows[0] ?? {}).map((name): Column => columnOf(name, rows));
  const facts = reading.apply(columns);
  const { promised } = facts;
  const kept = promised.length === 0 ? rows : rows.map((row) => keepPromises(row, promised));
  return { rows: answered(kept), columns: facts, failure: undefined };
}

/** The errors of the library say themselves that the statement has run. */
function afterRun(cause: unknown): unknown {
  if (cause instanceof NextvalError) return cause;
  const problem = "the rows that the library returned cannot be read. The statement has run.";
  return new NextvalError("UNEXPECTED_VALUE", problem, { cause });
}

/** Hosts do not tell the number of rows that a statement has changed. */
function answered(rows: readonly unknown[]): AnswerRows {
  return rows as unknown as AnswerRows;
}

function rowsOf(returned: unknown): readonly Row[] {
  const rows = (Array.isArray(returned) ? returned : (returned as { readonly rows?: unknown } | null)?.rows) as unknown;
  if (Array.isArray(rows) && rows.every(isRow)) return rows;
  throw new NextvalError(
    "INVALID_ARGUMENT",
    "the function that runs statements must return the rows: an array of objects, or an object with rows. " +
      "The statement has run.",
  );
}

function isRow(row: unknown): row is Row {
  return typeof row === "object" && row !== null && !Array.isArray(row);
}

/** A host does not tell types, so they follow from the values. */
function columnOf(name: string, rows: readonly Row[]): Column {
  const isNumeric = rows.every((row) => row[name] === null || NUMBER.test(textOf(row[name])));
  return { name, type: isNumeric ? FLOAT4 : TEXT, table: 0, parser: undefined };
}

const NUMBER = /^-?\d[\d.e+]*$/;

/** Returns the text of what may be a number. The `toString` of an object may be data of a stored document. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : "";
}

function keepPromises(row: Row, columns: readonly Column[]): Row {
  const copy: { [name: string]: unknown } = { ...row };
  for (const { name, parser } of columns) {
    const value = row[name];
    if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) throw roundedValue(name);
    if (value !== null) copy[name] = parser?.(textOf(value));
  }
  return copy;
}

function roundedValue(name: string): NextvalError {
  const problem = "is beyond 2^53-1 and was read as a number, which has lost digits";
  return new NextvalError("UNEXPECTED_VALUE", `column ${JSON.stringify(name)} ${problem}. The statement has run.`, {
    hint: "Let the client read int8 as text.",
  });
}

/** `afterRun` says that the rows cannot be read. */
function changedText(): Error {
  return new Error("the library changed the text of a row");
}

/**
 * Splits the text of a row: `(1,"{0,17}")`. By hand, because a regular expression keeps each turn of a loop on its
 * stack, which is too small for a million values. Source: "Composite Type Input and Output Syntax".
 */
function textsOf(row: Row): (string | null)[] {
  const text = Object.values(row)[0];
  if (typeof text !== "string" || !text.startsWith("(")) throw changedText();
  const fields: (string | null)[] = [];
  let at = 1;
  while (at < text.length) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? endOfQuoted(text, at) : endOfPlain(text, at);
    if (end < 0) throw changedText();
    if (isQuoted) fields.push(text.slice(at + 1, end).replace(/(["\\])\1/g, "$1"));
    else fields.push(end === at ? null : text.slice(at, end));
    at = end + (isQuoted ? 2 : 1);
  }
  return fields;
}

/** Returns the position of the quote that ends a field, or -1. Quotes within it are doubled. */
function endOfQuoted(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end;
}

function endOfPlain(text: string, start: number): number {
  const comma = text.indexOf(",", start);
  return comma < 0 ? text.length - 1 : comma;
}
