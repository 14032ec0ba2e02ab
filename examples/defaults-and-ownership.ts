// A column that draws its default from a sequence, and a sequence that goes when the column goes.
import { bind, commentOnSequence, createSequence, nextval, setSequenceOwnedBy, pgSequence, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

const orderSeq = pgSequence("order_seq", {
  startWith: 100,
  ownedBy: { table: "orders", column: "id" },
  comment: "numbers of orders",
});

await withDatabase("nextval_ownership", async (client) => {
  const db = bind(client);

  title("The sequence first, then the table, then who owns what");
  await show(db, () => createSequence(orderSeq));
  await show(db, () => sql`create table orders (id bigint primary key default ${nextval(orderSeq)}, note text)`);
  await show(db, () => setSequenceOwnedBy(orderSeq));
  await show(db, () => commentOnSequence(orderSeq));

  title("Inserts need not name it");
  await show(db, () => sql<{ id: bigint }>`insert into orders (note) values (${"first"}), (${"second"}) returning id`);

  title("It goes with its table");
  await show(db, () => sql`drop table orders`);
  await show(db, () => sql`select to_regclass('order_seq') as order_seq`);
});
