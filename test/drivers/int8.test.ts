import { bind, type BindOptions, createSequence, type Database, nextval, pgSequence, sql } from "nextval";
import { bind as bindPg } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { describePorts, sharedPGlite } from "../support/ports.js";

const orderSeq = pgSequence("order_seq");
const drawing = sql`select ${nextval(orderSeq).as("id")}`;
const BIG = 2n ** 53n;

describe("an int8 of a client whose own types round it", () => {
  const database = useDatabase();
  const round = (text: string) => Number.parseInt(text, 10);
  const rounding = [20, 1016, 1700].map((type) => [
    `type${type}`,
    { to: type, from: [type], serialize: String, parse: round },
  ]);
  let pool: Pool;
  let restore = () => {};
  beforeAll(() => {
    pool = new Pool({ connectionString: database.url, types: { getTypeParser: () => round } as never });
  });
  afterEach(() => restore());
  afterAll(() => pool.end());

  const CLIENTS: { readonly [client: string]: () => Promise<(options?: BindOptions) => Database> } = {
    pg: async () => (options) => bindPg(pool, options),
    PGlite: async () => {
      const client = await sharedPGlite();
      const { parsers } = client;
      const own = { ...parsers };
      Object.assign(parsers, { 20: round, 1016: round, 1700: round });
      restore = () => {
        for (const type of [20, 1016, 1700]) delete parsers[type];
        Object.assign(parsers, own);
      };
      return (options) => bindPGlite(client, options);
    },
    "postgres.js": async () => {
      const client = database.connect({ types: Object.fromEntries(rounding) });
      return (options) => bind(client, { int8: "bigint", ...options });
    },
  };

  test.each(Object.entries(CLIENTS))("%s", async (_client, open) => {
    const bound = await open();
    const db = bound();
    const bigSeq = pgSequence("big_seq", { startWith: BIG + 1n });
    await db.query(createSequence(bigSeq, { ifNotExists: true }));
    const first = await db.setval(bigSeq, BIG + 1n);
    expect([await db.nextval(bigSeq), ...(await db.nextvals(bigSeq, 2))]).toEqual([first + 1n, first + 2n, first + 3n]);
    const [row] =
      await db`select ${BIG + 1n}::int8 as one, array[${BIG + 1n}, null]::int8[] as list, null::int8 as none`;
    expect(row).toEqual({ one: BIG + 1n, list: [BIG + 1n, null], none: null });
    const drawn = sql`select ${nextval(bigSeq).as("id")} union all select 5.0`;
    expect((await db.query(drawn))[0]).toEqual({ id: first + 4n });
    const texts = await bound({ int8: "string" })`select array[${BIG + 1n}]::int8[] as list`;
    expect(texts).toEqual([{ list: [String(BIG + 1n)] }]);
  });
});

describePorts("an int8", (port) => {
  beforeAll(() => port.db.query(createSequence(orderSeq)));

  test("arrives as the handle says, in columns and arrays, beside other handles of the client", async () => {
    const handles = {
      bigint: port.bind({ int8: "bigint" }),
      string: port.bind({ int8: "string" }),
      number: port.bind({ int8: "number" }),
      unsaid: port.db,
    };
    const expected = { bigint: 5n, string: "5", number: 5, unsaid: 5n };
    // Often enough to be prepared.
    for (let time = 0; time < 3; time++) {
      for (const kind of Object.keys(handles) as (keyof typeof handles)[]) {
        const five = expected[kind];
        expect(await handles[kind]`select 5::int8 as one, array[5, null]::int8[] as list, null::int8 as none`).toEqual([
          { one: five, list: [five, null], none: null },
        ]);
      }
    }
    const answer = JSON.stringify(await handles.string`select ${BIG} as id`);
    expect(answer).toBe('[{"id":"9007199254740992"}]');
  });

  test("that a number cannot hold is refused, and the connection goes on", async () => {
    const db = port.bind({ int8: "number" });
    const refused = { code: "UNEXPECTED_VALUE", message: expect.stringContaining(String(BIG)) as string };
    await expect(db`select ${BIG} as id`).rejects.toMatchObject(refused);
    await expect(db`select array[${BIG}] as ids`).rejects.toMatchObject(refused);
    expect(await db`select ${BIG - 1n} as id`).toEqual([{ id: 9007199254740991 }]);
  });

  test("of a sequence keeps the type of the sequence", async () => {
    for (const int8 of ["string", "number"] as const) {
      const db = port.bind({ int8 });
      expect(await db.nextval(orderSeq)).toEqual(expect.any(BigInt));
      expect(await db.setval(orderSeq, 5)).toBe(5n);
      const [row] = await db`select ${nextval(orderSeq).as("id")}, ${nextval(orderSeq)} as plain`;
      expect(row).toEqual({ id: 6n, plain: int8 === "string" ? "7" : 7 });
      await db.begin(async (tx) => {
        expect(await tx.nextval(orderSeq)).toBe(await tx.currval(orderSeq));
        expect(await tx`select 1::int8 as a`).toEqual([{ a: int8 === "string" ? "1" : 1 }]);
      });
      for await (const rows of db.cursor(drawing)) expect(rows).toEqual([{ id: expect.any(BigInt) as bigint }]);
    }
  });

  test("of another kind is refused", () => {
    expect(() => port.bind({ int8: "float" as never })).toThrow('int8 takes "bigint", "string" or "number", not float');
  });
});
