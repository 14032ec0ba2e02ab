import { bind, type BeginOptions, type Database, type Queryable, sql } from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CuttableServer, cuttable } from "../../server/cut.js";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/** Ways to find out whether a transaction was committed if COMMIT was not answered. */
const database = useDatabase();
let server: CuttableServer;
let db: Database;

beforeAll(async () => {
  await database.client`create table payments (request integer primary key)`;
  server = await cuttable(database.url);
  const { hostname, port } = new URL(server.url);
  db = bind(database.connect({ host: hostname, port: Number(port), max: 5, fetch_types: false }));
});
afterAll(() => server.close());

/** Runs a transaction whose COMMIT is not answered, and asks the server about it. */
async function outcomeOf(request: number, fail: () => void, options?: BeginOptions) {
  let xid = "";
  const work = db.begin(async (tx) => {
    await tx`insert into payments values (${request})`;
    ({ xid } = await tx.one(sql<{ xid: string }>`select pg_current_xact_id()::text as xid`));
    fail();
  }, options);
  const error = await work.catch((error: unknown) => error);
  server.forget();
  expect(error).toMatchObject({ name: "NextvalError", code: "COMMIT_UNKNOWN" });
  const status = async () => (await db`select pg_xact_status(${xid}::xid8) as status`)[0];
  await expect.poll(status).not.toEqual({ status: "in progress" });
  const rows = await db`select 1 from payments where request = ${request}`;
  return { error: error as Error, status: await status(), rows: rows.length };
}

test("the status of the transaction tells, and so does a row", async () => {
  const committed = await outcomeOf(1, () => server.cutNext("answer"));
  expect(committed).toMatchObject({ status: { status: "committed" }, rows: 1 });
  const lost = await outcomeOf(2, () => server.cutNext("request"));
  expect(lost).toMatchObject({ status: { status: "aborted" }, rows: 0 });
});

longTest("a timeout or a signal at the commit leaves the outcome unknown, too", async () => {
  const late = await outcomeOf(3, () => server.hold(), { timeout: 300 });
  expect(late).toMatchObject({
    error: {
      cause: { code: "TIMEOUT" },
      message: expect.stringMatching(/^the transaction was stopped before the server/),
    },
    status: { status: "committed" },
    rows: 1,
  });
  const aborting = new AbortController();
  const reason = new Error("the user has left");
  const hold = () => {
    server.hold();
    setTimeout(() => aborting.abort(reason), 50);
  };
  const aborted = await outcomeOf(4, hold, { signal: aborting.signal });
  expect(aborted).toMatchObject({ error: { cause: reason }, status: { status: "committed" }, rows: 1 });
});

describe("limits of a handle hold for what begin sends by itself:", () => {
  const limits = { timeout: 300 };
  test.each<[string, (hold: () => void) => Promise<unknown>, string]>([
    ["BEGIN", (hold) => (hold(), db.with(limits).begin(async (tx) => tx`select 1`)), "TIMEOUT"],
    ["COMMIT", (hold) => db.with(limits).begin(async (tx) => void (await tx`select 1`, hold())), "COMMIT_UNKNOWN"],
    [
      "COMMIT within a session",
      (hold) => db.session((session) => session.begin(async (tx) => void (await tx`select 1`, hold()), limits)),
      "COMMIT_UNKNOWN",
    ],
  ])("%s", async (_what, run, code) => {
    await db`select 1`;
    const work = run(() => server.hold());
    await expect(work).rejects.toMatchObject({ code });
    server.release();
    expect(await db.with({ timeout: 5_000 }).begin(async (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
  });
});

test("a connection whose COMMIT was stopped before it was sent goes back to the pool", async () => {
  const own = bind(database.connect({ max: 1 }));
  const sleep = (handle: Queryable, seconds: number) => handle`select pg_sleep(${seconds})`;
  await sleep(own, 0);
  const work = own.begin(
    async (tx) => {
      // It is prepared now, and COMMIT waits for that.
      sleep(tx, 5).execute();
    },
    { timeout: 200 },
  );
  await expect(work).rejects.toMatchObject({ code: "COMMIT_UNKNOWN" });
  expect(await own.with({ timeout: 3_000 })`select 1 as one`).toEqual([{ one: 1 }]);
});
