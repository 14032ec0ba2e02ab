import {
  type AliasedExpression,
  currval,
  lastval,
  nextval,
  pgSchema,
  pgSequence,
  setval,
  type Splice,
  sql,
  type Sql,
  type SqlExpression,
} from "nextval";
import { expectAssignable, expectError, expectNotAssignable, expectType } from "tsd";

const orderSeq = pgSequence("order_seq");
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
const invoiceSeq = pgSchema("billing").sequence("invoice_seq", { mode: "string" });
declare const name: string;
declare const anything: any;
declare const nothing: never;
declare const either: typeof orderSeq | typeof ticketSeq;

// The row type holds the columns that spliced expressions name.
expectType<Sql<{ id: bigint }>>(sql`select ${nextval(orderSeq).as("id")}`);
expectType<Sql<{ id: number; invoice: string }>>(
  sql`select ${nextval(ticketSeq).as("id")}, ${1}, ${currval(invoiceSeq).as("invoice")}`,
);
expectType<Sql<{}>>(sql`select 1`);
expectType<Sql<{}>>(sql`select ${nextval(orderSeq)}`);
expectType<Sql<{ [x: string]: bigint }>>(sql`select ${nextval(orderSeq).as(name)}`);
expectType<Sql<{ id: number | bigint }>>(sql`select ${nextval(either).as("id")}`);

// A stated row type wins.
expectType<Sql<{ id: number }>>(sql<{ id: number }>`select ${nextval(orderSeq).as("id")}`);
interface Order {
  id: bigint;
  note: string | null;
}
expectType<Sql<Order>>(sql<Order>`select * from orders where id = ${5n}`);

// Expressions have the type of their sequence.
expectType<SqlExpression<bigint>>(nextval(orderSeq));
expectType<SqlExpression<number>>(currval(ticketSeq));
expectType<SqlExpression<string>>(setval(invoiceSeq, 5));
expectType<SqlExpression<bigint>>(lastval());

// Of a fragment, setval may be null.
declare const integer: number | bigint | string;
declare const integerOrFragment: number | Sql;
expectType<SqlExpression<bigint>>(setval(orderSeq, integer, false));
expectType<SqlExpression<bigint | null>>(setval(orderSeq, sql`(select max(id) from orders)`));
expectType<SqlExpression<number | null>>(setval(ticketSeq, integerOrFragment, true));
expectType<SqlExpression<string>>(setval(invoiceSeq, anything));
expectType<SqlExpression<string>>(setval(invoiceSeq, nothing));
expectType<Sql<{ at: bigint | null }>>(sql`select ${setval(orderSeq, sql`null`).as("at")}`);
expectType<Sql<{ at: number }>>(sql`select ${setval(ticketSeq, 5).as("at")}`);
expectType<AliasedExpression<"id", bigint>>(nextval(orderSeq).as("id"));
expectNotAssignable<SqlExpression<number>>(nextval(orderSeq));

// setval takes whole numbers and fragments.
setval(orderSeq, 5);
setval(orderSeq, 5n, false);
setval(orderSeq, "5");
setval(orderSeq, sql`(select max(id) from orders)`);
setval(orderSeq, anything);
expectError(setval(orderSeq, null));
expectError(setval(orderSeq, undefined));
expectError(setval(orderSeq, new Date()));
expectError(setval(orderSeq, 5, "yes"));
expectError(nextval("order_seq"));
expectError(nextval({ seqName: "order_seq" }));

// Only fragments, sequences and values enter a template.

class Money {
  constructor(readonly cents: bigint) {}
}
sql`${1} ${"x"} ${2n} ${true} ${null} ${new Date()} ${new Uint8Array(1)} ${[1, [2, null]]} ${{ a: [1] }}`;
sql`${orderSeq} ${invoiceSeq} ${nextval(orderSeq)} ${sql`1`} ${sql.empty} ${anything} ${nothing}`;
expectAssignable<Splice>(either);
expectError(sql`${undefined}`);
expectError(sql`${() => 1}`);
expectError(sql`${Money}`);

expectError(sql`${Promise.resolve(1)}`);
expectError(sql`${new Money(5n)}`);
expectError(sql`${[nextval(orderSeq)]}`);
expectError(sql`${new Map()}`);
expectError(sql("select 1"));
expectError(sql(["select 1"]));

// Helpers.
expectType<Sql>(sql.identifier("billing", "invoices"));
expectError(sql.identifier());
expectError(sql.identifier(5));
expectType<Sql>(sql.join([1, sql`2`, orderSeq], sql` or `));
expectError(sql.join([1], " or "));
expectError(sql.join([undefined]));
expectType<Sql>(sql.join([], sql`, `, { empty: sql`null` }));
expectError(sql.join([], sql`, `, { empty: "null" }));
expectError(sql.join([], { empty: sql`null` }));
declare const maybe: boolean;
declare const filter: Sql | undefined;
expectType<Sql>(sql.and());
expectType<Sql>(sql.or(sql`a`, maybe && sql`b`, filter, null, false, sql.empty));
expectType<Sql>(sql.and(anything, nothing));
expectError(sql.and(true));
expectError(sql.and("a = 1"));
expectError(sql.and(name && sql`a`));
expectError(sql.or([sql`a`]));
expectError(sql.or(orderSeq));
expectType<Sql>(sql.insert({ id: nextval(orderSeq), note: "x" }));
sql.insert([{ id: 1, note: null }], { columns: ["id"] });
sql.insert({ id: 1 }, { overriding: "system" });
sql.insert([{ id: 1 }, { id: 2 }], { columns: ["id"], overriding: "user" });
sql.insert([{ id: 1 }], { columns: undefined, overriding: undefined });
expectError(sql.insert({ id: 1 }, { columns: ["note"] }));
expectError(sql.insert({ id: 1 }, { columns: "id" }));
expectError(sql.insert({ id: 1 }, ["id"]));
expectError(sql.insert({ id: 1 }, { overriding: "all" }));
expectError(sql.insert({ id: 1 }, { overriding: name }));
expectError(sql.insert({ id: 1 }, { overides: "system" }));
expectError(sql.insert([{ id: 1 }, { id: 2, note: "x" }]));
expectError(sql.insert([{ id: 1, note: "x" }, { id: 2 }]));
expectError(sql.insert("id"));
expectError(sql.insert([{ id: 1 }, "id"]));
expectType<Sql>(sql.insert([{ id: 1, note: null }, { id: 2 }], { columns: ["id"] }));
expectType<Sql>(
  sql.insert([
    { id: nextval(orderSeq), note: "x" },
    { id: 5n, note: null },
  ]),
);
declare const optional: { id: number; note?: string };
expectType<Sql>(sql.insert([optional, { id: 1 }, { id: 1, note: "x" }]));
expectType<Sql>(sql.insert([optional]));
expectType<Sql>(sql.insert(anything));
expectType<Sql>(sql.insert(nothing));
expectError(sql.insert({ id: () => 1 }));
expectType<Sql>(sql.set({ note: "x", at: sql`now()` }));
expectError(sql.set({ note: Symbol("x") }));
declare const record: Record<string, string>;
expectType<Sql>(sql.set({ note: "x", at: sql`now()` }, ["note"]));
expectType<Sql>(sql.set(record, [name]));
expectType<Sql>(sql.set(anything, ["note"]));
expectType<Sql>(sql.set(nothing));
expectError(sql.set({ note: "x" }, ["at"]));
expectError(sql.set({ note: "x" }, [name]));
expectError(sql.set({ note: "x" }, "note"));
expectError(sql.raw(5));
expectError(sql.literal({ a: 1 }));
expectError(sql.literal(undefined));

// Scopes.
const scope = sql.named({ orderSeq, tenant: 5, recent: sql`at > now()` });
expectType<Sql<{}>>(scope`select $<nextval(orderSeq)>`);
expectType<Sql<{ id: bigint }>>(scope`select ${nextval(orderSeq).as("id")}, $<tenant>`);
expectType<Sql<Order>>(scope.parse<Order>("select * from orders"));
expectError(sql.named({ later: Promise.resolve(1) }));
expectError(sql.named({ missing: undefined }));

// Nothing of a fragment can be written.
const fragment = sql`select ${1}`;
expectError((fragment.text = "drop table orders"));
expectError((fragment.strings[0] = "drop table orders"));
expectType<string>(fragment.text);
expectType<unknown[]>(fragment.values);
expectType<TemplateStringsArray>(fragment.strings);
