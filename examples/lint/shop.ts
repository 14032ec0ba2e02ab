import { type AnySequence, bind, createSequence, currval, nextval, pgSchema, pgSequence, sql } from "nextval";
import postgres from "postgres";

const orderSeq = pgSequence("order_seq");
const invoiceSeq = pgSchema("billing").sequence("invoice_seq");
const oderSeq = pgSequence("oder_seq");
const billSeq = pgSchema("billing").sequence("bill_seq");
const db = bind(postgres());

/** Correct statements, which SafeQL has described on the server. */
export async function correct(note: string | null, tenant: number, tags: string[]) {
  const [order] = await db`
    insert into orders (id, note) values (${nextval(orderSeq)}, ${note}) returning ${currval(orderSeq).as("id")}`;
  const rows = await db<{ id: bigint; note: string | null }>`select id, note from orders where tenant = ${tenant}`;
  await db`update orders set tags = ${tags}, details = ${{ paid: true }} where id = ${order?.id ?? 0n}`;
  return rows;
}

export async function wrong(note: string) {
  await db`select idd from orders`;
  await db`select id from order`;
  await db`select id from orders where tenant = ${note}`;
  await db<{ id: string }>`select id from orders`;
  await db.query(sql`select id from orders where note = ${nextval(orderSeq)}`);
}

/** Sequences that the database does not have. */
export async function missing() {
  await db.nextval(oderSeq);
  await db`insert into orders (id) values (${nextval(billSeq)})`;
  await db`select last_value from ${oderSeq}`;
  await db.nextval(invoiceSeq);
  await db.query(createSequence(oderSeq));
}

/** What no rule reports, although each is wrong or may be. */
export async function unseen(note: string, computed: AnySequence) {
  const isNoted = sql`where nothing = ${note}`;
  await db`select id from orders ${isNoted}`;
  await db`select nothing from ${orderSeq}`;
  await db`insert into orders ${sql.insert({ nothing: note })}`;
  await db.query(sql.named({ note })`select nothing from orders where note = $<note>`);
  await db`create table orders (id int)`;
  await db.nextval(computed);
}
