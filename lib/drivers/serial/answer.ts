import type { Answer, Column, Request } from "../../internal.js";
import type { TextColumn, TextResult } from "./driver.js";

/** Rows, with what the server reports about them. */
class ResultRows extends Array<unknown> {
  declare readonly command: string;
  declare readonly count: number | null;
  declare readonly columns: readonly TextColumn[];

  constructor({ command, count, columns }: TextResult) {
    super();
    // Not enumerable, so rows are equal to an array of the same rows.
    Object.defineProperties(this, {
      command: { value: command },
      count: { value: count },
      columns: { value: columns },
    });
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** Reads the texts of a result as the request says. */
export function answerOf(result: TextResult, { kind, reading }: Request): Answer {
  const rows = new ResultRows(result);
  if (kind !== "rows") {
    for (const row of result.rows) rows.push(row);
    return { rows, columns: undefined, failure: undefined };
  }
  const columns = result.columns.map((column): Column => ({ ...column, parser: undefined }));
  try {
    const facts = reading.apply(columns);
    for (const row of result.rows) rows.push(rowOf(row, columns));
    return { rows, columns: facts, failure: undefined };
  } catch (error) {
    return { rows, columns: undefined, failure: { error } };
  }
}

function rowOf(texts: readonly (string | null)[], columns: readonly Column[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) {
    const { name, parser } = columns[at] as Column;
    const text = texts[at] as string | null;
    const value = text === null || parser === undefined ? text : parser(text);
    if (name === "__proto__") Object.defineProperty(row, name, { value, enumerable: true });
    else row[name] = value;
  }
  return row;
}
