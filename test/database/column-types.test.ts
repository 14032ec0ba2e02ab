import { readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { bind, sql } from "nextval";
import { bind as bindPg } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { sharedPGlite } from "../support/ports.js";

const database = useDatabase();

/** A line of the tables in `docs/guides/values.md`. */
interface Line {
  readonly type: string;
  readonly promised: string;
  readonly text: string;
  readonly value: unknown;
}

/** What a row type may promise, and how a value shows that it is kept. */
const PROMISES: { readonly [type: string]: (value: unknown) => boolean } = {
  number: (value) => typeof value === "number",
  bigint: (value) => typeof value === "bigint",
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  Buffer: (value) => Buffer.isBuffer(value),
  Date: (value) => value instanceof Date,
  unknown: () => true,
};

async function linesOf(page: string): Promise<Line[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const row = /^\| `([a-z0-9_]+)`.*?\s+\| `(\w+)`\s+\| `(.*?)`\s+\| `(.*?)`\s+\|$/gm;
  const lines = [...text.matchAll(row)].map(([, type = "", promised = "", example = "", arrives = ""]) => ({
    type,
    promised,
    text: unescaped(example),
    value: runInNewContext(`(${unescaped(arrives)})`, { Buffer, Date }),
  }));
  // No line is left out because it is written in another way.
  expect(lines).toHaveLength(text.match(/^\| `/gm)?.length ?? 0);
  return lines;
}

/** A table of Markdown has `\|` for `|`. */
function unescaped(cell: string): string {
  return cell.replaceAll("\\|", "|");
}

describe("docs/guides/values.md", () => {
  let lines: Line[];

  beforeAll(async () => {
    lines = await linesOf("guides/values.md");
  });

  test("promises what each value is", () => {
    const broken = lines.filter(({ promised, value }) => !PROMISES[promised]?.(value));
    expect(broken).toEqual([]);
  });

  test("has every built-in type", async () => {
    const types = await bind(database.client)<{ name: string }>`
      select typname::text as name from pg_type
      where oid < 10000 and typarray <> 0 and typtype in ('b', 'r', 'm') and typname <> 'gtsvector'
      order by typname collate "C"`;
    expect([...new Set(lines.map(({ type }) => type))].sort()).toEqual(types.map(({ name }) => name));
  });

  test.each([true, false])(
    "says how each value arrives, alone, in a list and in a list of lists, with fetch_types: %s",
    async (fetch_types) => {
      const texts: string[] = [];
      const connection = { TimeZone: "UTC", lc_monetary: "C" };
      const debug = (_connection: number, text: string) => texts.push(text);
      const db = bind(database.connect({ max: 1, fetch_types, connection, debug }));
      const columns = lines.flatMap(({ type, text }, index) => {
        const [name, value] = [sql.identifier("pg_catalog", type), sql.literal(text)];
        const one = sql`${value}::${name} as ${sql.identifier(`one ${index}`)}`;
        const list = sql`array[${value}, null]::${name}[] as ${sql.identifier(`list ${index}`)}`;
        const lists = sql`array[[null], [${value}]]::${name}[] as ${sql.identifier(`lists ${index}`)}`;
        const none = sql`null::${name} as ${sql.identifier(`none ${index}`)}`;
        return [one, list, lists, none];
      });
      const statement = sql<{ [column: string]: unknown }>`select ${sql.join(columns)}`;
      // The second time it is prepared.
      for (let time = 0; time < 2; time++) {
        const row = await db.one(statement);
        const seen = lines.map(({ type }, index) => {
          return [type, ...["one", "list", "lists", "none"].map((column) => row[`${column} ${index}`])];
        });
        expect(seen).toEqual(lines.map(({ type, value }) => [type, value, [value, null], [[null], [value]], null]));
      }
      // The driver itself asks for array types first, unless told not to.
      expect(texts.filter((text) => text.includes("pg_type"))).toHaveLength(fetch_types ? 1 : 0);
    },
  );
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
  // The values of attmissingval are of type anyarray.
  await db`create table grown as select 1 as one`;
  await db`alter table grown add column two integer default 2`;
  const [missing] = await db`
    select attmissingval as missing from pg_attribute where attrelid = 'grown'::regclass and attname = 'two'`;
  expect(missing).toEqual({ missing: "{2}" });
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
    message: "the server wrote a date as 01/02/2020, which may be read in two ways. The statement has run.",
    hint: "Set DateStyle to ISO.",
  });
  expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
});

describe("a date of another style is refused, which the driver would read as", () => {
  let pool: Pool;
  afterAll(() => pool.end());
  const drivers = {
    "null: node-postgres": async () => bindPg((pool = new Pool({ connectionString: database.url, max: 1 }))),
    "another day: PGlite": async () => bindPGlite(await sharedPGlite()),
  };

  test.each(Object.entries(drivers))("%s", async (name, open) => {
    const db = await open();
    const midnight = name.endsWith("PGlite") ? new Date("2020-02-01") : new Date(2020, 1, 1);
    await db`set datestyle = 'SQL, DMY'`;
    for (const date of ["'2020-02-01'::date", "'2020-02-01'::timestamptz", "array[null, '2020-02-01'::timestamp]"]) {
      const read = db.query(sql`select ${sql.raw(date)} as day`);
      await expect(read).rejects.toMatchObject({ code: "UNEXPECTED_VALUE", hint: "Set DateStyle to ISO." });
    }
    const row = { day: null, days: [null, Infinity] };
    expect(await db`select null::date as day, array[null, 'infinity'::date] as days`).toEqual([row]);
    await db`reset datestyle`;
    expect(await db`select '[2:3]={NULL,2020-02-01}'::date[] as days`).toEqual([{ days: [null, midnight] }]);
  });
});

test("with array_nulls off, the server reads null in an array as text", async () => {
  const db = bind(database.connect({ max: 1, connection: { array_nulls: "off" } as Record<string, string> }));
  expect(await db`select ${["a", null]}::text[] as list`).toEqual([{ list: ["a", "NULL"] }]);
});

test("a parser of the client's own stays", async () => {
  const dates = { to: 1184, from: [1082, 1184], serialize: String, parse: (text: string) => `read ${text}` };
  const db = bind(database.connect({ max: 1, types: { dates } }));
  expect(await db`select '0001-01-01'::date as day, array['0001-01-01']::date[] as days`).toEqual([
    { day: "read 0001-01-01", days: ["read 0001-01-01"] },
  ]);
});
