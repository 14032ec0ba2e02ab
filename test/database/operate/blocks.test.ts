import * as fc from "fast-check";
import { type AnySequence, bind, createSequence, type Database, pgSequence } from "nextval";
import { blockAllocator } from "nextval/allocate";
import { planResync, type SequenceHealth, sequenceStatus, type StatusOptions } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { firstSeed } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { resync } from "../../support/resync.js";

/*
 * A program that makes ids of blocks puts rows between the steps of the sequence.
 */

const database = useDatabase();
let db: Database;
const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  db = bind(database.client);
  await run("drop schema if exists public cascade; create schema public");
});

async function problemsOf(options: StatusOptions, name = "s"): Promise<SequenceHealth["problems"]> {
  const { sequences } = await sequenceStatus(db, options);
  return sequences.flatMap(({ sequence, problems }) => (sequence.name === name ? problems : []));
}

const rowsOf = async (table: string) => {
  const rows = await database.client.unsafe<{ id: string }[]>(`select id from ${table}`);
  return new Set(rows.map(({ id }) => BigInt(id)));
};

/** The ids that an allocator hands out from here to the end. */
async function idsLeft(sequence: AnySequence): Promise<bigint[]> {
  const allocator = blockAllocator(db, sequence);
  const ids: bigint[] = [];
  for (;;) {
    try {
      ids.push(BigInt(await allocator.next()));
    } catch (error) {
      expect(error).toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
      return ids;
    }
  }
}

test("rows 50, 100, 200 over an increment of 20: the next block collides, and status says so", async () => {
  const feeds = { table: "orders", column: "id" };
  const declared = pgSequence("s", { increment: 20, feeds });
  await run(`create sequence s increment 20; create table orders (id bigint primary key);
    select nextval('s'); insert into orders values (50), (100), (200)`);
  const insert = async (sequence: AnySequence, count: number) => {
    const ids = await blockAllocator(db, sequence).take(count);
    for (const id of ids) await database.client`insert into orders values (${String(id)})`;
  };
  const [unasked, ...others] = await problemsOf({ declarations: [declared] });
  expect(others).toEqual([]);
  expect(unasked).toEqual({
    code: "BETWEEN_STEPS",
    level: "warning",
    message: "public.s: its next value is 21, and public.orders.id goes to 200, between its steps",
    hint: 'If programs make blocks of ids of its values, declare it with blocks: "upwards" or blocks: "downwards".',
    columns: [{ schema: "public", table: "orders", column: "id" }],
  });
  expect(await planResync(db, { declarations: [declared] })).toMatchObject({
    moves: [],
    skips: [{ reason: "public.orders.id goes to 200, which is between its steps", hint: unasked!.hint }],
  });
  const accepted = [{ code: "BETWEEN_STEPS", sequence: "s", reason: "other nodes" }] as const;
  expect((await planResync(db, { declarations: [declared], accepted })).skips).toEqual([]);
  await expect(insert(declared, 40)).rejects.toMatchObject({ code: "23505" });

  const asBlocks = pgSequence("s", { increment: 20, feeds, blocks: "upwards" });
  const known = { declarations: [asBlocks] };
  await run("select setval('s', 1)");
  const [problem] = await problemsOf(known);
  expect(problem).toMatchObject({
    code: "BEHIND_COLUMN",
    level: "critical",
    message: "public.s: its next value is 21, but public.orders.id goes to 200: inserts fail with 23505",
    fix: 'alter sequence "public"."s" restart with 201',
  });
  const { moves } = await resync(db, known);
  expect(moves).toMatchObject([{ from: 21n, to: 201n, extreme: 200n }]);
  await insert(asBlocks, 40);
  expect(await problemsOf(known)).toEqual([]);
});

longTest("the configuration says it too: pooled of Hibernate reads downwards", async () => {
  await run(`create sequence s increment 50; create table t (id bigint primary key);
    select setval('s', 51); insert into t values (60), (101)`);
  const feed = { sequence: "s", table: "t", column: "id" };
  const toOf = async (blocks?: "upwards" | "downwards") =>
    (await planResync(db, { feeds: [{ ...feed, ...(blocks && { blocks }) }] })).moves.map(({ to }) => to);
  // The next value 101 is in the table itself. Read downwards, 151 stands for 102 to 151.
  expect(await toOf()).toEqual([151n]);
  expect(await toOf("upwards")).toEqual([151n]);
  expect(await toOf("downwards")).toEqual([151n]);
  await run("delete from t where id = 101");
  // Read upwards, 60 is of the block that 51 began. Read downwards, it is in the next one, which is 52 to 101.
  expect(await toOf("upwards")).toEqual([]);
  expect(await toOf("downwards")).toEqual([151n]);
  expect(await toOf()).toEqual([]);
});

test("rows of other writers between the steps are no alarm if a default draws each id", async () => {
  await run(`create sequence s increment 3; create table t (id bigint primary key default nextval('s'));
    insert into t default values; insert into t values (2), (3), (5), (6)`);
  expect(await problemsOf({})).toMatchObject([{ code: "BETWEEN_STEPS", level: "ok" }]);
  expect(await planResync(db)).toMatchObject({ moves: [], skips: [] });
  await run("delete from t where id > 4");
  expect(await problemsOf({})).toEqual([]);
});

test("a block allocator reads as the declaration says, and not otherwise", async () => {
  const declared = pgSequence("s", { increment: 10, blocks: "downwards" });
  await db.query(createSequence(declared));
  const ids = blockAllocator(db, declared);
  expect([await ids.next(), ...(await ids.take(10))]).toEqual([
    1n,
    ...Array.from({ length: 10 }, (_, n) => BigInt(n + 2)),
  ]);
  expect(() => blockAllocator(db, declared, { blocks: "upwards" })).toThrow(
    's: blockAllocator got blocks "upwards", and the declaration "downwards"',
  );
  expect(await blockAllocator(db, declared, { blocks: "downwards" }).next()).toBe(12n);
});

const COLUMNS = ["bigint primary key", "numeric primary key", "integer", "text primary key"];

/** How many tables there are. A long run takes more. */
const TABLES = Number(process.env["NEXTVAL_TABLES"] ?? 16);

longTest(`${TABLES} tables: status and resync know which ids the next blocks have`, async () => {
  const cases = fc.sample(
    fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      isUp: fc.boolean(),
      blocks: fc.constantFrom("upwards", "downwards"),
      startWith: fc.integer({ min: -40, max: 40 }),
      drawn: fc.integer({ min: 0, max: 4 }),
      restart: fc.option(fc.integer({ min: -40, max: 40 })),
      rows: fc.uniqueArray(fc.integer({ min: -70, max: 70 }), { maxLength: 4 }),
      column: fc.constantFrom(...COLUMNS),
    }),
    { numRuns: TABLES, seed: firstSeed() },
  );
  const declared = (name: string, index: number): AnySequence => {
    const { size, isUp, blocks, startWith } = cases[index]!;
    const bounds = { startWith, minValue: -60, maxValue: 60, increment: isUp ? size : -size };
    return pgSequence(name, { ...bounds, blocks, feeds: { table: `t_${index}`, column: "id" } }) as AnySequence;
  };
  for (const [index, { column, rows, restart, drawn }] of cases.entries()) {
    for (const name of [`s_${index}`, `copy_${index}`]) {
      await db.query(createSequence(declared(name, index)));
      const moved = restart === null ? "" : `alter sequence ${name} restart ${restart};`;
      await run(`${moved} select nextval('${name}') from generate_series(1, ${drawn})`).catch(() => {});
    }
    await run(`create table t_${index} (id ${column});
      insert into t_${index} select unnest('{${rows.join()}}'::int[])`);
  }
  const options = { declarations: cases.map((_, index) => declared(`s_${index}`, index)), columns: "all" } as const;
  const before = await sequenceStatus(db, options);
  const { columns: _columns, ...known } = options;
  const { moves, skips, failures } = await resync(db, known);
  const named = [...skips, ...failures].map(({ sequence }) => sequence.name);
  let behind = 0;
  for (const [index, { rows, size, isUp }] of cases.entries()) {
    const name = `s_${index}`;
    const ids = await idsLeft(declared(`copy_${index}`, index));
    const collides = ids.some((id) => rows.includes(Number(id)));
    const health = before.sequences.find(({ sequence }) => sequence.name === name)!;
    const isBehind = health.problems.some(({ code }) => code === "BEHIND_COLUMN");
    expect({ ...cases[index], isBehind }).toEqual({ ...cases[index], isBehind: collides });
    const move = moves.find(({ sequence }) => sequence.name === name);
    if (!collides) expect(move).toBeUndefined();
    if (collides) behind++;
    if (collides && move === undefined) expect(named).toContain(name);
    if (move === undefined) continue;
    // It moves past the last row, and no further.
    const table = await rowsOf(`t_${index}`);
    const after = await idsLeft(declared(name, index));
    expect(after.filter((id) => table.has(id))).toEqual([]);
    const skipped = ids.slice(0, ids.length - after.length);
    expect(skipped.slice(-size).some((id) => table.has(id))).toBe(true);
    expect(isUp ? move.to > move.from : move.to < move.from).toBe(true);
  }
  expect(behind).toBeGreaterThan(TABLES / 6);
  expect(moves.length).toBeGreaterThan(TABLES / 10);
});
