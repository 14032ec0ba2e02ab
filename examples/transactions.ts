// currval belongs to a session: in a transaction it is the value that nextval gave last.
import { bind, createSequence, currval, nextval, NextvalError, pgSequence, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

const orderSeq = pgSequence("order_seq");

await withDatabase("nextval_transactions", async (client) => {
  const db = bind(client);
  await db.query(createSequence(orderSeq));
  await db`create table orders (id bigint primary key)`;
  await db`create table items (order_id bigint references orders, name text)`;

  title("An order and its items");
  await db.begin(async (tx) => {
    await show(tx, () => sql`insert into orders (id) values (${nextval(orderSeq)})`);
    const items = ["pen", "paper"].map((name) => ({ order_id: currval(orderSeq), name }));
    await show(tx, () => sql`insert into items ${sql.insert(items)} returning order_id, name`);
  });

  title("A rollback gives back no value");
  await db
    .begin(async (tx) => {
      console.log("    drawn, then rolled back ", await tx.nextval(orderSeq));
      throw new Error("changed my mind");
    })
    .catch((error: Error) => console.log("    error                   ", error.message));
  console.log("    drawn next              ", await db.nextval(orderSeq), "\n");

  title("On the pool, currval is refused");
  try {
    await db`select ${currval(orderSeq)}`;
  } catch (error) {
    if (error instanceof NextvalError) console.log(`    ${error.code}: ${error.message}\n`);
  }
});
