import databases from "@databases/sql";
import { createSqlTag } from "@slonik/sql-tag";
import { sql as drizzleSql } from "drizzle-orm";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql as kyselySql,
} from "kysely";
import { bind, createSchema, createSequence, embed, nextval, pgSchema, sql } from "nextval";
import { Client } from "pg";
import templateTag from "sql-template-tag";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../database.js";

const database = useDatabase();
const weird = pgSchema('we"ird');
const orderSeq = weird.sequence("Order Seq");
const ATTACK = `'); drop table orders; --`;

const TEXT = `insert into orders (id, note, shout) values (nextval('"we""ird"."Order Seq"'::regclass), $1, upper($2 || $3))`;
const VALUES = ["beside it", ATTACK, "!"];
const shout = () => sql`upper(${ATTACK} || ${"!"})`;

beforeAll(async () => {
  const db = bind(database.client);
  await db.query(createSchema(weird));
  await db.query(createSequence(orderSeq));
  await db`create table orders (id bigint primary key, note text, shout text)`;
});

interface Compiled {
  readonly text: string;
  readonly values: unknown[];
}

const kyselyDb = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
const databasesSql = databases.default;
const slonikSql = createSqlTag();

/** Each host's own template, with a fragment without values, a value of the host, and a fragment with values. */
const HOSTS: { readonly [host: string]: () => Compiled } = {
  Kysely: () => {
    const { sql: compiled, parameters } =
      kyselySql`insert into orders (id, note, shout) values (${embed(kyselySql, nextval(orderSeq))}, ${"beside it"}, ${embed(kyselySql, shout())})`.compile(
        kyselyDb,
      );
    return { text: compiled, values: [...parameters] };
  },
  "Slonik's sql.fragment": () => {
    const { sql: compiled, values } =
      slonikSql.unsafe`insert into orders (id, note, shout) values (${embed(slonikSql.fragment, nextval(orderSeq))}, ${"beside it"}, ${embed(slonikSql.fragment, shout())})`;
    // Slonik numbers its placeholders when it runs the query.
    return { text: compiled.replaceAll("$slonik_", "$"), values: [...values] };
  },
  "sql-template-tag, which is Prisma.sql": () =>
    templateTag`insert into orders (id, note, shout) values (${embed(templateTag, nextval(orderSeq))}, ${"beside it"}, ${embed(templateTag, shout())})`,
  "@databases/sql": () =>
    databasesSql`insert into orders (id, note, shout) values (${embed(databasesSql, nextval(orderSeq))}, ${"beside it"}, ${embed(databasesSql, shout())})`.format(
      {
        escapeIdentifier: (name) => `"${name}"`,
        formatValue: (value, index) => ({ placeholder: `$${index + 1}`, value }),
      },
    ),
};

test.each(Object.entries(HOSTS))("embeds into %s", async (_host, build) => {
  const { text: compiled, values } = build();
  expect({ text: compiled, values }).toEqual({ text: TEXT, values: VALUES });
  const { client } = database;
  const rows = await client.unsafe(`${compiled} returning id, note, shout`, values as string[]);
  expect(rows).toEqual([{ id: expect.any(String), note: "beside it", shout: `${ATTACK.toUpperCase()}!` }]);
});

test("embeds into a native query of postgres.js", async () => {
  const seen: unknown[] = [];
  const client = database.connect({ debug: (_connection, compiled, values) => seen.push([compiled, values]) });
  await client`insert into orders (id, note, shout) values (${embed(client, nextval(orderSeq))}, ${"beside it"}, ${embed(client, shout())})`;
  expect(seen).toContainEqual([TEXT, VALUES]);
  const stored = await client`select note from orders where shout = ${`${ATTACK.toUpperCase()}!`}`;
  expect(stored.length).toBeGreaterThan(0);
});

test("embeds into Drizzle: in a template, in values, and in a select", async () => {
  const seen: unknown[] = [];
  const logger = { logQuery: (query: string, values: unknown[]) => seen.push([query, values]) };
  const db = drizzle(database.connect(), { logger });
  const orders = pgTable("orders", { id: bigint({ mode: "bigint" }).primaryKey(), note: text(), shout: text() });

  await db.execute(
    drizzleSql`insert into orders (id, note, shout) values (${embed(drizzleSql, nextval(orderSeq))}, ${"beside it"}, ${embed(drizzleSql, shout())})`,
  );
  expect(seen).toEqual([[TEXT, VALUES]]);

  const inserted = await db
    .insert(orders)
    .values({ id: embed(drizzleSql, nextval(orderSeq)), note: ATTACK })
    .returning();
  expect(inserted).toEqual([{ id: expect.any(BigInt), note: ATTACK, shout: null }]);
  const selected = await db
    .select({ shout: embed(drizzleSql<string>, shout()) })
    .from(orders)
    .limit(1);
  expect(selected).toEqual([{ shout: `${ATTACK.toUpperCase()}!` }]);
});

test("a fragment is a query of node-postgres as it is", async () => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const fragment = sql`insert into orders (id, note, shout) values (${nextval(orderSeq)}, ${"beside it"}, ${shout()}) returning note, shout`;
    const { rows } = await client.query(fragment);
    expect(rows).toEqual([{ note: "beside it", shout: `${ATTACK.toUpperCase()}!` }]);
  } finally {
    await client.end();
  }
});

test("hands a host the same genuine template for the same shape", () => {
  const seen: TemplateStringsArray[] = [];
  const host = (strings: TemplateStringsArray, ...values: unknown[]) => {
    seen.push(strings);
    return values;
  };
  expect(embed(host, sql`a = ${1} or ${sql`b = ${2}`}`)).toEqual([1, 2]);
  const again = (value: number) => embed(host, sql`c = ${value}`);
  again(1);
  again(2);
  expect(seen[0]).toEqual(["a = ", " or b = ", ""]);
  expect(Object.isFrozen(seen[0]) && Object.isFrozen(seen[0]?.raw)).toBe(true);
  expect(seen[2]).toBe(seen[1]);
  expect(embed(host, orderSeq)).toEqual([]);
  expect(seen[3]).toEqual(['"we""ird"."Order Seq"']);
});
