import { Socket } from "node:net";
import { bind, createSequence, type Database, pgSequence, sql } from "nextval";
import type postgres from "postgres";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { first } from "../support/effort.js";

/**
 * Between the error of a socket and its close, postgres.js 3.4.9 still considers the connection good. Statements that
 * it gets then must nevertheless be answered, and later connections must work.
 */
const database = useDatabase();
const orderSeq = pgSequence("order_seq");

beforeAll(async () => {
  await bind(database.client).query(createSequence(orderSeq));
});

interface Losing {
  readonly db: Database;
  readonly client: postgres.Sql;
  /** Ends all sockets with an error; `between` runs when the driver has heard of the last error, and of no close. */
  lose(between?: () => void): void;
}

function connect(options: postgres.Options<{}> = {}): Losing {
  const { hostname, port } = new URL(database.url);
  const sockets = new Set<Socket>();
  const socket = () =>
    new Promise<Socket>((resolve, reject) => {
      const each = new Socket();
      each.once("error", reject);
      each.connect(Number(port || 5432), hostname, () => {
        sockets.add(each.once("close", () => sockets.delete(each)));
        resolve(each);
      });
    });
  const client = database.connect({ max: 1, connect_timeout: 2, backoff: () => 0.01, ...options, socket } as {});
  const lose = (between = () => {}) => {
    const [last] = [...sockets].slice(-1);
    last?.once("error", between);
    for (const each of sockets) each.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  };
  return { db: bind(client), client, lose };
}

const codeOf = (work: PromiseLike<unknown>) =>
  Promise.race([
    work.then(
      () => "succeeded",
      (error: { code: string }) => error.code,
    ),
    new Promise((resolve) => setTimeout(resolve, 5_000, "not answered")),
  ]);

const one = sql<{ one: number }>`select 1 as one`;
const LOST = /^(CONNECTION_(CLOSED|DESTROYED)|ECONNRESET)$/;

const calls: [string, (db: Database) => PromiseLike<unknown>][] = [
  ["a statement", (db) => db.one(one)],
  ["a draw", (db) => db.nextval(orderSeq)],
  ["a transaction", (db) => db.begin((tx) => tx.one(one))],
  ["a session", (db) => db.session((session) => session.one(one))],
];

test.each(first(1, calls))("%s that immediately follows the failure of another is answered", async (_name, call) => {
  for (const [, running] of calls) {
    const { db, lose } = connect({ max: 2 });
    await Promise.all([call(db), running(db)]);
    const failing = Array.from({ length: 3 }, () => running(db));
    const following = failing.map((each) =>
      each.then(
        () => "succeeded",
        () => codeOf(call(db)),
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    lose();
    expect(await Promise.all(following)).toEqual(["succeeded", "succeeded", "succeeded"]);
    expect(await Promise.all([1, 2, 3].map(() => codeOf(call(db))))).toEqual(["succeeded", "succeeded", "succeeded"]);
  }
});

test.each(calls)("%s that starts on a dying connection is answered, and the next one too", async (_name, call) => {
  const { db, lose } = connect();
  await call(db);
  // The connection is idle, and its previous user has returned it.
  await db.one(one);
  const started = new Promise((resolve) => lose(() => resolve(codeOf(call(db)))));
  expect(await started).toMatch(LOST);
  expect(await codeOf(call(db))).toBe("succeeded");
  expect(await db.one(one)).toEqual({ one: 1 });
});

test.each<[string, (db: Database, value: number) => PromiseLike<unknown>]>([
  ["a statement", (db, value) => db`select ${value}::integer`],
  // A text of 1 KB or more is written immediately, and fails in another way.
  ["a draw", (db, value) => (value > 2 ? db.nextval(orderSeq) : db.nextvals(orderSeq, value, { durable: false }))],
])("%s that the driver treats as answered when it reopens the connection has failed", async (_name, call) => {
  const { db, lose } = connect();
  await call(db, 2);
  const other = (): PromiseLike<unknown> => (_name === "a draw" ? call(db, 3) : db`select ${3}::integer as other`);
  const lost = new Promise((resolve) => lose(() => resolve(codeOf(other()))));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await db.one(one)).toEqual({ one: 1 });
  expect(await lost).toBe("CONNECTION_CLOSED");
});

test.each(["transaction", "session"])("a statement of a %s whose connection is dying is answered", async (of) => {
  const { db, lose } = connect();
  let answer: unknown;
  const work = async (own: { one: Database["one"] }) => {
    await own.one(one);
    answer = await new Promise((resolve) => lose(() => resolve(codeOf(own.one(one)))));
  };
  expect(await codeOf(of === "session" ? db.session(work) : db.begin(work))).toMatch(LOST);
  await expect.poll(() => answer).toMatch(LOST);
  expect(await codeOf(db.begin((tx) => tx.one(one)))).toBe("succeeded");
});

test("without fetch_types a transaction or session opens its own connection", async () => {
  for (const max of [1, 2]) {
    const db = bind(database.connect({ fetch_types: false, max }));
    const work = [db.begin((tx) => tx.one(one)), db.session((own) => own.one(one)), db.one(one)];
    expect(await Promise.all(work.map(codeOf))).toEqual(["succeeded", "succeeded", "succeeded"]);
  }
});

test("a transaction gets its own connection among statements that fill the others", async () => {
  const db = bind(database.connect({ max: 2, max_pipeline: 2 } as {}));
  const work = Array.from({ length: 60 }, (_, index) =>
    index % 3 === 0
      ? db.begin(async (tx) => {
          const [before] = await tx<{ id: bigint }>`select pg_current_xact_id()::text as id`;
          const [after] = await tx<{ id: bigint }>`select pg_current_xact_id()::text as id`;
          expect(after).toEqual(before);
        })
      : db`select ${index}::integer`,
  );
  expect(new Set(await Promise.all(work.map(codeOf)))).toEqual(new Set(["succeeded"]));
  await expect(bind(database.connect({ max_pipeline: 0 } as {})).begin(() => 1)).rejects.toThrow(
    "begin needs a client with a max_pipeline of 1 or more",
  );
});

test("a session that leaves a transaction open returns its connection without it", async () => {
  const db = bind(database.connect({ max: 1 }));
  await db`create table note (text text)`;
  await db.session(async (session) => {
    await session`begin`;
    await session`insert into note values ('open')`;
  });
  expect(await db`select text from note`).toEqual([]);
  await db.session(async (session) => {
    await session`begin`;
    await session`select 1 / 0`.catch(() => {});
  });
  expect(await codeOf(db.one(one))).toBe("succeeded");
});
