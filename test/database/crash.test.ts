import { createSequence, nextval, pgSequence } from "nextval";
import { expect, test } from "vitest";
import { useCrashingServer } from "../support/crashing-server.js";

/**
 * The server writes a record into its log before a sequence runs out of as many values. Source: SEQ_LOG_VALS in
 * `sequence.c`.
 */
const LOGGED_AHEAD = 32n;

const { connect, crashAndStart } = useCrashingServer();

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
