import type postgres from "postgres";
import { NextvalError } from "../../errors.js";
import type { Parse } from "../../handle/array-text.js";
import type { ColumnMark, Decode } from "../../sql/expression.js";
import type { Shape } from "../../sql/shape.js";
import { parseBytes } from "./bytes-text.js";
import { INT8, KnownTypes } from "./known-types.js";

/** A column as the driver has it while it reads rows: the key in the row, and the parser of the values. */
export interface Column extends Pick<postgres.Column<string>, "type" | "table"> {
  name: string;
  parser: Parse | undefined;
}

/** Types that the server makes of an `int8` and another number, as in `select nextval(...) union select 1.5`. */
const NUMBERS = new Set([INT8, 700, 701, 1700]);

/** The facts about the columns of one result. */
export interface Columns {
  /** Columns whose types have to be looked up. Their values are still text. */
  readonly unread: readonly Column[];
  /** Columns that must not hold null, because `.as()` promises it. */
  readonly filled: readonly Column[];
}

/** Reads the columns of a statement: those that `.as()` names as it promises, and all others by their type. */
export class Reading {
  /** Distinguishes statements with the same text whose columns are read differently. */
  readonly key: string;
  readonly #marks: readonly ColumnMark[];
  readonly #types: KnownTypes;
  readonly #rename: (name: string) => string;

  constructor(marks: readonly ColumnMark[], types: KnownTypes, rename: (name: string) => string = (name) => name) {
    this.#marks = marks;
    this.#types = types;
    this.#rename = rename;
    this.key = marks
      .map(({ name, decode, isNullable }) => `${idOf(decode)}${isNullable ? "?" : " "}${name}\0`)
      .join("");
  }

  /**
   * Sets the parsers of a result's columns. Passes a parser's error to `fail`, because the driver does not handle it.
   */
  apply(columns: readonly Column[], fail: (error: unknown) => void): Columns {
    const unread: Column[] = [];
    for (const column of columns) {
      if (this.#types.has(column.type)) column.parser = guarded(this.#types.parserOf(column.type), fail);
      else {
        column.parser = undefined;
        unread.push(column);
      }
    }
    const names = columns.map(({ name }) => name);
    const isLast = (column: Column) => columns[names.lastIndexOf(column.name)] === column;
    return { unread: unread.filter(isLast), filled: this.#keepPromises(columns, fail) };
  }

  /** Returns the parser of a column that was looked up. */
  parserOf(column: Column): Parse | undefined {
    return this.#types.parserOf(column.type);
  }

  /**
   * Sets the parsers of the columns that `.as()` names. An expression has no table, so a column of a table is not one
   * of them, whatever its name. If several columns have one name, a row has the last one.
   */
  #keepPromises(columns: readonly Column[], fail: (error: unknown) => void): Column[] {
    const filled: Column[] = [];
    for (const [name, marks] of byName(this.#marks, this.#rename)) {
      const named = columns.filter((column) => column.name === name);
      const last = named.at(-1);
      if (last === undefined || last.table !== 0 || !NUMBERS.has(last.type)) continue;
      const { name: promised, decode, isNullable } = marks.at(-1) as ColumnMark;
      // The last one may be another expression of the same name.
      const isCertain = named.filter(({ table }) => table === 0).length === marks.length;
      const read = decodeNumber(promised, decode);
      last.parser = isCertain ? caught(read, fail) : leniently(read, this.#types.parserOf(last.type));
      for (const column of named) if (column.table === 0) column.name = promised;
      if (isCertain && !isNullable) filled.push(last);
    }
    return filled;
  }
}

function byName(marks: readonly ColumnMark[], rename: (name: string) => string): Map<string, ColumnMark[]> {
  const named = new Map<string, ColumnMark[]>();
  for (const mark of marks) {
    const name = rename(mark.name);
    const same = named.get(name);
    if (same === undefined) named.set(name, [mark]);
    else same.push(mark);
  }
  return named;
}

function decodeNumber(name: string, decode: Decode): Parse {
  return (text) => {
    const whole = /^(-?\d+)(?:\.0+)?$/.exec(text)?.[1];
    if (whole === undefined) throw brokenPromise(name, text);
    try {
      return decode(whole);
    } catch (error) {
      if (!(error instanceof NextvalError)) throw error;
      const { code, sequence } = error;
      throw new NextvalError(code, `column ${JSON.stringify(name)}: ${error.message}. The statement has run.`, {
        sequence,
        cause: error,
      });
    }
  };
}

/** The error for a column that does not hold what `.as()` promised the compiler. */
export function brokenPromise(name: string, text: string | null): NextvalError {
  return new NextvalError(
    "UNEXPECTED_VALUE",
    `column ${JSON.stringify(name)} holds ${text ?? "NULL"}, and .as(${JSON.stringify(name)}) promises a whole number. ` +
      "The statement has run. Write the alias as text instead of .as(), and state the type of the row.",
  );
}

/** The driver's own parsers that never throw, whatever the server sends. */
const HARMLESS = new Set(["x => +x", "x => JSON.parse(x)", "x => x === 't'"]);

const guards = new WeakMap<Parse, boolean>();

/**
 * Catches what a parser throws. In the driver (postgres.js 3.4.9), the statement would fail before its answer has
 * arrived. With a cursor, every later answer on the connection would go to the wrong statement.
 */
function guarded(parse: Parse | undefined, fail: (error: unknown) => void): Parse | undefined {
  if (parse === undefined || parse === BigInt || parse === parseBytes) return parse;
  let isNeeded = guards.get(parse);
  if (isNeeded === undefined) guards.set(parse, (isNeeded = !HARMLESS.has(String(parse))));
  return isNeeded ? caught(parse, fail) : parse;
}

function caught(parse: Parse, fail: (error: unknown) => void): Parse {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
}

function leniently(parse: Parse, otherwise: Parse | undefined): Parse {
  return (text) => {
    try {
      return parse(text);
    } catch {
      return otherwise === undefined ? text : otherwise(text);
    }
  };
}

const ids = new WeakMap<Decode, number>();
let lastId = 0;

function idOf(decode: Decode): number {
  let id = ids.get(decode);
  if (id === undefined) ids.set(decode, (id = ++lastId));
  return id;
}

const known = new WeakMap<object, Readings>();

/** Makes and keeps the readings of a client's statements, one for each shape. */
export class Readings {
  readonly types: KnownTypes;
  readonly #rename: ((name: string) => string) | undefined;
  readonly #byType: Reading;
  readonly #byShape = new WeakMap<Shape, Reading>();

  private constructor(client: Pick<postgres.Sql, "options">) {
    this.types = KnownTypes.of(client);
    this.#rename = client.options.transform.column.from;
    this.#byType = new Reading([], this.types);
  }

  static of(client: Pick<postgres.Sql, "options">): Readings {
    let readings = known.get(client);
    if (readings === undefined) known.set(client, (readings = new Readings(client)));
    return readings;
  }

  of(shape: Shape): Reading {
    const { marks } = shape;
    if (!marks.some(isColumnMark)) return this.#byType;
    let reading = this.#byShape.get(shape);
    if (reading === undefined) {
      reading = new Reading(marks.filter(isColumnMark), this.types, this.#rename);
      this.#byShape.set(shape, reading);
    }
    return reading;
  }
}

function isColumnMark(mark: Shape["marks"][number]): mark is ColumnMark {
  return mark.kind === "column";
}
