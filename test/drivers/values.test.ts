import { sql, type Value } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { describePorts } from "../support/ports.js";

/** Every character that a driver, a protocol or a literal may take for something else. */
const SPECIAL = "it's \\ \" $1 ? :x {} () -- /* \n\r\t \u{1F600} \u0001";

/** One template means the same over every port: what it stores, and what it returns. */
describePorts("a value", (port) => {
  beforeAll(async () => {
    await port.db`create table kept (
      flag boolean, number numeric, big bigint, small integer, double float8, text text, bytes bytea, day date,
      at timestamptz, plain timestamp, json json, jsonb jsonb, texts text[], numbers integer[], bigs bigint[],
        jsons jsonb[],
      flags boolean[], moments timestamptz[], grid integer[][])`;
  });

  const TABLE: readonly (readonly [column: string, value: Value, stored: string | null])[] = [
    ["flag", true, "true"],
    ["flag", "off", "false"],
    ["number", 0.1, "0.1"],
    ["number", Number.NaN, "NaN"],
    ["number", 10n ** 30n, "1000000000000000000000000000000"],
    ["double", -0, "-0"],
    ["double", Number.POSITIVE_INFINITY, "Infinity"],
    ["big", 2n ** 63n - 1n, "9223372036854775807"],
    ["big", -(2n ** 63n), "-9223372036854775808"],
    ["small", 7, "7"],
    ["small", 7n, "7"],
    ["bytes", new Uint8Array([0, 92, 255]), "\\x005cff"],
    ["bytes", "text", "\\x74657874"],
    ["text", SPECIAL, SPECIAL],
    ["text", 5, "5"],
    ["text", null, null],
    ["text", { a: 1 }, '{"a":1}'],
    ["json", { a: [1, null, SPECIAL] }, JSON.stringify({ a: [1, null, SPECIAL] })],
    ["jsonb", { b: 1 }, '{"b": 1}'],
    ["jsonb", sql.json([1, "a", null]), '[1, "a", null]'],
    ["json", sql.json([1, "a"]), '[1, "a"]'],
    ["jsonb", sql.json("text"), '"text"'],
    ["plain", "2026-01-01 10:00:00.123456", "2026-01-01 10:00:00.123456"],
    ["numbers", [1, null, -3], "{1,NULL,-3}"],
    ["bigs", [2n ** 63n - 1n, null], "{9223372036854775807,NULL}"],
    ["flags", [true, null, false], "{t,NULL,f}"],
    [
      "grid",
      [
        [1, 2],
        [3, 4],
      ],
      "{{1,2},{3,4}}",
    ],
    ["jsons", [{ a: 1 }, null], '{"{\\"a\\": 1}",NULL}'],
  ];

  test.each(TABLE)("is stored in a column: %s, %s", async (column, value, stored) => {
    const name = sql.identifier(column);
    const row = await port.db.one(sql<{ text: string | null }>`
      with new as (insert into kept (${name}) values (${value}) returning ${name}) select ${name}::text as text
        from new`);
    expect(row.text).toBe(stored);
  });

  test("is stored in an array, and read again", async () => {
    const texts = [SPECIAL, null, "NULL", "", "{}"];
    expect(await port.db`insert into kept (texts) values (${texts}) returning texts`).toEqual([{ texts }]);
  });

  test("is of the type that it declares, or of none", async () => {
    const types = await port.db<{ y: string }>`
      select y::text from (values (1, pg_typeof(${5n})), (2, pg_typeof(${true})), (3, pg_typeof(${new Date(0)})),
        (4, pg_typeof(${new Uint8Array([1])})), (5, pg_typeof(${sql.json([1])})), (6, pg_typeof(${2n ** 70n})),
        (7, pg_typeof(${[new Date(0)]})), (8, pg_typeof(${"x"}::text)), (9, pg_typeof(${1} + 1))) as t (at, y)
          order by at`;
    expect(types.map(({ y }) => y)).toEqual([
      "bigint",
      "boolean",
      "timestamp with time zone",
      "bytea",
      "jsonb",
      "numeric",
      "timestamp with time zone[]",
      "text",
      "integer",
    ]);
  });

  describe("stands in a place", () => {
    test("select", async () => {
      expect(
        await port.db.one(sql`select ${5n} as a, ${true} as b, ${"x"} as c, ${null} as d, ${new Date(0)} as e`),
      ).toEqual({
        a: 5n,
        b: true,
        c: "x",
        d: null,
        e: new Date(0),
      });
    });

    test("an operator", async () => {
      expect(
        await port.db.one(
          sql`select ${5n} + ${1} as a, ${1} + 1 as b, not ${true} as c, - ${5n} as d, ${2n}::text as e`,
        ),
      ).toEqual({
        a: 6n,
        b: 2,
        c: false,
        d: -5n,
        e: "2",
      });
    });

    test("= any()", async () => {
      const query = sql`select n from generate_series(1, 5) n where n = any(${[2, 4]}) or n = any(${[5n]}) order by n`;
      expect(await port.db.query(query)).toEqual([{ n: 2 }, { n: 4 }, { n: 5 }]);
    });

    test("limit, an array, a function, a case, jsonb_build_object, unnest, interval arithmetic", async () => {
      const row = await port.db.one(sql`
        select (select count(*)::int from (select 1 from generate_series(1, 9) limit ${3n}) x) as a, array[${1n},
          ${2n}] as b,
          coalesce(${null}, ${"x"}) as c, case when ${false} then ${1n} else ${2n} end as d,
          jsonb_build_object('k', ${true}, 'n', ${5n}) as e,
            (select array_agg(u) from unnest(${["a", "b"]}::text[]) u) as f,
          ${new Date(0)} + interval '1 day' as g`);
      expect(row).toEqual({
        a: 3,
        b: [1n, 2n],
        c: "x",
        d: 2n,
        e: { k: true, n: 5 },
        f: ["a", "b"],
        g: new Date(86_400_000),
      });
    });

    test("before a subscript", async () => {
      const row = await port.db.one(sql`select ${sql.json({ a: [7, "x"] })}['a'][${1}] as it, ${5n}::text || 'x' as b`);
      expect(row).toEqual({ it: "x", b: "5x" });
    });

    test("beside text that looks like a placeholder", async () => {
      expect(await port.db.one(sql`select '$1' as a, ${7n} as b, ${sql.raw("'$2'")} as c /* $1 */`)).toEqual({
        a: "$1",
        b: 7n,
        c: "$2",
      });
    });
  });

  test("that cannot be written is refused before anything is sent", async () => {
    await expect(port.db`select ${"\ud800"}`).rejects.toMatchObject({ code: "INVALID_TEMPLATE" });
    await expect(port.db`select ${{}}`).rejects.toMatchObject({ code: "INVALID_TEMPLATE" });
  });

  test("that the server refuses fails with the server's error, and a hint", async () => {
    await expect(port.db`insert into kept (bytes) values (${"\\x0"})`).rejects.toMatchObject({ code: "22023" });
    await expect(port.db`insert into kept (flag) values (${"maybe"})`).rejects.toMatchObject({ code: "22P02" });
    await expect(port.db`insert into kept (numbers) values (${5})`).rejects.toMatchObject({ code: "22P02" });
    await expect(port.db`select ${"x"} from kept where jsonb_typeof(${"x"}) = ${true}`).rejects.toMatchObject({
      code: "42883",
    });
    await expect(port.db`select ${true}, ${1n}, ${"a"} + ${"b"}`).rejects.toMatchObject({
      hint: expect.stringContaining('Say the type of value 4 (after "+ ")') as string,
    });
    await expect(port.db`select ${true}, ${1n} as b, ${2n} + nothing`).rejects.toMatchObject({
      code: "42703",
      position: String("select $1, $2 as b, $3 + ".length + 1),
    });
  });
});

describePorts("a column", (port) => {
  test.each<[string, unknown]>([
    ["9223372036854775807::int8", 9223372036854775807n],
    ["1::int8", 1n],
    ["null::int8", null],
    ["array[1, null, 9223372036854775807]::int8[]", [1n, null, 9223372036854775807n]],
    ["1::int4", 1],
    ["1::int2", 1],
    ["1.5::float8", 1.5],
    ["true", true],
    ["'text'::text", "text"],
    ["1.50::numeric", "1.50"],
    [`'{"a": [1]}'::jsonb`, { a: [1] }],
    [`'{"a": [1]}'::json`, { a: [1] }],
    ["'2026-01-02T03:04:05Z'::timestamptz", new Date("2026-01-02T03:04:05Z")],
    ["'\\x00ff'::bytea", expect.objectContaining({ 0: 0, 1: 255, length: 2 })],
    ["array['a', null, 'NULL']::text[]", ["a", null, "NULL"]],
    [
      "array[[1, 2], [3, 4]]",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'{}'::int4[]", []],
    ["'3f2504e0-4f89-11d3-9a0c-0305e82c3301'::uuid", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
    ["array[true, null]", [true, null]],
    ["array['{\"a\": 1}'::jsonb]", [{ a: 1 }]],
    ["'x'::name", "x"],
    ["'pg_class'::regclass", "pg_class"],
  ])("%s", async (expression, expected) => {
    const row = await port.db.one(sql<{ it: unknown }>`select ${sql.raw(expression)} as it`);
    expect(row.it).toEqual(expected);
  });

  test("of a type that is met for the first time, in a transaction that makes it", async () => {
    await port.db.begin(async (tx) => {
      await tx`create type mood as enum ('sad', 'so "so"')`;
      await tx`create domain id_of as int8`;
      expect(
        await tx`select 'sad'::mood as a, array['so "so"', null]::mood[] as b, 5::id_of as c, array[6]::id_of[] as d`,
      ).toEqual([{ a: "sad", b: ['so "so"', null], c: 5n, d: [6n] }]);
    });
  });

  test("with a name that objects have, or twice", async () => {
    const [row] = await port.db`select 1 as "toString", 2 as x, 3 as x`;
    expect(row).toEqual({ toString: 1, x: 3 });
  });
});
