// A table whose column is fed by the sequence, nextval in queries of Drizzle, and a sequence that Drizzle declares.
import { max } from "drizzle-orm";
import { pgSequence as drizzleSequence, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import { bind, createSequence, nextval, pgSequence, setval, sql } from "nextval";
import { fromDrizzle, sequenceColumn, toDrizzle } from "nextval/drizzle";
import postgres from "postgres";
import { withDatabase } from "./database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });
const orders = pgTable("orders", { id: sequenceColumn(orderSeq).primaryKey(), note: text() });
const ticketSeq = drizzleSequence("ticket_seq", { startWith: 7 });

await withDatabase("nextval_drizzle", async (client, url) => {
  // A client of its own, because Drizzle changes how its client reads and writes.
  const own = postgres(url);
  const db = drizzle(own);
  await db.execute(toDrizzle(createSequence(orderSeq)));
  await db.execute(toDrizzle(createSequence(ticketSeq)));
  await db.execute(toDrizzle(sql`create table orders (id bigint primary key default ${nextval(orderSeq)}, note text)`));

  const insert = db
    .insert(orders)
    .values({ id: toDrizzle(nextval(orderSeq)), note: "it's from Drizzle" })
    .returning();
  console.log(insert.toSQL().sql);
  console.log(await insert);
  console.log(await db.insert(orders).values({ note: "by default" }).returning());
  console.log(
    await db
      .select({ ticket: toDrizzle(nextval(ticketSeq)) })
      .from(orders)
      .limit(1),
  );

  // The other way round: a query of Drizzle in a template.
  const newest = db.select({ id: max(orders.id) }).from(orders);
  const move = sql`select ${setval(orderSeq, sql`(${fromDrizzle(newest)}) + 900`).as("at")}`;
  console.log(move.text);
  console.log(await bind(client).one(move));
  await own.end();
});
