import { refuse } from "../../errors.js";
import { BoundedMap } from "../bounded-map.js";
import type { CheckedRows, ColumnOf } from "../checked-rows.js";
import { SQL, Sql } from "../fragment.js";
import { Shape } from "../shape.js";
import { admit, isScalar, type Place, type Splice } from "../value.js";
import { optionsOfHelper } from "./helper-options.js";
import { keyOf, quoteIdentifier } from "./identifier.js";
import { listShape } from "./list.js";

/** One row of `sql.insert`: each key is a column, and each value is a value or a fragment. */
export type InsertRow = { readonly [column: string]: Splice | undefined };

/** Options of {@link SqlTag.insert}. */
export interface InsertOptions<Column extends string = string> {
  /** The columns to insert, instead of the keys of the first row. Rows may have other keys, which are left out. */
  readonly columns?: readonly Column[] | undefined;
  /**
   * Which values of identity columns the given ones replace. `"system"` writes `overriding system value`: the given
   * value counts, also for an identity that is generated always. `"user"` writes `overriding user value`: the
   * sequence's value counts, and the given one is ignored.
   */
  readonly overriding?: "system" | "user" | undefined;
}

/** A list of columns. `home` is the shape at which `listShape` remembers the lists of values for them. */
interface Columns {
  readonly names: readonly string[];
  readonly overriding: string;
  readonly home: Shape;
  readonly opening: string;
}

const columnLists = /* @__PURE__ */ new BoundedMap<string, Columns>(256);
let lastColumns: Columns | undefined;

/**
 * Writes the columns and values of an insert, for one object or many. A value may be a fragment.
 *
 * ```ts
 * sql`insert into orders ${sql.insert([
 *   { id: nextval(orderSeq), note: "first" },
 *   { id: nextval(orderSeq), note: "second" },
 * ])}`;
 * // { text: `insert into orders ("id", "note") values (pg_catalog.nextval(...), $1), (pg_catalog.nextval(...), $2)`,
 * //   values: ["first", "second"] }
 * ```
 *
 * The columns are the keys of the first row, or `columns` if given, which may leave some out. Without `columns`, all
 * rows must have the same keys. A missing or undefined value is refused; write `sql`default`` for a column's default.
 *
 * `overriding` is for identity columns, because an insert that gives a value for one that is generated always fails:
 *
 * ```ts
 * sql`insert into orders ${sql.insert({ id: 7, note: "x" }, { columns: ["id"], overriding: "system" })}`;
 * // { text: `insert into orders ("id") overriding system value values ($1)`, values: [7] }
 * ```
 *
 * Source: "INSERT".
 */
export function insert<const Rows extends InsertRow | readonly InsertRow[], Column extends ColumnOf<Rows> = never>(
  rows: CheckedRows<Rows, Column>,
  options?: InsertOptions<Column>,
): Sql {
  const { columns, overriding } = options === undefined ? NO_OPTIONS : checkedOptions(options);
  const list = (Array.isArray(rows) ? rows : [rows]) as readonly InsertRow[];
  const count = list.length;
  if (count === 0) return refuse("sql.insert", "needs at least one row");
  refuseNonRow(list[0], ROW, 0);
  const names: readonly string[] = columns ?? Object.keys(list[0] as InsertRow);
  if (names.length === 0) refuse("sql.insert", "needs at least one column");
  const place: Place = (index) =>
    `${ROW(Math.floor(index / names.length))}, column ${JSON.stringify(names[index % names.length])}`;

  const width = names.length;
  const things = new Array<unknown>(count * width);
  const flat = fill(things, list, names, place, columns !== undefined);

  const { home, opening } = insertColumns(names, overriding);
  const shape = listShape(home, things, flat, () => valueLists(opening, things.length, width));
  return new Sql(shape, things);
}

const NO_OPTIONS = { columns: undefined, overriding: "" } as const;

function checkedOptions(all: InsertOptions): { columns: readonly string[] | undefined; overriding: string } {
  const { columns, overriding } = optionsOfHelper("sql.insert", all, ["columns", "overriding"]);
  const names = columns === undefined ? undefined : columnList("sql.insert", columns);
  if (overriding !== undefined && overriding !== "system" && overriding !== "user") {
    const wrong: unknown = overriding;
    const given = typeof wrong === "string" ? JSON.stringify(wrong.slice(0, 100)) : typeof wrong;
    refuse("sql.insert", `takes overriding as "system" or "user", not ${given}`);
  }
  return { columns: names, overriding: overriding === undefined ? "" : ` overriding ${overriding} value` };
}

/**
 * Copies a list of columns, because a list that answers each reading differently would be remembered under a wrong key.
 * Refuses anything else: the characters of a string would become columns.
 */
export function columnList(taker: string, columns: readonly string[]): readonly string[] {
  return Array.isArray(columns) ? [...columns] : refuse(taker, `takes columns as a list, not ${typeof columns}`);
}

/** The same columns usually come again, and comparing them is faster than making a key. */
function insertColumns(names: readonly string[], overriding: string): Columns {
  if (lastColumns === undefined || lastColumns.overriding !== overriding || !isSame(lastColumns.names, names)) {
    lastColumns = columnLists.getOrMake(keyOf([overriding, ...names]), () => makeColumns(names, overriding));
  }
  return lastColumns;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

function makeColumns(names: readonly string[], overriding: string): Columns {
  return {
    names: [...names],
    overriding,
    home: new Shape([""]),
    opening: `(${names.map((name) => quoteIdentifier(name, "sql.insert")).join(", ")})${overriding} values (`,
  };
}

function valueLists(opening: string, count: number, width: number): string[] {
  const pieces = [opening];
  for (let index = 1; index < count; index++) pieces.push(index % width === 0 ? "), (" : ", ");
  pieces.push(")");
  return pieces;
}

/** Fills in the values of all rows, and returns whether none of them is a fragment. */
function fill(
  things: unknown[],
  list: readonly InsertRow[],
  names: readonly string[],
  place: Place,
  columnsStated: boolean,
): boolean {
  const width = names.length;
  // A `for...in` loop also sees inherited keys. If there are any, no row may take the fast path.
  const expected = isPolluted() ? [] : names;
  const count = things.length / width;
  let flat = true;
  let position = 0;
  for (let index = 0; index < count; index++) {
    const row = list[index] as InsertRow;
    let column = 0;
    let alike = true;
    // The keys of most rows are the columns in order, and `for...in` is the fastest way to read an object.
    for (const key in row) {
      if (key !== expected[column]) {
        alike = false;
        break;
      }
      const value = row[key];
      if (isScalar(value)) things[position] = value;
      else if ((things[position] = admit(value, place, position)) instanceof Sql) flat = false;
      column++;
      position++;
    }
    if (alike && column === width) continue;
    refuseNonRow(row, ROW, index);
    if (!columnsStated) refuseSurplus(row, names, ROW(index));
    for (; column < width; column++, position++) {
      if ((things[position] = admit(ownOf(row, names[column] as string), place, position)) instanceof Sql) flat = false;
    }
  }
  return flat;
}

/** Ignores keys that come from `Object.prototype`, whether built in or added by a program: they are not columns. */
export function ownOf(row: InsertRow, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name];
}

/** Whether a `for...in` loop over an object sees inherited keys. */
function isPolluted(): boolean {
  for (const _key in NOTHING) return true;
  return false;
}

const NOTHING = {};

const ROW: Place = (index) => `row ${index + 1} of sql.insert`;

/** Refuses anything but an object of columns. The keys of an array or a fragment would become strange columns. */
export function refuseNonRow(row: unknown, place: Place, index: number): void {
  if (typeof row === "object" && row !== null && !Array.isArray(row) && !(SQL in row)) return;
  const kind = row === null ? "null" : Array.isArray(row) ? "an array" : typeof row;
  refuse(place(index), `must be an object of columns, not ${kind === "object" ? "a fragment or sequence" : kind}`);
}

/** Refuses a key that row 1 does not have. Its value would be lost silently. */
function refuseSurplus(row: InsertRow, names: readonly string[], place: string): void {
  const known = new Set(names);
  const surplus = Object.keys(row).find((key) => !known.has(key));
  if (surplus === undefined) return;
  refuse(
    place,
    `has a column ${JSON.stringify(surplus)} that row 1 does not have`,
    "Give all rows the same keys, or state the columns.",
  );
}
