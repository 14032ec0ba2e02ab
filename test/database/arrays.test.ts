import { array, assert, asyncProperty, constantFrom, option } from "fast-check";
import { bind, type Database, sql } from "nextval";
import postgres from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { cuttable } from "../server/cut.js";
import { useDatabase } from "../support/database.js";
import { first, runs } from "../support/effort.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();

beforeAll(async () => {
  await database.client.unsafe(`
    create type mood as enum ('sad', 'ok', 'NULL', '{a,b}');
    create domain big as bigint;
    create domain bigger as big;
    create domain moods as mood[];
    create domain ints as integer[];
    create type pair as (a bigint, b text);
    create type span as range (subtype = float8);
    create domain corner as box;
    create domain corners as box[];
    create domain spans as span[];
    create type barred;
    create function barred_in(cstring) returns barred language internal immutable strict as 'textin';
    create function barred_out(barred) returns cstring language internal immutable strict as 'textout';
    create type barred (input = barred_in, output = barred_out, like = text, delimiter = '|');
  `);
});

/** The driver's own reading of arrays changes with this option, and a handle's does not. */
describe.each([true, false])("with fetch_types: %s", (fetch_types) => {
  const connect = (options: postgres.Options<{}> = {}) => bind(database.connect({ fetch_types, max: 1, ...options }));
  let db: Database;
  /** Sees each type for the first time with a cursor. */
  let cursors: Database;

  beforeAll(() => {
    db = connect();
    cursors = connect();
  });

  test.each<[string, string, unknown]>([
    ["bigint", "array[1, null, 9007199254740993]", [1n, null, 9007199254740993n]],
    ["integer", "array[1, null]", [1, null]],
    ["smallint", "array[1, null]", [1, null]],
    ["float8", "array[1.5, null, 'NaN']", [1.5, null, Number.NaN]],
    ["numeric", "array[1.50, null]", ["1.50", null]],
    ["boolean", "array[true, null, false]", [true, null, false]],
    ["text", `array['NULL', null, '', 'null', 'a,"b"\\{}']`, ["NULL", null, "", "null", 'a,"b"\\{}']],
    ["varchar", "array['NULL', null]", ["NULL", null]],
    ["timestamptz", "array['2026-01-02 03:04:05Z', null]", [new Date("2026-01-02T03:04:05Z"), null]],
    ["date", "array['2026-01-02', null]", [new Date("2026-01-02"), null]],
    ["bytea", "array['\\x00ff', null]", [Buffer.from([0, 255]), null]],
    ["jsonb", `array['{"a": [1]}', null, 'null', '"NULL"']`, [{ a: [1] }, null, null, "NULL"]],
    ["uuid", "array[null]", [null]],
    ["box", "array['(1,2),(3,4)', null]", ["(3,4),(1,2)", null]],
    ["int4range", "array['[1,3)', null]", ["[1,3)", null]],
    ["mood", "array['sad', null, 'NULL', '{a,b}']", ["sad", null, "NULL", "{a,b}"]],
    ["big", "array[1, null]", [1n, null]],
    ["bigger", "array[9007199254740993, null]", [9007199254740993n, null]],
    ["ints", "array['{1,null}', null]", [[1, null], null]],
    ["moods", "array['{sad,null,\"NULL\"}', null]", [["sad", null, "NULL"], null]],
    ["pair", "array[(1, 'x')::pair, null]", ["(1,x)", null]],
    ["span", "array['[1,2)', null]", ["[1,2)", null]],
    ["span_multirange", "array['{[1,2),[3,4)}', null]", ["{[1,2),[3,4)}", null]],
    ["corner", "array['(1,2),(3,4)', null]", ["(3,4),(1,2)", null]],
    ["corners", "array['{(1,2),(3,4);NULL}', null]", [["(3,4),(1,2)", null], null]],
    ["spans", `array['{"[1,2)",NULL}', null]`, [["[1,2)", null], null]],
    ["barred", `array['a,b', null, 'c|d', 'NULL', '"']`, ["a,b", null, "c|d", "NULL", '"']],
    ["pg_catalog.int2vector", "array['1 2', null]", ["1 2", null]],
  ])("null is null in %s[]", async (type, array, values) => {
    const read = sql<{ list: unknown; lists: unknown; empty: unknown; none: unknown }>`
      select ${sql.raw(`${array}::${type}[]`)} as list, array[${sql.raw(array)},
        ${sql.raw(array)}]::${sql.raw(type)}[] as lists,
        array[]::${sql.raw(type)}[] as empty, null::${sql.raw(type)}[] as none`;
    const row = { list: values, lists: [values, values], empty: [], none: null };
    // The third time it is a prepared statement whose columns the driver knows.
    for (let run = 0; run < 4; run++) expect([...(await db.query(read))]).toEqual([row]);
    for await (const batch of cursors.cursor(read, 1)) expect(batch).toEqual([row]);
  });

  test("three dimensions, other lower bounds, domains over arrays", async () => {
    expect(
      await db`
        select array[[[1, null]], [[3, 4]]]::bigint[] as cube, '[0:1][5:6]={{1,NULL},{3,4}}'::integer[] as shifted,
          '{1,null}'::ints as ints, '{sad,null}'::moods as moods, '[5:6]={a,NULL}'::text[] as words`,
    ).toEqual([
      {
        cube: [[[1n, null]], [[3n, 4n]]],
        shifted: [
          [1, null],
          [3, 4],
        ],
        ints: [1, null],
        moods: ["sad", null],
        words: ["a", null],
      },
    ]);
  });

  test("array items are returned as they were sent", async () => {
    const text = array(constantFrom('"', "\\", ",", ";", "{", "}", "NULL", "null", " ", "\n", "é", "💥", "a", "="));
    const items = array(option(text.map((letters) => letters.join(""))), { maxLength: 6 });
    await assert(
      asyncProperty(array(items, { minLength: 1, maxLength: 5 }), async (lists) => {
        const rows = await db.query(
          sql<{ list: unknown }>`${sql.join(
            lists.map((list) => sql`select ${list as (string | null)[]}::text[] as list`),
            sql` union all `,
          )}`,
        );
        expect(rows.map(({ list }) => list)).toEqual(lists);
      }),
      runs(20),
    );
  });

  test("types that are created in a transaction are known in it", async () => {
    const name = sql.identifier(`made_${fetch_types}`);
    const lists = await db.begin(async (tx) => {
      await tx`create type ${name} as enum ('NULL', 'b')`;
      const [first] = await tx<{ list: unknown }>`select array['NULL', null, 'b']::${name}[] as list`;
      for await (const [second] of tx.cursor(sql<{ list: unknown }>`select array[null, 'b']::${name}[] as list`))
        return [first?.list, second?.list];
      return [];
    });
    expect(lists).toEqual([
      ["NULL", null, "b"],
      [null, "b"],
    ]);
  });

  longTest("many concurrent statements that read a new type, inside and outside a transaction", async () => {
    const read = (db: Pick<Database, "query">) =>
      db.query(sql<{ list: unknown }>`select array[null, 'ok']::mood[] as list`);
    const rows = [{ list: [null, "ok"] }];
    for (const max of [1, 3]) {
      const pool = connect({ max });
      const results = await Promise.all(Array.from({ length: 20 }, () => read(pool)));
      expect(results.map((result) => [...result])).toEqual(results.map(() => rows));
      const other = connect({ max });
      const inner = await other.begin((tx) => Promise.all([read(tx), read(tx), tx`select 1 as n`]));
      expect(inner.map((result) => [...result])).toEqual([rows, rows, [{ n: 1 }]]);
    }
  });

  test("with the client's own names, transforms and types", async () => {
    const camel = connect({ transform: postgres.camel });
    for (let run = 0; run < 3; run++)
      expect([...(await camel`select array[1, null] as some_list, array['ok', null]::mood[] as some_moods`)]).toEqual([
        { someList: [1, null], someMoods: ["ok", null] },
      ]);
    const own = connect({
      types: {
        text: { to: 25, from: [25], serialize: String, parse: (text: string) => text.toUpperCase() },
        integers: { to: 1007, from: [1007], serialize: String, parse: (text: string) => `own ${text}` },
      },
    });
    expect(await own`select array['a', null] as words, array[1, null] as numbers`).toEqual([
      { words: ["A", null], numbers: "own {1,NULL}" },
    ]);
  });
});

test("if the transaction fails before a new type is looked up, the look-up fails like later statements", async () => {
  const db = bind(database.connect({ max: 1 }));
  let results: PromiseSettledResult<unknown>[] = [];
  const failing = db.begin(async (tx) => {
    // The second one is sent before the first is answered.
    results = await Promise.allSettled([tx`select 'ok'::mood as mood`, tx`select 1 / 0`]);
  });
  await expect(failing).rejects.toMatchObject({ code: expect.stringMatching(/^(22012|25P02)$/) });
  expect(results).toMatchObject([{ reason: { code: "25P02" } }, { reason: { code: "22012" } }]);
  expect([...(await db`select 'ok'::mood as mood`)]).toEqual([{ mood: "ok" }]);
});

longTest("a role that cannot read pg_type gets unknown types as text", async () => {
  const { client } = database;
  const role = `${database.name}_reader`;
  await client.unsafe(`create role ${role}; revoke select on pg_catalog.pg_type from public`);
  const db = bind(database.connect({ max: 1, fetch_types: false, connection: { role } }));
  const read = sql`select array[1, null] as list, array['ok', null]::mood[] as moods`;
  for (let run = 0; run < 3; run++)
    expect([...(await db.query(read))]).toEqual([{ list: [1, null], moods: "{ok,NULL}" }]);
  const other = bind(database.connect({ max: 1, fetch_types: false, connection: { role } }));
  const moods = (handle: Pick<Database, "query">) => handle.query(read);
  await expect(other.begin(moods)).rejects.toMatchObject({
    code: "UNEXPECTED_VALUE",
    message: "the types of columns could not be looked up: permission denied for table pg_type. The statement has run",
  });
  expect([...(await other.begin(moods))]).toEqual([{ list: [1, null], moods: "{ok,NULL}" }]);
  await client.unsafe(`grant select on pg_catalog.pg_type to public; drop role ${role}`);
});

test("the client itself reads as before", async () => {
  const client = database.connect({ max: 1 });
  const db = bind(client);
  const text = "select array[1, null] as list, 5::bigint as big, array['a', null] as words";
  const own = await client.unsafe(text, [], { prepare: true });
  for (let run = 0; run < 3; run++) await db.query(sql`${sql.raw(text)}`);
  for (let run = 0; run < 3; run++) expect([...(await client.unsafe(text, [], { prepare: true }))]).toEqual([...own]);
  expect([...(await db.query(sql`${sql.raw(text)}`))]).toEqual([{ list: [1, null], big: 5n, words: ["a", null] }]);
});

test("a parser of the client that throws fails its own statement, and no other one", async () => {
  const client = database.connect({
    max: 1,
    types: {
      uuid: {
        to: 2950,
        from: [2950],
        serialize: String,
        parse: (): never => {
          throw new Error("no such parser");
        },
      },
    },
  });
  const db = bind(client);
  const bad = sql`select gen_random_uuid() as id from generate_series(1, 3)`;
  const results = await Promise.allSettled([db`select 1 as n`, db.query(bad), db`select 2 as n`]);
  expect(results).toMatchObject([
    { value: [{ n: 1 }] },
    { reason: { message: "no such parser" } },
    { value: [{ n: 2 }] },
  ]);
  const read = async () => {
    for await (const batch of db.cursor(bad, 2)) void batch;
  };
  await expect(read()).rejects.toThrow("no such parser");
  for (let n = 0; n < 5; n++) expect([...(await db`select ${n}::int as n`)]).toEqual([{ n }]);
});

test.each(
  first(1, [
    ["value", { value: { from: (value: unknown) => (value === 13 ? raise() : value) } }],
    ["row", { row: { from: (row: { n: unknown }) => (row.n === 13 ? raise() : row) } }],
  ]),
)("a transform of a %s that throws fails its own statement, and no other one", async (_kind, transform) => {
  const db = bind(database.connect({ max: 1, transform, backoff: () => 0.01 } as {}));
  const ids = (from: number, to: number) =>
    sql<{ n: number }>`select n from generate_series(${from}::int, ${to}::int) n`;
  for (const [from, to] of [
    [11, 17],
    [11, 13],
    [13, 13],
    [12, 15],
  ] as const) {
    const read = async () => {
      for await (const batch of db.cursor(ids(from, to), 2)) void batch;
    };
    const inTransaction = db.begin(async (tx) => {
      for await (const batch of tx.cursor(ids(from, to), 2)) void batch;
    });
    await expect(inTransaction).rejects.toThrow("no such transform");
    await expect(read()).rejects.toThrow("no such transform");
    await expect(db.query(ids(from, to))).rejects.toThrow("no such transform");
    const answers = await Promise.all([20, 21, 22, 23].map((n) => db.query(ids(n, n))));
    expect(answers.map(([row]) => row?.n)).toEqual([20, 21, 22, 23]);
  }
});

function raise(): never {
  throw new Error("no such transform");
}

test("without fetch_types every query to the server belongs to a call that waits for it", async () => {
  const server = await cuttable(database.url);
  const texts: string[] = [];
  let isCutting = true;
  const debug = (_connection: number, text: string) => {
    texts.push(text);
    if (!text.includes("pg_type") || !isCutting) return;
    isCutting = false;
    server.cutNext("request");
  };
  const client = postgres(server.url, { max: 1, fetch_types: false, debug, backoff: () => 0.01 });
  const db = bind(client);
  expect([...(await db`select 1 as x`)]).toEqual([{ x: 1 }]);
  expect(texts).toEqual(["select 1 as x"]);
  // A look-up that is cut is sent again; in a transaction the call says that its statement has run.
  expect([...(await db`select array['ok', null]::mood[] as list`)]).toEqual([{ list: ["ok", null] }]);
  expect(texts.slice(2)).toEqual([texts[2], texts[2]]);
  isCutting = true;
  const inTransaction = db.begin((tx) => tx`select array[5, null]::big[] as list`.catch((error: unknown) => error));
  await expect(inTransaction).rejects.toThrow(/CONNECTION_CLOSED|ECONNRESET/);
  expect([...(await db`select array[5, null]::big[] as list`)]).toEqual([{ list: [5n, null] }]);
  await client.end({ timeout: 1 });
  await server.close();
});
