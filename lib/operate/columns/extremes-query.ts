import { type Sql, sql } from "../../index.js";
import { exactUpTo, isText } from "../../server/integer-limits.js";
import { quotedOf, type SequenceName } from "../../server/names.js";
import { positionQuery } from "../../server/position-query.js";
import type { FedColumn } from "./fed-columns.js";
import { isSameTable } from "./same-table.js";

/**
 * The extremes of a column's values that its sequence can return: `last value + k * increment`, within its bounds.
 * Values that other writers put in between, or beyond, do not count. Null if there are none.
 */
export interface Extremes {
  /** The greatest value; the smallest if the sequence descends. */
  readonly last: bigint | null;
  /** The first that the sequence would meet, from its next value on: where it cycles, also after it has come round. */
  readonly ahead: bigint | null;
}

/** The extremes of a column, or the reason why they are unknown. */
export type Extreme = Extremes | { readonly unknown: string };

/**
 * Builds an expression for the extremes of one column, as JSON. The same statement reads the position of the sequence.
 * The rows that it sees existed when it began, so none of them got its value from the sequence later.
 *
 * With an index each is one look-up where the increment is 1 or -1; else it passes over what is not on the grid.
 * Without one the table is read once. Texts have an index in another order, so it does not count.
 *
 * @param position - a FROM item for `v`, with the position of the sequence
 */
export function extremeOf(column: FedColumn, position: Sql): Sql {
  const { sequence, increment, baseType, indexed } = column;
  const whole = wholeNumber(baseType);
  const value = isText(baseType) ? whole : VALUE;
  const held = sql`(${valuesOf(column)}) as held`;
  // Every whole number is on the grid of 1.
  const everywhere = (increment === 1n || increment === -1n) && !/^(numeric|real|double)/.test(baseType);
  const onGridOf = (origin: Sql) => sql`mod(${whole}::numeric - ${origin}, s.seqincrement) = 0`;
  const [furthest, nearest, fromHere, beginning] =
    increment > 0n
      ? [sql`max(${value})`, sql`min(${value})`, sql`between v.last_value and s.seqmax`, sql`s.seqmin`]
      : [sql`min(${value})`, sql`max(${value})`, sql`between s.seqmin and v.last_value`, sql`s.seqmax`];
  const within = sql`${value} between s.seqmin and s.seqmax`;
  const here = everywhere ? sql.empty : sql` and ${onGridOf(sql`v.last_value`)}`;
  // One that cycles may come round on another grid.
  const own = sql`${within}${everywhere ? sql.empty : sql` and (s.seqcycle or ${onGridOf(sql`v.last_value`)})`}`;
  const round = sql`${within}${everywhere ? sql.empty : sql` and ${onGridOf(beginning)}`}`;
  // A last value that was not given out yet is the next one.
  const ahead = sql`${value} ${fromHere} and (${value} <> v.last_value or not v.is_called)${here}`;
  const pick = (extreme: Sql, rows: Sql) =>
    indexed ? sql`(select ${extreme} from ${held} where ${rows})` : sql`(${extreme} filter (where ${rows}))`;
  const first = sql`coalesce(${pick(nearest, ahead)}, case when s.seqcycle then ${pick(nearest, round)} end)`;
  const both = sql`json_build_array(${pick(furthest, own)}::bigint::text, ${first}::bigint::text)`;
  return sql`(
    select ${indexed ? both : sql`(select ${both} from ${held})`}
    from ${position} v, pg_catalog.pg_sequence s
    where s.seqrelid = ${quotedOf(sequence)}::regclass)`;
}

const VALUE = sql.identifier("held", "value");

/**
 * A value as a whole number; null if it is a text that the server does not make of one, such as `007`, or a number of a floating-point
 * type so large that it stands for several.
 */
function wholeNumber(baseType: string): Sql {
  if (isText(baseType)) {
    return sql`case when ${VALUE}::text ~ '^(0|-?[1-9][0-9]{0,18})$' then ${VALUE}::text::numeric end`;
  }
  const exact = exactUpTo(baseType);
  if (exact === undefined) return VALUE;
  return sql`case when abs(${VALUE}) <= ${exact}::bigint and ${VALUE} = trunc(${VALUE}) then ${VALUE}::bigint end`;
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

/** The result of `extremeOf`, parsed from JSON. */
export type ExtremeDocument = readonly [last: string | null, ahead: string | null];

export function toExtreme([last, ahead]: ExtremeDocument): Extremes {
  return { last: last === null ? null : BigInt(last), ahead: ahead === null ? null : BigInt(ahead) };
}

/** The values of a column, as a query of one column `value`: of its table with all partitions, without children by inheritance. */
export function valuesOf({ column, source, guarded }: FedColumn): Sql {
  const same = guarded ? sql`, ${isSameTable(source, ROWS)} as same` : sql.empty;
  const from = sql`${source.alone ? sql`only ` : sql.empty}${sql.identifier(source.schema, source.table)}`;
  return sql`select ${sql.identifier(column)} as value${same} from ${from} as ${sql.identifier(ROWS)}`;
}

const ROWS = "part";
