import { createSequence, nextval, pgSequence, setSequenceLogged, sql } from "nextval";
import { expect, test } from "vitest";
import { useCrashingServer } from "../support/crashing-server.js";
import { serverVersion } from "../support/database.js";

/** The error of a server before 15 for an unlogged sequence. */
const UNKNOWN = { code: "0A000", message: "unlogged sequences are not supported" };

const { connect, crashAndStart } = useCrashingServer();

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
