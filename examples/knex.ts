// nextval in queries of Knex, and in models of Objection.
import createKnex from "knex";
import { createSequence, nextval, pgSequence, sql } from "nextval";
import { toKnex } from "nextval/knex";
import { Model } from "objection";
import { withDatabase } from "./pg-database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });

class Order extends Model {
  static override tableName = "orders";
}

await withDatabase("nextval_knex", async (url) => {
  const knex = createKnex({ client: "pg", connection: url });
  await toKnex(knex, createSequence(orderSeq));
  await knex.schema.createTable("orders", (table) => {
    table
      .bigInteger("id")
      .primary()
      .defaultTo(toKnex(knex, nextval(orderSeq)));
    table.jsonb("tags");
  });

  const insert = knex("orders").insert({ id: toKnex(knex, nextval(orderSeq)), tags: { new: true } });
  console.log(insert.toSQL().toNative().sql);
  console.log(await insert.returning("*"));
  const order = await Order.query(knex)
    .insert({ id: toKnex(knex, nextval(orderSeq)) } as object)
    .returning("*");
  console.log(order.toJSON());

  // A question mark stays a question mark.
  console.log(
    await knex("orders")
      .where(toKnex(knex, sql`tags ? ${"new"}`))
      .select("id"),
  );
  await knex.destroy();
});
