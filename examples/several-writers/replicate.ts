// Servers that replicate to each other, each with its stride of one sequence, and all of them insert at the same time.
//
//   NODE_URLS="postgres://... postgres://... postgres://..." npx tsx examples/several-writers/replicate.ts
//
// The servers also reach each other by these addresses, as a superuser. They need PostgreSQL 16 or later and
// `wal_level = logical`. Everything that the example creates has the name `nextval_writers`, and is removed at the end.
import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, nextval, pgSchema, sql } from "nextval";
import { checkStrides, stride } from "nextval/allocate";
import { inspectSequences } from "nextval/catalog";
import postgres from "postgres";

/** As many as there will ever be: another number changes all strides. */
const NODES = 1000;
const INSERTS = 200;

const NAME = "nextval_writers";
const orderSeq = pgSchema(NAME).sequence("order_seq");
const orders = sql`nextval_writers.orders`;

const urls = (process.env["NODE_URLS"] ?? "").split(" ").filter((url) => url !== "");
if (urls.length < 2) throw new Error("Set NODE_URLS to the addresses of two or more servers, separated by spaces.");

const nodes = urls.map((url, node) => {
  const client = postgres(url, { onnotice: () => {} });
  return {
    name: `node ${node}`,
    node,
    url,
    client,
    db: bind(client),
    sequence: stride(orderSeq, { node, nodes: NODES }),
  };
});
type Node = (typeof nodes)[number];

/** Each pair of nodes, in both directions. A subscription has the name of its slot on the other server. */
const directions = nodes.flatMap((to) =>
  nodes.filter((from) => from !== to).map((from) => ({ to, from, name: `${NAME}_${to.node}_from_${from.node}` })),
);

async function create({ db, sequence }: Node): Promise<void> {
  await db`create schema nextval_writers`;
  await db.query(createSequence(sequence));
  await db`create table ${orders} (id bigint primary key default ${nextval(sequence)}, note text not null)`;
  await db`create publication nextval_writers for table ${orders}`;
}

async function insert({ name, db }: Node): Promise<void> {
  for (let row = 1; row <= INSERTS; row++) await db`insert into ${orders} (note) values (${`${name}, row ${row}`})`;
}

async function rowsOf({ db }: Node) {
  const rows = await db<{ id: bigint; note: string }>`select id, note from ${orders} order by id`;
  return rows.map(({ id, note }) => `${id}: ${note}`);
}

try {
  for (const node of nodes) await create(node);
  // As the servers have them, which may differ from the declarations.
  const found = await Promise.all(nodes.map(({ db }) => inspectSequences(db, { schemas: [NAME] })));
  checkStrides(found.flatMap(({ sequences }) => sequences));

  for (const { to, from, name } of directions) {
    await to.db.query(sql`
      create subscription ${sql.identifier(name)} connection ${sql.literal(from.url)}
      publication nextval_writers with (origin = none, copy_data = false)`);
  }

  await Promise.all(nodes.map(insert));

  const expected = nodes.length * INSERTS;
  for (const node of nodes) {
    while ((await rowsOf(node)).length < expected) await sleep(100);
  }
  const all = await Promise.all(nodes.map(rowsOf));
  for (const [index, rows] of all.entries()) {
    const isSame = rows.join("\n") === all[0]?.join("\n");
    console.log(`${nodes[index]?.name}: ${rows.length} rows, ${isSame ? "the same" : "different"}`);
  }
  console.log(all[0]?.slice(0, nodes.length + 1).join("\n"));
} finally {
  for (const { to, name } of directions) await to.db`drop subscription if exists ${sql.identifier(name)}`;
  for (const { db, client } of nodes) {
    await db`drop publication if exists nextval_writers`;
    await db`drop schema if exists nextval_writers cascade`;
    await client.end();
  }
}
