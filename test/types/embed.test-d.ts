import { sql as drizzleSql, type SQL } from "drizzle-orm";
import {
  bigint,
  type PgSchema as DrizzleSchema,
  type PgSequence as DrizzleSequence,
  pgSequence as drizzleSequence,
  pgTable,
  text,
} from "drizzle-orm/pg-core";
import type { PostgresJsDatabase, PostgresJsTransaction } from "drizzle-orm/postgres-js";
import type { Knex } from "knex";
import { type Generated, type Kysely, type RawBuilder, sql as kyselySql, type Transaction } from "kysely";
import {
  createSequence,
  embed,
  type HostDatabase,
  type HostTransaction,
  nextval,
  pgSchema,
  type PgSequence,
  pgSequence,
  setval,
  sql,
  type Sql,
  type SqlExpression,
  type ValueOf,
} from "nextval";
import { type Allocator, allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import { bind as bindDrizzle, fromDrizzle, sequenceColumn, toDrizzle } from "nextval/drizzle";
import { bind as bindHost, bindTransaction } from "nextval/host";
import { bind as bindKnex, toKnex } from "nextval/knex";
import { bind as bindKysely, fromKysely, toKysely } from "nextval/kysely";
import { expectAssignable, expectError, expectNotAssignable, expectType } from "tsd";

const bigSeq = pgSequence("big_seq");
const smallSeq = pgSequence("small_seq", { as: "integer" });
const textSeq = pgSchema("billing").sequence("text_seq", { mode: "string" });

// embed returns the host's own type
expectType<RawBuilder<number>>(embed(kyselySql<number>, nextval(smallSeq)));
expectType<SQL<number>>(embed(drizzleSql<number>, nextval(smallSeq)));
expectError(embed(kyselySql, "nextval('big_seq')"));

// Kysely
interface Schema {
  orders: { id: Generated<ValueOf<typeof bigSeq>>; ticket: number; note: string | null };
}
declare const kysely: Kysely<Schema>;
expectType<Promise<{ id: bigint }[]>>(
  kysely.transaction().execute((trx) => bindKysely(trx)`select ${nextval(bigSeq).as("id")}`),
);
expectType<RawBuilder<bigint>>(toKysely(nextval(bigSeq)));
expectType<RawBuilder<number>>(toKysely(setval(smallSeq, 5)));
expectType<RawBuilder<string>>(toKysely(nextval(textSeq)));
expectType<RawBuilder<unknown>>(toKysely(sql`now()`));
expectType<RawBuilder<unknown>>(toKysely(bigSeq));
expectType<RawBuilder<Date>>(toKysely<Date>(sql`now()`));
expectError(toKysely(5));
kysely.insertInto("orders").values({ id: toKysely(nextval(bigSeq)), ticket: toKysely(nextval(smallSeq)), note: null });
expectError(kysely.insertInto("orders").values({ id: toKysely(nextval(smallSeq)), ticket: 1 }));
expectError(kysely.insertInto("orders").values({ id: 5n, ticket: toKysely(nextval(bigSeq)) }));
expectError(kysely.updateTable("orders").set({ ticket: toKysely(nextval(textSeq)) }));
expectError(
  kysely
    .selectFrom("orders")
    .select("id")
    .where("id", "=", toKysely(nextval(smallSeq))),
);
const selected = kysely.selectFrom("orders").select(["note", toKysely(nextval(bigSeq)).as("next")]);
expectType<Sql<{ note: string | null; next: bigint }>>(fromKysely(selected));
expectType<Sql>(fromKysely(kyselySql`now()`));
expectError(fromKysely("now()"));

// Drizzle
declare const drizzle: PostgresJsDatabase;
expectType<SQL<bigint>>(toDrizzle(nextval(bigSeq)));
expectType<SQL<number>>(toDrizzle(nextval(smallSeq)));
expectType<SQL<string>>(toDrizzle(nextval(textSeq)));
expectType<SQL<unknown>>(toDrizzle(sql`now()`));
expectType<SQL<Date>>(toDrizzle<Date>(sql`now()`));
expectType<DrizzleSequence>(toDrizzle(textSeq));
expectType<DrizzleSchema<"billing">>(toDrizzle(pgSchema("billing")));
expectType<DrizzleSchema>(toDrizzle(pgSchema("billing" as string)));
expectError(toDrizzle("now()"));
const orders = pgTable("orders", {
  id: sequenceColumn(bigSeq).primaryKey(),
  ticket: sequenceColumn(smallSeq),
  code: sequenceColumn(textSeq, "order_code"),
  note: text(),
});
expectType<{ id: bigint; ticket: number | null; code: string | null; note: string | null }>(
  {} as typeof orders.$inferSelect,
);
expectAssignable<typeof orders.$inferInsert>({ note: "the sequences have the ids" });
expectNotAssignable<typeof orders.$inferInsert>({ id: 5 });
expectNotAssignable<typeof orders.$inferInsert>({ ticket: 5n });
expectError(drizzle.insert(orders).values({ id: "5" }));
const row = drizzle.select({ next: toDrizzle(nextval(smallSeq)) }).from(orders);
expectType<{ next: number }[]>({} as Awaited<typeof row>);

const theirs = drizzleSequence("their_seq", { startWith: 5 });
expectType<SqlExpression<bigint>>(nextval(theirs));
expectType<Sql>(createSequence(theirs));
expectType<bigint>({} as ValueOf<typeof theirs>);
expectType<PgSequence<string, {}, string | undefined>>(fromDrizzle(theirs));
expectType<Sql>(fromDrizzle(orders));
expectType<Sql<{ x: number }>>(fromDrizzle<{ x: number }>(drizzleSql`select 1 as x`));
expectError(nextval("their_seq"));
expectError(nextval(orders));
expectError(fromDrizzle("now()"));
const typed = bigint({ mode: "bigint" }).$type<ValueOf<typeof bigSeq>>();
expectError(typed.default(5));

// Knex
declare const knex: Knex;
interface Order {
  id: bigint;
  ticket: number;
}
expectType<Knex.Raw<bigint>>(toKnex(knex, nextval(bigSeq)));
expectType<Knex.Raw<any>>(toKnex(knex, sql`now()`));
expectType<Knex.Raw<any>>(toKnex(knex, bigSeq));
knex<Order>("orders").insert({ id: toKnex(knex, nextval(bigSeq)), ticket: toKnex(knex, nextval(smallSeq)) });
expectError(toKnex(knex, "now()"));
expectError(knex<Order>("orders").insert({ ticket: toKnex(knex, nextval(bigSeq)) }));

// Handles
declare const kyselyTransaction: Transaction<Schema>;
declare const drizzleTransaction: PostgresJsTransaction<Record<string, never>, Record<string, never>>;
declare const knexTransaction: Knex.Transaction;
const db = bindKysely(kysely);
expectType<HostDatabase>(db);
expectType<HostDatabase>(bindDrizzle(drizzle));
expectType<HostDatabase>(bindKnex(knex));
expectType<HostDatabase>(bindHost(async (text, values) => [{ text, values }]));
const tx = bindKysely(kyselyTransaction);
expectType<HostTransaction>(tx);
expectType<HostTransaction>(bindDrizzle(drizzleTransaction));
expectType<HostTransaction>(bindKnex(knexTransaction));
expectType<HostTransaction>(bindTransaction(async () => ({ rows: [] })));
expectError(bindKysely(knex));
expectError(bindDrizzle(kysely));
expectError(bindKnex("postgres://localhost"));
expectError(bindHost(undefined));
expectType<Promise<bigint>>(db.nextval(bigSeq));
expectType<Promise<number[]>>(db.nextvals(smallSeq, 2));
expectType<Promise<string>>(tx.currval(textSeq));
expectType<{ id: bigint }[]>(await db`select ${nextval(bigSeq).as("id")}`);
expectType<{ n: number } | undefined>(await db.query(sql<{ n: number }>`select 1 as n`).maybeOne());
expectType<Promise<bigint>>(gaplessCounter("invoice_no").next(tx));
expectType<Allocator<bigint>>(allocator(db, bigSeq, { size: 10, timeout: 100 }));
expectType<Allocator<bigint>>(blockAllocator(db, bigSeq, { timeout: 100 }));
// Only what the host can do is there.
expectError(db.currval(bigSeq));
expectError(db.lastval());
expectError(db.begin(async () => {}));
expectError(db.cursor(sql`select 1`));
expectError(tx.savepoint(async () => {}));
expectError(tx.query(sql`select 1`).cursor());
expectError(gaplessCounter("invoice_no").next(db));
