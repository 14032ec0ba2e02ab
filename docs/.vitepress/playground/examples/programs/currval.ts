// Use currval in a transaction
import { createSequence, currval, nextval, pgSequence } from "nextval";
import { db } from "playground";

const orderSeq = pgSequence("order_seq");

await db.query(createSequence(orderSeq, { ifNotExists: true }));
await db`create table if not exists orders (id bigint primary key)`;
await db`create table if not exists lines (order_id bigint, item text)`;

await db.begin(async (tx) => {
  await tx`insert into orders values (${nextval(orderSeq)})`;
  await tx`insert into lines values (${currval(orderSeq)}, ${"apple"}), (${currval(orderSeq)}, ${"pear"})`;
});
console.log(await db`select order_id, item from lines`);

// A pool has no currval, because its next statement may run in another session.
await db`select ${currval(orderSeq)}`.catch(console.log);
