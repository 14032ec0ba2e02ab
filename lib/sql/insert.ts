import { BoundedMap } from "./bounded-map.js";
import { Sql } from "./fragment.js";
import { keyOf, quoteIdentifier } from "./identifier.js";
import { listShape } from "./list.js";
import { Shape } from "./shape.js";
import { admit, isPlain, type Place, refuse, type Splice } from "./value.js";

/** One row of `sql.insert`: column names and what goes into them, values or fragments. */
export type InsertRow = { readonly [column: string]: Splice | undefined };

/** A list of columns, known by its names; lists of values for them are remembered at `home`. */
interface Columns {
  readonly names: readonly string[];
  readonly home: Shape;
  readonly opening: string;
}

const columnLists = new BoundedMap<string, Columns>(256);
let lastColumns: Columns | undefined;

/**
 * The columns and values of an insert, of one object or of many. A value may be a fragment.
 *
 * ```ts
 * sql`insert into orders ${sql.insert([{ id: nextval(orderSeq), note: "first" }, { id: nextval(orderSeq), note: "second" }])}`;
 * // { text: `insert into orders ("id", "note") values (nextval('"order_seq"'::regclass), $1), (nextval(...), $2)`,
 * //   values: ["first", "second"] }
 * ```
 *
 * The columns are the keys of the first row, or those of `columns`, which may leave some out. Where they are not stated,
 * all rows must have the same keys; a missing or undefined value is refused (for a column's default, say `sql`default``).
 */
export function insert<Row extends InsertRow>(
  rows: Row | readonly Row[],
  columns?: readonly (keyof Row & string)[],
): Sql {
  const list = (Array.isArray(rows) ? rows : [rows]) as readonly InsertRow[];
  const [firstRow] = list;
  if (firstRow === undefined) return refuse("sql.insert", "needs an object, or at least one");
  refuseNonObject(firstRow, 0);
  const names = columns ?? Object.keys(firstRow);
  if (names.length === 0) refuse("sql.insert", "needs at least one column");
  const place: Place = (index) =>
    `row ${Math.floor(index / names.length) + 1} of sql.insert, column ${JSON.stringify(names[index % names.length])}`;

  const width = names.length;
  const things = new Array<unknown>(list.length * width);
  const flat = fill(things, list, names, place, columns !== undefined);

  const { home, opening } = columnsOf(names);
  const shape = listShape(home, things, flat, opening, () => valueLists(opening, things.length, width));
  return new Sql(shape, things);
}

/** Most often the same columns come again, and comparing them is faster than making a key of them. */
function columnsOf(names: readonly string[]): Columns {
  if (lastColumns === undefined || !isSame(lastColumns.names, names)) {
    lastColumns = columnLists.getOrMake(keyOf(names), () => describe(names));
  }
  return lastColumns;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

function describe(names: readonly string[]): Columns {
  return { names: [...names], home: new Shape([""]), opening: `(${names.map(quoteIdentifier).join(", ")}) values (` };
}

function valueLists(opening: string, count: number, width: number): string[] {
  const pieces = [opening];
  for (let index = 1; index < count; index++) pieces.push(index % width === 0 ? "), (" : ", ");
  pieces.push(")");
  return pieces;
}

/** Puts the values of all rows in place, and says whether none of them is a fragment. */
function fill(
  things: unknown[],
  list: readonly InsertRow[],
  names: readonly string[],
  place: Place,
  columnsStated: boolean,
): boolean {
  const width = names.length;
  let flat = true;
  let position = 0;
  for (let index = 0; index < list.length; index++) {
    const row = list[index] as InsertRow;
    refuseNonObject(row, index);
    let column = 0;
    // The keys of most rows are the columns, in their order, and looping over them is the fastest way to read an object.
    for (const key in row) {
      if (key !== names[column]) {
        if (!columnsStated) refuseSurplus(row, names, place(index * width));
        break;
      }
      const value = row[key];
      if (isPlain(value)) things[position] = value;
      else if ((things[position] = admit(value, place, position)) instanceof Sql) flat = false;
      column++;
      position++;
    }
    for (; column < width; column++, position++) {
      if ((things[position] = admit(row[names[column] as string], place, position)) instanceof Sql) flat = false;
    }
  }
  return flat;
}

function refuseNonObject(row: unknown, index: number): void {
  if (typeof row === "object" && row !== null) return;
  refuse(`row ${index + 1} of sql.insert`, `is ${row === null ? "null" : `a ${typeof row}`}; it must be an object`);
}

/** A key that only a later row has would be lost without a word. */
function refuseSurplus(row: InsertRow, names: readonly string[], place: string): void {
  const surplus = Object.keys(row).find((key) => !names.includes(key));
  if (surplus === undefined) return;
  const rowName = place.slice(0, place.indexOf(","));
  refuse(
    rowName,
    `has a column ${JSON.stringify(surplus)} that row 1 has not; give all rows the same keys, or state the columns`,
  );
}
