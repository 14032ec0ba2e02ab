// Drop a table with its sequence
import { createSequence, nextval, pgSequence, setSequenceOwnedBy } from "nextval";
import { db } from "playground";

const orderSeq = pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } });

// The sequence first, then the table, then the owner.
await db.query(createSequence(orderSeq));
await db`create table orders (id bigint primary key default ${nextval(orderSeq)}, note text)`;
await db.query(setSequenceOwnedBy(orderSeq));
console.log(await db`insert into orders (note) values (${"first"}) returning id`);

// The sequence goes with the column that owns it.
await db`drop table orders`;
await db.nextval(orderSeq).catch(console.log);
