// A number without gaps inside a transaction of Kysely: a rollback returns it.
import { Kysely, PostgresDialect } from "kysely";
import { gaplessCounter } from "nextval/allocate";
import { bind } from "nextval/kysely";
import { Pool } from "pg";
import { withDatabase } from "./pg-database.js";

interface Schema {
  invoices: { no: string; customer: string };
}

const invoiceNo = gaplessCounter("invoice_no", { startWith: 1000 });

await withDatabase("nextval_kysely_transaction", async (url) => {
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
  await bind(db).query(invoiceNo.create());
  await db.schema.createTable("invoices").addColumn("no", "bigint").addColumn("customer", "text").execute();

  const invoice = (customer: string) =>
    db.transaction().execute(async (trx) => {
      const no = await invoiceNo.next(bind(trx));
      await trx
        .insertInto("invoices")
        .values({ no: String(no), customer })
        .execute();
      if (customer === "") throw new Error(`${no} was drawn for nobody`);
      return no;
    });

  console.log(await invoice("Ada"));
  await invoice("").catch((error: Error) => console.log(error.message));
  console.log(await invoice("Grace"));
  console.log(await db.selectFrom("invoices").selectAll().execute());
  await db.destroy();
});
