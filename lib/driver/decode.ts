import type postgres from "postgres";
import type { ColumnMark, Decode } from "../sql/expression.js";
import type { Mark } from "../sql/shape.js";

/** The rows of a result, with the `count`, `command`, `columns` and `statement` that postgres.js puts on them. */
export type Rows<Row> = Row[] & postgres.ResultQueryMeta<number, keyof Row & string>;

/** What the server says of the columns of a result. */
export type Columns = readonly Pick<postgres.Column<string>, "name" | "type" | "table">[];

/** The object ids of `int8` and `int8[]`. */
const INT8 = 20;
const INT8_ARRAY = 1016;

/** Gives the decoding of an `int8` column by its name, or undefined where the client parses `int8` itself. */
export function columnDecoder(
  marks: readonly Mark[],
  { parsers, transform }: postgres.ParsedOptions,
): ((column: string) => Decode) | undefined {
  if (parsers[INT8] !== undefined) return undefined;
  const columns = marks.filter((mark): mark is ColumnMark => mark.kind === "column");
  if (columns.length === 0) return () => BigInt;
  const rename = transform.column.from ?? ((name: string) => name);
  const decoders = new Map(columns.map(({ name, decode }) => [rename(name), decode]));
  return (column) => decoders.get(column) ?? BigInt;
}

/**
 * After a statement that failed behind its first rows, postgres.js (3.4.9) counts on from there: the next result on the
 * connection has holes in front, which are taken away.
 */
export function withoutHoles<List extends readonly unknown[]>(rows: List): List {
  if (rows.length > 0 && !(0 in rows))
    (rows as unknown as unknown[]).splice(
      0,
      rows.findIndex((_row, at) => at in rows),
    );
  return rows;
}

/** Decodes the `int8` values of rows in place; what a transform of the client has already made of them stays. */
export function decodeRows(rows: readonly unknown[], columns: Columns, decoder: (column: string) => Decode): void {
  // Of several columns of one name a row has the last.
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const [name, type] of types) {
    if (type !== INT8 && type !== INT8_ARRAY) continue;
    const decode = decoder(name);
    for (const row of rows) if (isMutable(row) && name in row) row[name] = decodeValue(row[name], decode);
  }
}

function isMutable(row: unknown): row is Record<string, unknown> {
  return typeof row === "object" && row !== null && !Object.isFrozen(row);
}

function decodeValue(value: unknown, decode: Decode): unknown {
  if (typeof value === "string") return /^-?\d+$/.test(value) ? decode(value) : value;
  // postgres.js leaves NULL as text in arrays of a type that it has no parser for.
  return Array.isArray(value) ? value.map((item) => (item === "NULL" ? null : decodeValue(item, decode))) : value;
}
