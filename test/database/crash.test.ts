import { bind, createSequence, type Database, nextval, pgSequence, setSequenceLogged, sql } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../server/server.js";
import { serverVersion } from "../support/database.js";

/**
 * The server writes a record into its log before a sequence runs out of as many values. Source: SEQ_LOG_VALS in
 * `sequence.c`.
 */
const LOGGED_AHEAD = 32n;

/** The error of a server before 15 for an unlogged sequence. */
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

test("after a crash an unlogged sequence is at the value from when it was created or set unlogged", async () => {
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
 * SET LOGGED copies the count of values that need no log record (`log_cnt`). An unlogged sequence also counts it down,
 * although no record was written (PostgreSQL 18.4, `SequenceChangePersistence`). setval begins a new count.
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
