import {
  bind,
  createSequence,
  type Database,
  type Queryable,
  pgSequence,
  type Session,
  sql,
  type Transaction,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const seq = pgSequence("cursor_seq");
const numbers = sql<{ n: number }>`select generate_series(1, 10) as n`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  await bind(database.client).query(createSequence(seq));
});

/** Loops over batches, and does something in each. */
async function loop(on: Queryable, work: () => unknown): Promise<void> {
  for await (const _rows of on.cursor(numbers, 2)) await work();
}

describe("while a cursor is open, what needs its connection is refused and does not wait forever", () => {
  const inTransaction = (work: (tx: Transaction) => Promise<void>) => (db: Database) => db.begin(work);
  const inSession = (work: (session: Session) => Promise<void>) => (db: Database) => db.session(work);
  test.each<[string, (db: Database) => Promise<unknown>]>([
    ["a savepoint", inTransaction((tx) => loop(tx, () => tx.savepoint(() => 1)))],
    ["a transaction of the session", inSession((session) => loop(session, () => session.begin(() => 1)))],
    [
      "a statement of the outer handle",
      inTransaction((tx) => tx.savepoint((inner) => loop(inner, () => tx`select 1`))),
    ],
    ["a draw of the outer handle", inTransaction((tx) => tx.savepoint((inner) => loop(inner, () => tx.nextval(seq))))],
    [
      "a statement of the session",
      inSession((session) => session.begin((tx) => loop(tx, () => session.query(sql`select 1`)))),
    ],
    [
      "a cursor of the outer handle",
      inTransaction((tx) => tx.savepoint((inner) => loop(inner, () => loop(tx, () => 1)))),
    ],
    ["a statement of a limited handle", inTransaction((tx) => loop(tx, () => tx.with({ timeout: 9_000 })`select 1`))],
  ])("%s", async (_what, work) => {
    const db = bind(database.connect({ max: 1 }));
    await expect(work(db)).rejects.toMatchObject({
      code: "SESSION_REQUIRED",
      message: "a cursor is open on this session or transaction",
    });
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test("a savepoint ends with a cursor that its work has left open", async () => {
    const db = bind(database.connect({ max: 1 }));
    const rows = db.begin(async (tx) => {
      await tx.savepoint(async (inner) => void (await inner.cursor(numbers, 2)[Symbol.asyncIterator]().next()));
      return tx`select 1 as one`;
    });
    expect(await rows).toEqual([{ one: 1 }]);
  });
});

describe("a connection that is lost between two batches ends no process and reaches no other statement", () => {
  const loops: [string, (h: Queryable, lose: () => Promise<void>) => Promise<void>][] = [
    [
      "the loop is left",
      async (h, lose) => {
        for await (const _rows of h.cursor(numbers, 2)) {
          await lose();
          break;
        }
      },
    ],
    [
      "the loop throws",
      async (h, lose) => {
        for await (const _rows of h.cursor(numbers, 2)) {
          await lose();
          throw new Error("of the loop");
        }
      },
    ],
    ["the loop goes on", (h, lose) => loop(h, lose)],
  ];
  const places: [string, (db: Database, work: (h: Queryable) => Promise<void>) => Promise<unknown>][] = [
    ["pool", (db, work) => work(db)],
    ["begin", (db, work) => db.begin(work)],
    ["session", (db, work) => db.session(work)],
  ];
  test.each(loops.flatMap(([how, run]) => places.map(([where, on]) => [how, where, run, on] as const)))(
    "%s (%s)",
    async (_how, _where, run, on) => {
      const uncaught: unknown[] = [];
      const note = (error: unknown) => uncaught.push(error);
      process.on("uncaughtException", note);
      const db = bind(database.connect({ max: 1 }));
      const [backend] = await db<{ pid: number }>`select pg_backend_pid() as pid`;
      let others: Promise<unknown> | undefined;
      let isOver = () => {};
      const over = new Promise<void>((resolve) => {
        isOver = resolve;
      });
      const lose = async () => {
        await bind(database.client)`select pg_terminate_backend(${backend?.pid ?? 0})`;
        await pause(50);
        // The driver opens the connection again for these.
        others ??= Promise.all(Array.from({ length: 20 }, (_, n) => db`select ${n}::integer as n`));
        others.catch(() => {});
        isOver();
      };
      await on(db, (h) => run(h, lose)).catch(() => {});
      await over;
      expect(await others).toEqual(Array.from({ length: 20 }, (_, n) => [{ n }]));
      await pause(20);
      process.off("uncaughtException", note);
      expect(uncaught).toEqual([]);
    },
  );
});
