import { bind, createSequence, type Queryable, nextval, pgSequence, setval } from "nextval";
import { Pool } from "pg";
import postgres from "postgres";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";
import { refusalOf } from "../support/said.js";

const database = useDatabase();
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
const textSeq = pgSequence("text_seq", { mode: "string", startWith: "9223372036854775806" });

const db = () => bind(database.client);

beforeAll(async () => {
  for (const sequence of [ticketSeq, textSeq]) await db().query(createSequence(sequence));
});

describe("the client's own ways stay intact", () => {
  test("int8 arrives as bigint, alone, in arrays, and as the sequence's mode says", async () => {
    const rows = await db()`
      select 9007199254740993::bigint as big, array[1, null]::bigint[] as list, null::bigint as none, count(*) as total,
        ${nextval(ticketSeq).as("ticket")}, ${setval(textSeq, 7).as("text")}
      from (values (1)) v`;
    expect(rows).toEqual([
      { big: 9007199254740993n, list: [1n, null], none: null, total: 1n, ticket: expect.any(Number), text: "7" },
    ]);
  });

  test("a client with its own int8 parser keeps it", async () => {
    const client = database.connect({
      types: { int8: { to: 20, from: [20], serialize: String, parse: (text: string) => `own ${text}` } },
    });
    const own = bind(client);
    expect(await own`select 5::bigint as n`).toEqual([{ n: "own 5" }]);
    // The methods promise a type, and keep the promise whatever the client does.
    expect(await own.setval(ticketSeq, 77)).toBe(77);
    expect(await own.nextvals(ticketSeq, 2)).toEqual([78, 79]);
  });

  test("transforms of names and values", async () => {
    const client = database.connect({ transform: postgres.camel });
    const rows = await bind(client)`select ${nextval(textSeq).as("text_id")}, 1::bigint as big_one`;
    // A column that .as() names keeps its name, because the row type has it.
    expect(rows).toEqual([{ text_id: expect.stringMatching(/^\d+$/), bigOne: 1n }]);
    const valued = database.connect({ transform: { value: (value: unknown) => (value === "x" ? "y" : value) } });
    expect(await bind(valued)`select 'x' as letter, 2::bigint as n`).toEqual([{ letter: "y", n: 2n }]);
  });

  test("a transform of rows is not mistaken for what the server sent", async () => {
    const transform = { row: (row: object) => ({ ...row, more: 1 }) };
    const own = bind(database.connect({ transform }));
    expect(await own`select ${nextval(ticketSeq).as("id")}`).toEqual([{ id: expect.any(Number), more: 1 }]);
    const refused = { code: "UNEXPECTED_VALUE", message: expect.stringContaining("transform.row") };
    await expect(own.nextval(ticketSeq)).rejects.toMatchObject(refused);
    await expect(own.nextvals(ticketSeq, 3)).rejects.toMatchObject(refused);
    await expect(own.setval(ticketSeq, 100)).rejects.toMatchObject(refused);
    const same = bind(database.connect({ transform: { row: (row) => row } }));
    expect(await same.nextvals(ticketSeq, 2)).toEqual([101, 102]);
  });

  longTest("a transform that throws an error of the operating system ends its connection", async () => {
    const missing = Object.assign(new Error("no such file"), { code: "ENOENT", errno: -2, syscall: "open" });
    const row = (each: { n?: number }) => {
      if (each.n === 7) throw missing;
      return each;
    };
    const own = bind(database.connect({ max: 1, transform: { row } }));
    const fails = (handle: Queryable) => expect(handle`select 7 as n`).rejects.toMatchObject({ code: "ENOENT" });
    await fails(own);
    expect(await own`select 1 as n`).toEqual([{ n: 1 }]);
    const failed = { code: expect.stringMatching(/^(ENOENT|CONNECTION_CLOSED|CONNECTION_DESTROYED)$/) };
    await expect(own.begin(async (tx) => fails(tx))).rejects.toMatchObject(failed);
    // Statements that were sent together with it may be lost, and do not get its error.
    const [second, failing] = [own`select 2 as n`.execute(), fails(own)];
    const third = own<{ n: number }>`select 3 as n`
      .then(([each]) => `${each?.n}`)
      .catch((error: { code: string }) => error.code);
    await Promise.all([second, failing]);
    expect(await third).toMatch(/^(3|CONNECTION_.*)$/);
    expect(await own.session((session) => session`select 4 as n`)).toEqual([{ n: 4 }]);
  });

  test("helpers of postgres.js are values", async () => {
    const { client } = database;
    const rows = await db()`
      select ${client.json({ a: [1] })}::jsonb as json, ${client.array([1, 2])} as list,
        ${client.typed(5, 23)} as typed,
        ${[3, 4]}::integer[] as plain, ${{ b: 2 }}::jsonb as object`;
    const [native] = await client`select ${client.array([1, 2])} as list`;
    expect(rows).toEqual([{ json: { a: [1] }, list: native?.["list"], typed: 5, plain: [3, 4], object: { b: 2 } }]);
  });

  test("anything but a whole client is refused", async () => {
    const refused = "bind takes a client as postgres() returns it, or a transaction of its begin(), not ";
    const others = 'Other clients have a bind of their own, in "nextval/pg", "nextval/kysely" and the like.';
    const session = "For a connection of its own, use db.session of the client's handle.";
    const reserved = await database.client.reserve();
    reserved.release();
    for (const [thing, given, hint] of [
      [undefined, "undefined", others],
      [null, "null", others],
      [{}, "an object", others],
      [new Pool(), "an object", others],
      [database.url, "an address", others],
      [() => {}, "a function", others],
      [db(), "a handle", "Use it as it is, because it is bound already."],
      [reserved, "a connection of its reserve()", session],
    ] as const) {
      expect(refusalOf(() => bind(thing as never))).toBe(`${refused}${given}. ${hint}`);
    }
  });

  longTest("an encoding other than UTF-8 is refused, because its characters may end in a backslash", async () => {
    const withEncoding = (encoding: string) => database.connect({ connection: { client_encoding: encoding } });
    for (const encoding of ["SJIS", "LATIN1", "'GBK'"])
      expect(() => bind(withEncoding(encoding))).toThrow(`bind takes a client without client_encoding ${encoding}`);
    for (const encoding of ["UTF8", "'utf-8'", "unicode"])
      expect(await bind(withEncoding(encoding))`select ${"é"} as text`).toEqual([{ text: "é" }]);
  });

  test("helpers that make SQL, and un-awaited queries, are refused", () => {
    const { client } = database;
    expect(refusalOf(() => db()`select ${client("id") as never}`)).toContain(
      "is a helper of postgres.js. Use sql.identifier, sql.insert or sql.set.",
    );
    expect(() => db()`insert into t ${client({ id: 1 }) as never}`).toThrow("is a helper of postgres.js");
    expect(refusalOf(() => db()`select ${client`1` as never}`)).toContain(
      "is a promise or another library's query. Await it, or make it a fragment.",
    );
  });

  test("plain statements of the client get their own answers beside those of a handle", async () => {
    const client = database.connect({ max: 2 });
    const run = bind(client);
    const ask = [
      (n: number) => client`select ${n}::integer as n`,
      (n: number) => run`select ${n}::integer as n`,
      (n: number) => client.begin((tx) => tx`select ${n}::integer as n`),
      (n: number) => run.begin(async (tx) => tx`select ${n}::integer as n`),
    ];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => ask[n % ask.length]?.(n)));
      expect(answers.map((rows) => rows?.[0])).toEqual(answers.map((_, n) => ({ n })));
    }
  });

  test("two copies of the library read their own statements on one connection", async () => {
    vi.resetModules();
    const other = await import("nextval");
    const client = database.connect({ max: 1 });
    const run = bind(client);
    const others = other.bind(client);
    expect(other.bind).not.toBe(bind);
    const ticket = pgSequence("ticket_seq", { as: "integer" });
    const text = other.pgSequence("ticket_seq", { as: "integer", mode: "string" });
    // Prepared from the second time on.
    for (let round = 0; round < 4; round++) {
      expect(await run`select ${nextval(ticket).as("id")}`).toEqual([{ id: expect.any(Number) }]);
      expect(await others`select ${other.nextval(text).as("id")}`).toEqual([{ id: expect.any(String) }]);
    }
  });

  test("the debug hook sees every statement", async () => {
    const seen: unknown[] = [];
    const client = database.connect({ debug: (_connection, text, values) => seen.push([text, values]) });
    await bind(client)`select ${5}::integer as n`;
    expect(seen).toContainEqual(["select $1::integer as n", ["5"]]);
  });

  longTest("transforms of rows", async () => {
    const fragment = () => [nextval(textSeq).as("id"), 5] as const;
    const frozen = bind(database.connect({ transform: { row: (row: object) => Object.freeze(row) } }));
    const [id] = fragment();
    expect(await frozen`select ${id}, 1::bigint as n`).toEqual([{ id: expect.any(String), n: 1n }]);
    const renamed = bind(
      database.connect({ transform: { row: (row: object) => ({ renamed: Object.values(row)[0] }) } }),
    );
    expect(await renamed`select 1::bigint as n`).toEqual([{ renamed: 1n }]);
    const joined = bind(database.connect({ transform: { row: (row: object) => Object.values(row).join() } }));
    expect(await joined`select 1::bigint as n`).toEqual(["1"]);
  });

  test("if several columns have one name, the last decides", async () => {
    expect(await db()`select 1::bigint as a, '42'::text as a`).toEqual([{ a: "42" }]);
    expect(await db()`select '42'::text as a, 1::bigint as a`).toEqual([{ a: 1n }]);
  });

  test("a value that a number cannot hold is an error, not another number", async () => {
    await db()`create sequence grown_seq start with 9007199254740993`;
    const grownSeq = pgSequence("grown_seq", { as: "integer" });
    await expect(db().nextval(grownSeq)).rejects.toMatchObject({
      code: "UNEXPECTED_VALUE",
      message: "grown_seq: the server gave 9007199254740993, which is beyond 2^53-1",
      hint: 'Use mode "bigint" or "string".',
    });
    await expect(db()`select ${nextval(grownSeq).as("id")}`).rejects.toMatchObject({ code: "UNEXPECTED_VALUE" });
  });
});
