import type { Column, Columns, Reading } from "../../handle/values/reading.js";
import { guarded } from "./guard-parser.js";
import type { DriverStatement } from "./internals.js";

/**
 * Replaces the driver's own object, so the columns of a result get their parsers before its first row is read.
 *
 * postgres.js (3.4.9) sets `columns` to an empty list, fills it, and reads it when it goes on to the rows.
 */
export class Described implements DriverStatement {
  readonly string: string;
  readonly types: unknown[];
  readonly name: string;
  readonly #reading: Reading;
  #columns: Column[] | null = null;
  #result: Columns | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor({ string, types, name }: DriverStatement, reading: Reading) {
    this.string = string;
    this.types = types;
    this.name = name;
    this.#reading = reading;
  }

  get columns(): Column[] | null {
    const columns = this.#columns;
    if (columns !== null && (columns.length === 0 || columns.at(-1) !== undefined)) {
      this.#result = this.#reading.apply(columns);
      const fail = (error: unknown) => {
        this.#failure ??= { error };
      };
      for (const column of columns) column.parser = guarded(column.parser, fail);
      // The driver reads it twice per value, so a plain property replaces the accessor.
      Object.defineProperty(this, "columns", { value: columns, writable: true, enumerable: true, configurable: true });
    }
    return columns;
  }

  set columns(columns: Column[] | null) {
    this.#columns = columns;
  }

  get result(): Columns | undefined {
    return this.#result;
  }

  /** Returns the error that a parser has thrown since the last call. */
  takeFailure(): { readonly error: unknown } | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }
}
