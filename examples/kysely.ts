// A table whose id takes its type from the sequence, and nextval in queries of Kysely.
import { type Generated, Kysely, PostgresDialect } from "kysely";
import { createSequence, nextval, pgSequence, setval, sql, type ValueOf } from "nextval";
import { bind, fromKysely, toKysely } from "nextval/kysely";
import { Pool, types } from "pg";
import { withDatabase } from "./pg-database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });

interface Schema {
  orders: { id: Generated<ValueOf<typeof orderSeq>>; note: string };
}

// Without this line node-postgres gives a bigint as a string, whatever the type says.
types.setTypeParser(types.builtins.INT8, BigInt);

await withDatabase("nextval_kysely", async (url) => {
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
  await toKysely(createSequence(orderSeq)).execute(db);
  await db.schema
    .createTable("orders")
    .addColumn("id", "bigint", (column) => column.primaryKey().defaultTo(toKysely(nextval(orderSeq))))
    .addColumn("note", "text")
    .execute();

  const insert = db
    .insertInto("orders")
    .values({ id: toKysely(nextval(orderSeq)), note: "it's from Kysely" })
    .returningAll();
  console.log(insert.compile().sql);
  console.log(await insert.execute());
  console.log(await db.insertInto("orders").values({ note: "by default" }).returning("id").execute());

  // The other way round: a query of Kysely in a template.
  const newest = db.selectFrom("orders").select((eb) => eb.fn.max("id").as("id"));
  const move = sql`select ${setval(orderSeq, sql`(${fromKysely(newest)}) + 900`).as("at")}`;
  console.log(move.text);
  console.log(await bind(db).one(move));
  await db.destroy();
});
