import { bind, createSequence, nextval, pgSequence, sql } from "nextval";
import { DataSource, EntitySchema, QueryFailedError } from "typeorm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";
import { recordStatements, type StatementRecorder } from "../../support/hosts/recorder.js";

const orderSeq = pgSequence("order_seq");

interface Order {
  id: string;
  note: string;
}

const entity = (defaultId?: () => string) =>
  new EntitySchema<Order>({
    name: "Order",
    tableName: "orders",
    columns: {
      id: { type: "bigint", primary: true, ...(defaultId === undefined ? {} : { default: defaultId }) },
      note: { type: "text" },
    },
  });

const open = (url: string, Order: EntitySchema<Order>) =>
  new DataSource({ type: "postgres", url, entities: [Order] }).initialize();

const text = (call: string) => `INSERT INTO "orders"("id", "note") VALUES (${call}, $1)`;

testHost("a repository of TypeORM", {
  text,
  open: async (url) => {
    const Order = entity();
    const dataSource = await open(url, Order);
    const orders = dataSource.getRepository(Order);
    return {
      insert: (sequence, note) => orders.insert({ id: () => nextval(sequence).text, note }),
      close: () => dataSource.destroy(),
    };
  },
});

testHost("an insert query of TypeORM that returns the id", {
  text: (call) => `${text(call)} RETURNING "id"`,
  open: async (url) => {
    const Order = entity();
    const dataSource = await open(url, Order);
    return {
      async insert(sequence, note) {
        const { identifiers } = await dataSource
          .createQueryBuilder()
          .insert()
          .into(Order)
          .values({ id: () => nextval(sequence).text, note })
          .returning(["id"])
          .execute();
        expect(identifiers).toEqual([{ id: expect.stringMatching(/^\d+$/) }]);
      },
      close: () => dataSource.destroy(),
    };
  },
});

describe("TypeORM", () => {
  const database = useDatabase();
  const Order = entity(() => nextval(orderSeq).text);
  let recorder: StatementRecorder;
  let dataSource: DataSource;

  beforeAll(async () => {
    await bind(database.client).query(createSequence(orderSeq));
    recorder = await recordStatements(database.url);
    dataSource = await open(recorder.url, Order);
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await recorder?.close();
  });

  test("draws the id of a saved entity if it is the column's default", async () => {
    await dataSource.synchronize();
    const order = await dataSource.getRepository(Order).save({ note: "saved" });
    expect(order).toEqual({ id: "1", note: "saved" });
    expect(await database.client`select id from orders`).toEqual([{ id: "1" }]);
  });

  test("runs a fragment with its values as parameters", async () => {
    const fragment = sql`select ${nextval(orderSeq)} > ${0n} as drawn, '{"a": 1}'::jsonb ? ${"a"} as known,
      $$:a$$ || ${"?"} as text`;
    const rows = await dataSource.query(fragment.text, fragment.values);
    expect(rows).toEqual([{ drawn: true, known: true, text: ":a?" }]);
    expect(recorder.statements).toContainEqual({ text: fragment.text, values: ["0", "a", "?"] });
  });

  describe("limits", () => {
    test("the number of a value in an expression means TypeORM's own parameter of that number", async () => {
      const orders = dataSource.getRepository(Order);
      await orders.insert({ id: () => sql`length(${"abc"})`.text, note: "abcdefg" });
      // Not 3: the note has also become the value of the expression.
      expect(await orders.findOneBy({ note: "abcdefg" })).toEqual({ id: "7", note: "abcdefg" });
    });

    test("save does not accept an expression", async () => {
      const order = { id: (() => nextval(orderSeq).text) as unknown as string, note: "" };
      await expect(dataSource.getRepository(Order).save(order)).rejects.toThrow("Function parameter isn't supported");
    });
  });

  test("an error of the server becomes TypeORM's", async () => {
    const fragment = sql`select ${nextval(pgSequence("missing_seq"))} as id`;
    await expect(dataSource.query(fragment.text, fragment.values)).rejects.toBeInstanceOf(QueryFailedError);
  });
});
