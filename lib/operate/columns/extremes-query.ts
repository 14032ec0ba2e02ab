import { type Sql, sql } from "../../index.js";
import { quotedOf, type SequenceName } from "../../server/names.js";
import { positionQuery } from "../../server/position-query.js";
import type { FedColumn } from "./fed-columns.js";
import { valuesOf } from "./stored-values.js";

/**
 * What a column holds of the values that its sequence can give: those on its grid, `last value + k * increment`, and
 * within its bounds. What other writers put in between, or beyond, is not among them. Null where there is none.
 */
export interface Extremes {
  /** The greatest; the smallest where the sequence descends. */
  readonly last: bigint | null;
  /** The first that the sequence would meet, from its next value on. */
  readonly ahead: bigint | null;
}

/** The extremes of a column; or why they are not known. */
export type Extreme = Extremes | { readonly unknown: string };

/**
 * The extremes of one column as JSON, as an expression. The position of the sequence is read by the same statement:
 * as the rows that this sees were there when it began, none of them got its value from the sequence later.
 *
 * With an index each is one look-up where the increment is 1 or -1; else it passes over what is not on the grid.
 * Without one the table is read once.
 *
 * @param position what goes into FROM as `v`, with the position of the sequence
 */
export function extremeOf(column: FedColumn, position: Sql): Sql {
  const { sequence, increment, baseType, indexed } = column;
  const value = sql.identifier("held", "value");
  const held = sql`(${valuesOf(column)}) as held`;
  // Every whole number is on the grid of 1.
  const everywhere = (increment === 1n || increment === -1n) && !baseType.startsWith("numeric");
  const onGrid = everywhere ? sql`` : sql` and mod(${value}::numeric - v.last_value, s.seqincrement) = 0`;
  const [furthest, nearest, fromHere] =
    increment > 0n
      ? [sql`max(${value})`, sql`min(${value})`, sql`between v.last_value and s.seqmax`]
      : [sql`min(${value})`, sql`max(${value})`, sql`between s.seqmin and v.last_value`];
  const own = sql`${value} between s.seqmin and s.seqmax${onGrid}`;
  // A last value that was not given out yet is the next one.
  const ahead = sql`${value} ${fromHere} and (${value} <> v.last_value or not v.is_called)${onGrid}`;
  const both = indexed
    ? sql`json_build_array(
      (select ${furthest}::bigint::text from ${held} where ${own}),
      (select ${nearest}::bigint::text from ${held} where ${ahead}))`
    : sql`(
      select json_build_array(
        (${furthest} filter (where ${own}))::bigint::text, (${nearest} filter (where ${ahead}))::bigint::text)
      from ${held})`;
  return sql`(
    select ${both}
    from ${position} v, pg_catalog.pg_sequence s
    where s.seqrelid = ${quotedOf(sequence)}::regclass)`;
}

/** The position of a sequence that the role may read, for FROM: no row if it has none, because it was altered meanwhile. */
export function positionOf(sequence: SequenceName, version: number): Sql {
  return sql`(
    select v.last_value, v.is_called
    from (
      select c.oid, n.nspname, c.relname, c.relpersistence, true as may_select, true as may_use
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = ${quotedOf(sequence)}::regclass and c.relkind = 'S'
    ) s, lateral (${positionQuery(version)}) v
    where v.last_value is not null
  )`;
}

/** What `extremeOf` gave, parsed from JSON. */
export type ExtremeDocument = readonly [last: string | null, ahead: string | null];

export function toExtreme([last, ahead]: ExtremeDocument): Extremes {
  return { last: last === null ? null : BigInt(last), ahead: ahead === null ? null : BigInt(ahead) };
}
