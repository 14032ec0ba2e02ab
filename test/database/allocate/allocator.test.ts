import {
  type AnySequence,
  bind,
  createSequence,
  type Database,
  NextvalError,
  pgSequence,
  type Queryable,
} from "nextval";
import { allocator } from "nextval/allocate";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cuttable, type CuttableServer } from "../../server/cut.js";
import { startServer } from "../../server/server.js";
import { useDatabase } from "../../support/database.js";
import { HAS_LONG_FILES } from "../../support/effort.js";
import { range, unused, valuesOf } from "../../support/ranges.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
let network: CuttableServer;
let client: postgres.Sql;
let db: Database;
/** How many values each draw asked for. */
let draws: number[] = [];
/** The handle itself, which writes down its draws. */
let counted: Pick<Database, "nextvals">;

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  network = await cuttable(database.url);
  client = postgres(network.url, { onnotice: () => {}, max: 2, backoff: () => 0.01 });
  db = bind(client);
  counted = {
    nextvals: (sequence, count, options) => {
      draws.push(count);
      return db.nextvals(sequence, count, options);
    },
  };
});
beforeEach(async () => {
  await database.client.unsafe("drop schema public cascade; create schema public");
  await create(orderSeq);
  await db`select 1`;
  draws = [];
});
afterEach(() => {
  expect(unhandled.splice(0)).toEqual([]);
});
afterAll(async () => {
  process.off("unhandledRejection", note);
  await client.end({ timeout: 1 });
  await network.close();
});

async function create(sequence: AnySequence): Promise<void> {
  await bind(database.client).query(createSequence(sequence));
}

/** The integers of a range, as the sequence returns them. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const drawnSoFar = async () => Number((await database.client`select last_value from order_seq`)[0]?.last_value);

describe("values", () => {
  test("are handed out one by one and several at once, in the order of the calls", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
    expect(await ids.next()).toBe(1n);
    expect(await ids.take(3)).toEqual([2n, 3n, 4n]);
    expect(await Promise.all([ids.next(), ids.take(2), ids.next(), ids.take(0)])).toEqual([5n, [6n, 7n], 8n, []]);
    expect(draws).toEqual([10]);
    expect(await ids.take(4)).toEqual([9n, 10n, 11n, 12n]);
    expect(draws).toEqual([10, 10]);
    expect(await ids.close()).toEqual(unused(13, 20));
  });

  test.each([
    ["number", pgSequence("typed_seq", { as: "integer", increment: -2 }), [-1, -3, -5]],
    ["string", pgSequence("typed_seq", { mode: "string", startWith: "9007199254740993" }), ["93", "94", "95"]],
    ["bigint", pgSequence("typed_seq", { startWith: 2n ** 60n }), [2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 2n]],
  ] as const)("are of the sequence's type: %s", async (type, sequence: AnySequence, expected) => {
    await create(sequence);
    const ids = allocator(db, sequence, { size: 2 });
    const [one, more] = await Promise.all([ids.next(), ids.take(2)]);
    const values = [one, ...more];
    expect(values.every((value) => typeof value === type)).toBe(true);
    expect(values).toEqual(type === "string" ? expected.map((end) => `90071992547409${end}`) : expected);
    await ids.close();
  });

  test("come from one draw at a time, however many calls wait", async () => {
    const ids = allocator(counted, orderSeq, { size: 100, lowWater: 0 });
    const values = await Promise.all(Array.from({ length: 5000 }, () => ids.next()));
    expect(values).toEqual(range(1, 5000));
    expect(draws).toEqual([100, 4900]);
  });

  test("of a take beyond the size are drawn in one statement", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
    expect(await ids.take(25)).toEqual(range(1, 25));
    expect(await ids.take(2)).toEqual([26n, 27n]);
    expect(await ids.take(100)).toEqual(range(28, 127));
    expect(draws).toEqual([25, 10, 92]);
    expect(await ids.close()).toEqual({ count: 0, unused: [] });
  });

  test("are drawn in the background before they run out", async () => {
    const ids = allocator(counted, orderSeq, { size: 8 });
    await ids.take(6);
    expect(draws).toEqual([8]);
    await ids.next();
    expect(draws).toEqual([8, 8]);
    await until(async () => (await drawnSoFar()) === 16);
    network.hold();
    expect(await ids.next()).toBe(8n);
    network.release();
    expect(await ids.take(8)).toEqual(range(9, 16));
    await ids.close();
  });

  test("are drawn again immediately with size 1, and only for a waiting call with lowWater 0", async () => {
    const eager = allocator(counted, orderSeq, { size: 1 });
    expect(await eager.next()).toBe(1n);
    expect(await eager.close()).toEqual(unused(2, 2));
    const lazy = allocator(counted, orderSeq, { size: 1, lowWater: 0 });
    expect(await lazy.next()).toBe(3n);
    expect(await lazy.close()).toEqual({ count: 0, unused: [] });
    expect(draws).toEqual([1, 1, 1]);
  });

  test("are unique while other programs draw from the sequence", async () => {
    const one = allocator(db, orderSeq, { size: 50 });
    const two = allocator(bind(database.connect({ max: 2 })), orderSeq, { size: 7 });
    const plain = bind(database.connect({ max: 2 }));
    const drawn = await Promise.all(
      Array.from({ length: 1500 }, async (_, index) => {
        if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, index / 100));
        return [await one.next(), ...(await two.take(index % 4)), await plain.nextval(orderSeq)];
      }),
    );
    const rest = [...valuesOf(await one.close()), ...valuesOf(await two.close())];
    const all = [...drawn.flat(), ...rest].sort((a, b) => Number(a - b));
    expect(all).toEqual(range(1, all.length));
  });
});

describe("order", () => {
  test("a large take neither overtakes nor starves", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
    const finished: string[] = [];
    const log = (name: string) => (values: bigint | bigint[]) => {
      finished.push(name);
      return values;
    };
    const before = Array.from({ length: 8 }, () => ids.next().then(log("before")));
    const large = ids.take(1000).then(log("large"));
    const after = Array.from({ length: 50 }, () => ids.next().then(log("after")));
    expect(await Promise.all(before)).toEqual(range(1, 8));
    expect(await large).toEqual(range(9, 1008));
    expect(await Promise.all(after)).toEqual(range(1009, 1058));
    expect(finished).toEqual([...before.map(() => "before"), "large", ...after.map(() => "after")]);
    expect(draws).toEqual([10, 1048]);
  });

  test("the remaining values are kept for a waiting take, and smaller calls after it wait as well", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
    await ids.take(5);
    network.hold();
    const results: unknown[] = [];
    const large = ids.take(7).then((values) => results.push(values));
    const small = ids.next().then((value) => results.push(value));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(results).toEqual([]);
    network.release();
    await Promise.all([large, small]);
    expect(results).toEqual([range(6, 12), 13n]);
  });

  test("thousands of callers of many kinds get everything in order", async () => {
    const ids = allocator(db, orderSeq, { size: 64 });
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const groups = await Promise.all(
      Array.from({ length: 4000 }, async (_, index) => {
        if (index % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
        return random() < 0.7 ? [await ids.next()] : await ids.take(Math.floor(random() * 150));
      }),
    );
    const all = [...groups.flat(), ...valuesOf(await ids.close())].sort((a, b) => Number(a - b));
    expect(all).toEqual(range(1, all.length));
    for (const group of groups) expect(group).toEqual([...group].sort((a, b) => Number(a - b)));
  });
});

describe("a draw that fails", () => {
  test.each(["request", "answer"] as const)(
    "because the connection is cut (%s) reaches every waiter once, and the next call draws again",
    async (at) => {
      const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
      expect(await ids.take(8)).toHaveLength(8);
      network.cutNext(at);
      const results = await Promise.allSettled([
        ids.take(5),
        ids.next(),
        ids.take(0),
        ...range(1, 300).map(() => ids.next()),
      ]);
      const reasons = new Set(results.map((result) => result.status === "rejected" && result.reason));
      expect(reasons.size).toBe(1);
      expect([...reasons][0]).toMatchObject({ code: expect.stringMatching(/^(CONNECTION_CLOSED|ECONNRESET)$/) });
      expect(draws).toEqual([10, 10]);
      // Values that had arrived are not lost. Values that the server drew and could not deliver are a gap.
      expect(await ids.take(2)).toEqual([9n, 10n]);
      expect(draws).toEqual([10, 10]);
      expect(await ids.next()).toBe(at === "answer" ? 21n : 11n);
      await ids.close();
    },
  );

  test("in the background is dropped while there are values left, and retried", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 5 });
    await ids.take(5);
    network.cutNext("request");
    expect(await ids.next()).toBe(6n);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(draws).toEqual([10, 10]);
    expect(await ids.next()).toBe(7n);
    expect(draws).toEqual([10, 10, 10]);
    expect(await ids.take(10)).toEqual(range(8, 17));
    await ids.close();
  });

  test("in the background is also dropped if no value is left: the next call draws", async () => {
    const ids = allocator(counted, orderSeq, { size: 4, lowWater: 1 });
    await ids.take(3);
    network.cutNext("request");
    expect(await ids.next()).toBe(4n);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(draws).toEqual([4, 4]);
    expect(await Promise.all([ids.next(), ids.next()])).toEqual([5n, 6n]);
    await ids.close();
  });

  test("at the end of the sequence fails each call, and values come again when the sequence has some", async () => {
    const shortSeq = pgSequence("short_seq", { maxValue: 25 });
    await create(shortSeq);
    const ids = allocator(db, shortSeq, { size: 10, lowWater: 0 });
    expect(await ids.take(20)).toHaveLength(20);
    for (const result of await Promise.allSettled([ids.next(), ids.take(3), ids.next()])) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "SEQUENCE_EXHAUSTED", sequence: "short_seq" },
      });
    }
    await expect(ids.next()).rejects.toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
    await database.client`alter sequence short_seq maxvalue 1000`;
    expect(await ids.take(3)).toEqual([26n, 27n, 28n]);
    await ids.close();
  });

  test("fails with the reason if a privilege or the sequence is missing", async () => {
    const role = `allocating_${database.name}`;
    await database.client.unsafe(
      `create role ${role} login password 'secret'; grant usage on schema public to ${role}`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = "secret";
    const theirs = postgres(url.href, { onnotice: () => {}, max: 1 });
    try {
      const ids = allocator(bind(theirs), orderSeq, { size: 10 });
      await expect(ids.next()).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        fix: `grant usage on sequence "order_seq" to "${role}"`,
      });
      await database.client.unsafe(`grant usage on sequence order_seq to ${role}`);
      expect(await ids.next()).toBe(1n);
      await ids.close();
      await expect(allocator(db, pgSequence("no_seq"), { size: 2 }).take(5)).rejects.toMatchObject({
        code: "SEQUENCE_NOT_FOUND",
      });
    } finally {
      await theirs.end({ timeout: 1 });
      await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });

  if (HAS_LONG_FILES)
    test("because the server was killed reaches the waiters, and values continue after its restart", async () => {
      const server = await startServer();
      const theirs = postgres(server.url, { onnotice: () => {}, max: 2, connect_timeout: 5, backoff: () => 0.05 });
      try {
        const own = bind(theirs);
        await own.query(createSequence(orderSeq));
        const ids = allocator(own, orderSeq, { size: 100, lowWater: 0 });
        const handedOut = await ids.take(80);
        await server.crash();
        const results = await Promise.allSettled(Array.from({ length: 50 }, () => ids.next()));
        const failed = results.filter(({ status }) => status === "rejected");
        // 20 were there already.
        expect(failed).toHaveLength(30);
        for (const result of results) if (result.status === "fulfilled") handedOut.push(result.value);
        await server.start();
        let again: bigint[] | undefined;
        while (again === undefined) again = await ids.take(200).catch(() => undefined);
        handedOut.push(...again);
        expect(new Set(handedOut).size).toBe(handedOut.length);
        await ids.close();
      } finally {
        await theirs.end({ timeout: 1 });
        await server.stop();
      }
    });
});

describe("closing", () => {
  test("returns the values that were drawn and not used, and rejects later calls", async () => {
    const ids = allocator(counted, orderSeq, { size: 10, lowWater: 0 });
    await ids.take(7);
    const closing = ids.close();
    const refusal = {
      code: "ALLOCATOR_CLOSED",
      sequence: "order_seq",
      message: "order_seq: its allocator is closed and hands out no more values",
    };
    await expect(ids.next()).rejects.toMatchObject(refusal);
    await expect(ids.take(1)).rejects.toMatchObject(refusal);
    await expect(ids.next()).rejects.toBeInstanceOf(NextvalError);
    expect(await closing).toEqual(unused(8, 10));
    expect(await ids.close()).toEqual(unused(8, 10));
    await expect(ids.take(0)).rejects.toMatchObject(refusal);
    expect(draws).toEqual([10]);
  });

  test("draws nothing if nothing was drawn", async () => {
    expect(await allocator(counted, orderSeq, { size: 10 }).close()).toEqual({ count: 0, unused: [] });
    expect(draws).toEqual([]);
  });

  test("waits for the running draw and all waiting calls, and draws no more than they want", async () => {
    const ids = allocator(counted, orderSeq, { size: 10 });
    network.hold();
    const first = ids.next();
    const large = ids.take(30);
    const last = ids.next();
    const closing = ids.close();
    await expect(ids.next()).rejects.toMatchObject({ code: "ALLOCATOR_CLOSED" });
    network.release();
    expect(await first).toBe(1n);
    expect(await large).toEqual(range(2, 31));
    expect(await last).toBe(32n);
    expect(await closing).toEqual({ count: 0, unused: [] });
    expect(draws).toEqual([10, 22]);
  });

  test("unused values with gaps between them are several ranges", async () => {
    const textSeq = pgSequence("order_seq", { mode: "string" });
    const ids = allocator(db, textSeq, { size: 2, lowWater: 2 });
    expect(await ids.next()).toBe("1");
    await until(async () => (await drawnSoFar()) === 4);
    await db.nextval(orderSeq);
    expect(await ids.take(2)).toEqual(["2", "3"]);
    const range = (first: string, last: string) => ({ first, last, step: 1n });
    expect(await ids.close()).toEqual({ count: 3, unused: [range("4", "4"), range("6", "7")] });
  });

  test("waits for a draw in the background, and counts it as unused", async () => {
    const ids = allocator(counted, orderSeq, { size: 4 });
    await ids.take(4);
    expect(draws).toEqual([4, 4]);
    expect(await ids.close()).toEqual(unused(5, 8));
  });

  test("does not fail if the running draw fails, and waiting calls get the error", async () => {
    const ids = allocator(db, orderSeq, { size: 10, lowWater: 0 });
    network.cutNext("answer");
    const waiting = [ids.next(), ids.take(50)];
    const closing = ids.close();
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "CONNECTION_CLOSED" } });
    }
    expect(await closing).toEqual({ count: 0, unused: [] });
  });

  test("works with `await using`, under the platform's symbol", async () => {
    const ids = allocator(db, orderSeq, { size: 10 });
    await ids.next();
    const known = (Symbol as { asyncDispose?: symbol }).asyncDispose ?? Symbol.for("Symbol.asyncDispose");
    expect(await (ids as unknown as Record<symbol, () => Promise<void>>)[known]!()).toBeUndefined();
    await expect(ids.next()).rejects.toMatchObject({ code: "ALLOCATOR_CLOSED" });
    expect(await ids.close()).toEqual(unused(2, 10));
    let inside: ReturnType<typeof allocator<typeof orderSeq>>;
    {
      await using scoped = allocator(db, orderSeq, { size: 2 });
      inside = scoped;
      expect(await scoped.next()).toBe(11n);
    }
    await expect(inside.next()).rejects.toMatchObject({ code: "ALLOCATOR_CLOSED" });
  });
});

test.each([
  [{ size: 0 }, "order_seq: allocator takes a size from 1 to 2147483647, not 0"],
  [{ size: 1.5 }, "order_seq: allocator takes a size from 1 to 2147483647, not 1.5"],
  [{}, "order_seq: allocator takes a size from 1 to 2147483647, not undefined"],
  [undefined, "order_seq: allocator takes a size from 1 to 2147483647, not undefined"],
  [{ size: 5, lowWater: 6 }, "order_seq: allocator takes a lowWater from 0 to its size 5, not 6"],
  [{ size: 5, lowWater: -1 }, "order_seq: allocator takes a lowWater from 0 to its size 5, not -1"],
])("refuses %j", (options, message) => {
  expect(() => allocator(db, orderSeq, options as never)).toThrow(message);
});

test("rejects anything but a sequence, and invalid counts", async () => {
  expect(() => allocator(db, "order_seq" as never, { size: 5 })).toThrow("a sequence made by pgSequence is needed");
  const ids = allocator(db, orderSeq, { size: 5 });
  for (const count of [-1, 0.5, Number.NaN, 2 ** 31, "3"] as number[]) {
    await expect(ids.take(count)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `order_seq: take hands out a whole number of values from 0 to 2147483647, not ${count}`,
    });
  }
});

test("a stored value costs well under a microsecond beyond its promise", async () => {
  const count = 200_000;
  const ids = allocator(db, orderSeq, { size: 4 * count, lowWater: 0 });
  await ids.next();
  const measure = async (next: () => Promise<bigint>) => {
    const before = process.cpuUsage();
    for (let index = 0; index < count; index++) await next();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / count;
  };
  await measure(() => Promise.resolve(1n));
  const cost = [];
  for (let round = 0; round < 3; round++) {
    cost.push((await measure(() => ids.next())) - (await measure(() => Promise.resolve(1n))));
  }
  expect(Math.min(...cost)).toBeLessThan(700);
  await ids.close();
});

describe("a connection that does not answer", () => {
  let dead: CuttableServer;
  beforeEach(async () => {
    dead = await cuttable(database.url);
  });
  afterEach(() => dead.close());

  test("fails the calls that wait for it, and the next one is served by another connection", async () => {
    const own = postgres(dead.url, { onnotice: () => {}, max: 3, fetch_types: false });
    const ids = allocator(bind(own), orderSeq, { size: 10, lowWater: 0, timeout: 1000 });
    await ids.take(10);
    dead.hold();
    await expect(ids.next()).rejects.toMatchObject({ code: "TIMEOUT" });
    dead.forget();
    expect(typeof (await ids.next())).toBe("bigint");
    await ids.close();
    await own.end({ timeout: 0 });
  });

  test("does not block close", { timeout: 20_000 }, async () => {
    const own = postgres(dead.url, { onnotice: () => {}, max: 1, fetch_types: false });
    const ids = allocator(bind(own), orderSeq, { size: 10, lowWater: 0 });
    await ids.take(7);
    // Its work does not use the connection when a limit ends it.
    let isClosed = false;
    const onclose = () => {
      isClosed = true;
    };
    const other = postgres(dead.url, { onnotice: () => {}, max: 1, fetch_types: false, onclose });
    const work = async (tx: Queryable) => {
      await tx`select 1`;
      dead.hold();
      await new Promise(() => {});
    };
    await expect(bind(other).begin(work, { timeout: 200 })).rejects.toMatchObject({ code: "TIMEOUT" });
    const waiting = ids.take(20).catch((error: { code: string }) => error.code);
    expect((await ids.close()).count).toBe(3);
    await expect.poll(() => isClosed).toBe(true);
    dead.cut();
    dead.release();
    expect(await waiting).toMatch(/^(CONNECTION_CLOSED|ECONNRESET)$/);
    await own.end({ timeout: 0 });
    await other.end({ timeout: 0 });
  });

  test("limits need a handle, and are checked", () => {
    expect(() => allocator(counted, orderSeq, { size: 10, timeout: 5 })).toThrow(
      "timeout and signal need a handle of bind",
    );
    expect(() => allocator(db, orderSeq, { size: 10, timeout: -1 })).toThrow(
      "timeout takes milliseconds from 1 to 2147483647",
    );
  });
});
