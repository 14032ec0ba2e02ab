// Number rows with an identity column
import { generatedAsIdentity, pgSequence, sql } from "nextval";
import { db } from "playground";

await db`drop table if exists orders`;
await db`create table orders (
  id bigint primary key ${generatedAsIdentity("always", { startWith: 1000 })},
  note text
)`;
console.log(await db`insert into orders (note) values (${"numbered"}) returning id`);

// "always" refuses a value of yours.
await db`insert into orders ${sql.insert({ id: 5, note: "mine" })}`.catch(console.log);

// An import may override it.
await db`insert into orders ${sql.insert({ id: 5, note: "mine" }, { overriding: "system" })}`;

// The server has made the sequence. Declare it to draw from it.
const orderIdSeq = pgSequence("orders_id_seq");
console.log(await db.nextval(orderIdSeq));
