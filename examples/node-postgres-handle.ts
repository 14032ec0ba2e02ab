// A handle over the pool of node-postgres that a program already has, with a gapless number in a transaction.
import { createSequence, nextval, pgSequence } from "nextval";
import { gaplessCounter } from "nextval/allocate";
import { bind } from "nextval/pg";
import { Pool } from "pg";
import { withDatabase } from "./pg-database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });
const invoiceNo = gaplessCounter("invoice_no");

await withDatabase("nextval_node_postgres_handle", async (url) => {
  const pool = new Pool({ connectionString: url });
  const db = bind(pool);
  await db.query(createSequence(orderSeq));
  await db.query(invoiceNo.create());
  await db`create table orders (id bigint primary key, invoice bigint)`;

  const order = () =>
    db.begin(async (tx) => {
      const invoice = await invoiceNo.next(tx);
      return tx`insert into orders values (${nextval(orderSeq)}, ${invoice}) returning id, invoice`.one();
    });
  console.log(await order());
  await db
    .begin(async (tx) => {
      console.log("rolled back:", await invoiceNo.next(tx));
      throw new Error("no stock");
    })
    .catch(({ message }: Error) => console.log(message));
  console.log(await order());
  await pool.end();
});
