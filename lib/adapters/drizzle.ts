import { Column, sql as drizzleSql, type SQL as DrizzleSql, is, type SQLWrapper } from "drizzle-orm";
import {
  customType,
  makePgArray,
  PgDialect,
  type PgDialectConfig,
  PgSequence as DrizzleSequence,
} from "drizzle-orm/pg-core";
import {
  type AnySequence,
  embed,
  nextval,
  NextvalError,
  type PgSequence,
  resolveOptions,
  type SequenceLike,
  type Sql,
  type SqlExpression,
  type ValueOf,
} from "../index.js";
import { declareSequence, fail } from "../internal.js";
import { fragmentOf } from "./fragment-of.js";

/**
 * An expression as Drizzle's `SQL` of the same type: in `values`, `default`, `select`, `where`, and in its `sql`. Where a query
 * builder selects it, what comes back is decoded to that type, whichever driver Drizzle uses.
 *
 * ```ts
 * await db.insert(orders).values({ id: toDrizzle(nextval(orderSeq)), note });
 * // insert into "orders" ("id", "note") values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
 * ```
 *
 * A fragment becomes `SQL`, too; say its type yourself: `toDrizzle<string>(fragment)`. Its values are written as Drizzle's
 * columns write them: dates and objects as text, an array as one array of PostgreSQL.
 */
export function toDrizzle<Type>(expression: SqlExpression<Type>): DrizzleSql<Type>;
/**
 * A sequence as Drizzle declares it, for a schema file that drizzle-kit reads.
 *
 * ```ts
 * export const orders = toDrizzle(orderSeq);
 * // create sequence "public"."order_seq" increment by 1 minvalue 1 maxvalue 9223372036854775807 start with 1 cache 1
 * ```
 *
 * Its bounds are written out, so it gives the values that were declared. Drizzle has no place for `as`, `ownedBy`,
 * `unlogged` and `comment`: see `ownSequence`, `setSequenceLogged` and `commentOnSequence`. drizzle-kit (0.31) does not quote a
 * quote within a name.
 */
export function toDrizzle(sequence: AnySequence): DrizzleSequence;
export function toDrizzle<Type = unknown>(fragment: Sql): DrizzleSql<Type>;
export function toDrizzle(thing: SqlExpression<unknown> | AnySequence | Sql): DrizzleSql | DrizzleSequence {
  if ("seqName" in thing) return toDrizzleSequence(thing);
  const embedded = embed((strings, ...values) => drizzleSql(strings, ...values.map(toParameter)), thing);
  return "decode" in thing ? embedded.mapWith(thing.decode) : embedded;
}

function toDrizzleSequence(sequence: AnySequence): DrizzleSequence {
  const { startWith, increment, minValue, maxValue, cache, cycle } = resolveOptions(sequence);
  const options = {
    startWith: `${startWith}`,
    increment: `${increment}`,
    minValue: `${minValue}`,
    maxValue: `${maxValue}`,
    cache: `${cache}`,
    cycle,
  };
  return new DrizzleSequence(sequence.seqName, options, sequence.schema);
}

/** Drizzle would write an array as a list, and its drivers take no dates and objects, as its columns give them text. */
function toParameter(value: unknown): unknown {
  return drizzleSql.param(Array.isArray(value) ? makePgArray(value.map(toText)) : toText(value));
}

function toText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toText);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) ? JSON.stringify(value) : value;
}

/**
 * A column that is fed by a sequence: of its type on the server, of its type in JavaScript, and with `nextval` as its default.
 *
 * ```ts
 * const orders = pgTable("orders", { id: sequenceColumn(orderSeq).primaryKey(), note: text() });
 * // "id" bigint primary key default nextval('order_seq'::regclass)
 * ```
 *
 * Drizzle takes any `SQL` for any column, so that this is how a bigint sequence cannot feed a `number` by mistake. Drizzle reads
 * the rows that it nests (`with`) from JSON: a value beyond 2^53-1 is refused there, because it has lost digits.
 *
 * @param name of the column, where it is not that of the property
 */
export function sequenceColumn<Sequence extends SequenceLike>(sequence: Sequence, name = "") {
  const { decode } = nextval(sequence);
  const column = customType<{ data: ValueOf<Sequence>; driverData: string | number | bigint }>({
    dataType: () => resolveOptions(sequence).as,
    // Drizzle gives an array of the column with its nulls, and a nested row with numbers that JSON has rounded.
    fromDriver: (value) => (value === null ? (value as never) : decode(exactText(sequence, value))),
    toDriver: (value) => (value === null ? value : `${value}`),
  });
  return column(name).default(drizzleSql.raw(defaultOf(sequence)));
}

function exactText(sequence: SequenceLike, value: string | number | bigint): string {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return `${value}`;
  const problem = `the driver gave ${value}, which is beyond 2^53-1 and has lost digits; select the column at the top of a query`;
  return fail(sequence, problem, "SEQUENCE_OUT_OF_BOUNDS");
}

/**
 * As the server prints it, so that drizzle-kit finds what it has written: with schemas it would change the default at each push.
 * The server looks in `pg_catalog` first, unless the `search_path` of whoever pushes names it behind another schema.
 */
function defaultOf(sequence: SequenceLike): string {
  const names = [sequence.schema, sequence.seqName].filter((name) => name !== undefined);
  const plain = names.every((name) => /^[a-z_][a-z0-9_]*$/.test(name));
  return plain ? `nextval('${names.join(".")}'::regclass)` : nextval(sequence).text;
}

/**
 * A sequence that Drizzle declares as one of ours. Functions and DDL take Drizzle's as it is; in a template, or to look at its
 * options, it is needed as ours.
 *
 * ```ts
 * sql`select last_value from ${fromDrizzle(orderSeq)}`; // select last_value from "order_seq"
 * ```
 */
export function fromDrizzle(sequence: DrizzleSequence): PgSequence<string, {}, string | undefined>;
/**
 * `SQL`, a query, a table or a column of Drizzle as a fragment, with its values as values, encoded as their columns do it.
 *
 * ```ts
 * const newest = db.select({ id: max(orders.id) }).from(orders).where(eq(orders.tenant, 7));
 * sql`select ${setval(orderSeq, sql`(${fromDrizzle(newest)})`)}`;
 * // { text: `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, (select max("id") from "orders" where "orders"."tenant" = $1))`, values: [7] }
 * ```
 *
 * Give the `casing` that the database was opened with, if any: `fromDrizzle(query, { casing: "snake_case" })`. Rows come with the
 * server's names of the columns; say their type yourself. Refused: a placeholder of a prepared query, and what `sql` refuses
 * as a value.
 */
export function fromDrizzle<Row = unknown>(query: SQLWrapper, config?: PgDialectConfig): Sql<Row>;
export function fromDrizzle(thing: DrizzleSequence | SQLWrapper, config?: PgDialectConfig): AnySequence | Sql {
  if (is(thing, DrizzleSequence)) return declareSequence(thing.seqName, thing.seqOptions, thing.schema);
  if (typeof thing !== "object" || thing === null) {
    throw new NextvalError(
      "INVALID_TEMPLATE",
      `fromDrizzle takes a sequence, SQL or a query of Drizzle, not ${String(thing)}`,
    );
  }
  // A subquery, a view and a WITH have it hidden; within SQL they are understood.
  const query = typeof thing.getSQL === "function" ? thing.getSQL() : drizzleSql`${thing as SQLWrapper}`;
  const { sql: text, params } = fragmentDialect(config).sqlToQuery(query);
  const pieces = text.split(HOLE);
  if (pieces.length === params.length + 1) return fragmentOf(pieces, params);
  throw new NextvalError(
    "INVALID_TEMPLATE",
    "the text of a Drizzle query has a NUL in it, which PostgreSQL cannot store",
  );
}

/** Stands where a value does. No SQL has this character. */
const HOLE = "\0";

/**
 * Writes holes for values. Drizzle's columns have made text of JSON and dates, and a driver that sees what the server wants
 * would write that text as JSON or a date once more: a cast says that it is text.
 */
function fragmentDialect(config?: PgDialectConfig): PgDialect {
  const dialect = new PgDialect(config);
  let type = "";
  dialect.prepareTyping = (encoder) => {
    const sqlType = is(encoder, Column) ? encoder.getSQLType() : "";
    // The grammar knows timestamp as the server's own; the names of the others are looked up.
    const own = sqlType.startsWith("timestamp") ? sqlType : `pg_catalog.${sqlType}`;
    type = /^(jsonb?|date|timestamp[^[]*)$/.test(sqlType) ? `::pg_catalog.text::${own}` : "";
    return "none";
  };
  dialect.escapeParam = () => {
    const hole = `${HOLE}${type}`;
    type = "";
    return hole;
  };
  return dialect;
}
