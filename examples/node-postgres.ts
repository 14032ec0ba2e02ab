// A fragment is a query of node-postgres as it is.
import { createSequence, nextval, pgSequence, sql } from "nextval";
import { Pool } from "pg";
import { withDatabase } from "./pg-database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });

await withDatabase("nextval_node_postgres", async (url) => {
  const pool = new Pool({ connectionString: url });
  await pool.query(createSequence(orderSeq));
  await pool.query("create table orders (id bigint primary key, note text)");

  const note = "it's from node-postgres";
  const insert = sql`insert into orders (id, note) values (${nextval(orderSeq)}, ${note}) returning id, note`;
  console.log(insert.text, insert.values);

  const { rows } = await pool.query<{ id: string; note: string }>(insert);
  console.log(rows);

  // node-postgres gives a bigint as a string. The expression knows the type of the sequence's values.
  console.log(rows.map(({ id }) => nextval(orderSeq).decode(id)));
  await pool.end();
});
