import { bind, createSequence, type Database, nextval, pgSequence, setval, sql, type Sql } from "nextval";
import postgres from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();
const bigSeq = pgSequence("big_seq");
const smallSeq = pgSequence("small_seq", { as: "integer" });
const textSeq = pgSequence("text_seq", { mode: "string" });
let db: Database;

beforeAll(async () => {
  db = bind(database.client);
  for (const sequence of [bigSeq, smallSeq, textSeq]) await db.query(createSequence(sequence));
  await db`create table orders (id bigint primary key, ref bigint)`;
});

/** Runs a statement until it is prepared, and once with a cursor. */
async function everyWay<Row>(handle: Database, make: () => Sql<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let run = 0; run < 3; run++) rows.push(...(await handle.query(make())));
  for await (const batch of handle.cursor(make(), 1)) rows.push(...batch);
  return rows;
}

describe("a column that .as() names", () => {
  test("is of the sequence's type, alone or in a subquery", async () => {
    const rows = await everyWay(
      db,
      () => sql`select ${nextval(bigSeq).as("big")}, ${nextval(smallSeq).as("small")}, ${nextval(textSeq).as("text")}`,
    );
    expect(rows.map((row) => Object.values(row).map((value) => typeof value))).toEqual(
      rows.map(() => ["bigint", "number", "string"]),
    );
    const nested = await everyWay(db, () => sql`select id from (select ${nextval(smallSeq).as("id")}) x`);
    expect(nested.map(({ id }) => typeof id)).toEqual(["number", "number", "number", "number"]);
  });

  test("is not a column of a table with that name, so what was inserted arrives", async () => {
    const insert = () => sql<{ id: bigint }>`
      insert into orders (id, ref)
      select 9007199254740993 + x.id, x.id from (select ${nextval(smallSeq).as("id")}) x returning id`;
    const rows = await everyWay(db, insert);
    expect(rows.map(({ id }) => id > 9007199254740993n)).toEqual([true, true, true, true]);
    expect(await db.one(sql<{ count: bigint }>`select count(*) from orders`)).toEqual({ count: 4n });
  });

  test("shares its text with another statement that reads it differently", async () => {
    const other = pgSequence("small_seq", { mode: "string" });
    for (let run = 0; run < 4; run++) {
      const [one, two] = await Promise.all([
        db`select ${nextval(smallSeq).as("id")}`,
        db`select ${nextval(other).as("id")}`,
      ]);
      expect([typeof one[0]?.id, typeof two[0]?.id]).toEqual(["number", "string"]);
    }
  });

  test("may have columns of the same name before and after it", async () => {
    const draw = nextval(smallSeq).as("a");
    const fragments: Sql[] = [
      sql`select ${draw}, 9007199254740993 as a`,
      sql`select 9007199254740993 as a, 9007199254740993 as a, ${sql.empty} ${sql`${draw}`}`,
      sql`select ${nextval(bigSeq).as("a")}, ${draw}`,
      sql`select ${draw}, ${nextval(textSeq).as("a")}`,
      sql`select ${draw}, id as a from orders limit 1`,
      sql`select ${draw}, 'x'::text as a`,
    ];
    for (const fragment of fragments) {
      const [row] = await db.query(fragment);
      expect(Object.keys(row ?? {})).toEqual(["a"]);
    }
    const last = async (fragment: Sql<{ a: unknown }>) => (await db.one(fragment)).a;
    expect(await last(sql<{ a: unknown }>`select ${draw}, 9007199254740993 as a`)).toBe(9007199254740993n);
    expect(typeof (await last(sql<{ a: unknown }>`select 9007199254740993 as a, ${draw}`))).toBe("number");
    expect(typeof (await last(sql<{ a: unknown }>`select ${nextval(bigSeq).as("a")}, ${draw}`))).toBe("number");
    expect(typeof (await last(sql<{ a: unknown }>`select ${draw}, ${nextval(textSeq).as("a")}`))).toBe("string");
  });

  longTest("keeps its name and type with a client that renames columns", async () => {
    for (const transform of [postgres.camel, postgres.pascal, postgres.kebab]) {
      const renaming = bind(database.connect({ transform, max: 1 }));
      const rows = await everyWay(
        renaming,
        () => sql`select ${nextval(smallSeq).as("order_id")}, ${nextval(textSeq).as("orderText")}, 1::bigint as x_y`,
      );
      for (const row of rows)
        expect(row).toMatchObject({ order_id: expect.any(Number), orderText: expect.any(String) });
    }
  });

  test("keeps its type with a client that parses int8 itself, whose parser reads only other columns", async () => {
    const parsed: string[] = [];
    const parse = (text: string) => {
      parsed.push(text);
      return `own ${text}`;
    };
    const own = bind(database.connect({ max: 1, types: { int8: { to: 20, from: [20], serialize: String, parse } } }));
    for (let run = 1; run <= 3; run++) {
      const [row] = await own`
        select ${nextval(bigSeq).as("big")}, ${nextval(smallSeq).as("small")}, ${nextval(textSeq).as("text")},
          5::bigint as n`;
      expect(row).toEqual({ big: expect.any(BigInt), small: expect.any(Number), text: expect.any(String), n: "own 5" });
      expect(parsed).toEqual(Array.from({ length: run }, () => "5"));
    }
    expect([...(await own`select array[5, null]::bigint[] as list`)]).toEqual([{ list: ["own 5", null] }]);
  });

  test("reaches the client's transforms with its real type", async () => {
    const values: unknown[] = [];
    const seeing = bind(
      database.connect({ max: 1, transform: { value: (value: unknown) => (values.push(value), value) } }),
    );
    const [row] = await seeing`select ${nextval(smallSeq).as("id")}, 5::bigint as n, array[1, null] as list`;
    expect(values.slice(-3)).toEqual([row?.id, 5n, [1, null]]);
    expect(row?.id).toEqual(expect.any(Number));
  });

  test("is an integer also if the server has made a numeric of it", async () => {
    const rows = await db.query(sql`select ${nextval(bigSeq).as("id")} union all select 5.0`);
    expect(rows.map(({ id }) => typeof id)).toEqual(["bigint", "bigint"]);
    expect(rows[1]).toEqual({ id: 5n });
  });
});

describe("a broken promise of .as() is an error, which says that the statement has run:", () => {
  const hint = "Write the alias as text instead of .as(), and state the type of the row.";

  test.each<[string, () => Sql]>([
    ["1.5", () => sql`select ${nextval(smallSeq).as("id")} union all select 1.5`],
    ["1e+30", () => sql`select ${nextval(bigSeq).as("id")} union all select 1e30::float8`],
    ["NULL", () => sql`select ${nextval(bigSeq).as("id")} union all select null`],
    [
      "NULL",
      () =>
        sql`select x.id from (values (1)) v left join lateral (select ${nextval(bigSeq).as("id")}
          where false) x on true`,
    ],
  ])("%s", async (value, make) => {
    const message = `column "id" holds ${value}, and .as("id") promises a whole number. The statement has run.`;
    const error = { name: "NextvalError", code: "UNEXPECTED_VALUE", message, hint };
    for (let run = 0; run < 3; run++) await expect(db.query(make())).rejects.toMatchObject(error);
    const read = async () => {
      for await (const batch of db.cursor(make(), 1)) void batch;
    };
    await expect(read()).rejects.toMatchObject(error);
    // The way out.
    expect([...(await db<{ id: bigint | null }>`select ${nextval(bigSeq)} as id union all select null`)]).toEqual([
      { id: expect.any(BigInt) },
      { id: null },
    ]);
  });

  test("a value beyond 2^53, for a number", async () => {
    await db`create sequence grown_seq start with 9007199254740993`;
    await db`create table grown (id bigint)`;
    const grownSeq = pgSequence("grown_seq", { as: "integer" });
    await expect(
      db`with x as (insert into grown values (1)) select ${nextval(grownSeq).as("id")}`,
    ).rejects.toMatchObject({
      code: "UNEXPECTED_VALUE",
      sequence: "grown_seq",
      message:
        'column "id": grown_seq: the server gave 9007199254740993, which is beyond 2^53-1. The statement has run.',
      hint: 'Use mode "bigint" or "string".',
    });
    expect(await db.one(sql<{ count: bigint }>`select count(*) from grown`)).toEqual({ count: 1n });
  });

  test("other statements on the connection get their own answers, and a transaction goes on", async () => {
    const one = bind(database.connect({ max: 1 }));
    const bad = () => one`select ${nextval(smallSeq).as("id")} union all select 1.5`;
    for (let run = 0; run < 3; run++) {
      const results = await Promise.allSettled([bad(), one`select 1 as n`, bad(), one`select 2 as n`]);
      expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
      expect(results).toMatchObject([{}, { value: [{ n: 1 }] }, {}, { value: [{ n: 2 }] }]);
    }
    const outcome = await one.begin(async (tx) => {
      const refused = tx`select ${nextval(smallSeq).as("id")} union all select 1.5`;
      await expect(refused).rejects.toMatchObject({ code: "UNEXPECTED_VALUE" });
      return tx.one(sql<{ n: number }>`select 3 as n`);
    });
    expect(outcome).toEqual({ n: 3 });
  });
});

describe("setval", () => {
  const newest = sql`(select max(id) from orders where id < 0)`;

  test("of a fragment may be null, and its type says so", async () => {
    const rows: { at: bigint | null }[] = await everyWay(db, () => sql`select ${setval(bigSeq, newest).as("at")}`);
    expect(rows).toEqual(rows.map(() => ({ at: null })));
    const [row] = await db`select ${setval(smallSeq, sql`${7}::bigint`).as("at")}`;
    expect(row?.at).toBe(7);
  });

  test("of a number is never null, and neither is db.setval", async () => {
    const row: { at: bigint } = await db.one(sql`select ${setval(bigSeq, 900).as("at")}`);
    expect(row).toEqual({ at: 900n });
    await expect(db.setval(bigSeq, newest)).rejects.toThrow("big_seq: setval got NULL, and left the sequence as it is");
  });
});
