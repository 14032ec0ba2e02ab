import { CamelCasePlugin, Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import { bind, createSequence, embed, nextval, pgSequence, setval, sql, type ValueOf } from "nextval";
import { fromKysely, toKysely } from "nextval/kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

const orderSeq = pgSequence("order_seq");

interface Schema {
  orders: { id: ValueOf<typeof orderSeq>; note: string | null };
}

function connect(url: string): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
}

testHost("nextval/kysely", {
  text: (call) => `insert into "orders" ("id", "note") values (${call}, $1)`,
  open: (url) => {
    const db = connect(url);
    return {
      insert: (sequence, note) =>
        db
          .insertInto("orders")
          .values({ id: toKysely<bigint>(nextval(sequence)), note })
          .execute(),
      close: () => db.destroy(),
    };
  },
});

testHost("embed into Kysely's sql", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const db = connect(url);
    return {
      insert: (sequence, note) =>
        kyselySql`insert into orders (id, note) values (${embed(kyselySql, nextval(sequence))}, ${note})`.execute(db),
      close: () => db.destroy(),
    };
  },
});

describe("a Kysely query", () => {
  const database = useDatabase();
  let db: Kysely<Schema>;
  beforeAll(async () => {
    const handle = bind(database.client);
    await handle.query(createSequence(orderSeq));
    await handle`create table orders (id bigint primary key, note text)`;
    db = connect(database.url);
  });
  beforeEach(async () => {
    await database.client`truncate orders`;
    await database.client`select setval('order_seq', 1, false)`;
  });
  afterAll(() => db.destroy());

  test("accepts an expression in select, returning, where, and its own sql", async () => {
    await db
      .insertInto("orders")
      .values([
        { id: toKysely(nextval(orderSeq)), note: "one" },
        { id: toKysely(nextval(orderSeq)), note: toKysely(sql`upper(${"two"} || ${"!"})`) },
      ])
      .execute();
    const query = db
      .selectFrom("orders")
      .select(["note", toKysely<string>(sql`note || ${"?"}`).as("asked")])
      .where("id", ">=", toKysely<bigint>(sql`${2}::bigint`))
      .where(kyselySql<boolean>`note <> ${toKysely(sql`lower(${"TWO!"})`)}`);
    expect(query.compile()).toMatchObject({
      sql: `select "note", note || $1 as "asked" from "orders" where "id" >= $2::bigint and note <> lower($3)`,
      parameters: ["?", 2, "TWO!"],
    });
    expect(await query.execute()).toEqual([{ note: "TWO!", asked: "TWO!?" }]);

    const inserted = await db
      .insertInto("orders")
      .values({ id: toKysely(nextval(orderSeq)), note: null })
      .returning(["id", toKysely(setval(orderSeq, 40)).as("moved")])
      .executeTakeFirst();
    expect(inserted).toEqual({ id: "3", moved: "40" });
    const drawn = await db.selectNoFrom(toKysely(nextval(orderSeq)).as("id")).executeTakeFirstOrThrow();
    expect(drawn).toEqual({ id: "41" });
    const { rows } = await kyselySql`select is_called from ${toKysely(orderSeq)}`.execute(db);
    expect(rows).toEqual([{ is_called: true }]);
  });

  test("goes into a template, with its values and after its plugins", async () => {
    const camelCase = new Kysely<{ orders: { theNote: string } }>({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString: database.url }) }),
      plugins: [new CamelCasePlugin()],
    });
    const fragment = fromKysely(camelCase.selectFrom("orders").select("theNote").where("theNote", "in", ["a", "b"]));
    expect(fragment.toJSON()).toEqual({
      text: `select "the_note" from "orders" where "the_note" in ($1, $2)`,
      values: ["a", "b"],
    });

    const newest = db
      .selectFrom("orders")
      .select((eb) => eb.fn.max("id").as("id"))
      .where("note", "!=", `$1 '?'`);
    const drawn = setval(orderSeq, sql`(${fromKysely(newest)})`, true);
    const move = sql`select ${drawn.as("at")}, ${"after"}::text as after`;
    expect({ text: move.text, values: move.values }).toEqual({
      text:
        `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, ` +
        '(select max("id") as "id" from "orders" where "note" != $1), $2) as "at", $3::text as after',
      values: [`$1 '?'`, true, "after"],
    });
    await db.insertInto("orders").values({ id: 70n, note: "x" }).execute();
    expect(await bind(database.client).query(move)).toEqual([{ at: 70n, after: "after" }]);
  });

  test("runs on a handle, and its rows have its type", async () => {
    const insert = db
      .insertInto("orders")
      .values({ id: toKysely(nextval(orderSeq)), note: "by our handle" })
      .returning("id");
    const [row] = await bind(database.client).query(fromKysely(insert));
    expect(row?.id).toBe(1n);
  });

  test("an expression goes into a template, including raw text and immediate values", () => {
    const expression = kyselySql`a = ${kyselySql.lit("it's $1")} and ${kyselySql.ref("b")} = any(${[1, 2]})`;
    expect(fromKysely(expression).toJSON()).toEqual({ text: `a = 'it''s $1' and "b" = any($1)`, values: [[1, 2]] });
  });

  test("what is neither a fragment nor a query is refused by name", () => {
    expect(() => toKysely("now()" as never)).toThrow("embed takes a fragment or a sequence of this library");
    expect(() => fromKysely("now()" as never)).toThrow(
      "fromKysely takes a query or an expression of Kysely, not string",
    );
    const many = db
      .selectFrom("orders")
      .selectAll()
      .where(
        "id",
        "in",
        Array.from({ length: 70_000 }, () => 1n),
      );
    expect(() => fromKysely(many)).toThrow("a statement takes at most 65,533 parameters, not 70000");
  });

  test("a value that drivers cannot bind is refused with its position", () => {
    const query = db
      .selectFrom("orders")
      .selectAll()
      .where("note", "=", Symbol("x") as never);
    expect(() => fromKysely(query)).toThrow(/value 1 \(after ".*"note\\" = "\) is a symbol/);
  });
});
