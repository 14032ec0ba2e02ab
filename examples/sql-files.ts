// SQL that lives in files: named placeholders, which stand for the values of sql.named.
import { readFile } from "node:fs/promises";
import { bind, createSequence, NextvalError, pgSequence, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });

await withDatabase("nextval_files", async (client) => {
  const db = bind(client);
  await db.query(createSequence(orderSeq));
  await db`create table orders (id bigint primary key, tenant integer, note text)`;

  const orders = sql.named({ orderSeq, tenant: 7, note: "it's from a file" });

  title("A file");
  const file = await readFile(new URL("./sql-files.sql", import.meta.url), "utf8");
  await show(db, () => orders.parse<{ id: bigint }>(file));

  title("A template with the same placeholders");
  await show(db, () => orders`select $<nextval(orderSeq)> as id, $<tenant>::integer as tenant`);

  title("A mistake");
  try {
    orders.parse("select\n  $<nextval(ordrSeq)>");
  } catch (error) {
    if (error instanceof NextvalError) console.log(`    ${error.message}\n    ${error.hint}\n`);
  }
});
