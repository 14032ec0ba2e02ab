import { sql } from "nextval";
import { expect, test } from "vitest";
import { describePorts } from "../support/ports.js";

const midnight = new Date(2026, 0, 2);
const utc = new Date("2026-01-02T00:00:00Z");

/** The table of docs/drivers.md: what a port does differently, and nothing else. */
const DIFFERENCES: { readonly [expression: string]: { readonly [port: string]: unknown } } = {
  "'2026-01-02'::date": { "postgres.js": utc, pg: midnight, PGlite: utc },
  "'infinity'::timestamptz": { "postgres.js": new Date(Number.NaN), pg: Infinity, PGlite: Infinity },
  "'\\x00ff'::bytea": {
    "postgres.js": Buffer.from([0, 255]),
    pg: Buffer.from([0, 255]),
    PGlite: new Uint8Array([0, 255]),
  },
  "'1 day'::interval": { "postgres.js": "1 day", pg: expect.objectContaining({ days: 1 }) as unknown, PGlite: "1 day" },
  "array[1.5]::numeric[]": { "postgres.js": ["1.5"], pg: [1.5], PGlite: ["1.5"] },
  "'0044-03-15 00:00+00 BC'::timestamptz": {
    "postgres.js": new Date("-000043-03-15T00:00:00Z"),
    pg: new Date("-000043-03-15T00:00:00Z"),
    PGlite: new Date(Number.NaN),
  },
  "'(1,2)'::point": { "postgres.js": "(1,2)", pg: { x: 1, y: 2 }, PGlite: "(1,2)" },
};

describePorts("what differs", (port) => {
  const of = (expected: { readonly [port: string]: unknown }) => expected[port.name.replace(/,.*/, "")];

  test.each(Object.entries(DIFFERENCES))("how %s arrives", async (expression, expected) => {
    const { it } = await port.db.one(sql<{ it: unknown }>`select ${sql.raw(expression)} as it`);
    expect(it).toEqual(of(expected));
  });

  test("the command of a result", async () => {
    const { command } = await port.db`create table made (id bigint)`;
    expect(command).toBe(of({ "postgres.js": "CREATE TABLE", pg: "CREATE", PGlite: "CREATE" }));
  });

  test("prepared statements", async () => {
    await port.db.session(async (session) => {
      for (let time = 0; time < 3; time++) await session`select 4711 as marker`;
      const prepared =
        await session`select from pg_prepared_statements where statement ~ '4711' and statement !~ 'pg_prepared'`;
      expect(prepared.length).toBe(of({ "postgres.js": 1, pg: 0, PGlite: 0 }));
    });
  });

  test("cursors of statements that write", async () => {
    const writing = port.db`create table written as select 1 as id`.cursor()[Symbol.asyncIterator]();
    const outcome = await writing.next().then(
      () => "read",
      ({ code }: { code: string }) => code,
    );
    expect(outcome).toBe(of({ "postgres.js": "read", pg: "42601", PGlite: "42601" }));
    expect(await port.db`select 1 as a`).toEqual([{ a: 1 }]);
  });
});
