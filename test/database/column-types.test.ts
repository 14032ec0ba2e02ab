import { bind, sql } from "nextval";
import { describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";

const database = useDatabase();

/** A value of each built-in type, and what it arrives as: the README's table. */
const SAMPLES: readonly [string, string, unknown][] = [
  ["int2", "-5", -5],
  ["int4", "2147483647", 2147483647],
  ["oid", "26", 26],
  ["float4", "1.5", 1.5],
  ["float8", "-Infinity", Number.NEGATIVE_INFINITY],
  ["int8", "9223372036854775807", 9223372036854775807n],
  ["numeric", "123456789012345678901234567890.10", "123456789012345678901234567890.10"],
  ["money", "1.50", "$1.50"],
  ["bool", "f", false],
  ["text", "NULL", "NULL"],
  ["varchar", "a,b", "a,b"],
  ["bpchar", "{}", "{}"],
  ["char", "x", "x"],
  ["name", "n", "n"],
  ["uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"],
  ["bit", "1", "1"],
  ["varbit", "101", "101"],
  ["json", '{"a": [1, null]}', { a: [1, null] }],
  ["jsonb", '["b"]', ["b"]],
  ["bytea", "\\x00ff", Buffer.from([0, 255])],
  ["date", "2026-01-02", new Date("2026-01-02")],
  ["timestamp", "2026-01-02 03:04:05", new Date(2026, 0, 2, 3, 4, 5)],
  ["timestamptz", "2026-01-02 03:04:05Z", new Date("2026-01-02T03:04:05Z")],
  ["time", "03:04:05", "03:04:05"],
  ["timetz", "03:04:05+00", "03:04:05+00"],
  ["interval", "1 day", "1 day"],
  ["inet", "10.0.0.1", "10.0.0.1"],
  ["cidr", "10.0.0.0/8", "10.0.0.0/8"],
  ["macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03"],
  ["macaddr8", "08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:05"],
  ["point", "(1,2)", "(1,2)"],
  ["lseg", "[(1,2),(3,4)]", "[(1,2),(3,4)]"],
  ["path", "[(1,2),(3,4)]", "[(1,2),(3,4)]"],
  ["box", "(3,4),(1,2)", "(3,4),(1,2)"],
  ["polygon", "((1,2),(3,4))", "((1,2),(3,4))"],
  ["line", "{1,2,3}", "{1,2,3}"],
  ["circle", "<(1,2),3>", "<(1,2),3>"],
  ["xml", "<a/>", "<a/>"],
  ["tsvector", "'a' 'b'", "'a' 'b'"],
  ["tsquery", "'a' & 'b'", "'a' & 'b'"],
  ["jsonpath", '$."a"', '$."a"'],
  ["pg_lsn", "0/16B3748", "0/16B3748"],
  ["pg_snapshot", "10:20:10,14", "10:20:10,14"],
  ["txid_snapshot", "10:20:10,14", "10:20:10,14"],
  ["tid", "(0,1)", "(0,1)"],
  ["xid", "5", "5"],
  ["xid8", "5", "5"],
  ["cid", "5", "5"],
  ["int2vector", "1 2", "1 2"],
  ["oidvector", "1 2", "1 2"],
  ["refcursor", "c", "c"],
  ["regclass", "pg_class", "pg_class"],
  ["regtype", "integer", "integer"],
  ["regproc", "now", "now"],
  ["regprocedure", "now()", "now()"],
  ["regoper", "||/", "||/"],
  ["regoperator", "+(integer,integer)", "+(integer,integer)"],
  ["regrole", "pg_monitor", "pg_monitor"],
  ["regnamespace", "pg_catalog", "pg_catalog"],
  ["regconfig", "simple", "simple"],
  ["regdictionary", "simple", "simple"],
  ["regcollation", '"C"', '"C"'],
  ["aclitem", "pg_monitor=r/pg_monitor", "pg_monitor=r/pg_monitor"],
  ["int4range", "[1,3)", "[1,3)"],
  ["int8range", "[1,3)", "[1,3)"],
  ["numrange", "[1,3)", "[1,3)"],
  ["daterange", "[2026-01-01,2026-01-02)", "[2026-01-01,2026-01-02)"],
  ["tsrange", "empty", "empty"],
  ["tstzrange", "empty", "empty"],
  ["int4multirange", "{[1,3)}", "{[1,3)}"],
  ["int8multirange", "{[1,3)}", "{[1,3)}"],
  ["nummultirange", "{[1,3)}", "{[1,3)}"],
  ["datemultirange", "{}", "{}"],
  ["tsmultirange", "{}", "{}"],
  ["tstzmultirange", "{}", "{}"],
];

test("each built-in type arrives as the README says, alone and in an array, and none of them is looked up", async () => {
  const texts: string[] = [];
  const client = database.connect({
    max: 1,
    fetch_types: false,
    connection: { TimeZone: "UTC", lc_monetary: "C" },
    debug: (_connection, text) => texts.push(text),
  });
  const db = bind(client);
  const columns = SAMPLES.map(([name, text], index) => {
    const [type, value] = [sql.identifier("pg_catalog", name), sql.literal(text)];
    const [one, list] = [sql.identifier(`one ${index}`), sql.identifier(`list ${index}`)];
    return sql`${value}::${type} as ${one}, array[${value}, null]::${type}[] as ${list}`;
  });
  const row = await db.one(sql<{ [column: string]: unknown }>`select ${sql.join(columns)}`);
  const seen = SAMPLES.map(([name], index) => [name, row[`one ${index}`], row[`list ${index}`]]);
  expect(seen).toEqual(SAMPLES.map(([name, , value]) => [name, value, [value, null]]));
  expect(texts).toHaveLength(1);

  const types = await db<{ name: string }>`
    select typname::text as name from pg_type
    where oid < 10000 and typarray <> 0 and typtype in ('b', 'r', 'm') and typname <> 'gtsvector'`;
  expect(types.map(({ name }) => name).sort()).toEqual(SAMPLES.map(([name]) => name).sort());
});

test("rows of the server's own catalogs, and statements without a value", async () => {
  const db = bind(database.connect({ max: 1, fetch_types: false }));
  const [row] =
    await db`select array[row(1, null)] as records, pg_notify('a', 'b') as nothing, 'x' as word, '{}' as braces`;
  expect(row).toEqual({ records: ["(1,)"], nothing: "", word: "x", braces: "{}" });
  const [namespaces] = await db`
    select array_agg(n) as rows from pg_namespace n where nspname = 'pg_catalog'`;
  expect(namespaces).toEqual({ rows: [expect.stringMatching(/^\(11,pg_catalog,/)] });
  const [names] = await db`select array['a', null]::information_schema.sql_identifier[] as names`;
  expect(names).toEqual({ names: ["a", null] });
});

describe("dates of all ages", () => {
  test.each(["UTC", "Europe/Berlin", "Africa/Monrovia", "Asia/Kolkata"])("in %s", async (TimeZone) => {
    const db = bind(database.connect({ max: 1, connection: { TimeZone } }));
    for (const iso of [
      "-000043-03-15T00:00:00.000Z",
      "0000-12-31T23:59:59.999Z",
      "0001-01-01T00:00:00.000Z",
      "0050-06-01T12:00:00.001Z",
      "0999-12-31T00:00:00.000Z",
      "1880-01-01T00:00:00.000Z",
      "2020-02-29T23:59:59.999Z",
      "+010000-01-01T00:00:00.000Z",
      "+275760-09-13T00:00:00.000Z",
    ]) {
      const date = new Date(iso);
      const [row] = await db<{ at: Date; all: Date[] }>`select ${date} as at, ${[date]} as all`;
      expect([row?.at.toISOString(), row?.all[0]?.toISOString()]).toEqual([iso, iso].map(() => date.toISOString()));
    }
  });

  test("a date is midnight UTC, and a timestamp is in the zone of the process", async () => {
    const [row] = await bind(database.client)<{ days: Date[]; times: Date[] }>`
      select array['0044-03-15 BC', '0001-01-01', '10000-01-01']::date[] as days,
        array['0044-03-15 01:02:03.004 BC', '0050-01-01 01:02:03']::timestamp[] as times`;
    expect(row?.days.map((day) => day.toISOString())).toEqual([
      "-000043-03-15T00:00:00.000Z",
      "0001-01-01T00:00:00.000Z",
      "+010000-01-01T00:00:00.000Z",
    ]);
    const local = (date: Date) => [
      date.getFullYear(),
      date.getMonth(),
      date.getDate(),
      date.getHours(),
      date.getSeconds(),
    ];
    expect(row?.times.map(local)).toEqual([
      [-43, 2, 15, 1, 3],
      [50, 0, 1, 1, 3],
    ]);
    expect(row?.times[0]?.getMilliseconds()).toBe(4);
  });
});

test("a value is read as it is, or refused, whatever the output settings of the server are", async () => {
  const db = bind(
    database.connect({
      max: 1,
      connection: { DateStyle: "SQL, DMY", bytea_output: "escape" } as Record<string, string>,
    }),
  );
  const bytes = Buffer.from("\0\\x41\u00ff'", "latin1");
  expect(await db`select ${bytes} as one, ${[bytes]}::bytea[] as many`).toEqual([{ one: bytes, many: [bytes] }]);
  expect(await db`select 'infinity'::timestamptz as never`).toEqual([{ never: new Date(NaN) }]);
  await expect(db`select '2020-02-01'::date as day`).rejects.toMatchObject({
    code: "UNEXPECTED_VALUE",
    message:
      "the server wrote a date as 01/02/2020, which may be read in two ways; set DateStyle to ISO. The statement has run.",
  });
  expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
});

test("a parser of the client's own stays", async () => {
  const dates = { to: 1184, from: [1082, 1184], serialize: String, parse: (text: string) => `read ${text}` };
  const db = bind(database.connect({ max: 1, types: { dates } }));
  expect(await db`select '0001-01-01'::date as day, array['0001-01-01']::date[] as days`).toEqual([
    { day: "read 0001-01-01", days: ["read 0001-01-01"] },
  ]);
});
