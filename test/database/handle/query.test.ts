import { bind, type Database, sql } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";

const database = useDatabase();
let client: postgres.Sql;
let db: Database;

beforeAll(() => {
  client = postgres(database.url);
  db = bind(client);
});
afterAll(() => client.end({ timeout: 1 }));

const numbers = (count: number) =>
  db<{ n: number }>`select n from pg_catalog.generate_series(1, ${count}::integer) as n`;

describe("one()", () => {
  test("returns the only row", async () => {
    expect(await numbers(1).one()).toEqual({ n: 1 });
    expect(await db.begin((tx) => tx<{ n: number }>`select 5 as n`.one())).toEqual({ n: 5 });
    expect(await db.one(sql`select 5 as n`)).toEqual({ n: 5 });
  });

  test.each([0, 2])("refuses %d rows", async (count) => {
    const given = `this one returned ${count}: select n from `;
    const message = `one() needs a statement that returns exactly 1 row, and ${given}`;
    await expect(numbers(count).one()).rejects.toMatchObject({
      code: "UNEXPECTED_ROW_COUNT",
      message: expect.stringContaining(message) as string,
    });
  });
});

describe("maybeOne()", () => {
  test("returns the only row, or undefined", async () => {
    expect(await numbers(1).maybeOne()).toEqual({ n: 1 });
    expect(await numbers(0).maybeOne()).toBeUndefined();
  });

  test("refuses 2 rows", async () => {
    const message = "maybeOne() needs a statement that returns at most 1 row, and this one returned 2: select n from ";
    await expect(numbers(2).maybeOne()).rejects.toMatchObject({
      code: "UNEXPECTED_ROW_COUNT",
      message: expect.stringContaining(message) as string,
    });
  });
});

test("a statement runs once, whatever is asked of it", async () => {
  const query = db<{ id: bigint }>`select pg_catalog.txid_current() as id`;
  const [row] = await query;
  expect([await query.one(), await query.maybeOne(), (await query.execute())[0]]).toEqual([row, row, row]);
});

describe("cursor()", () => {
  test("reads in batches, of 100 unless stated", async () => {
    const sizes = async (batches: AsyncIterable<unknown[]>) => {
      const read: number[] = [];
      for await (const rows of batches) read.push(rows.length);
      return read;
    };
    expect(await sizes(numbers(5).cursor(2))).toEqual([2, 2, 1]);
    expect(await sizes(numbers(250).cursor())).toEqual([100, 100, 50]);
    expect(await db.begin((tx) => sizes(tx`select 1`.cursor(5)))).toEqual([1]);
  });

  test("can be left", async () => {
    for await (const rows of numbers(1000).cursor(10)) {
      expect(rows[9]).toEqual({ n: 10 });
      break;
    }
    expect(await numbers(1)).toEqual([{ n: 1 }]);
  });

  test("needs a size", () => {
    expect(() => numbers(5).cursor(0)).toThrow("cursor() reads batches of 1 to 2147483647 rows, not 0");
  });

  test("and a statement that runs otherwise exclude each other", async () => {
    const awaited = numbers(1);
    await awaited;
    expect(() => awaited.cursor()).toThrow("the statement has run, and runs only once");
    const read = numbers(1);
    for await (const rows of read.cursor()) expect(rows).toHaveLength(1);
    await expect(read).rejects.toThrow("the statement is read by a cursor, and runs only once");
    expect(() => numbers(1).execute().cursor()).toThrow("the statement has run");
    const twice = numbers(1);
    twice.cursor();
    expect(() => twice.cursor()).toThrow("the statement has run");
  });
});
