import { bind, createSequence, type Database, nextval, pgSequence, setSequenceLogged, sql } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serverVersion } from "../database.js";
import { type Server, startServer } from "../server/server.js";

/** The server writes a record into its log before a sequence runs out of as many values. Source: SEQ_LOG_VALS in `sequence.c`. */
const LOGGED_AHEAD = 32n;

/** What a server before 15 says to an unlogged sequence. */
const UNKNOWN = { code: "0A000", message: "unlogged sequences are not supported" };

let server: Server;
const clients: postgres.Sql[] = [];

beforeAll(async () => {
  server = await startServer({ settings: { fsync: "on" } });
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  await server.stop();
});

function connect(): { client: postgres.Sql; db: Database } {
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  clients.push(client);
  return { client, db: bind(client) };
}

async function crashAndStart(): Promise<void> {
  await server.crash();
  await server.start();
}

test("a logged sequence skips up to 32 values in a crash", async () => {
  const seq = pgSequence("logged_seq", { startWith: 7 });
  const { db } = connect();
  await db.query(createSequence(seq));
  await db`create table note (id bigint)`;
  await db`insert into note values (${nextval(seq)}), (${nextval(seq)})`;

  await crashAndStart();

  const { db: after } = connect();
  expect(await after`select id from note`).toEqual([{ id: 7n }, { id: 8n }]);
  const skipped = (await after.nextval(seq)) - 9n;
  expect(skipped).toBeGreaterThanOrEqual(0n);
  expect(skipped).toBeLessThanOrEqual(LOGGED_AHEAD);
});

test("an unlogged sequence starts over in a crash, at what it had when it was made or set unlogged", async () => {
  const made = pgSequence("made_seq", { startWith: 7, unlogged: true });
  const turned = pgSequence("turned_seq", { startWith: 7 });
  const { client, db } = connect();
  if ((await serverVersion(client)) < 15) return expect(db.query(createSequence(made))).rejects.toMatchObject(UNKNOWN);
  for (const seq of [made, turned]) {
    await db.query(createSequence(seq));
    expect(await db.nextvals(seq, 2)).toEqual([7n, 8n]);
  }
  await db.query(setSequenceLogged(turned, false));
  for (const seq of [made, turned]) expect(await db.nextvals(seq, 2)).toEqual([9n, 10n]);

  await crashAndStart();

  const { db: after } = connect();
  expect(await after.nextvals(made, 2)).toEqual([7n, 8n]);
  expect(await after.nextvals(turned, 2)).toEqual([9n, 10n]);
});

/*
 * SET LOGGED copies the count of values that need no record in the log (`log_cnt`), which an unlogged sequence counts down,
 * too, although no record has been written (PostgreSQL 18.4, `SequenceChangePersistence`). setval begins a new count.
 */
test("a sequence that was set logged after use is safe once its value has been set, and not before", async () => {
  const unsafe = pgSequence("unsafe_seq", { unlogged: true });
  const safe = pgSequence("safe_seq", { unlogged: true });
  const { client, db } = connect();
  if ((await serverVersion(client)) < 15) return expect(db.query(createSequence(safe))).rejects.toMatchObject(UNKNOWN);
  await db`create table kept (id bigint)`;
  for (const seq of [unsafe, safe]) {
    await db.query(createSequence(seq));
    await db.nextvals(seq, 2);
    await db.query(setSequenceLogged(seq, true));
  }
  await db`select setval(${sql.literal("safe_seq")}, last_value, is_called) from ${safe}`;
  const insert = (seq: typeof safe | typeof unsafe) => db`insert into kept values (${nextval(seq)}) returning id`;
  for (const seq of [unsafe, safe]) expect(await insert(seq)).toEqual([{ id: 3n }]);

  await crashAndStart();

  const { db: after } = connect();
  expect(await after`select id from kept`).toEqual([{ id: 3n }, { id: 3n }]);
  expect(await after.nextval(safe)).toBeGreaterThan(3n);
  expect(await after.nextval(unsafe)).toBe(3n);
});

test("nothing that was handed out in a committed transaction comes twice, crash after crash", async () => {
  const CRASHES = 4;
  const seq = pgSequence("order_seq");
  const { db } = connect();
  await db.query(createSequence(seq));
  await db`create table orders (id bigint default ${nextval(seq)}, session int)`;

  /** Ways to draw values and commit them with a row; each gives back what has been committed. */
  const ways = [
    async ({ db }: ReturnType<typeof connect>) => {
      const rows = await db<{ id: bigint }>`insert into orders (session) values (1), (1) returning id`;
      return rows.map(({ id }) => id);
    },
    async ({ db }: ReturnType<typeof connect>) => {
      const ids = await db.nextvals(seq, 3);
      await db`insert into orders ${sql.insert(ids.map((id) => ({ id, session: 2 })))}`;
      return ids;
    },
    // All in one message: a driver that loses its connection between begin and commit would fail while rolling back.
    async ({ client }: ReturnType<typeof connect>) => {
      const insert = sql`insert into orders values (${nextval(seq)}, 3) returning id`.text;
      const results = await client.unsafe(`begin; ${insert}; ${insert}; commit`).simple();
      return (results as unknown as { id: string }[][]).flatMap((rows) => rows.map(({ id }) => BigInt(id)));
    },
  ];

  const committed: bigint[] = [];
  for (let round = 1; round <= CRASHES; round++) {
    const stop = new AbortController();
    const before = committed.length;
    const work = Array.from({ length: 9 }, async (_, index) => {
      const session = connect();
      const way = ways[index % ways.length] as (typeof ways)[0];
      while (!stop.signal.aborted) committed.push(...(await way(session)));
    });
    const outcomes = Promise.allSettled(work);
    await expect.poll(() => committed.length - before, { timeout: 10_000, interval: 5 }).toBeGreaterThan(500);
    await server.crash();
    stop.abort();
    const reasons = (await outcomes).flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    // The crash came into the middle of the work, and nothing else went wrong.
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((code) => !/^(CONNECTION_|ECONN|EPIPE)/.test(code))).toEqual([]);
    await server.start();

    const { db: after } = connect();
    const last = committed.reduce((most, id) => (id > most ? id : most));
    const next = await after.nextval(seq);
    expect(next).toBeGreaterThan(last);
    // Each of the 9 sessions may have drawn up to 3 values that were never committed.
    expect(next - last).toBeLessThanOrEqual(LOGGED_AHEAD + 9n * 3n + 1n);
    const [kept] = await after<{
      rows: bigint;
    }>`select count(*) as rows from orders where id = any(${committed.map(String)}::bigint[])`;
    expect(kept?.rows).toBe(BigInt(committed.length));
  }
  expect(new Set(committed).size).toBe(committed.length);
});
