// Use nextval in an insert
import { createSequence, nextval, pgSequence } from "nextval";
import { db } from "playground";

const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });

await db.query(createSequence(orderSeq, { ifNotExists: true }));
await db`create table if not exists orders (id bigint primary key, note text)`;

const [order] = await db<{ id: bigint }>`
  insert into orders (id, note) values (${nextval(orderSeq)}, ${"it's mine"})
  returning id`;

// 100n, then 102n when it runs again.
console.log(order?.id);
