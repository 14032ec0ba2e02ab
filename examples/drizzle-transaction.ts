// A number without gaps inside a transaction of Drizzle: a rollback returns it.
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import { gaplessCounter } from "nextval/allocate";
import { bind } from "nextval/drizzle";
import { Pool } from "pg";
import { withDatabase } from "./pg-database.js";

const invoices = pgTable("invoices", { no: bigint({ mode: "bigint" }), customer: text() });
const invoiceNo = gaplessCounter("invoice_no", { startWith: 1000 });

await withDatabase("nextval_drizzle_transaction", async (url) => {
  const pool = new Pool({ connectionString: url });
  const db = drizzle(pool);
  await bind(db).query(invoiceNo.create());
  await db.execute("create table invoices (no bigint, customer text)");

  const invoice = (customer: string) =>
    db.transaction(async (tx) => {
      const no = await invoiceNo.next(bind(tx));
      await tx.insert(invoices).values({ no, customer });
      if (customer === "") throw new Error(`${no} was drawn for nobody`);
      return no;
    });

  console.log(await invoice("Ada"));
  await invoice("").catch((error: Error) => console.log(error.message));
  console.log(await invoice("Grace"));
  console.log(await db.select().from(invoices));
  await pool.end();
});
