import { bind, createSequence, dropSequence, nextval, pgSequence, resolveOptions, setval, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

// One constant each for the whole life of a sequence. Try startWith: 5, and see what the compiler says.
const orderSeq = pgSequence("order_seq", {
  startWith: 100,
  minValue: 100,
  maxValue: 10_000,
  increment: 2,
  cache: 10,
  cycle: true,
});
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });

await withDatabase("nextval_quickstart", async (client) => {
  const db = bind(client);

  title("Create them");
  await show(db, () => createSequence(orderSeq));
  await show(db, () => createSequence(ticketSeq));
  await db`create table orders (id bigint primary key, ticket integer, note text, placed_at timestamptz)`;

  title("Insert real rows");
  const note = "it's the first";
  await show(
    db,
    () => sql`
    insert into orders (id, ticket, note)
    values (${nextval(orderSeq)}, ${nextval(ticketSeq)}, ${note})
    returning ${sql.identifier("id")} as id, ticket, note`,
  );
  const placedAt = sql`${"2026-01-31"}::date + interval '1 day'`;
  const orders = ["second", "third"].map((text) => ({
    id: nextval(orderSeq),
    ticket: nextval(ticketSeq),
    note: text,
    placed_at: placedAt,
  }));
  await show(db, () => sql`insert into orders ${sql.insert(orders)} returning id, ticket, note`);
  await show(db, () => sql<{ id: bigint; note: string }>`select id, note from orders where id > ${100} order by id`);

  title("Draw values: the type is the sequence's own");
  const order = await db.nextval(orderSeq); // bigint
  const tickets = await db.nextvals(ticketSeq, 3); // number[]
  console.log("    order   ", order);
  console.log("    tickets ", tickets, "\n");
  await show(db, () => sql`select ${nextval(orderSeq).as("id")}, ${nextval(ticketSeq).as("ticket")}`);

  title("Set, look, drop");
  await show(db, () => sql`select ${setval(ticketSeq, 500).as("ticket")}`);
  await show(db, () => sql`select last_value, is_called from ${ticketSeq}`);
  console.log("    options ", resolveOptions(ticketSeq), "\n");
  await show(db, () => dropSequence([orderSeq, ticketSeq]));
});
