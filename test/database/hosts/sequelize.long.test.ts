import { bind, createSequence, nextval, pgSequence, sql } from "nextval";
import { DataTypes, QueryTypes, Sequelize } from "sequelize";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";
import { recordStatements, type StatementRecorder } from "../../support/hosts/recorder.js";

const orderSeq = pgSequence("order_seq");

const define = (sequelize: Sequelize, defaultId?: ReturnType<typeof Sequelize.literal>) =>
  sequelize.define(
    "Order",
    { id: { type: DataTypes.BIGINT, primaryKey: true, defaultValue: defaultId }, note: DataTypes.TEXT },
    { tableName: "orders", timestamps: false },
  );

const open = (url: string) => new Sequelize(url, { logging: false });

testHost("a model of Sequelize", {
  text: (call) => `INSERT INTO "orders" ("id","note") VALUES (${call},$1) RETURNING "id","note";`,
  open: (url) => {
    const sequelize = open(url);
    const Order = define(sequelize);
    return {
      async insert(sequence, note) {
        const order = await Order.create({ id: sequelize.literal(nextval(sequence).text), note });
        expect(order.get()).toEqual({ id: expect.stringMatching(/^\d+$/), note });
      },
      close: () => sequelize.close(),
    };
  },
});

describe("Sequelize", () => {
  const database = useDatabase();
  let recorder: StatementRecorder;
  let sequelize: Sequelize;

  beforeAll(async () => {
    await bind(database.client).query(createSequence(orderSeq));
    await database.client`create table orders (id bigint primary key, note text)`;
    recorder = await recordStatements(database.url);
    sequelize = open(recorder.url);
  });
  afterAll(async () => {
    await sequelize?.close();
    await recorder?.close();
  });

  test("draws the id of a new row if it is the attribute's default", async () => {
    const Order = define(sequelize, sequelize.literal(nextval(orderSeq).text));
    const orders = [
      await Order.create({ note: "one" }),
      ...(await Order.bulkCreate([{ note: "two" }, { note: "three" }])),
    ];
    expect(orders.map((order) => order.get("id"))).toEqual(["1", "2", "3"]);
    expect(await database.client`select note from orders order by id`).toEqual(
      ["one", "two", "three"].map((note) => ({ note })),
    );
  });

  test("runs a fragment with its values as parameters", async () => {
    const fragment = sql`select ${nextval(orderSeq)} > ${0n} as drawn, '{"a": 1}'::jsonb ? ${"a"} as known,
      ':a' || ${"$1"} as text`;
    const rows = await sequelize.query(fragment.text, { bind: fragment.values, type: QueryTypes.SELECT });
    expect(rows).toEqual([{ drawn: true, known: true, text: ":a$1" }]);
    expect(recorder.statements).toContainEqual({ text: fragment.text, values: ["0", "a", "$1"] });
  });

  test("runs a fragment without values unchanged", async () => {
    const fragment = sql`select $$costs $5 or $$ || 'a $$' as text`;
    expect(await sequelize.query(fragment.text, { type: QueryTypes.SELECT })).toEqual([{ text: "costs $5 or a $$" }]);
  });

  describe("limits", () => {
    const run = (fragment: { text: string; values: unknown[] }) =>
      sequelize.query(fragment.text, { bind: fragment.values, type: QueryTypes.SELECT });

    test("together with values, every dollar in the text belongs to Sequelize, quoted or not", async () => {
      expect(await run(sql`select 'a $$ b' || ${"!"} as text`)).toEqual([{ text: "a $ b!" }]);
      await expect(run(sql`select $$a$$ || ${"!"} as text`)).rejects.toThrow("unterminated dollar-quoted string");
      await expect(run(sql`select 'costs $5' || ${"!"} as text`)).rejects.toThrow('bind parameter "$5" has no value');
    });

    test("the number of a value in an expression means Sequelize's own parameter of that number", async () => {
      const id = sequelize.literal(sql`length(${"abc"})`.text);
      const order = await define(sequelize).create({ note: "abcdefg", id });
      // Not 3: the note has also become the value of the expression.
      expect(order.get()).toEqual({ id: "7", note: "abcdefg" });
    });
  });
});
