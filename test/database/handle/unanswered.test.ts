import { connect, createServer, type Server } from "node:net";
import { bind, type Database, sql } from "nextval";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { listenBefore } from "../../server/listen-before.js";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.connect({ max: 1 }));
  await db`create table if not exists written (note text)`;
  await db`truncate written`;
});

const notes = async () =>
  (await db.query(sql<{ note: string }>`select note from written order by 1`)).map(({ note }) => note);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sent together, so that the server cannot be asked to stop them: what follows waits for longer than 50 ms. */
const busy = (tx: Pick<Database, "query">) =>
  Promise.all([tx.query(sql`select pg_sleep(0.3)`), tx.query(sql`select 1, pg_sleep(0)`)]);

describe("a statement that begins or ends a transaction or savepoint and gets no answer in time", () => {
  test("rollback to savepoint: the transaction does not commit what has failed", async () => {
    let refused: unknown;
    const work = db.begin(async (tx) => {
      await tx`insert into written values ('before')`;
      const saved = tx.with({ timeout: 50 }).savepoint(async (inner) => {
        await inner`insert into written values ('failed')`;
        await busy(inner);
      });
      await expect(saved).rejects.toMatchObject({ code: "TIMEOUT" });
      refused = await tx`insert into written values ('after')`.catch((error: unknown) => error);
    });
    await expect(work).rejects.toMatchObject({
      code: "TRANSACTION_FAILED",
      message:
        'nothing more runs here, and what is open is rolled back, because "rollback to nextval" got no answer in time',
      cause: expect.objectContaining({ code: "TIMEOUT" }),
    });
    expect(refused).toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(await notes()).toEqual([]);
  });

  test("savepoint: the rollback of the outer one undoes all of it", async () => {
    const work = db.begin(async (tx) => {
      const outer = tx.savepoint(async (inner) => {
        await inner`insert into written values ('of the outer one')`;
        inner`select pg_sleep(0.3)`.execute();
        const timedOut = inner.with({ timeout: 50 }).savepoint(() => {});
        await expect(timedOut).rejects.toMatchObject({ code: "TIMEOUT" });
        throw new Error("the outer one fails");
      });
      await expect(outer).rejects.toThrow("the outer one fails");
    });
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(await notes()).toEqual([]);
  });

  test("rollback in a session: what follows does not join the transaction that has failed", async () => {
    let next: unknown;
    const work = db.session(async (session) => {
      await session`insert into written values ('before')`;
      const failed = session.begin(
        async (tx) => {
          await tx`insert into written values ('failed')`;
          await busy(tx);
        },
        { timeout: 50 },
      );
      await expect(failed).rejects.toMatchObject({ code: "TIMEOUT" });
      next = await session
        .begin(async (tx) => tx`insert into written values ('next')`)
        .catch((error: unknown) => error);
      await session`insert into written values ('after')`;
    });
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(next).toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(await notes()).toEqual(["before"]);
  });

  test("begin in a session: what follows is not rolled back with it", async () => {
    const work = db.session(async (session) => {
      session`select pg_sleep(0.3)`.execute();
      await expect(session.begin(() => {}, { timeout: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
      await session`insert into written values ('after')`;
    });
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_FAILED" });
    expect(await notes()).toEqual([]);
    expect(await db`select current_setting('transaction_isolation') as level`).toEqual([{ level: "read committed" }]);
  });

  test("a rollback in time leaves the session and the transaction usable", async () => {
    const rows = db.session(async (session) => {
      await session.begin(async (tx) => tx`select pg_sleep(5)`, { timeout: 1000 }).catch(() => {});
      await session.begin(async (tx) => {
        await tx
          .with({ timeout: 1000 })
          .savepoint(async (inner) => inner`select pg_sleep(5)`)
          .catch(() => {});
        return tx`insert into written values ('after')`;
      });
      return session`select 1 as one`;
    });
    expect(await rows).toEqual([{ one: 1 }]);
    expect(await notes()).toEqual(["after"]);
  });
});

/**
 * Passes on everything, requests to stop a statement only after a while: PostgreSQL does not say when it acts on them.
 */
async function withLateCancel(ms: number): Promise<string> {
  const url = new URL(database.url);
  const { port, hostname } = url;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    client.once("data", async (first) => {
      if (first.length === 16) await pause(ms);
      upstream.write(first);
      client.pipe(upstream).pipe(client);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  servers.push(server);
  return listenBefore(server, url.href);
}
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

longTest("a late request to stop a COMMIT does not stop the next statement of the connection", async () => {
  await db`
    create or replace function wait_for_it() returns trigger
      language plpgsql as 'begin perform pg_sleep(0.4); return null; end'`;
  await db`
    create constraint trigger waiting after insert on written deferrable initially deferred
    for each row execute function wait_for_it()`;
  const client = postgres(await withLateCancel(500), { max: 1, fetch_types: false });
  const late = bind(client);
  await late`select 1`;
  const work = late.begin(async (tx) => tx`insert into written values ('committed')`, { timeout: 200 });
  await expect(work).rejects.toMatchObject({ code: "COMMIT_UNKNOWN" });
  const next = Promise.all([1, 2, 3].map((n) => late`select pg_sleep(0.2), ${n}::integer as n`));
  expect(await next).toMatchObject([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  expect(await notes()).toEqual(["committed"]);
  await db`drop trigger waiting on written`;
  await client.end();
});

describe("a connection that has an answer to give to others", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(
    first(1, [
      ["transaction", () => db.begin(() => {}, { timeout: 100 })],
      ["session", () => db.session(async (session) => session`select 1`, { timeout: 100 })],
      ["statement", () => db.with({ timeout: 100 })`select 1`],
    ]),
  )("is not closed over the timeout of a %s behind them", async (_what, timingOut) => {
    await db`select 1`;
    const report = db`select pg_sleep(0.6), 'report' as name`.execute();
    await pause(50);
    await expect(timingOut()).rejects.toMatchObject({ code: "TIMEOUT" });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await report).toMatchObject([{ name: "report" }]);
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });

  longTest("is closed when only those whose callers have left are running", async () => {
    await db`select 1`;
    const report = db`select pg_sleep(0.5), 'report' as name`.execute();
    await pause(50);
    await expect(db.with({ timeout: 100 })`select pg_sleep(60)`).rejects.toMatchObject({ code: "TIMEOUT" });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await report).toMatchObject([{ name: "report" }]);
    await vi.advanceTimersByTimeAsync(6_000);
    // The server was asked to stop what it worked on, and ends the connection.
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });
});
