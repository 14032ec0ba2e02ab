import { Column, sql as drizzleSql, type SQL as DrizzleSql, is, type SQLWrapper } from "drizzle-orm";
import {
  customType,
  makePgArray,
  PgDatabase,
  PgDialect,
  type PgDialectConfig,
  PgSchema as DrizzleSchema,
  PgSequence as DrizzleSequence,
  PgTransaction,
} from "drizzle-orm/pg-core";
import { hostHandle } from "../drivers/host/host.js";
import { refuseClient } from "../drivers/queued/refuse-client.js";
import {
  type AnySequence,
  embed,
  type HostDatabase,
  type HostTransaction,
  nextval,
  NextvalError,
  type PgSchema,
  type PgSequence,
  resolveOptions,
  type SequenceLike,
  type SequenceNeeded,
  type Sql,
  type SqlExpression,
  type ValueOf,
} from "../index.js";
import {
  builtFragment,
  dateText,
  declareSequence,
  isDate,
  throwSequenceError,
  writeBytes,
  shown,
} from "../internal.js";

/**
 * Turns an expression into Drizzle's `SQL` of the same type, for `values`, `default`, `select`, `where` and Drizzle's
 * `sql`.
 *
 * ```ts
 * await db.insert(orders).values({ id: toDrizzle(nextval(orderSeq)), note });
 * // insert into "orders" ("id", "note") values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)
 * ```
 *
 * If a query builder selects it, the result is decoded to that type, over every driver of Drizzle.
 *
 * A fragment also becomes `SQL`; state its type yourself: `toDrizzle<string>(fragment)`. Its values are written as
 * Drizzle's columns write them: dates and objects as text, an array as one PostgreSQL array.
 */
export function toDrizzle<Type>(expression: SqlExpression<Type>): DrizzleSql<Type>;
/**
 * Turns a sequence into one of Drizzle's, for a schema file that drizzle-kit reads.
 *
 * ```ts
 * export const orders = toDrizzle(orderSeq);
 * // create sequence "public"."order_seq" increment by 1 minvalue 1 maxvalue 9223372036854775807 start with 1 cache 1
 * ```
 *
 * The bounds are written out, so it returns the declared values. Drizzle has no options for `as`, `ownedBy`, `unlogged`
 * and `comment`: use `setSequenceOwnedBy`, `setSequenceLogged` and `commentOnSequence`. drizzle-kit (0.31) does not
 * escape a quote within a name, and creates the sequence's schema only if `toDrizzle(pgSchema(...))` is exported, too.
 */
export function toDrizzle(sequence: AnySequence): DrizzleSequence;
/**
 * Turns a schema into Drizzle's. Export it from the file that drizzle-kit reads, beside the sequences in it.
 * drizzle-kit creates only the schemas that it finds there, and `drizzle-kit migrate` fails silently on a schema that
 * is missing.
 *
 * ```ts
 * export const billing = toDrizzle(pgSchema("billing")); // create schema "billing"
 * export const invoices = billing.table("invoices", { id: sequenceColumn(invoiceSeq).primaryKey() });
 * ```
 *
 * Throws `INVALID_ARGUMENT` for `public`, which Drizzle does not create.
 */
export function toDrizzle<Schema extends string>(schema: PgSchema<Schema>): DrizzleSchema<Schema>;
export function toDrizzle<Type = unknown>(fragment: Sql): DrizzleSql<Type>;
export function toDrizzle(
  thing: SqlExpression<unknown> | AnySequence | PgSchema | Sql,
): DrizzleSql | DrizzleSequence | DrizzleSchema {
  if ("seqName" in thing) return toDrizzleSequence(thing);
  if ("schemaName" in thing) return toDrizzleSchema(thing);
  const embedded = embed(joined, thing);
  return "decode" in thing ? embedded.mapWith(thing.decode) : embedded;
}

/** Does what Drizzle's tag does. A call of the tag inside one of ours would take too many arguments for the stack. */
function joined(strings: TemplateStringsArray, ...values: unknown[]): DrizzleSql {
  const pieces = strings.map((text) => drizzleSql.raw(text));
  return drizzleSql.join(pieces.flatMap((piece, at) => (at === 0 ? [piece] : [toParameter(values[at - 1]), piece])));
}

function toDrizzleSequence(sequence: AnySequence): DrizzleSequence {
  const { startWith, increment, minValue, maxValue, cache, cycle, identity } = resolveOptions(sequence);
  if (identity !== null) {
    throwSequenceError(sequence, "an identity column creates its sequence itself", "INVALID_ARGUMENT", {
      hint: "Declare the column with generatedAlwaysAsIdentity or generatedByDefaultAsIdentity.",
    });
  }
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

function toDrizzleSchema({ schemaName }: PgSchema): DrizzleSchema {
  if (schemaName === "public") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      "Drizzle has no object for the schema public, which always exists there",
      {
        hint: "Use pgTable and pgEnum for it, and leave the schema out of the file that drizzle-kit reads.",
      },
    );
  }
  return new DrizzleSchema(schemaName);
}

/**
 * Drizzle would write an array as a list. Its drivers do not accept dates and objects, because its columns turn them
 * into text first.
 */
function toParameter(value: unknown): ReturnType<typeof drizzleSql.param> {
  return drizzleSql.param(Array.isArray(value) ? makePgArray(value.map(toItem)) : toText(value));
}

/** Drizzle would join the bytes by commas, which become items of their own. */
function toItem(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toItem);
  return ArrayBuffer.isView(value) ? writeBytes(value as Uint8Array) : toText(value);
}

function toText(value: unknown): unknown {
  if (isDate(value)) return Number.isNaN(value.getTime()) ? value : dateText(value);
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) ? JSON.stringify(value) : value;
}

/**
 * Makes a column that a sequence feeds: it has the sequence's type on the server and in JavaScript, and `nextval` as
 * its default.
 *
 * ```ts
 * const orders = pgTable("orders", { id: sequenceColumn(orderSeq).primaryKey(), note: text() });
 * // "id" bigint primary key default nextval('order_seq'::regclass)
 * ```
 *
 * Drizzle accepts any `SQL` for any column. This column prevents a bigint sequence from feeding a `number` by mistake.
 * Drizzle reads nested rows (`with`) from JSON. A value beyond 2^53-1 is refused there, because it has lost digits.
 *
 * @param name - the column's name, if it differs from the property's
 */
export function sequenceColumn<Sequence extends SequenceLike>(given: Sequence | SequenceNeeded, name = "") {
  const sequence = given as Sequence;
  const { decode } = nextval(sequence);
  const column = customType<{ data: ValueOf<Sequence>; driverData: string | number | bigint }>({
    dataType: () => resolveOptions(sequence).as,
    // Drizzle passes an array of the column with its nulls, and a nested row with numbers that JSON has rounded.
    fromDriver: (value) => (value === null ? (value as never) : decode(exactText(sequence, value))),
    toDriver: (value) => (value === null ? value : `${value}`),
  });
  return column(name).default(drizzleSql.raw(defaultOf(sequence)));
}

function exactText(sequence: SequenceLike, value: string | number | bigint): string {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return `${value}`;
  const problem = `the driver gave ${value}, which is beyond 2^53-1 and has lost digits`;
  const hint = "Select the column at the top of a query.";
  return throwSequenceError(sequence, problem, "UNEXPECTED_VALUE", { hint });
}

/**
 * The default as the server prints it, so drizzle-kit recognizes what it wrote. With schemas it would change the
 * default at each push. The server looks in `pg_catalog` first, unless the `search_path` of the session that pushes
 * names it after another schema.
 */
function defaultOf(sequence: SequenceLike): string {
  const names = [sequence.schema, sequence.seqName].filter((name) => name !== undefined);
  const plain = names.every((name) => /^[a-z_][a-z0-9_]*$/.test(name));
  return plain ? `nextval('${names.join(".")}'::regclass)` : nextval(sequence).text;
}

/**
 * Turns a sequence of Drizzle into one of ours.
 *
 * ```ts
 * sql`select last_value from ${fromDrizzle(orderSeq)}`; // select last_value from "order_seq"
 * ```
 *
 * Functions and DDL accept Drizzle's sequences directly. A template, and code that reads the options, need ours.
 */
export function fromDrizzle(sequence: DrizzleSequence): PgSequence<string, {}, string | undefined>;
/**
 * Turns Drizzle's `SQL`, or a query, table or column, into a fragment. Its values are encoded as its columns do it.
 *
 * ```ts
 * const newest = db.select({ id: max(orders.id) }).from(orders).where(eq(orders.tenant, 7));
 * sql`select ${setval(orderSeq, sql`(${fromDrizzle(newest)})`)}`;
 * // { text: `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass,
 * //   (select max("id") from "orders" where "orders"."tenant" = $1))`, values: [7] }
 * ```
 *
 * Pass the `casing` that the database was opened with, if any: `fromDrizzle(query, { casing: "snake_case" })`. Rows
 * have the server's names of the columns; state their type yourself. Throws `INVALID_TEMPLATE` for a placeholder of a
 * prepared query, and for a value that `sql` refuses.
 */
export function fromDrizzle<Row = unknown>(query: SQLWrapper, config?: PgDialectConfig): Sql<Row>;
export function fromDrizzle(thing: DrizzleSequence | SQLWrapper, config?: PgDialectConfig): AnySequence | Sql {
  if (is(thing, DrizzleSequence)) return declareSequence(thing.seqName, thing.seqOptions, thing.schema);
  if (typeof thing !== "object" || thing === null) {
    throw new NextvalError(
      "INVALID_TEMPLATE",
      `fromDrizzle takes a sequence, SQL or a query of Drizzle, not ${shown(thing)}`,
    );
  }
  // Subqueries, views and WITH do not expose `getSQL`. Drizzle's `sql` understands them.
  const query = typeof thing.getSQL === "function" ? thing.getSQL() : drizzleSql`${thing as SQLWrapper}`;
  const { sql: text, params } = fragmentDialect(config).sqlToQuery(query);
  const pieces = text.split(HOLE);
  if (pieces.length === params.length + 1) return builtFragment(pieces, params);
  throw new NextvalError(
    "INVALID_TEMPLATE",
    "the text of a Drizzle query has a NUL in it, which PostgreSQL cannot store",
  );
}

/** Marks the place of a value. SQL cannot contain this character. */
const HOLE = "\0";

/**
 * A dialect that writes holes for values. Drizzle's columns have turned JSON and dates into text. A driver that knows
 * the type of the parameter would encode that text again, as JSON or a date. A cast declares it as text.
 */
function fragmentDialect(config?: PgDialectConfig): PgDialect {
  const dialect = new PgDialect(config);
  let type = "";
  dialect.prepareTyping = (encoder) => {
    const sqlType = is(encoder, Column) ? encoder.getSQLType() : "";
    // PostgreSQL's grammar resolves timestamp to the built-in type; other type names are looked up.
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

/* oxlint-disable typescript/no-explicit-any -- whatever the schema is, and the driver */

/**
 * Makes a handle that runs its statements through Drizzle, in a transaction if it is one. Its logger sees them.
 *
 * ```ts
 * await db.transaction(async (tx) => {
 *   const no = await invoiceNo.next(bind(tx)); // a rollback returns the number
 *   await tx.insert(invoices).values({ no, customer });
 * });
 * ```
 *
 * Rows are as Drizzle's driver reads them, except columns that `.as()` names. Draws return exact values, however the
 * driver reads `int8`.
 */
export function bind(transaction: PgTransaction<any, any, any>): HostTransaction;
export function bind(db: PgDatabase<any, any, any>): HostDatabase;
export function bind(db: PgDatabase<any, any, any>): HostDatabase {
  if (!is(db, PgDatabase)) return refuseClient(db, "a PostgreSQL database of Drizzle or a transaction of it");
  return hostHandle(async (fragment) => db.execute(toDrizzle(fragment)) as PromiseLike<unknown>, is(db, PgTransaction));
}
