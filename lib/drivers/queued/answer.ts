import type { Answer, Column, Request } from "../../internal.js";
import type { Result } from "./driver.js";

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

  get columns(): readonly Pick<Column, "name" | "type" | "table">[] {
    return this.#result.columns.map(({ name, type, table }) => ({ name, type, table }));
  }
}

/** Reads the values of a result as the request says. */
export function answerOf(result: Result, { kind, reading }: Request): Answer {
  const rows = new ResultRows(result);
  if (result.failure !== undefined) return { rows, columns: undefined, failure: result.failure };
  if (kind !== "rows") {
    for (const row of result.rows) rows.push(row);
    return { rows, columns: undefined, failure: undefined };
  }
  try {
    const { columns } = result;
    const facts = reading.apply(columns);
    for (const row of result.rows) rows.push(rowOf(row, columns));
    return { rows, columns: facts, failure: undefined };
  } catch (error) {
    return { rows, columns: undefined, failure: { error } };
  }
}

/** What a property has that is set. */
const OWN = { enumerable: true, configurable: true, writable: true };

function rowOf(values: readonly (string | null)[], columns: readonly Column[]): object {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) {
    const { name, parser } = columns[at] as Column;
    const text = values[at] as string | null;
    const value = text === null || parser === undefined ? text : parser(text);
    if (name === "__proto__") Object.defineProperty(row, name, { ...OWN, value });
    else row[name] = value;
  }
  return row;
}
