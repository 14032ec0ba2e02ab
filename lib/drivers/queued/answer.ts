import type { Answer, Columns, Request } from "../../internal.js";
import type { Result, ResultColumn } from "./driver.js";

/** Rows, with what the server reports about them. */
class ResultRows extends Array<unknown> {
  // Private, so rows are equal to an array of the same rows.
  readonly #result: Result;

  constructor(result: Result) {
    super();
    this.#result = result;
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  get command(): string {
    return this.#result.command;
  }

  get count(): number | null {
    return this.#result.count;
  }

  get columns(): readonly Pick<ResultColumn, "name" | "type" | "table">[] {
    return this.#result.columns.map(({ name, type, table }) => ({ name, type, table }));
  }
}

/** Reads the values of a result as the request says. */
export function answerOf(result: Result, { kind, reading }: Request): Answer {
  const rows = new ResultRows(result);
  if (result.failure !== undefined) return { rows, columns: undefined, failure: result.failure };
  if (kind !== "rows") {
    for (const row of result.rows) rows.push(row.map((value) => (value === null ? null : String(value))));
    return { rows, columns: undefined, failure: undefined };
  }
  try {
    const { columns } = result;
    const facts = reading.apply(columns);
    const readers = columns.map((column) => readerOf(column, facts));
    for (const row of result.rows) rows.push(rowOf(row, columns, readers));
    return { rows, columns: facts, failure: undefined };
  } catch (error) {
    return { rows, columns: undefined, failure: { error } };
  }
}

type Read = ((value: unknown) => unknown) | undefined;

/** What the driver has read stays, except for a column that `.as()` names, which is read as it promises. */
function readerOf(column: ResultColumn, { promised }: Columns): Read {
  const { parser, isRead } = column;
  if (!isRead) return parser as Read;
  return promised.includes(column) ? (value) => parser?.(String(value)) : undefined;
}

function rowOf(values: readonly unknown[], columns: readonly ResultColumn[], readers: readonly Read[]): object {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) {
    const { name } = columns[at] as ResultColumn;
    const read = readers[at];
    const given = values[at];
    const value = given === null || read === undefined ? given : read(given);
    if (name === "__proto__") Object.defineProperty(row, name, { value, enumerable: true });
    else row[name] = value;
  }
  return row;
}
