import { Client as NeonClient, Pool as NeonPool } from "@neondatabase/serverless";
import {
  bind,
  currval,
  type Database,
  nextval,
  pgSequence,
  type Rows,
  type Session,
  sql,
  type Transaction,
} from "nextval";
import { bind as bindPg } from "nextval/pg";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { expectAssignable, expectError, expectType } from "tsd";

const orderSeq = pgSequence("order_seq");
const ticketSeq = pgSequence("ticket_seq", { as: "smallint" });
const textSeq = pgSequence("text_seq", { mode: "string" });
declare const either: typeof orderSeq | typeof textSeq;

const client = postgres();
const db = bind(client);
expectType<Database>(db);
bind(postgres({ types: { bigint: postgres.BigInt } }));
expectType<Transaction>(bind({} as postgres.TransactionSql));
expectError(bind("postgres://localhost"));
expectError(bind({}));

// What has the interface of pg is a client of pg.
expectType<Database>(bindPg(new Pool()));
expectType<Database>(bindPg(new Client()));
expectType<Database>(bindPg(new NeonPool({ connectionString: "postgres://localhost" })));
expectType<Database>(bindPg(new NeonClient("postgres://localhost")));
expectError(bindPg(client));
expectError(bindPg("postgres://localhost"));

// A query can be returned where another library wants a promise.
expectAssignable<Promise<Rows<{ n: number }>>>(db<{ n: number }>`select 1 as n`);

// Rows are typed by what the template names, or by what is stated.
expectType<Rows<{ id: bigint; ticket: number }>>(
  await db`select ${nextval(orderSeq).as("id")}, ${nextval(ticketSeq).as("ticket")}`,
);
expectType<Rows<{ note: string }>>(await db<{ note: string }>`select note from orders where id = ${5}`);
expectType<number>((await db`select 1`).count);
expectType<{ id: string }>(await db.one(sql`select ${nextval(textSeq).as("id")}`));
expectType<Rows<{ n: number }>>(await db.query(sql<{ n: number }>`select 1 as n`));
for await (const rows of db.cursor(sql<{ n: number }>`select 1 as n`, 10)) expectType<{ n: number }[]>(rows);
for await (const rows of db<{ n: number }>`select 1 as n`.cursor(10)) expectType<{ n: number }[]>(rows);
expectType<{ id: string }>(await db`select ${nextval(textSeq).as("id")}`.one());
expectType<{ n: number }>(await db<{ n: number }>`select 1 as n`.one());
expectType<{ n: number } | undefined>(await db.query(sql<{ n: number }>`select 1 as n`).maybeOne());
expectType<{ id: bigint }>(await db.begin((tx) => tx`select ${nextval(orderSeq).as("id")}`.one()));
expectType<{}>(await db`select 1`.one());
expectError(db<{ n: number }>`select ${undefined}`);
expectError(db<{ n: number }>`select ${Promise.resolve(1)}`);
expectError(db`select ${undefined}`);
expectError(db`select ${Promise.resolve(1)}`);
expectError(db.query("select 1"));

// Functions return the type of the sequence.
expectType<bigint>(await db.nextval(orderSeq));
expectType<number>(await db.nextval(ticketSeq));
expectType<string[]>(await db.nextvals(textSeq, 5));
expectType<bigint | string>(await db.nextval(either));
expectType<number>(await db.setval(ticketSeq, 5n, false));
expectError(db.nextval("order_seq"));
expectError(db.nextvals("order_seq", 5));
expectError(db.setval("order_seq", 5));
expectError(db.setval(orderSeq, null));

// Functions of a session are not on the pool.
expectError(db.currval(orderSeq));
expectError(db.lastval());
expectError(db.savepoint(async () => {}));
expectType<bigint>(await db.begin(async (tx) => tx.currval(orderSeq)));
expectType<bigint>(await db.session(async (session) => session.lastval()));
expectType<Rows<{ id: number }>>(await db.begin("read only", (tx) => tx`select ${currval(ticketSeq).as("id")}`));
expectType<number>(await db.begin(() => 5));

await db.begin(async (tx) => {
  expectType<Transaction>(tx);
  expectType<string>(await tx.savepoint(async (inner) => inner.currval(textSeq)));
  expectError(tx.session(async () => {}));
});
await db.session(async (session) => {
  expectType<Session>(session);
  expectType<number>(await session.begin("isolation level serializable", async (tx) => tx.nextval(ticketSeq)));
  expectError(session.savepoint(async () => {}));
});

// The driver's parameters are values.
db`select ${client.json({ a: 1 })}, ${client.array([1])}, ${client.typed(5, 23)}`;
