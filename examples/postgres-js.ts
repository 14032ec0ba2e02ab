// nextval in a program that keeps its own postgres.js client: embed(client, ...) makes a part of a query of it.
import { bind, createSequence, embed, nextval, pgSequence, sql } from "nextval";
import { withDatabase } from "./database.js";

const orderSeq = pgSequence("order_seq", { startWith: 100 });

await withDatabase("nextval_postgres_js", async (client) => {
  await client`${embed(client, createSequence(orderSeq))}`;
  await client`create table orders (id bigint primary key, note text)`;

  const note = "it's from postgres.js";
  const query = client`insert into orders (id, note) values (${embed(client, nextval(orderSeq))}, ${note}) returning *`;
  console.log((await query.describe()).string);
  console.log(
    await client`insert into orders (id, note) values (${embed(client, nextval(orderSeq))}, ${note}) returning *`,
  );

  // Fragments with values of their own are numbered along.
  const shout = sql`upper(${note} || ${"!"})`;
  console.log(await client`select ${1}::int as one, ${embed(client, shout)} as shout`);

  // A handle beside it decodes ids to the type of their sequence.
  console.log(await bind(client).nextval(orderSeq));
});
