// Write named placeholders
import { createSequence, pgSequence, sql } from "nextval";
import { db } from "playground";

const orderSeq = pgSequence("order_seq", { startWith: 100 });
await db.query(createSequence(orderSeq, { ifNotExists: true }));
await db`create table if not exists orders (id bigint primary key, tenant integer, note text)`;

const orders = sql.named({ orderSeq, tenant: 7, note: "it's from a file" });

// A text that could come from a file. Quoted text and comments stay as they are.
const file = `
  insert into orders values ($<nextval(orderSeq)>, $<tenant>, $<note>)
  returning id, note, 'so does $<this>' as text`;
console.log(await db.query(orders.parse(file)));

// A name that is not known has its place in the text.
try {
  orders.parse("select $<nextval(ordrSeq)>");
} catch (error) {
  console.log(error);
}
