import { type AnySequence, bind, createSequence, type Database, nextval, pgSequence } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { recordStatements, type StatementRecorder } from "../support/hosts/recorder.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const FLUSH = `
  pg_catalog.pg_logical_emit_message(true, 'nextval', coalesce(
    case when pg_catalog.current_setting('synchronous_commit') operator(pg_catalog.=) 'off'
      then pg_catalog.set_config('synchronous_commit', 'local', true) end, ''))`;
let recorder: StatementRecorder;
let client: postgres.Sql;
let db: Database;

beforeAll(async () => {
  recorder = await recordStatements(database.url);
  client = postgres(recorder.url, { onnotice: () => {} });
  db = bind(client);
});
beforeEach(async () => {
  await database.client.unsafe("drop schema public cascade; create schema public");
  await bind(database.client).query(createSequence(orderSeq));
  recorder.statements.length = 0;
});
afterAll(async () => {
  await client.end({ timeout: 1 });
  await recorder.close();
});

const sent = () => recorder.statements.map(({ text }) => text).filter((text) => text.includes("order_seq"));

async function create(sequence: AnySequence): Promise<void> {
  await database.client.unsafe(`drop sequence if exists "${sequence.seqName}"`);
  await bind(database.client).query(createSequence(sequence));
}

describe("calls of one tick", () => {
  test("share one statement, and get their values in the order of the calls", async () => {
    const ids = await Promise.all(Array.from({ length: 1000 }, () => db.nextval(orderSeq)));
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, index) => BigInt(index + 1)));
    expect(sent()).toHaveLength(1);
  });

  test("a single call is the plain query, and one of the next tick another", async () => {
    expect(await db.nextval(orderSeq)).toBe(1n);
    expect(await db.nextval(orderSeq)).toBe(2n);
    const plain = `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), ${FLUSH}`;
    expect(sent()).toEqual([plain, plain]);
    expect(await db.nextval(orderSeq, { durable: false })).toBe(3n);
    expect(sent()[2]).toBe(`select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`);
  });

  test("keep sequences and durability apart", async () => {
    const ticketSeq = pgSequence("ticket_order_seq", { as: "integer", increment: -2 });
    await create(ticketSeq);
    const [a, b, c, d, e] = await Promise.all([
      db.nextval(orderSeq),
      db.nextval(ticketSeq),
      db.nextval(orderSeq),
      db.nextval(ticketSeq),
      db.nextval(orderSeq, { durable: false }),
    ]);
    expect([a, c].sort()).toEqual([1n, 2n]);
    expect([b, d, e]).toEqual([-1, -3, 3n]);
    expect(sent()).toHaveLength(3);
  });

  test("stay in their transaction, and come before what is sent after them", async () => {
    await database.client`create table drawn (id bigint)`;
    await db.begin(async (tx) => {
      const [one, two, current, rows, three] = await Promise.all([
        tx.nextval(orderSeq),
        tx.nextval(orderSeq),
        tx.currval(orderSeq),
        tx`insert into drawn values (${nextval(orderSeq)}) returning id`.execute(),
        tx.nextval(orderSeq),
      ]);
      expect([one, two, current, three]).toEqual([1n, 2n, 2n, 4n]);
      expect(rows).toEqual([{ id: 3n }]);
      const late = tx.nextval(orderSeq);
      const inner = tx.savepoint((savepoint) => savepoint.nextval(orderSeq));
      expect(await Promise.all([late, inner])).toEqual([5n, 6n]);
    });
    await db.session(async (session) => {
      const drawn = session.nextval(orderSeq);
      const again = session.lastval();
      expect(await Promise.all([drawn, again])).toEqual([7n, 7n]);
    });
  });

  test("fail together at the end of the sequence, and the next call is sent again", async () => {
    const shortSeq = pgSequence("short_seq", { maxValue: 5 });
    await create(shortSeq);
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => db.nextval(shortSeq)));
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "SEQUENCE_EXHAUSTED", sequence: "short_seq" },
      });
    }
    await db.setval(shortSeq, 4);
    expect(await db.nextval(shortSeq)).toBe(5n);
    await expect(db.nextval("order_seq" as never)).rejects.toThrow("a sequence made by pgSequence is needed");
    await expect(db.nextval(pgSequence("no_seq"))).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
  });

  test("of a transaction that are not awaited do no harm", async () => {
    let left: Promise<bigint> | undefined;
    await db.begin((tx) => {
      left = tx.nextval(orderSeq);
    });
    expect(await Promise.allSettled([left])).toMatchObject([{ status: "fulfilled", value: 1n }]);
  });
});

describe("many values at once", () => {
  test.each([
    ["upwards", pgSequence("many_seq"), 5000],
    ["downwards", pgSequence("many_seq", { increment: -3, maxValue: 100, startWith: 100 }), 5000],
    ["as numbers", pgSequence("many_seq", { as: "integer", increment: 7 }), 300],
    ["as strings", pgSequence("many_seq", { mode: "string", startWith: "9223372036854775000" }), 700],
    ["across 2^53", pgSequence("many_seq", { startWith: 2n ** 53n - 3n }), 8],
    ["from the very end of 64 bits", pgSequence("many_seq", { minValue: -(2n ** 63n), startWith: -(2n ** 63n) }), 40],
    [
      "with steps that overflow",
      pgSequence("many_seq", { increment: 2n ** 62n, minValue: -(2n ** 63n), startWith: -(2n ** 63n) }),
      3,
    ],
    ["coming round", pgSequence("many_seq", { maxValue: 7, cycle: true }), 20],
    ["with a cache", pgSequence("many_seq", { cache: 30 }), 100],
  ] as const)("%s", async (_what, sequence: AnySequence, count) => {
    await create(sequence);
    const expected = await database.client`select nextval('many_seq')::text as v from generate_series(1, ${count})`;
    await create(sequence);
    const values = await db.nextvals(sequence, count);
    expect(values.map(String)).toEqual(expected.map(({ v }) => v as string));
    const type = nextval(sequence).decode("1");
    expect(values.every((value) => typeof value === typeof type)).toBe(true);
  });

  test("zero values, and invalid counts", async () => {
    expect(await db.nextvals(orderSeq, 0)).toEqual([]);
    await expect(db.nextvals(orderSeq, -1)).rejects.toThrow(
      "order_seq: nextvals draws a whole number of values from 0 to 2147483647, not -1",
    );
    expect(sent()).toEqual([]);
  });

  test("values beyond 2^53 are refused as numbers if the declaration does not know them", async () => {
    await database.client`select setval('order_seq', 9007199254740990)`;
    const narrow = pgSequence("order_seq", { mode: "number", maxValue: 2 ** 53 - 1 });
    await expect(db.nextvals(narrow, 5)).rejects.toMatchObject({ code: "UNEXPECTED_VALUE" });
  });

  test("if the database has another increment than declared, the values are those of the database", async () => {
    await database.client`alter sequence order_seq increment 5`;
    expect(await db.nextvals(orderSeq, 4)).toEqual([1n, 6n, 11n, 16n]);
    await database.client`alter sequence order_seq increment 1 maxvalue 18 cycle`;
    expect(await db.nextvals(orderSeq, 5)).toEqual([17n, 18n, 1n, 2n, 3n]);
  });

  test("while others draw and set, only drawn values are returned", async () => {
    const others = Array.from({ length: 4 }, () => bind(database.connect({ max: 1 })));
    const batches = await Promise.all(
      others.flatMap((other) => Array.from({ length: 30 }, () => other.nextvals(orderSeq, 150))),
    );
    const all = batches.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(Number(all.reduce((most, value) => (value > most ? value : most)))).toBe(all.length);
    for (const batch of batches) expect(batch).toEqual([...batch].sort((a, b) => Number(a - b)));

    const setter = bind(database.connect({ max: 1 }));
    let leap = (): void => {};
    const leapt = new Promise<void>((resolve) => (leap = resolve));
    const drawing = Promise.all(
      others.map(async (other) => {
        const before = await other.nextvals(orderSeq, 50_000);
        await leapt;
        return [...before, ...(await other.nextvals(orderSeq, 50_000))];
      }),
    );
    let isDone = false;
    void drawing.finally(() => (isDone = true));
    for (let million = 1n; !isDone; million++) {
      await setter.setval(orderSeq, million * 1_000_000n);
      leap();
    }
    const leaping = (await drawing).flat();
    expect(new Set(leaping).size).toBe(leaping.length);
    const [row] = await database.client<[{ last: string }]>`select last_value::text as last from order_seq`;
    expect(leaping.every((value) => value > BigInt(all.length) && value <= BigInt(row.last))).toBe(true);
    expect(leaping.some((value) => value > 1_000_000n)).toBe(true);
  });
});
