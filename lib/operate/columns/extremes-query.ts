import { type BlockReading, type Sql, sql } from "../../index.js";
import { storedIdentifier } from "../../internal.js";
import { exactUpTo, isText, limitsOf } from "../../server/integer-limits.js";
import { quotedOf } from "../../server/names.js";
import { positionByOid } from "../../server/queries/position-query.js";
import type { FedColumn } from "./fed-columns.js";
import { isSameTable } from "./same-table.js";

/**
 * The extremes of a column's values that its sequence can return: `last value + k * increment`, within its bounds.
 * Values that other writers put in between, or beyond, do not count. Null if there are none.
 *
 * If programs make blocks of ids of the values, all ids count, and `last` and `ahead` are the values of their blocks.
 */
export interface Extremes {
  /** The greatest value; the smallest if the sequence descends. */
  readonly last: bigint | null;
  /** The same, but with blocks the id itself. */
  readonly row: bigint | null;
  /**
   * The first value that the sequence would meet, from its next value on. If it cycles, also after it has started over.
   */
  readonly ahead: bigint | null;
  /** The furthest row from the position on, between the steps or on one; null if there is none, or with blocks. */
  readonly beyond: bigint | null;
}

/** The extremes of a column, or the reason why they are unknown. */
export type Extreme = Extremes | { readonly unknown: string };

/**
 * Builds an expression for the extremes of one column, as JSON. The same statement reads the position of the sequence.
 * The rows that it sees existed when it began, so none of them got its value from the sequence later.
 *
 * With an index each extreme is one look-up if the increment is 1 or -1. Otherwise rows between the steps are skipped.
 * Without an index the table is read once. The index of a text column has another order, so it does not count.
 *
 * @param position - a FROM item for `v`, with the position of the sequence `s`
 * @param cheaply - whether to use the index of a key of several columns in which the column is not the first. It takes
 *   two look-ups for each value of the columns before it, up to `MOST_LEADING`. Otherwise the table is read.
 */
export function extremeOf(column: FedColumn, position: Sql, cheaply = false): Sql {
  const { sequence, increment, cycle, baseType, indexed, key, blocks } = column;
  const leading = cheaply && !indexed && !isText(baseType) ? (key?.leading ?? null) : null;
  const whole = wholeNumber(baseType);
  const value = isText(baseType) ? whole : VALUE;
  const held = sql`(${valuesOf(column)}) as held`;
  // With steps of 1, every integer is a step. With blocks, it is an id of a block.
  const isDense = increment === 1n || increment === -1n;
  const isWhole = !/^(numeric|real|double)/.test(baseType);
  const everywhere = (isDense || blocks !== null) && isWhole;
  const wholeOnly = sql` and mod(${whole}::numeric, 1) = 0`;
  const onGridOf = (origin: Sql, step = sql`s.seqincrement`) => sql`mod(${whole}::numeric - ${origin}, ${step}) = 0`;
  const [furthest, nearest, fromHere, beginning] =
    increment > 0n
      ? [sql`max`, sql`min`, sql`between v.last_value and s.seqmax`, sql`s.seqmin`]
      : [sql`min`, sql`max`, sql`between s.seqmin and v.last_value`, sql`s.seqmax`];
  const within = sql`${value} between s.seqmin and s.seqmax`;
  const each = blocks === null ? sql`s.seqincrement` : sql`1`;
  const here = everywhere ? sql.empty : sql` and ${onGridOf(sql`v.last_value`, each)}`;
  // A cycling sequence may start over on other steps, but only returns integers.
  const step = cycle ? sql`1` : each;
  const own = sql`${within}${everywhere ? sql.empty : sql` and ${onGridOf(sql`v.last_value`, step)}`}`;
  const round = sql`${within}${everywhere ? sql.empty : sql` and ${onGridOf(beginning)}`}`;
  // A last value that was not returned yet is the next one.
  const ahead =
    blocks === null
      ? sql`${value} ${fromHere} and (${value} <> v.last_value or not v.is_called)${here}`
      : sql`${value} ${idsFrom(increment, blocks)}${here}`;
  const past = isDense || blocks !== null ? sql`false` : sql`${value} ${fromHere}${isWhole ? sql.empty : wholeOnly}`;
  const documentOf = (last: Sql, next: Sql, again: Sql, beyond: Sql, more = sql`false`) =>
    sql`json_build_array(${last}::bigint::text,
      ${cycle ? sql`coalesce(${next}, ${again})` : next}::bigint::text, ${more},
      ${blocks === null ? sql`(${beyond})::bigint` : sql`v.last_value`}::text)`;
  let document: Sql;
  if (leading !== null) {
    const found = (extreme: Sql, rows: Sql) =>
      sql`(select ${extreme}(${value}) from ${heldBeside(column, leading)} where ${rows})`;
    const collected = documentOf(
      sql`${furthest}(each.last)`,
      sql`${nearest}(each.next)`,
      sql`${nearest}(each.again)`,
      sql`${furthest}(each.beyond)`,
      sql`coalesce(max(each.place) > ${MAX_LEADING}, false)`,
    );
    document = sql`(
      with recursive ${leadingValues(column, leading)}
      select ${collected}
      from (
        select lead.place, ${found(furthest, own)} as last, ${found(nearest, ahead)} as next,
          ${found(nearest, round)} as again, ${isDense ? sql`null::bigint` : found(furthest, past)} as beyond
        from lead
      ) each)`;
  } else {
    const pick = (extreme: Sql, rows: Sql) =>
      indexed
        ? sql`(select ${extreme}(${value}) from ${held} where ${rows})`
        : sql`(${extreme}(${value}) filter (where ${rows}))`;
    const beyond = isDense || blocks !== null ? sql`null` : pick(furthest, past);
    const both = documentOf(pick(furthest, own), pick(nearest, ahead), pick(nearest, round), beyond);
    document = indexed ? both : sql`(select ${both} from ${held})`;
  }
  return sql`(
    select ${document}
    from pg_catalog.pg_sequence s, lateral ${position} v
    where s.seqrelid = ${quotedOf(sequence)}::regclass and s.seqcycle = ${cycle})`;
}

const VALUE = sql.identifier("held", "value");

/** How many values of the leading columns of a key are visited, which takes some milliseconds. */
export const MAX_LEADING = 1000;

/** `lead` has the distinct values of the leading columns of a key. The index finds each from the previous one. */
function leadingValues(column: FedColumn, leading: readonly string[]): Sql {
  const names = sql.join(leading.map((_, index) => besideValue(index)));
  const of = (table: string) =>
    sql.join(leading.map((_, index) => sql`${storedIdentifier(table)}.${besideValue(index)}`));
  const rows = sql`(${valuesOf(column, leading)}) as held`;
  return sql`lead as (
    (select ${names}, 1 as place from ${rows} order by ${names} limit 1)
    union all
    select following.*, lead.place + 1
    from lead
    cross join lateral (
      select ${of("held")} from ${rows} where (${of("held")}) > (${of("lead")}) order by ${of("held")} limit 1
    ) following
    where lead.place <= ${MAX_LEADING}
  )`;
}

/** The rows of one leading value. */
function heldBeside(column: FedColumn, leading: readonly string[]): Sql {
  const same = leading.map((_, index) => sql`all_rows.${besideValue(index)} = lead.${besideValue(index)}`);
  return sql`(
    select all_rows.value from (${valuesOf(column, leading)}) as all_rows where ${sql.join(same, sql` and `)}
  ) as held`;
}

/**
 * Builds an expression for a value as an integer. It is null for a text that the server would not write, such as `007`.
 * It is also null for a floating-point number so large that it stands for several integers.
 */
function wholeNumber(baseType: string): Sql {
  if (isText(baseType)) {
    // The server has no regular expressions for collations that are not deterministic.
    const text = sql`(${VALUE}::text collate pg_catalog."C")`;
    return sql`case when ${text} ~ '^(0|-?[1-9][0-9]{0,18})$' then ${text}::numeric end`;
  }
  const exact = exactUpTo(baseType);
  if (exact === undefined) return VALUE;
  return sql`case when abs(${VALUE}) <= ${exact}::bigint and ${VALUE} = trunc(${VALUE}) then ${VALUE}::bigint end`;
}

/**
 * Builds a FROM item of a lateral join: the position of the sequence `s` of `pg_sequence`, which the role may read. It
 * has no row if there is no position, because the sequence was altered at the same time.
 */
export function positionOf(version: number): Sql {
  return sql`(${positionByOid(sql`s.seqrelid`, version)} where v.last_value is not null)`;
}

/**
 * The result of `extremeOf`, parsed from JSON. `more` says that there are more leading values than were visited. With
 * blocks, the last element is the last value of the sequence, else the furthest row from there on.
 */
export type ExtremeDocument = readonly [last: string | null, ahead: string | null, more: boolean, past: string | null];

/** Returns why a key of several columns was not visited value by value. */
export function tooManyLeading({ key }: Pick<FedColumn, "key">): string {
  return `its key begins with ${key?.leading?.join(", ")}, of which there are more than ${MAX_LEADING}`;
}

export function toExtreme([last, ahead, more, past]: ExtremeDocument, column: FedColumn): Extreme {
  if (more) return { unknown: tooManyLeading(column) };
  const [row, next, here] = [last, ahead, past].map((text) => (text === null ? null : BigInt(text))) as [
    bigint | null,
    bigint | null,
    bigint | null,
  ];
  if (column.blocks === null) return { last: row, row, ahead: next, beyond: here };
  const valueOf = (id: bigint | null) => (id === null ? null : valueOfBlock(id, here ?? 0n, column));
  return { last: valueOf(row), row, ahead: valueOf(next), beyond: null };
}

/** Returns the value whose block has an id. `origin` is any value of the sequence. */
function valueOfBlock(id: bigint, origin: bigint, { increment, blocks }: FedColumn): bigint {
  const size = increment < 0n ? -increment : increment;
  const above = (((id - origin) % size) + size) % size;
  return blocks === "upwards" || above === 0n ? id - above : id - above + size;
}

/**
 * Builds a condition for the ids of the blocks from the next value on, as the rest of a comparison. A block that is
 * read against the direction of its sequence ends at its value, and ids before the start value are not handed out. The
 * ids after the last value are not either. See `BlockSource` of lib/allocate.
 */
function idsFrom(increment: bigint, blocks: BlockReading): Sql {
  const size = sql`${increment < 0n ? -increment : increment}::numeric`;
  const next = sql`(v.last_value::numeric + case when v.is_called then s.seqincrement else 0 end)`;
  const isUp = increment > 0n;
  const isAlong = (blocks === "upwards") === isUp;
  if (isUp) {
    const first = isAlong
      ? next
      : sql`greatest(${next} - ${size} + 1, case when ${next} >= s.seqstart then s.seqstart else s.seqmin end)`;
    const last = isAlong ? sql`s.seqmax` : sql`(s.seqmax - mod(s.seqmax::numeric - v.last_value, ${size}))::bigint`;
    return sql`between least(${first}, ${MAX_BIGINT}::numeric)::bigint and ${last} and ${first} <= s.seqmax`;
  }
  const first = isAlong
    ? next
    : sql`least(${next} + ${size} - 1, case when ${next} <= s.seqstart then s.seqstart else s.seqmax end)`;
  const last = isAlong ? sql`s.seqmin` : sql`(s.seqmin + mod(v.last_value::numeric - s.seqmin, ${size}))::bigint`;
  return sql`between ${last} and greatest(${first}, ${MIN_BIGINT}::numeric)::bigint and ${first} >= s.seqmin`;
}

const { least: MIN_BIGINT, greatest: MAX_BIGINT } = limitsOf("bigint");

/**
 * Builds a query for the values of a column, with a column `value`. It reads the table with all partitions, but without
 * inheritance children.
 *
 * @param others - other columns of the table to read, by name
 */
export function valuesOf({ column, source, guarded }: FedColumn, others: readonly string[] = []): Sql {
  const values = sql.join([
    sql`${storedIdentifier(column)} as value`,
    ...others.map((name, index) => sql`${storedIdentifier(name)} as ${besideValue(index)}`),
  ]);
  const same = guarded ? sql`, ${isSameTable(source, ROWS)} as same` : sql.empty;
  const from = sql`${source.alone ? sql`only ` : sql.empty}${storedIdentifier(source.schema, source.table)}`;
  return sql`select ${values}${same} from ${from} as ${storedIdentifier(ROWS)}`;
}

/** The alias of another column beside `value`. */
export function besideValue(index: number): Sql {
  return sql.identifier(`beside_${index}`);
}

const ROWS = "part";
