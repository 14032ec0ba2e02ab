import {
  type AnySequence,
  bind,
  createSequence,
  type Database,
  dropSequence,
  pgSequence,
  restartSequence,
  setSequenceOwnedBy,
  sql,
} from "nextval";
import { type Allocator, blockAllocator, type BlockReading } from "nextval/allocate";
import { applyResync, planResync } from "nextval/operate";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";
import { pooled, pooledLo } from "../../support/optimizers.js";
import { range, unused, valuesOf } from "../../support/ranges.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq", { increment: 50 });
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe("drop schema public cascade; create schema public");
  await db.query(createSequence(orderSeq));
});

/** Every id that the allocator hands out until its sequence ends. */
async function all(ids: Allocator<unknown>): Promise<unknown[]> {
  const given: unknown[] = [];
  for (;;) {
    const id = await ids.next().catch((error: unknown) => error);
    if (id instanceof Error) {
      expect(id).toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
      return given;
    }
    given.push(id);
  }
}

/** The ids of a sequence from the one that it is at, by how its values are read. Blocks end at `|`. */
describe("ids of a block", () => {
  test.each<[options: object, blocks: BlockReading | undefined, ids: bigint[]]>([
    [{ increment: 10, maxValue: 25 }, undefined, range(1, 25)],
    [{ increment: 10, maxValue: 25 }, "upwards", range(1, 25)],
    // The values are 1, 11 and 21: 22 to 25 would belong to 31.
    [{ increment: 10, maxValue: 25 }, "downwards", range(1, 21)],
    [{ increment: 10, minValue: -5, startWith: 8, maxValue: 30 }, "downwards", range(8, 28)],
    [{ increment: 10, minValue: -5, maxValue: 12 }, "downwards", range(-5, 5)],
    [{ as: "smallint", mode: "bigint", increment: 300, startWith: 32_000 }, "downwards", range(32_000, 32_600)],
    [{ increment: 10, minValue: "-9223372036854775808", maxValue: "-9223372036854775790" }, "downwards", low(11)],
    [{ increment: -10, minValue: -25 }, undefined, range(-25, -1).reverse()],
    [{ increment: -10, minValue: -25 }, "downwards", range(-25, -1).reverse()],
    [{ increment: -10, minValue: -25 }, "upwards", range(-21, -1).reverse()],
    [{ increment: -10, minValue: -12, maxValue: 5, startWith: 2 }, "upwards", range(-8, 2).reverse()],
    [{ increment: 1, maxValue: 4 }, "downwards", range(1, 4)],
    [{ increment: -1, minValue: -4 }, "upwards", range(-4, -1).reverse()],
  ])("%j read %s", async (options, blocks, ids) => {
    const sequence = pgSequence("short_seq", options as {}) as AnySequence;
    for (const size of [1, 2, 3]) {
      await db.query(createSequence(sequence));
      const lowWater = size - 1;
      expect(await all(blockAllocator(db, sequence, { blocks, size, lowWater }))).toEqual(ids);
      await db.query(dropSequence(sequence));
    }
  });

  /** The lowest bigints. */
  function low(count: number): bigint[] {
    return Array.from({ length: count }, (_, index) => -(2n ** 63n) + BigInt(index));
  }
});

test("the value of the start is a block of its own, and later values stand for whole blocks", async () => {
  const ids = blockAllocator(db, orderSeq, { blocks: "downwards" });
  expect(await ids.next()).toBe(1n);
  expect(await ids.close()).toEqual({ count: 0, unused: [] });
  const others = blockAllocator(db, orderSeq, { blocks: "downwards", size: 2 });
  expect(await others.take(10)).toEqual(range(2, 11));
  expect(await others.close()).toEqual(unused(12, 101));
});

test("no id before the start is handed out, unless the sequence was set before it", async () => {
  const sequence = pgSequence("late_seq", { increment: 50, startWith: 100 });
  await db.query(createSequence(sequence));
  const first = async () => {
    const ids = blockAllocator(db, sequence, { blocks: "downwards" });
    const id = await ids.next();
    return [id, ...valuesOf(await ids.close())];
  };
  expect(await first()).toEqual([100n]);
  await db.query(restartSequence(sequence, 120));
  expect(await first()).toEqual(range(100, 120));
  await db.query(restartSequence(sequence, 40));
  expect(await first()).toEqual(range(1, 40));
});

test("waiting calls get ids of several blocks in their order", async () => {
  const ids = blockAllocator(db, orderSeq, { blocks: "downwards", size: 3, lowWater: 120 });
  const [one, many, more] = await Promise.all([ids.next(), ids.take(240), ids.take(2)]);
  expect([one, ...many, ...more]).toEqual(range(1, 243));
  const last = Number(await db.nextval(orderSeq));
  expect(valuesOf(await ids.close())[0]).toBe(244n);
  expect(last % 50).toBe(1);
});

/**
 * Programs that draw from one sequence at the same time, each with the algorithm of another library. The simulations
 * follow the documentation and the source of Hibernate 6: `PooledOptimizer` and `PooledLoOptimizer`.
 */
describe("side by side with Hibernate", () => {
  const draw = () => db.nextval(orderSeq);

  async function together(blocks: BlockReading, optimizer: typeof pooled, rounds: number): Promise<bigint[]> {
    const ours = Array.from({ length: 2 }, () => blockAllocator(db, orderSeq, { blocks, size: 2 }));
    const theirs = Array.from({ length: 2 }, () => optimizer(draw, { initialValue: 1n, incrementSize: 50n }));
    const given: bigint[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const next of theirs) for (let call = 0; call < 35; call++) given.push(await next());
      const taken = await Promise.all(ours.map((ids, index) => ids.take(20 + 30 * index)));
      given.push(...taken.flat());
    }
    for (const ids of ours) given.push(...valuesOf(await ids.close()));
    return given;
  }

  const twice = (ids: bigint[]) => ids.length - new Set(ids).size;

  test.each([
    ["downwards", "pooled", pooled],
    ["upwards", "pooled-lo", pooledLo],
  ] as const)("%s and %s give no id twice", async (blocks, _name, optimizer) => {
    const given = await together(blocks, optimizer, 12);
    expect(given.length).toBeGreaterThan(1_400);
    expect(twice(given)).toBe(0);
    expect(given.every((id) => id > 0n)).toBe(true);
  });

  test.each([
    ["upwards", "pooled", pooled],
    ["downwards", "pooled-lo", pooledLo],
  ] as const)("%s and %s do, because they read a value in different ways", async (blocks, _name, optimizer) => {
    expect(twice(await together(blocks, optimizer, 12))).toBeGreaterThan(100);
  });

  test("whoever draws first", async () => {
    for (const isOursFirst of [true, false]) {
      await db.query(restartSequence(orderSeq));
      const ours = blockAllocator(db, orderSeq, { blocks: "downwards" });
      const theirs = pooled(draw, { initialValue: 1n, incrementSize: 50n });
      const given: bigint[] = [];
      if (isOursFirst) given.push(await ours.next());
      for (let call = 0; call < 120; call++) given.push(await theirs(), await ours.next());
      expect(twice(given)).toBe(0);
      expect(given.filter((id) => id === 1n)).toHaveLength(1);
    }
  });
});

longTest.each<[BlockReading, number]>([
  ["upwards", 0],
  ["downwards", 1],
])(
  "after resync, a sequence that is read %s has to be drawn from %d times before its ids are free",
  async (blocks, extra) => {
    const rows = 170;
    await database.client.unsafe("create table orders (id bigint primary key default nextval('order_seq'))");
    await db.query(setSequenceOwnedBy(orderSeq, { table: "orders", column: "id" }));
    await db`insert into orders select g from generate_series(1, ${rows}::int) g`;
    await applyResync(db, await planResync(db));
    for (let time = 0; time < extra; time++) await db.nextval(orderSeq);
    const ids = await blockAllocator(db, orderSeq, { blocks }).take(500);
    await db`insert into orders ${sql.insert(ids.map((id) => ({ id })))}`;
    expect(await db<{ all: bigint }>`select count(*) as all from orders`.one()).toEqual({ all: BigInt(rows + 500) });
  },
);
