import { sql as drizzleSql, type SQL as DrizzleSql, is, type SQLWrapper } from "drizzle-orm";
import { customType, PgDialect, type PgDialectConfig, PgSequence as DrizzleSequence } from "drizzle-orm/pg-core";
import {
  type AnySequence,
  embed,
  nextval,
  NextvalError,
  pgSchema,
  pgSequence,
  type PgSequence,
  resolveOptions,
  type SequenceLike,
  type SequenceOptions,
  type Sql,
  type SqlExpression,
  type ValueOf,
} from "../index.js";
import { fragmentOf } from "./fragment-of.js";

/**
 * An expression as Drizzle's `SQL` of the same type: in `values`, `default`, `select`, `where`, and in its `sql`. What comes
 * back from the server is decoded to that type, whichever driver Drizzle uses.
 *
 * ```ts
 * await db.insert(orders).values({ id: toDrizzle(nextval(orderSeq)), note });
 * // insert into "orders" ("id", "note") values (nextval('"order_seq"'::regclass), $1)
 * ```
 *
 * A fragment becomes `SQL`, too; say its type yourself: `toDrizzle<string>(fragment)`. Its dates and plain objects are written
 * as Drizzle writes those of its columns, and an array is one parameter.
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

/** Drizzle would write an array as a list, and its drivers take dates and objects as text, as its columns give them. */
function toParameter(value: unknown): unknown {
  if (value instanceof Date) return drizzleSql.param(value.toISOString());
  const prototype: unknown = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  return drizzleSql.param(prototype === Object.prototype || prototype === null ? JSON.stringify(value) : value);
}

/**
 * A column that is fed by a sequence: of its type on the server, of its type in JavaScript, and with `nextval` as its default.
 *
 * ```ts
 * const orders = pgTable("orders", { id: sequenceColumn(orderSeq).primaryKey(), note: text() });
 * // "id" bigint primary key default nextval('"order_seq"'::regclass)
 * ```
 *
 * Drizzle takes any `SQL` for any column, so that this is how a bigint sequence cannot feed a `number` by mistake.
 *
 * @param name of the column, where it is not that of the property
 */
export function sequenceColumn<Sequence extends SequenceLike>(sequence: Sequence, name = "") {
  const { decode } = nextval(sequence);
  const column = customType<{ data: ValueOf<Sequence>; driverData: string | number | bigint }>({
    dataType: () => resolveOptions(sequence).as,
    fromDriver: (value) => decode(`${value}`),
    toDriver: (value) => `${value}`,
  });
  return column(name).default(toDrizzle(nextval(sequence)));
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
 * // { text: `select setval('"order_seq"'::regclass, (select max("id") from "orders" where "orders"."tenant" = $1))`, values: [7] }
 * ```
 *
 * Give the `casing` that the database was opened with, if any. Refused: a placeholder of a prepared query, and what `sql`
 * refuses as a value.
 */
export function fromDrizzle<Row = unknown>(query: SQLWrapper, config?: PgDialectConfig): Sql<Row>;
export function fromDrizzle(thing: DrizzleSequence | SQLWrapper, config?: PgDialectConfig): AnySequence | Sql {
  if (is(thing, DrizzleSequence)) return fromDrizzleSequence(thing);
  const { sql: text, params } = new FragmentDialect(config).sqlToQuery(thing.getSQL());
  const pieces = text.split(HOLE);
  if (pieces.length === params.length + 1) return fragmentOf(pieces, params);
  throw new NextvalError(
    "INVALID_TEMPLATE",
    "the text of a Drizzle query has a NUL in it, which PostgreSQL cannot store",
  );
}

function fromDrizzleSequence({ seqName, seqOptions, schema }: DrizzleSequence): AnySequence {
  const name = seqName as string;
  const options = seqOptions as SequenceOptions | undefined;
  return schema === undefined ? pgSequence(name, options) : pgSchema(schema).sequence(name, options);
}

/** Stands where a value does. No SQL has this character. */
const HOLE = "\0";

class FragmentDialect extends PgDialect {
  override escapeParam(): string {
    return HOLE;
  }
}
