import createKnex, { type Knex } from "knex";
import { type AnySequence, bind, createSequence, nextval, pgSequence, sql } from "nextval";
import { toKnex } from "nextval/knex";
import { Model } from "objection";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";

const orderSeq = pgSequence("order_seq");
const text = (call: string) => `insert into "orders" ("id", "note") values (${call}, $1)`;

testHost("nextval/knex", {
  text,
  open: (url) => {
    const knex = createKnex({ client: "pg", connection: url });
    return {
      insert: (sequence, note) => knex("orders").insert({ id: toKnex(knex, nextval(sequence)), note }),
      close: () => knex.destroy(),
    };
  },
});

testHost("nextval/knex in a model of Objection", {
  text: (call) => `${text(call)} returning "id"`,
  open: (url) => {
    const knex = createKnex({ client: "pg", connection: url });
    class Order extends Model {
      static override tableName = "orders";
    }
    Order.knex(knex);
    return {
      insert: (sequence: AnySequence, note) =>
        Order.query().insert({ id: toKnex(knex, nextval(sequence)), note } as object),
      close: () => knex.destroy(),
    };
  },
});

describe("raw SQL of Knex", () => {
  const database = useDatabase();
  let knex: Knex;
  beforeAll(async () => {
    await bind(database.client).query(createSequence(orderSeq));
    knex = createKnex({ client: "pg", connection: database.url });
  });
  afterAll(() => knex.destroy());

  test.each([
    ["an operator", sql`select '{"a": 1}'::jsonb ? ${"a"} as x`, true],
    ["an operator against a value", sql`select ${{ a: 1 }}::jsonb ?${"a"}::text as x`, true],
    ["an operator behind a value", sql`select ${{ a: 1 }}::jsonb?'a' as x`, true],
    ["the operators ?| and ?&", sql`select ${{ a: 1 }}::jsonb ?| ${["b", "a"]} and '{}' ?& array['a'] as x`, false],
    ["question marks in quotes", sql`select '??, :a, :b: and ?' || ${"?"} as x`, "??, :a, :b: and ??"],
    ["backslashes", sql`select '\\' || ${"\\?"} || '\\\\' as x`, "\\\\?\\\\"],
    ["a name of a column", sql`select ${7}::int as ${sql.identifier("x")}`, 7],
    ["no values", sql`select '?' as x`, "?"],
    ["an array", sql`select ${[1, 2]}::int[] as x`, [1, 2]],
    ["a bigint", sql`select ${2n ** 62n}::bigint as x`, String(2n ** 62n)],
    [
      "data without a prototype",
      sql`select ${Object.assign(Object.create(null) as { a: number }, { a: 1 })}::jsonb ->> 'a' as x`,
      "1",
    ],
    [
      "data that looks like SQL of Knex",
      sql`select ${JSON.parse('{"isRawInstance":true}')}::jsonb as x`,
      { isRawInstance: true },
    ],
    ["null", sql`select ${null}::text as x`, null],
  ])("keeps %s unchanged", async (_what, fragment, x) => {
    const raw = toKnex(knex, fragment);
    expect((await raw).rows).toEqual([{ x }]);
    // Nested in a query of Knex it is put together another way.
    expect(await knex.with("q", raw).select("x").from("q")).toEqual([{ x }]);
  });

  test("adjacent values stay two values, and do not become a name", () => {
    expect(
      toKnex(knex, sql`select ${"a"}${"b"}`)
        .toSQL()
        .toNative(),
    ).toMatchObject({
      sql: "select $1 $2",
      bindings: ["a", "b"],
    });
  });

  test("runs in a transaction", async () => {
    await knex
      .transaction(async (trx) => {
        await toKnex(trx, sql`create table lost (id bigint default ${nextval(orderSeq)})`);
        expect((await toKnex(trx, sql`insert into lost default values returning id`)).rows).toEqual([{ id: "1" }]);
        throw new Error("roll back");
      })
      .catch((error: Error) => expect(error.message).toBe("roll back"));
    expect(await knex.schema.hasTable("lost")).toBe(false);
  });

  test("is a default of a column", async () => {
    await knex.schema.createTable("tickets", (table) => {
      table
        .bigInteger("id")
        .primary()
        .defaultTo(toKnex(knex, nextval(orderSeq)));
      table.text("note");
    });
    const [{ id }] = await knex("tickets").insert({ note: "x" }).returning("id");
    expect(await knex.raw(`select last_value from order_seq`)).toMatchObject({ rows: [{ last_value: id }] });
  });

  test("a question mark after a backslash is refused, because Knex cannot express it", () => {
    expect(() => toKnex(knex, sql`select '\\?'`)).toThrow(
      "Knex cannot carry a question mark right after a backslash: select '\\?'",
    );
  });
});
