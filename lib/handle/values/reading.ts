import type { ValueMode } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import type { ColumnMark, Decode } from "../../sql/expression.js";
import type { Shape } from "../../sql/shape.js";
import type { Parse } from "./array-text.js";
import { INT8, KnownTypes } from "./known-types.js";

/** A column while its values are read. */
export interface Column {
  /** The key in the row. */
  name: string;
  /** The object id of its type. */
  readonly type: number;
  /** The object id of its table; 0 for an expression, and if the driver does not tell. */
  readonly table: number;
  /** Reads its values; undefined for text. */
  parser: Parse | undefined;
}

/** Types that the server makes of an `int8` and another number, as in `select nextval(...) union select 1.5`. */
const NUMBERS = new Set([INT8, 700, 701, 1700]);

/** The facts about the columns of one result. */
export interface Columns {
  /** Columns whose types have to be looked up. Their values are still text. */
  readonly unread: readonly Column[];
  /** Columns that `.as()` names. */
  readonly promised: readonly Column[];
  /** Those of them that must not hold null. */
  readonly filled: readonly Column[];
}

const NOTHING_LEFT: Columns = { unread: [], promised: [], filled: [] };

/** Reads the columns of a statement: those that `.as()` names as it promises, and all others by their type. */
export class Reading {
  /** Distinguishes statements with the same text whose columns are read differently. */
  readonly key: string;
  readonly #types: KnownTypes;
  /** The promised columns, by the name that the driver gives them. */
  readonly #promised: ReadonlyMap<string, readonly ColumnMark[]>;

  constructor(
    marks: readonly ColumnMark[],
    types: KnownTypes,
    key: string,
    rename: (name: string) => string = (name) => name,
  ) {
    this.#types = types;
    this.#promised = byName(marks, rename);
    this.key = marks.reduce(
      (key, { name, decode, isNullable }) => `${key}${idOf(decode)}${isNullable ? "?" : " "}${name}\0`,
      key,
    );
  }

  /** Sets the parsers of a result's columns. */
  apply(columns: readonly Column[]): Columns {
    const unread: Column[] = [];
    for (const column of columns) {
      column.parser = this.#types.parserOf(column.type);
      if (column.parser === undefined && !this.#types.has(column.type)) unread.push(column);
    }
    if (unread.length === 0 && this.#promised.size === 0) return NOTHING_LEFT;
    const names = columns.map(({ name }) => name);
    const isLast = (column: Column) => columns[names.lastIndexOf(column.name)] === column;
    return { unread: unread.filter(isLast), ...this.#keepPromises(columns) };
  }

  /**
   * Sets the parsers of the columns that `.as()` names. An expression has no table, so a column of a table is not one
   * of them, whatever its name. If several columns have one name, a row has the last one.
   */
  #keepPromises(columns: readonly Column[]): Pick<Columns, "promised" | "filled"> {
    const promised: Column[] = [];
    const filled: Column[] = [];
    for (const [name, marks] of this.#promised) {
      const named = columns.filter((column) => column.name === name);
      const last = named.at(-1);
      if (last === undefined || last.table !== 0 || !NUMBERS.has(last.type)) continue;
      const { name: alias, decode, isNullable } = marks.at(-1) as ColumnMark;
      // The last one may be another expression of the same name.
      const isCertain = named.filter(({ table }) => table === 0).length === marks.length;
      const read = decodeNumber(alias, decode);
      last.parser = isCertain ? read : leniently(read, this.#types.parserOf(last.type));
      for (const column of named) if (column.table === 0) column.name = alias;
      promised.push(last);
      if (isCertain && !isNullable) filled.push(last);
    }
    return { promised, filled };
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
      const { code, sequence, hint } = error;
      throw new NextvalError(code, `column ${JSON.stringify(name)}: ${error.message}. The statement has run.`, {
        sequence,
        hint,
        cause: error,
      });
    }
  };
}

/** The error for a column that does not hold what `.as()` promised the compiler. */
export function brokenPromise(name: string, text: string | null): NextvalError {
  return new NextvalError(
    "UNEXPECTED_VALUE",
    `column ${JSON.stringify(name)} holds ${text ?? "NULL"}, ` +
      `and .as(${JSON.stringify(name)}) promises a whole number. ` +
      "The statement has run.",
    { hint: "Write the alias as text instead of .as(), and state the type of the row." },
  );
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

/** Makes and keeps the readings of a client's statements, one for each shape. */
export class Readings {
  readonly types: KnownTypes;
  readonly #rename: ((name: string) => string) | undefined;
  /** Distinguishes the handles of one client that read `int8` differently. */
  readonly #key: string;
  /** Reads columns by their types alone. */
  readonly byType: Reading;
  readonly #byShape = new WeakMap<Shape, Reading>();

  private constructor(types: KnownTypes, key: string, rename: ((name: string) => string) | undefined) {
    this.types = types;
    this.#rename = rename;
    this.#key = key;
    this.byType = new Reading([], types, key);
  }

  /**
   * Returns the readings of a client, for each type that `int8` columns may arrive as. `readerOf` returns the client's
   * own reader of a type, and `rename` changes the names of columns, if the driver does.
   */
  static by(
    readerOf: (type: number) => Parse | undefined,
    rename?: (name: string) => string,
  ): (int8: ValueMode | undefined) => Readings {
    const made = new Map<ValueMode | undefined, Readings>();
    return (int8) => {
      let readings = made.get(int8);
      if (readings === undefined) {
        readings = new Readings(new KnownTypes(readerOf, int8), int8 === undefined ? "" : `${int8}\0`, rename);
        made.set(int8, readings);
      }
      return readings;
    };
  }

  of(shape: Shape): Reading {
    const { marks } = shape;
    if (!marks.some(isColumnMark)) return this.byType;
    let reading = this.#byShape.get(shape);
    if (reading === undefined) {
      reading = new Reading(marks.filter(isColumnMark), this.types, this.#key, this.#rename);
      this.#byShape.set(shape, reading);
    }
    return reading;
  }
}

function isColumnMark(mark: Shape["marks"][number]): mark is ColumnMark {
  return mark.kind === "column";
}
