import { bind, type Database } from "nextval";
import { sequenceStatus, toPrometheus, usageRates } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

/*
 * An upsert draws a value before it finds that the row is there.
 */

const database = useDatabase({ max: 1 });
let db: Database;
const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  db = bind(database.client);
  await run("drop schema if exists public cascade; create schema public");
});

/** Draws this many values of `s`, and inserts seven rows at most. */
const upserts = (count: number) =>
  `insert into t (k) select n % 7 from generate_series(1, ${count}) n on conflict do nothing`;

const TABLE = "create table t (id bigint primary key default nextval('s'), k int unique)";

async function burnedOf(name = "s") {
  const { sequences } = await sequenceStatus(db);
  const found = sequences.find(({ sequence }) => sequence.name === name)!;
  return found.problems.filter(({ code }) => code === "IDS_BURNED");
}

/** Waits until the server's counters of a table are those. They come late. */
async function counted(table: string, counter: "inserted" | "deleted", least: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const [row] = await database.client.unsafe<[{ n: string }]>(
          `select pg_stat_get_tuples_${counter}('${table}'::regclass) as n`,
        );
        return Number(row.n);
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBeGreaterThanOrEqual(least);
}

test("upserts that insert nothing use up a sequence", async () => {
  await run(`create sequence s maxvalue 10000; ${TABLE}; ${upserts(2600)}; analyze t`);
  const [problem, ...others] = await burnedOf();
  expect(others).toEqual([]);
  expect(problem).toEqual({
    code: "IDS_BURNED",
    level: "warning",
    message: "public.s: 2,600 values are used up for about 7 rows, counting deleted ones: 371 for each",
    hint: expect.stringContaining("so read first, or use merge, or insert ... select ... where not exists."),
    columns: [],
  });
  // What the hint says draws only for rows that are missing.
  await run(`insert into t (k) select new.k from generate_series(0, 6) new (k)
    where not exists (select from t where t.k = new.k)`);
  if ((await serverVersion(database.client)) >= 15) {
    await run(`merge into t using generate_series(0, 6) new (k) on t.k = new.k
      when not matched then insert (k) values (new.k)`);
  }
  expect(await database.client`select last_value from s`).toEqual([{ last_value: "2600" }]);
});

test.each(
  first(1, [
    ["a small share of the range", `create sequence s maxvalue 10500; ${TABLE}; ${upserts(2600)}; analyze t`],
    ["few values for each row", `create sequence s maxvalue 4000; ${TABLE}; ${upserts(2000)}; analyze t`],
    ["a table that was never analysed", `create sequence s maxvalue 5000; ${TABLE}; ${upserts(2600)}`],
    ["a start far up", `create sequence s start 4000 maxvalue 9000; ${TABLE}; ${upserts(2100)}; analyze t`],
    [
      "an increment above 1",
      `create sequence s increment 50 maxvalue 100000; ${TABLE};
      insert into t (k) select generate_series(1, 600); analyze t`,
    ],
    [
      "several columns",
      `create sequence s maxvalue 5000; create table t (id bigint primary key default nextval('s'),
      b bigint default nextval('s')); create table u (id bigint primary key default nextval('s'));
      insert into t select from generate_series(1, 60); insert into u select from generate_series(1, 2200);
      analyze t, u`,
    ],
    [
      "partitions, some of them empty",
      `create sequence s maxvalue 5000;
      create table t (id bigint default nextval('s'), k int, primary key (id, k)) partition by range (k);
      create table t_1 partition of t for values from (0) to (9000);
      create table t_2 partition of t for values from (9000) to (19000);
      insert into t (k) select generate_series(1, 2600); analyze t_1`,
    ],
    ["a sequence that cycles", `create sequence s maxvalue 10000 cycle; ${TABLE}; ${upserts(2600)}; analyze t`],
  ]),
)("no alarm: %s", async (_, setup) => {
  await run(setup);
  expect(await burnedOf()).toEqual([]);
});

longTest("no alarm for rows that were deleted or truncated, as long as the server has counted them", async () => {
  await run(`create sequence s maxvalue 5000; ${TABLE}; insert into t (k) select generate_series(1, 2600)`);
  await counted("t", "inserted", 2600);
  await run("delete from t");
  await counted("t", "deleted", 2600);
  await run("analyze t");
  expect(await burnedOf()).toEqual([]);
  const { sequences } = await sequenceStatus(db);
  expect(sequences[0]).toMatchObject({ rows: 2600n, inserts: 2600n });
  await run("truncate t; analyze t");
  expect(await burnedOf()).toEqual([]);
});

test("is information if code may draw for other tables", async () => {
  await run(`create sequence s maxvalue 10000; ${TABLE}; ${upserts(2600)}; analyze t;
    create function draw() returns bigint language plpgsql as $$ begin return nextval('s'); end $$`);
  expect(await burnedOf()).toMatchObject([{ level: "ok" }]);
});

test("partitions count together", async () => {
  await run(`create sequence s maxvalue 10000;
    create table t (id bigint default nextval('s'), k int, primary key (id, k), unique (k)) partition by range (k);
    create table t_1 partition of t for values from (0) to (3);
    create table t_2 partition of t for values from (3) to (9);
    create table t_3 partition of t for values from (9) to (20);
    ${upserts(2600)}; analyze t_1, t_2`);
  expect(await burnedOf()).toMatchObject([
    { message: expect.stringContaining("2,600 values are used up for about 7 rows") },
  ]);
});

longTest("the rate: the share of the drawn values that no row has", async () => {
  await run(`create sequence s; ${TABLE}`);
  await run(upserts(70));
  await counted("t", "inserted", 7);
  const before = await sequenceStatus(db);
  await run("insert into t (k) select n from generate_series(1, 20) n on conflict do nothing");
  await counted("t", "inserted", 21);
  const after = await sequenceStatus(db);
  const rates = usageRates(before, after);
  expect(rates).toMatchObject([{ drawn: 20n, burned: 0.3 }]);
  expect(toPrometheus(after, { rates })).toMatch(/^nextval_sequence_burned_ratio\{.*sequencename="s"\} 0\.3$/m);
  expect(usageRates(before, { ...before, sampledAt: after.sampledAt })).toMatchObject([{ drawn: 0n, burned: null }]);
});
