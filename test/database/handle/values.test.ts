import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { bind, type Database, sql, type Value } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/** Values are written by the library: what reaches the server is what was given, or it is refused. */
const database = useDatabase({ max: 1 });
const db = () => bind(database.client);

beforeAll(async () => {
  await db()`create table kept (
    flag boolean, number numeric, big bigint, double float8, text text, bytes bytea, day date, at timestamptz,
      plain timestamp,
    json json, jsonb jsonb, texts text[], numbers integer[], jsons jsonb[]
  )`;
});

/** The stored form of a value, as the server shows it. */
async function kept(column: string, value: Value): Promise<string | null> {
  const name = sql.identifier(column);
  const row = await db().one(sql<{ text: string | null }>`
    with new as (insert into kept (${name}) values (${value}) returning ${name}) select ${name}::text as text
      from new`);
  return row.text;
}

test.each<[string, Value, string | null]>([
  ["flag", "true", "true"],
  ["flag", "t", "true"],
  ["flag", "off", "false"],
  ["flag", true, "true"],
  ["flag", false, "false"],
  ["plain", "2026-01-01 10:00:00.123456", "2026-01-01 10:00:00.123456"],
  ["plain", "infinity", "infinity"],
  ["plain", "0044-03-15 BC", "0044-03-15 00:00:00 BC"],
  ["day", "2026-01-01 00:30", "2026-01-01"],
  ["number", 0.1, "0.1"],
  ["number", 1e21, "1000000000000000000000"],
  ["number", Number.NaN, "NaN"],
  ["number", 10n ** 30n, "1000000000000000000000000000000"],
  ["double", -0, "-0"],
  ["double", Number.POSITIVE_INFINITY, "Infinity"],
  ["big", 2n ** 63n - 1n, "9223372036854775807"],
  ["big", -(2n ** 63n), "-9223372036854775808"],
  ["big", "17", "17"],
  ["bytes", new Uint8Array([0, 92, 255]), "\\x005cff"],
  ["bytes", Buffer.from("x"), "\\x78"],
  ["bytes", "text", "\\x74657874"],
  ["text", "it's \\ \" $1 \u{1F600}", "it's \\ \" $1 \u{1F600}"],
  ["text", { a: 1 }, '{"a":1}'],
  ["text", 5, "5"],
  ["text", null, null],
  ["json", { a: [1, null] }, '{"a":[1,null]}'],
  ["jsonb", { toJSON: () => ({ b: 1 }) }, '{"b": 1}'],
  ["jsonb", JSON.parse('{"toString":1,"valueOf":1}') as Value, '{"valueOf": 1, "toString": 1}'],
  ["jsonb", '{"a": "text of JSON"}', '{"a": "text of JSON"}'],
  ["jsonb", sql.json([1, "a", null]), '[1, "a", null]'],
  ["json", sql.json([1, "a"]), '[1, "a"]'],
  ["jsonb", sql.json("text"), '"text"'],
  ["jsonb", sql.json(new Date(0)), '"1970-01-01T00:00:00.000Z"'],
  ["jsonb", sql.json({ toJSON: (key: string) => [key] }), '[""]'],
  ["jsonb", sql.json({ toJSON: 1 }), '{"toJSON": 1}'],
  [
    "jsonb",
    sql.json([new Date(0), sql.json(new URL("https://example.com"))]),
    '["1970-01-01T00:00:00.000Z", "https://example.com/"]',
  ],
  ["jsonb", sql.json({}), "{}"],
  ["jsonb", sql.json([]), "[]"],
  ["jsonb", sql.json(null), "null"],
  ["texts", ["a", 'b"\\,{}', "", "NULL", null], '{a,"b\\"\\\\,{}","","NULL",NULL}'],
  [
    "texts",
    [
      ["a", "b"],
      ["c", null],
    ],
    "{{a,b},{c,NULL}}",
  ],
  ["numbers", [1, 2n, null], "{1,2,NULL}"],
  ["jsons", [{ a: 1 }, sql.json([1])], '{"{\\"a\\": 1}",[1]}'],
])("%s holds %o as %s", async (column, value, text) => {
  expect(await kept(column, value)).toBe(text);
});

test("a Date is exact, in every year that the server has", async () => {
  for (const date of [
    new Date(0),
    new Date("2026-01-02T03:04:05.678Z"),
    new Date(8.64e15),
    new Date(Date.UTC(10_000, 0, 1)),
    new Date(Date.UTC(-1, 1, 3, 4, 5, 6, 789)),
    new Date(-62_167_219_200_000),
  ]) {
    const row = await db().one(
      sql<{ ms: string }>`select (extract(epoch from ${date}::timestamptz) * 1000)::text as ms`,
    );
    expect(Number(row.ms)).toBe(date.getTime());
  }
});

test("a Date in an array is the same moment as a single one, whatever the time zone of the session", async () => {
  const own = bind(database.connect({ max: 1, connection: { TimeZone: "Asia/Tokyo" } }));
  await own`create temporary table moments (one timestamp, many timestamp[], days date[], zoned timestamptz[])`;
  const date = new Date("2026-01-01T20:00:00Z");
  const moment = { one: "2026-01-02 05:00:00", many: "2026-01-02 05:00:00", days: "2026-01-02" };
  // One of another realm is a Date, too.
  for (const each of [runInNewContext("new Date(time)", { time: date.getTime() }) as Date, date]) {
    await own`truncate moments`;
    await own`insert into moments values (${each}, ${[null, each]}, ${[[each]]}, ${[each]})`;
    const found = await own`
      select one::text, many[2]::text as many, days[1][1]::text as days, zoned[1]::text as zoned from moments`;
    expect(found).toEqual([{ ...moment, zoned: "2026-01-02 05:00:00+09" }]);
  }
  expect(await own`select one = any(${[date]}) as equal from moments`).toEqual([{ equal: true }]);
});

test("values that declare their type need no cast", async () => {
  const made = sql<{ made: object }>`
    select jsonb_build_object('a', ${true}, 'b', ${5n}, 'c', ${new Date(0)}::timestamptz at time zone 'UTC', 'd',
      ${false}) as made`;
  expect((await db().one(made)).made).toEqual({ a: true, b: 5, c: "1970-01-01T00:00:00", d: false });
  expect(await db()`select ${1n} + ${2n} as sum`).toEqual([{ sum: 3n }]);
  expect(await db()`select pg_typeof(${new Date()})::text as a, pg_typeof(${new Uint8Array()})::text as b`).toEqual([
    { a: "timestamp with time zone", b: "bytea" },
  ]);
});

describe("an empty array or object", () => {
  test.each([
    ["array", [], "Write ${value}::integer[] for an array, or sql.json(value) for JSON."],
    ["object", {}, "Write sql.json(value) or ${value}::jsonb."],
    ["object", { toJSON: () => ({}) }, "Write sql.json(value) or ${value}::jsonb."],
  ])("of no stated type is refused: %s", async (kind, value, hint) => {
    await expect(db()`insert into kept (jsonb) values (${value})`).rejects.toMatchObject({
      message: expect.stringContaining(`is an empty ${kind}, whose text {} may be JSON as well as an array`) as string,
      hint,
    });
  });

  test.each([
    ["array", "object", sql`select ${[]}::jsonb`],
    ["array", "object", sql`select cast(${[]} as "json")`],
    ["object", "array", sql`select ${{}}::integer[]`],
    ["object", "array", sql`select ${{}} :: jsonb []`],
    ["object", "array", sql`select 1 = any(${{}})`],
  ])("is refused where the template says another type: %s as %s", async (given, stated, statement) => {
    await expect(db().query(statement)).rejects.toThrow(
      `is an empty ${given}, whose text {} would become an ${stated} here`,
    );
  });

  test("is accepted if the template states the type", async () => {
    expect(await db()`select ${[]}::integer[] as a, cast(${[]} as text[]) as b, 1 = any(${[]}) as c`).toEqual([
      { a: [], b: [], c: false },
    ]);
    expect(await db()`select ${{}}::jsonb as a, CAST ( ${{}} AS json) as b`).toEqual([{ a: {}, b: {} }]);
    expect(await db()`select ${[]}::jsonb[] as a, ${[]}::text as b`).toEqual([{ a: [], b: "{}" }]);
  });
});

test("a value that cannot be written is refused with its position, and nothing is sent", async () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const own = database.connect({ max: 1, debug: () => sent++ });
  let sent = 0;
  const run = bind(own);
  const cases: [Value, RegExp][] = [
    [{ n: 1n }, /^value 2 \(after ", "\) cannot be written as JSON: Do not know how to serialize a BigInt$/],
    [circle as Value, /^value 2 \(after ", "\) cannot be written as JSON: Converting circular structure to JSON$/],
    [{ toJSON: () => undefined }, /^value 2 \(after ", "\) has no JSON: its toJSON returned undefined or a function$/],
    [
      {
        get a() {
          throw new Error("getter");
        },
      },
      /^value 2 \(after ", "\) cannot be written as JSON: getter$/,
    ],
    ["\ud800", /^value 2 \(after ", "\) holds half of a surrogate pair/],
    [["a", "\udc00"], /^value 2 \(after ", "\), item 2 holds half of a surrogate pair/],
    [[{ a: 1 }, { n: 1n }], /^value 2 \(after ", "\), item 2 cannot be written as JSON/],
    [own.typed("garbage" as never, 1184), /^value 2 \(after ", "\) cannot be written as the client's serializer/],
    [own.json({ n: 1n } as never), /^value 2 \(after ", "\) cannot be written as the client's serializer/],
    [own.typed("x" as never, -1), /is marked with the type -1, which is not the object id of a type/],
  ];
  for (const [value, message] of cases) {
    await expect(run`select ${1}, ${value}`).rejects.toMatchObject({
      code: "INVALID_TEMPLATE",
      message: expect.stringMatching(message),
    });
  }
  expect(sent).toBe(0);
  expect(await run`select 1 as one`).toEqual([{ one: 1 }]);
});

test("a marked value is written by the client's own serializers", async () => {
  const client = database.connect({
    max: 1,
    types: { point: { to: 600, from: [600], serialize: ([x, y]: number[]) => `(${x},${y})`, parse: String } },
  });
  const run = bind(client);
  const point = client.typed([1, 2] as never, 600);
  expect(await run`select ${point} as p, pg_typeof(${point})::text as type`).toEqual([{ p: "(1,2)", type: "point" }]);
  expect(await run`select ${client.json([1, { a: 2 }])} as j, ${client.json("x")} as s`).toEqual([
    { j: [1, { a: 2 }], s: "x" },
  ]);
  expect(
    await run`select ${client.typed(null as never, 23)} as nothing, ${client.typed("5" as never, 23)} as five`,
  ).toEqual([{ nothing: null, five: 5 }]);
  expect(
    await run`select ${client.array([1, 2])}::int[] as numbers, ${client.array(["a", 'b"'])}::text[] as texts`,
  ).toEqual([{ numbers: [1, 2], texts: ["a", 'b"'] }]);
});

describe("the hint of an error says which value it may be about", () => {
  test.each<[string, (run: Database) => PromiseLike<unknown>, string, string]>([
    [
      "an operator of two unknowns",
      (run) => run`select ${1} + ${2}`,
      "42725",
      'Say the type of value 2 (after "+ "), such as ${value}::integer.',
    ],
    [
      "nothing to tell it from",
      (run) => run`select ${"a"} is null`,
      "42P18",
      'value 1 (after "select "), such as ${value}::text.',
    ],
    ["an array of no type", (run) => run`select unnest(${[1, 2]})`, "42725", "such as ${value}::integer[]."],
    ["a function that takes no unknown", (run) => run`select nothing(${1.5})`, "42883", "such as ${value}::numeric."],
    [
      "an array for JSON",
      (run) => run`insert into kept (jsonb) values (${[1]})`,
      "22P02",
      ", because an array becomes a PostgreSQL array.",
    ],
    [
      "a string for JSON",
      (run) => run`insert into kept (json) values (${"plain"})`,
      "22P02",
      ", because a string is its own text.",
    ],
    [
      "an object for an array",
      (run) => run`insert into kept (texts) values (${{ a: 1 }})`,
      "22P02",
      "is an object, which becomes JSON.",
    ],
  ])("%s", async (_what, run, code, hint) => {
    await expect(run(db())).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
  });

  test("and no other", async () => {
    const error = await db()`select ${"x"}::integer`.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ code: "22P02" });
    expect(error).not.toHaveProperty("hint");
  });
});

longTest("bytes arrive as they are, and take no more than a few times their memory", async () => {
  const bytes = Buffer.alloc(
    16_000_000,
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  const megabytes = () => process.resourceUsage().maxRSS / 1_000;
  const before = megabytes();
  const [row] = await db()<{ md5: string }>`select md5(${bytes}::bytea) as md5`;
  expect(row?.md5).toBe(createHash("md5").update(bytes).digest("hex"));
  expect(megabytes() - before).toBeLessThan(300);
  const part = bytes.subarray(200, 300);
  expect(await db()`select ${part} as part`).toEqual([{ part }]);
});
