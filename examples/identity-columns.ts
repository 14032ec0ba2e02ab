// Identity columns have a sequence of their own, made and owned by the server.
import { bind, generatedAsIdentity, nextval, pgSchema, setval, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

// What the server calls it, declared so that it can be drawn from and set.
const orderIdSeq = pgSchema("nextval_identity").sequence("orders_id_seq", { as: "integer" });

await withDatabase("nextval_identity", async (client) => {
  const db = bind(client);

  title("A column that numbers itself");
  await show(
    db,
    () =>
      sql`create table orders (id integer ${generatedAsIdentity("by default", { startWith: 100, as: "integer" })},
        note text)`,
  );
  await show(db, () => sql<{ id: number }>`insert into orders (note) values (${"first"}) returning id`);

  title("Draw from it before the insert");
  await show(db, () => sql`insert into orders (id, note) values (${nextval(orderIdSeq)}, ${"second"}) returning id`);

  title("After an import: set it behind the largest id");
  await show(db, () => sql`insert into orders (id, note) values (${5000}, ${"imported"})`);
  await show(db, () => sql`select ${setval(orderIdSeq, sql`(select max(id) from orders)`).as("current")}`);
  await show(db, () => sql<{ id: number }>`insert into orders (note) values (${"next"}) returning id`);
});
