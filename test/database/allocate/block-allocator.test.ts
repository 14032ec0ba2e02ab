import { type AnySequence, bind, createSequence, type Database, dropSequence, pgSchema, pgSequence } from "nextval";
import { allocator, blockAllocator } from "nextval/allocate";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { cuttable, type CuttableServer } from "../../server/cut.js";
import { startServer } from "../../server/server.js";
import { useDatabase } from "../../support/database.js";
import { recordStatements, type StatementRecorder } from "../../support/hosts/recorder.js";
import { range, unused, valuesOf } from "../../support/ranges.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq", { increment: 100 });
let recorder: StatementRecorder;
let network: CuttableServer;
let client: postgres.Sql;
let db: Database;

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  recorder = await recordStatements(database.url);
  network = await cuttable(recorder.url);
  client = postgres(network.url, { onnotice: () => {}, max: 1, backoff: () => 0.01 });
  db = bind(client);
});
beforeEach(async () => {
  await database.client.unsafe(
    "drop schema if exists billing cascade; drop schema public cascade; create schema public",
  );
  await create(orderSeq);
  await db`select 1`;
  recorder.statements.length = 0;
});
afterEach(() => {
  expect(unhandled.splice(0)).toEqual([]);
});
afterAll(async () => {
  process.off("unhandledRejection", note);
  await client.end({ timeout: 1 });
  await network.close();
  await recorder.close();
});

async function create(sequence: AnySequence): Promise<void> {
  await bind(database.client).query(createSequence(sequence));
}

/** How many statements have drawn from a sequence. */
const draws = () => recorder.statements.filter(({ text }) => text.includes("nextval(")).length;

test("one draw returns as many consecutive ids as the increment", async () => {
  const ids = blockAllocator(db, orderSeq);
  expect(await ids.next()).toBe(1n);
  expect(await ids.take(99)).toEqual(range(2, 100));
  expect(draws()).toBe(1);
  expect(await ids.next()).toBe(101n);
  expect(draws()).toBe(2);
  expect(await ids.take(3)).toEqual(range(102, 104));
  // The definition is read once.
  expect(recorder.statements).toHaveLength(3);
  expect(await ids.close()).toEqual(unused(105, 200));
});

test("blocks wait for the server's log by default", async () => {
  const flushes = () => recorder.statements.filter(({ text }) => text.includes("pg_logical_emit_message(")).length;
  const durable = blockAllocator(db, orderSeq);
  expect([await durable.next(), await durable.take(250)]).toEqual([1n, range(2, 251)]);
  expect([draws(), flushes()]).toEqual([2, 2]);
  const fast = blockAllocator(db, orderSeq, { durable: false });
  expect([await fast.next(), await fast.take(250)]).toEqual([301n, range(302, 551)]);
  expect([draws(), flushes()]).toEqual([4, 2]);
});

test("all missing blocks are drawn in one statement, in the order of the calls", async () => {
  const ids = blockAllocator(db, orderSeq);
  const [one, many, more] = await Promise.all([ids.next(), ids.take(1250), ids.take(2)]);
  expect([one, ...many, ...more]).toEqual(range(1, 1253));
  expect(draws()).toBe(2);
  expect(await ids.take(0)).toEqual([]);
  expect(await ids.close()).toEqual(unused(1254, 1300));
  await expect(ids.next()).rejects.toMatchObject({ code: "ALLOCATOR_CLOSED", sequence: "order_seq" });
});

test("several programs draw different blocks", async () => {
  const all = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const ids = blockAllocator(bind(database.connect({ max: 1 })), orderSeq, { lowWater: 10 });
      const taken: bigint[] = [];
      for (let index = 0; index < 50; index++) taken.push(await ids.next(), ...(await ids.take(index)));
      return [...taken, ...valuesOf(await ids.close())];
    }),
  );
  const sorted = all.flat().sort((a, b) => Number(a - b));
  expect(sorted).toEqual(range(1, sorted.length));
});

test.each([
  ["bigint", { increment: -10 }, [-1n, -2n, -3n], -10n, -11n],
  ["number", { as: "smallint", increment: -10, maxValue: 5, startWith: 5 }, [5, 4, 3], -4, -5],
  ["number", { as: "integer", increment: 10, minValue: -7, startWith: -7 }, [-7, -6, -5], 2, 3],
  ["string", { mode: "string", increment: 10, startWith: "9007199254740989" }, ["89", "90", "91"], "98", "99"],
  [
    "bigint",
    { increment: 10, startWith: "9007199254740990" },
    [2n ** 53n - 2n, 2n ** 53n - 1n, 2n ** 53n],
    2n ** 53n + 7n,
    2n ** 53n + 8n,
  ],
] as const)("values are %s: %j", async (type, options, first, last, then) => {
  const sequence = pgSequence("typed_seq", options as {}) as AnySequence;
  await create(sequence);
  const ids = blockAllocator(db, sequence);
  const shown = (value: unknown) => (type === "string" ? String(value).slice(-2) : value);
  const values = await ids.take(10);
  expect(values.every((value) => typeof value === type)).toBe(true);
  expect(values.slice(0, 3).map(shown)).toEqual(first);
  expect(shown(values[9])).toBe(last);
  expect(shown(await ids.next())).toBe(then);
  await ids.close();
});

test.each([
  [{ increment: 10, maxValue: 25 }, range(1, 25)],
  [{ increment: 10, maxValue: 21 }, range(1, 21)],
  [{ increment: -10, minValue: -25 }, range(-25, -1).reverse()],
  [
    { increment: 10, startWith: "9223372036854775794" },
    Array.from({ length: 14 }, (_, i) => 2n ** 63n - 14n + BigInt(i)),
  ],
  [{ increment: -10, startWith: "-9223372036854775805" }, [3n, 2n, 1n, 0n].map((i) => -(2n ** 63n) + i)],
])("ids end at the bound within a block: %j", async (options, expected) => {
  const sequence = pgSequence("short_seq", options as {}) as AnySequence;
  await create(sequence);
  const ids = blockAllocator(db, sequence);
  const values: unknown[] = [];
  const ended = { code: "SEQUENCE_EXHAUSTED", sequence: "short_seq" };
  for (;;) {
    const value = await ids.next().catch((error: unknown) => error);
    if (value instanceof Error) {
      expect(value).toMatchObject(ended);
      break;
    }
    values.push(value);
  }
  expect(values).toEqual(expected);
  await expect(ids.take(2)).rejects.toMatchObject(ended);
  expect(await ids.close()).toEqual({ count: 0, unused: [] });
});

test("a block is handed out up to the bound, and a take that wants more fails without losing it", async () => {
  const sequence = pgSequence("short_seq", { increment: 10, maxValue: 14 });
  await create(sequence);
  const ids = blockAllocator(db, sequence);
  await ids.take(11);
  await expect(ids.take(10)).rejects.toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
  expect(await ids.take(3)).toEqual(range(12, 14));
});

test.each([
  [{ increment: 1 }, "increment 1 (declared: 100)", "blocks of another size would overlap or leave ids out"],
  [
    { increment: -100, maxValue: 1000, minValue: 1 },
    "increment -100 (declared: 100), maxValue 1000 (declared: 9223372036854775807)",
    "blocks of another size would overlap or leave ids out, and the ids would end elsewhere",
  ],
  [{ increment: 100, maxValue: 500 }, "maxValue 500 (declared: 9223372036854775807)", "the ids would end elsewhere"],
  [{ increment: 100, minValue: -500 }, "minValue -500 (declared: 1)", "the ids would end elsewhere"],
  [{ increment: 100, cycle: true }, "cycle true (declared: false)", "its blocks would come a second time"],
])("a database that has %j is refused before the first block", async (options, differences, harm) => {
  await database.client`drop sequence order_seq`;
  await create(pgSequence("order_seq", options as {}));
  const ids = blockAllocator(db, orderSeq);
  for (const result of await Promise.allSettled([ids.next(), ids.take(5)])) {
    expect(result).toMatchObject({
      status: "rejected",
      reason: {
        code: "SEQUENCE_DIFFERS",
        sequence: "order_seq",
        message: `order_seq: the database has ${differences}`,
        hint: `Alter the sequence or its declaration, because ${harm}.`,
      },
    });
  }
  expect(draws()).toBe(0);
  await database.client`drop sequence order_seq`;
  await create(orderSeq);
  expect(await ids.next()).toBe(1n);
});

test("an increment that is altered while running is noticed when the values show it", async () => {
  const ids = blockAllocator(db, orderSeq);
  await ids.take(100);
  await database.client`alter sequence order_seq increment 1`;
  await expect(ids.next()).rejects.toMatchObject({ code: "SEQUENCE_DIFFERS" });
  await expect(ids.next()).rejects.toMatchObject({ code: "SEQUENCE_DIFFERS" });
  await database.client`alter sequence order_seq increment 100 restart 401`;
  expect(await ids.next()).toBe(401n);
  await ids.take(99);
  // A sequence that was set to elsewhere is all the same to it.
  await database.client`select setval('order_seq', 777)`;
  expect(await ids.take(101)).toEqual(range(877, 977));
  await database.client`select setval('order_seq', 10000)`;
  expect(await ids.take(250)).toEqual([...range(978, 1076), ...range(10_100, 10_250)]);
});

test("names are quoted, and schemas are those of the declaration", async () => {
  await database.client`create schema billing`;
  const oddSeq = pgSchema("billing").sequence(`we"ird'\\ Seq`, { increment: 5 });
  await create(oddSeq);
  const ids = blockAllocator(db, oddSeq);
  expect(await ids.take(6)).toEqual(range(1, 6));
  const missing = blockAllocator(db, pgSchema("nowhere").sequence("order_seq", { increment: 100 }));
  await expect(missing.next()).rejects.toMatchObject({
    code: "SEQUENCE_NOT_FOUND",
    message: 'nowhere.order_seq: there is no sequence "nowhere"."order_seq"',
    hint: "Create it with createSequence.",
  });
  await database.client`create table plain_table (id int)`;
  await expect(blockAllocator(db, pgSequence("plain_table")).next()).rejects.toMatchObject({
    code: "SEQUENCE_NOT_FOUND",
  });
});

test("clients with their own transforms and parsers get the same", async () => {
  const theirs = database.connect({ max: 1, transform: postgres.camel, types: { bigint: postgres.BigInt } });
  expect(await blockAllocator(bind(theirs), orderSeq).take(2)).toEqual([1n, 2n]);
});

test.each(["request", "answer"] as const)("a cut connection (%s) reaches every waiter once", async (at) => {
  const ids = blockAllocator(db, orderSeq);
  await ids.take(95);
  network.cutNext(at);
  const results = await Promise.allSettled([ids.take(10), ids.next(), ids.take(500)]);
  expect(new Set(results.map((result) => result.status === "rejected" && result.reason)).size).toBe(1);
  expect(results[0]).toMatchObject({ status: "rejected", reason: { code: "CONNECTION_CLOSED" } });
  const values = await ids.take(10);
  expect(values.slice(0, 5)).toEqual(range(96, 100));
  expect(Number(values[5]) % 100).toBe(1);
  // Also a first block, and the reading of the definition.
  const fresh = blockAllocator(db, orderSeq);
  network.cutNext(at);
  await expect(fresh.next()).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(Number(await fresh.next()) % 100).toBe(1);
});

test("the error names missing privileges", async () => {
  const role = `blocking_${database.name}`;
  await database.client.unsafe(`create role ${role} login password 'secret'; grant usage on schema public to ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "secret";
  const theirs = postgres(url.href, { onnotice: () => {}, max: 1 });
  try {
    const ids = blockAllocator(bind(theirs), orderSeq);
    await expect(ids.next()).rejects.toMatchObject({ code: "PERMISSION_DENIED", sequence: "order_seq" });
    await database.client.unsafe(`grant usage on sequence order_seq to ${role}`);
    expect(await ids.next()).toBe(1n);
  } finally {
    await theirs.end({ timeout: 1 });
    await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});

test("close waits for waiting calls; with lowWater the next block is drawn earlier", async () => {
  const ids = blockAllocator(db, orderSeq, { lowWater: 10 });
  network.hold();
  const waiting = Promise.all([ids.next(), ids.take(150)]);
  const closing = ids.close();
  await expect(ids.take(1)).rejects.toMatchObject({ code: "ALLOCATOR_CLOSED" });
  network.release();
  expect((await waiting).flat()).toEqual(range(1, 151));
  expect(await closing).toEqual(unused(152, 200));
  {
    await using early = blockAllocator(db, orderSeq, { lowWater: 10 });
    await early.take(90);
    const before = draws();
    await early.next();
    while (draws() === before) await new Promise((resolve) => setTimeout(resolve, 5));
    await early.take(9);
    expect(draws()).toBe(before + 1);
    expect(await early.next()).toBe(301n);
  }
});

test("several blocks are drawn at a time, in one statement, and before they run out", async () => {
  const ids = blockAllocator(db, orderSeq, { size: 3, lowWater: 150 });
  expect(await ids.take(150)).toEqual(range(1, 150));
  expect(draws()).toBe(1);
  expect(await ids.next()).toBe(151n);
  while (draws() === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await ids.take(449)).toEqual(range(152, 600));
  expect(draws()).toBe(2);
  // Those on their way now are not enough, and three more come.
  expect(await ids.take(450)).toEqual(range(601, 1050));
  expect(draws()).toBe(4);
  expect(await ids.close()).toEqual(unused(1051, 1200));
});

test.each([
  ["ascends", { increment: 100, maxValue: 1050 }, range(1, 1050)],
  ["descends", { increment: -100, minValue: -1050 }, range(-1050, -1).reverse()],
])(
  "every id of a sequence that %s is handed out, however many blocks are drawn at a time",
  async (_way, options, all) => {
    for (const size of [3, 8, 100]) {
      await create(pgSequence("short_seq", options as {}));
      const ids = blockAllocator(db, pgSequence("short_seq", options as {}), { size, lowWater: 100 });
      const given: bigint[] = [];
      while (given.length < all.length) given.push(...(await ids.take(50)));
      expect(given).toEqual(all);
      await expect(ids.next()).rejects.toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
      await ids.close();
      await db.query(dropSequence(pgSequence("short_seq")));
    }
  },
);

test("close draws no more blocks than waiting calls need", async () => {
  const ids = blockAllocator(db, orderSeq, { size: 3 });
  network.hold();
  const waiting = [ids.next(), ids.take(450)];
  const closing = ids.close();
  network.release();
  expect((await Promise.all(waiting)).flat()).toEqual(range(1, 451));
  expect(await closing).toEqual(unused(452, 500));
});

test("a server that is killed loses no more than blocks", async () => {
  const server = await startServer();
  const theirs = postgres(server.url, { onnotice: () => {}, max: 1, connect_timeout: 5, backoff: () => 0.05 });
  try {
    const own = bind(theirs);
    await own.query(createSequence(orderSeq));
    const ids = blockAllocator(own, orderSeq);
    const values = await ids.take(50);
    await server.crash();
    values.push(...(await ids.take(50)));
    await expect(ids.next()).rejects.toThrow(/./);
    await server.start();
    let more: bigint[] | undefined;
    while (more === undefined) more = await ids.take(500).catch(() => undefined);
    expect(new Set([...values, ...more]).size).toBe(600);
  } finally {
    await theirs.end({ timeout: 1 });
    await server.stop();
  }
});

test("invalid arguments are rejected immediately", () => {
  expect(() => blockAllocator(db, pgSequence("order_seq", { increment: 10, cycle: true }))).toThrow(
    "order_seq: blockAllocator does not accept a sequence that cycles, because its blocks would overlap",
  );
  for (const [options, problem] of [
    [{ lowWater: 101 }, "a lowWater from 0 to the 100 ids that it draws at a time, not 101"],
    [{ lowWater: 301, size: 3 }, "a lowWater from 0 to the 300 ids that it draws at a time, not 301"],
    [{ size: 0 }, "a size from 1 to 2147483647 blocks, not 0"],
    [{ size: 1.5 }, "a size from 1 to 2147483647 blocks, not 1.5"],
  ] as const) {
    expect(() => blockAllocator(db, orderSeq, options)).toThrow(`order_seq: blockAllocator takes ${problem}`);
  }
  for (const blocks of ["up", "DOWNWARDS", "", null, 1, ["upwards"]]) {
    expect(() => blockAllocator(db, orderSeq, { blocks } as never)).toThrow(
      /^order_seq: blockAllocator takes blocks as "upwards" or "downwards", not /,
    );
  }
  expect(() => blockAllocator(db, pgSequence("wide_seq", { increment: 2n ** 50n }), { size: 5 })).toThrow(
    "wide_seq: blockAllocator takes a size from 1 to 4 blocks, not 5",
  );
  expect(() => blockAllocator(db, "order_seq" as never)).toThrow("a sequence made by pgSequence is needed");
  for (const wrong of [undefined, null, {}, database.client]) {
    expect(() => blockAllocator(wrong as never, orderSeq)).toThrow("blockAllocator takes a handle first");
    expect(() => allocator(wrong as never, orderSeq, { size: 5 })).toThrow("allocator takes a handle first");
  }
});

test("close joins the ids of several draws", async () => {
  const ids = blockAllocator(db, orderSeq, { lowWater: 100 });
  expect(await ids.take(1)).toEqual([1n]);
  expect(await ids.close()).toEqual(unused(2, 200));
});

test("close returns unused ids as ranges, however many ids a block has", async () => {
  const wide = pgSequence("wide_seq", { increment: 10n ** 10n });
  await create(wide);
  const ids = blockAllocator(db, wide);
  expect(await ids.take(3)).toEqual(range(1, 3));
  expect(await ids.close()).toEqual({ count: 9_999_999_997, unused: [{ first: 4n, last: 10n ** 10n, step: 1n }] });
});

test("adjacent blocks are one range, in the sequence's direction and with values of its mode", async () => {
  const downSeq = pgSequence("down_seq", {
    increment: -10,
    mode: "number",
    maxValue: 1000,
    minValue: 1,
    startWith: 1000,
  });
  await create(downSeq);
  const ids = blockAllocator(db, downSeq, { size: 3 });
  expect(await ids.take(5)).toEqual([1000, 999, 998, 997, 996]);
  expect(await ids.close()).toEqual({ count: 25, unused: [{ first: 995, last: 971, step: -1 }] });
});

test("blocks of any size are opened immediately, and counted without creating their ids", async () => {
  const wide = pgSequence("wide_seq", { increment: 2n ** 61n });
  await create(wide);
  const ids = blockAllocator(db, wide);
  expect(await ids.take(3)).toEqual(range(1, 3));
  await ids.close();
});
