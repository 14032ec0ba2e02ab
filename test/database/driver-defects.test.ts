import { connect, createServer } from "node:net";
import { bind, createSequence, nextval, pgSequence, sql } from "nextval";
import postgres from "postgres";
import { expect, test, vi } from "vitest";
import { asksForPasswords, NEEDS_PASSWORDS, useDatabase } from "../support/database.js";

/** Defects of postgres.js 3.4.9 that a handle does not have. */
const database = useDatabase();
const shortSeq = pgSequence("short_seq", { maxValue: 5, cycle: false });
const orderSeq = pgSequence("order_seq");

test("a statement that fails after its first rows leaves no holes in the next result", async () => {
  const client = database.connect({ max: 1 });
  const db = bind(client);
  await db.query(createSequence(orderSeq));
  const fail = async () => {
    await db.query(sql`drop sequence if exists short_seq`);
    await db.query(createSequence(shortSeq));
    const draw = db`select ${nextval(shortSeq)} from generate_series(1, 9)`;
    await expect(draw).rejects.toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
  };
  await fail();
  expect(await db.nextval(orderSeq)).toBe(1n);
  await fail();
  expect(await db.nextvals(orderSeq, 3)).toEqual([2n, 3n, 4n]);
  await fail();
  expect(await db.one(sql<{ x: number }>`select 1 as x`)).toEqual({ x: 1 });
  await fail();
  expect([...(await db`select 1 as x union all select 2 order by 1`)]).toEqual([{ x: 1 }, { x: 2 }]);
  await fail();
  const batches: unknown[] = [];
  for await (const batch of db.cursor(sql`select n from generate_series(1, 3) n`, 2)) batches.push([...batch]);
  expect(batches).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]]);
});

test("a transaction that begins while the server restarts does not wait forever", { timeout: 20_000 }, async () => {
  const real = new URL(database.url);
  const proxy = createServer((socket) => {
    const upstream = connect(Number(real.port || 5432), real.hostname);
    for (const each of [socket, upstream]) each.on("error", () => {});
    socket.pipe(upstream).pipe(socket);
  });
  const port = await new Promise<number>((resolve) => {
    proxy.listen(0, "127.0.0.1", () => {
      const { port } = proxy.address() as { port: number };
      proxy.close(() => resolve(port));
    });
  });
  const url = new URL(database.url);
  url.host = `127.0.0.1:${port}`;
  const client = postgres(url.href, { max: 1, backoff: () => 0.1, onnotice: () => {} });
  const db = bind(client);
  await expect(db.begin(() => 1)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const second = db.begin(() => 2).catch((error: { code: string }) => error.code);
  setTimeout(() => proxy.listen(port, "127.0.0.1"), 150);
  expect([2, "ECONNREFUSED"]).toContain(await second);
  expect(await db.begin(() => 3)).toBe(3);
  // No connection that was requested twice is kept.
  expect(await Promise.all([1, 2, 3].map((each) => db.session(() => each)))).toEqual([1, 2, 3]);
  await client.end({ timeout: 1 });
  await new Promise((resolve) => {
    proxy.close(resolve);
  });
});

test("a debug function may throw, and run statements on the handle", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const inner: Promise<unknown>[] = [];
  const debug = (_connection: number, text: string) => {
    if (text.includes("$1")) inner.push(db`select 'inner' as x`.one());
    if (text.includes("two")) throw new Error("two");
  };
  const db = bind(database.connect({ max: 2, debug }));
  const texts = ["one", "two", "three", "four", "five"];
  const outer = await Promise.all(texts.map((x) => db<{ x: string }>`select ${x} as x, ${sql.literal(x)} as y`.one()));
  expect(outer).toEqual(texts.map((x) => ({ x, y: x })));
  expect(await Promise.all(inner)).toEqual(texts.map(() => ({ x: "inner" })));
  expect(printed.mock.calls).toEqual([[new Error("two")]]);
  printed.mockRestore();
});

test("a password function that fails fails the statement, and not the process", async ({ skip }) => {
  skip(!(await asksForPasswords(database)), NEEDS_PASSWORDS);
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const url = new URL(database.url);
  url.password = "";
  const password = async () => {
    throw new Error("no token");
  };
  const client = postgres(url.href, { max: 1, password });
  await expect(bind(client)`select 1`).rejects.toMatchObject({ code: "28P01" });
  expect(printed.mock.calls).toEqual([[new Error("no token")]]);
  printed.mockRestore();
  await client.end();
});

test.each([
  (notice: postgres.Notice) => new Error(notice["message"]),
  (notice: postgres.Notice) => Object.assign(new Error(notice["message"]), notice),
])("answers stay with their statements if a notice throws while a cursor is described", async (errorOf) => {
  const onnotice = (notice: postgres.Notice) => {
    throw errorOf(notice);
  };
  const db = bind(database.connect({ max: 1, fetch_types: false, onnotice }));
  const read = db.query(sql`select n as ${sql.raw("x".repeat(70))} from generate_series(1, 9) as n`).cursor(2);
  await expect(read[Symbol.asyncIterator]().next()).rejects.toThrow("truncated");
  const numbers = [1, 2, 3, 4];
  const rows = await Promise.all(numbers.map((n) => db`select ${n}::integer as n`.one()));
  expect(rows).toEqual(numbers.map((n) => ({ n })));
});
