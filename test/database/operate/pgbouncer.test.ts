import { bind, createSequence, currval, type Database, nextval, pgSequence, sql } from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from "../../server/pgbouncer.js";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";
import { valuesOf } from "../../support/ranges.js";

/** Far fewer connections to the server than clients, so each transaction may run in another session. */
const SERVER_CONNECTIONS = 3;
const CLIENT_CONNECTIONS = 30;

describe("behind PgBouncer in transaction mode", () => {
  const database = useDatabase();
  const orderSeq = pgSequence("order_seq");
  let bouncer: PgBouncer;
  let client: postgres.Sql;
  let db: Database;

  beforeAll(async () => {
    if (pgBouncerVersion === undefined) return;
    bouncer = await startPgBouncer(database.url, SERVER_CONNECTIONS);
    client = database.connect({ ...addressOf(bouncer.url), max: CLIENT_CONNECTIONS, prepare: false });
    db = bind(client);
  });
  afterAll(async () => {
    await client?.end({ timeout: 1 });
    await bouncer?.stop();
  });
  beforeEach(async ({ skip }) => {
    skip(pgBouncerVersion === undefined, "the command pgbouncer is not installed (Debian: apt-get install pgbouncer)");
    await database.client.unsafe("drop schema public cascade; create schema public");
    const direct = bind(database.client);
    await direct.query(createSequence(orderSeq));
    await direct`create table orders (id bigint primary key, note text)`;
    await direct`create table items (order_id bigint references orders)`;
  });

  /** The results of `work` for this many concurrent calls, each in its own tick. */
  function concurrently<Result>(count: number, work: (index: number) => PromiseLike<Result>): Promise<Result[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        for (let tick = 0; tick < index % 7; tick++) await Promise.resolve();
        return work(index);
      }),
    );
  }

  function expectEachOnce(ids: readonly bigint[], count: number): void {
    const sorted = [...ids].sort((one, other) => Number(one - other));
    expect(sorted).toEqual(Array.from({ length: count }, (_, index) => BigInt(index + 1)));
  }

  test("the clients share few sessions of the server", async () => {
    const rows = await concurrently(200, () => client`select pg_backend_pid() as pid`);
    const sessions = new Set(rows.map(([row]) => row!["pid"] as number));
    expect(sessions.size).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    expect(sessions).not.toContain((await database.client`select pg_backend_pid() as pid`)[0]!["pid"]);
  });

  test("single values", async () => {
    expectEachOnce(await concurrently(500, () => db.nextval(orderSeq)), 500);
  });

  test("values of one tick", async () => {
    const ids = await Promise.all(Array.from({ length: 500 }, () => db.nextval(orderSeq)));
    expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => BigInt(index + 1)));
  });

  test("many values", async () => {
    const ids = await concurrently(200, () => db.nextvals(orderSeq, 7));
    expectEachOnce(ids.flat(), 1400);
  });

  test("templates", async () => {
    const rows = await concurrently(
      300,
      (index) => db<{ id: bigint }>`insert into orders values (${nextval(orderSeq)}, ${`note ${index}`}) returning id`,
    );
    expectEachOnce(
      rows.map(([row]) => row!.id),
      300,
    );
    expect(await db.one(sql<{ notes: bigint }>`select count(distinct note) as notes from orders`)).toEqual({
      notes: 300n,
    });
  });

  test("currval and lastval in transactions, each with its own values", async () => {
    const pairs = await concurrently(100, (index) =>
      db.begin(async (tx) => {
        await tx`insert into orders values (${nextval(orderSeq)}, ${`note ${index}`})`;
        await tx`insert into items values (${currval(orderSeq)})`;
        const [row] = await tx<{ note: string }>`select note from orders where id = ${currval(orderSeq)}`;
        return { index, note: row!.note, current: await tx.currval(orderSeq), last: await tx.lastval() };
      }),
    );
    for (const { index, note, current, last } of pairs) {
      expect(note).toBe(`note ${index}`);
      expect(last).toBe(current);
    }
    expect(await db`select from items`).toHaveLength(100);
  });

  test("cursors, and savepoints that are rolled back", async () => {
    await db.nextvals(orderSeq, 2);
    const sizes = await concurrently(100, async () => {
      const seen: number[] = [];
      for await (const rows of db.cursor(sql`select n from generate_series(1, 50) as n`, 20)) seen.push(rows.length);
      return seen;
    });
    expect(sizes).toEqual(Array.from({ length: 100 }, () => [20, 20, 10]));
    const drawn = await db.begin(async (tx) => {
      await tx.savepoint(() => Promise.reject(new Error("on purpose"))).catch(() => {});
      return tx.nextval(orderSeq);
    });
    expect(drawn).toBe(3n);
  });

  test("currval outside a transaction is refused before it is sent", async () => {
    const refusal = { code: "SESSION_REQUIRED", sequence: "order_seq" };
    await db.nextval(orderSeq);
    await expect(db`select ${currval(orderSeq)}`).rejects.toMatchObject(refusal);
    expect("currval" in db).toBe(false);
  });

  test("allocators", async () => {
    const ids = allocator(db, orderSeq, { size: 40 });
    const taken = await concurrently(300, async (index) => (index % 3 === 0 ? ids.take(4) : [await ids.next()]));
    const unused = valuesOf(await ids.close());
    expectEachOnce([...taken.flat(), ...unused], 600 + unused.length);
  });

  test("block allocators, several on one sequence", async () => {
    const blockSeq = pgSequence("block_seq", { increment: 25 });
    await db.query(createSequence(blockSeq));
    const several = [1, 2, 3].map(() => blockAllocator(db, blockSeq));
    const taken = await concurrently(600, (index) => several[index % 3]!.next());
    expectEachOnce(taken, 600);
    expect(await Promise.all(several.map(async (each) => (await each.close()).unused))).toEqual([[], [], []]);
  });

  longTest("gapless counters, whose transactions queue", async () => {
    const invoices = gaplessCounter("invoices");
    await db.query(invoices.create());
    const numbers = await concurrently(60, (index) =>
      db
        .begin(async (tx) => {
          const number = await invoices.next(tx);
          if (index % 4 === 0) throw new Error("on purpose");
          return number;
        })
        .catch(() => undefined),
    );
    expectEachOnce(
      numbers.filter((number) => number !== undefined),
      45,
    );
  });

  longTest("a failure in one transaction leaves the others alone", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        db.begin(async (tx) => {
          const id = await tx.nextval(orderSeq);
          if (index % 3 === 0) await tx`select 1 / ${0}::int`;
          await tx`insert into orders (id) values (${id})`;
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(20);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "22012" });
    }
    expect(await db`select from orders`).toHaveLength(40);
  });

  test("a client with prepare: false leaves no prepared statement that another client would collide with", async () => {
    await concurrently(100, (index) => db`select ${index}::int, ${nextval(orderSeq)}`);
    await concurrently(100, () => db.nextvals(orderSeq, 2));
    const rows = await concurrently(100, () => client`select count(*)::int as left from pg_prepared_statements`);
    expect(rows.map(([row]) => row!["left"] as number)).toEqual(Array.from({ length: 100 }, () => 0));
  });
});

function addressOf(url: string): postgres.Options<{}> {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
