import {
  EntitySchema,
  MikroORM,
  type OptionalProps,
  raw,
  sql as mikroSql,
  type SqlEntityManager,
} from "@mikro-orm/postgresql";
import type { Knex } from "knex";
import { bind, createSchema, createSequence, embed, nextval, pgSchema, pgSequence, sql } from "nextval";
import { toKnex } from "nextval/knex";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { recordStatements, type StatementRecorder } from "../../support/hosts/recorder.js";

const ATTACK = `'); drop table orders; --`;
const orderSeq = pgSequence("order_seq");
const weird = pgSchema('we"ird');
const weirdSeq = weird.sequence("Order Seq");

interface Order {
  id: string;
  note: string;
}

const Order = new EntitySchema<Order>({
  name: "Order",
  tableName: "orders",
  properties: { id: { type: "bigint", primary: true }, note: { type: "text" } },
});

interface Invoice {
  [OptionalProps]?: "id";
  id: bigint;
  note: string;
}

const Invoice = new EntitySchema<Invoice>({
  name: "Invoice",
  tableName: "invoices",
  properties: {
    id: { type: "bigint", primary: true, onCreate: () => raw(nextval(orderSeq).text) },
    note: { type: "text" },
  },
});

/**
 * MikroORM's own Knex, within the transaction if there is one. It is another version of Knex here than the tests have.
 */
const knexOf = (em: SqlEntityManager) => em.getTransactionContext<Knex>() ?? (em.getKnex() as unknown as Knex);

describe("MikroORM", () => {
  const database = useDatabase();
  let recorder: StatementRecorder;
  let orm: MikroORM;

  beforeAll(async () => {
    const db = bind(database.client);
    await db.query(createSchema(weird));
    await db.query(createSequence(orderSeq));
    await db.query(createSequence(weirdSeq));
    await db`create table orders (id bigint primary key, note text)`;
    await db`create table invoices (id bigint primary key, note text)`;
    recorder = await recordStatements(database.url);
    orm = await MikroORM.init({ clientUrl: recorder.url, entities: [Order, Invoice] });
  });
  afterAll(async () => {
    await orm?.close();
    await recorder?.close();
  });
  beforeEach(() => {
    recorder.statements.length = 0;
  });

  // MikroORM sends no parameters: it writes each of its own values into the text, quoted.
  test.each([
    ["a drawn id and a value side by side", orderSeq, "beside it", `'beside it'`],
    ["from a sequence whose name needs quoting", weirdSeq, "quoted?", `'quoted?'`],
    ["an attack in the value", orderSeq, ATTACK, `'''); drop table orders; --'`],
  ])("inserts %s", async (_what, sequence, note, literal) => {
    await orm.em.fork().insert(Order, { id: embed(mikroSql, nextval(sequence)), note });
    const text = `insert into "orders" ("id", "note") values (${nextval(sequence).text}, ${literal})`;
    expect(recorder.statements).toEqual([{ text, values: [] }]);
    const [drawn] = await bind(database.client)<{ id: string }>`select last_value::text as id from ${sequence}`;
    expect(await database.client`delete from orders returning id, note`).toEqual([{ id: drawn?.id, note }]);
  });

  test("draws the id of a new entity", async () => {
    const em = orm.em.fork();
    const invoices = ["one", "two"].map((note) => em.create(Invoice, { note }));
    await em.flush();
    expect(await database.client`select id, note from invoices order by id`).toEqual(
      invoices.map(({ id, note }) => ({ id: String(id), note })),
    );
  });

  test("embeds an expression with values", async () => {
    const note = embed(mikroSql, sql`upper(${ATTACK} || ${"?"})`);
    await orm.em.fork().insert(Order, { id: embed(mikroSql, nextval(orderSeq)), note });
    expect(await database.client`delete from orders returning note`).toEqual([{ note: `${ATTACK.toUpperCase()}?` }]);
  });

  const fragment = sql`select 'what?' as text, ${{ a: 1 }}::jsonb ? ${"a"} as known, ${[1, 2]}::int[] as list,
    ${ATTACK} as attack`;
  const row = { text: "what?", known: true, list: [1, 2], attack: ATTACK };

  test("runs a fragment with its values as parameters, through its Knex", async () => {
    const { rows } = await toKnex(knexOf(orm.em), fragment);
    expect(rows).toEqual([row]);
    expect(recorder.statements).toContainEqual({
      text: fragment.text,
      values: [`{"a":1}`, "a", `{"1","2"}`, ATTACK],
    });
  });

  test("runs a fragment in its transaction", async () => {
    await orm.em.transactional(async (em) => {
      const { rows } = await toKnex(knexOf(em), fragment);
      expect(rows).toEqual([row]);
    });
    expect(recorder.statements.map(({ text }) => text)).toEqual(["BEGIN;", fragment.text, "COMMIT;"]);
  });

  test("runs a fragment without values unchanged", async () => {
    expect(await orm.em.execute(sql`select 'what?' as text`.text)).toEqual([{ text: "what?" }]);
  });

  describe("limits", () => {
    test("in MikroORM's own sql and execute, a question mark takes the next value, quoted or not", async () => {
      const { sql: text, params } = embed(mikroSql, sql`select 'what?' || ${" as text; --"}`);
      // The value has left its quotes, and runs: select 'what' as text; --'' || NULL
      expect(await orm.em.execute(text, params)).toEqual([{ text: "what" }]);
    });

    test("without values, its Knex leaves the backslash that escapes a question mark", async () => {
      const { rows } = await toKnex(knexOf(orm.em), sql`select 'what?' as text`);
      expect(rows).toEqual([{ text: "what\\?" }]);
    });

    test("a created entity accepts an expression as its primary key only in onCreate", () => {
      const order = { id: embed(mikroSql, nextval(orderSeq)), note: "" };
      expect(() => orm.em.fork().create(Order, order)).toThrow("Trying to modify raw SQL fragment");
    });
  });
});
