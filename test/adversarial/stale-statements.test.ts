import { setTimeout as sleep } from "node:timers/promises";
import { bind, type Database, type Queryable, sql } from "nextval";
import { beforeAll, expect } from "vitest";
import { type Answer, answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import { useDatabase } from "../support/database.js";

const POOLS = [1, 3, 10];
const STATEMENTS = 200;
const ROWS = 500;
const MOST_CHANGES = 10;

/**
 * The codes for a prepared statement that the server can no longer run: its result has other columns, or it is gone.
 * The library may also run the statement again itself.
 */
const STALE = /^(0A000|26000)$/;

const database = useDatabase();

beforeAll(async () => {
  const db = bind(database.client);
  await db`create table orders (id integer primary key, note text)`;
  await db`insert into orders select n, 'order ' || n from generate_series(1, ${ROWS}::integer) as n`;
});

/** Statements whose answers tell which row was asked for, whatever columns the table has at that moment. */
const STATEMENTS_OF: readonly ((db: Queryable, id: number) => PromiseLike<readonly object[]>)[] = [
  (db, id) => db`select * from orders where id = ${id}`,
  (db, id) => db`select o.*, ${id}::integer as id from orders o where note = ${`order ${id}`}`,
  (db, id) => db`select * from orders where id = ${id} for share`,
  (db, id) => db`select id, note from orders where id = ${id}`,
];

attack("stale statements: a table is altered under 200 concurrent statements", async (round) => {
  for (const max of POOLS) await attackPool(max, round);
});

async function attackPool(max: number, { random, count }: Round): Promise<void> {
  const client = database.connect({ max });
  const db = bind(client);
  const call = async (handle: Queryable) => {
    const id = random.between(1, ROWS);
    const statement = random.pick(STATEMENTS_OF);
    const name = `${statement.toString()} with ${id}`;
    const answer = await answerOf(name, () => statement(handle, id));
    count("statements");
    return { name, answer, id };
  };
  // So that all connections have prepared them.
  await Promise.all(Array.from({ length: max * 20 }, () => call(db)));

  const altering = alter(
    db,
    Array.from({ length: random.between(2, MOST_CHANGES) }, () => random.pick(CHANGES)),
    count,
  );
  const outside = Array.from({ length: STATEMENTS / 2 }, async () => {
    await sleep(random.between(0, 40));
    const { name, answer, id } = await call(db);
    judge(name, answer, id, count);
  });
  const inside = Array.from({ length: STATEMENTS / 20 }, async () => {
    await sleep(random.between(0, 40));
    await attackInTransaction(db, call, count);
  });
  await Promise.all([altering, ...outside, ...inside]);

  // The last changes may have made `begin` and others stale on any connection, so the first rounds may fail.
  for (let left = 5; left > 0; left--) {
    const answers = await Promise.all(Array.from({ length: 3 * max }, (_, id) => inTransaction(db, id)));
    const isStale = answers.some((answer) => answer.kind === "server error" && STALE.test(answer.code));
    if (isStale && left > 1) continue;
    expect(answers).toEqual(answers.map((_, id) => ({ kind: "value", value: { id } })));
    break;
  }
  await client.end({ timeout: 1 });
}

function inTransaction(db: Database, id: number): Promise<Answer<object>> {
  return answerOf("a healthy pool", () => db.begin((tx) => tx.one(sql`select ${id}::integer as id`)));
}

/** Changes of the table, and statements that make the server forget what a connection of the pool has prepared. */
const CHANGES = ["add column", "drop column", "change type", "deallocate all", "discard plans", "discard all"] as const;

async function alter(db: Database, changes: readonly (typeof CHANGES)[number][], count: Round["count"]): Promise<void> {
  const other = bind(database.client);
  for (const [index, change] of changes.entries()) {
    const extra = sql.identifier(`extra_${index}`);
    if (change === "add column") await other`alter table orders add column ${extra} integer`;
    else if (change === "drop column")
      await other`alter table orders drop column if exists ${sql.identifier(`extra_${index - 1}`)}`;
    else if (change === "change type")
      await other`alter table orders alter column note type ${sql.raw(index % 2 ? "text" : "varchar(40)")}`;
    else {
      // On one connection of the pool, in the middle of what it does.
      const answer = await answerOf(change, () => db.query(sql.raw(change)));
      expect(answer.kind, `${change}: ${"error" in answer ? String(answer.error) : ""}`).toBe("value");
    }
    count(change);
    await sleep(3);
  }
  for (const index of changes.keys())
    await other`alter table orders drop column if exists ${sql.identifier(`extra_${index}`)}`;
}

/**
 * Sends statements one after the other without waiting. The first stale one fails those after it, and the transaction.
 */
async function attackInTransaction(
  db: Database,
  call: (handle: Queryable) => Promise<{ name: string; answer: Answer<readonly object[]>; id: number }>,
  count: Round["count"],
): Promise<void> {
  let failures = 0;
  const answer = await answerOf("a transaction", () =>
    db.begin(async (tx) => {
      const calls = await Promise.all(Array.from({ length: 10 }, () => call(tx)));
      for (const { name, answer, id } of calls) {
        if (answer.kind === "server error") failures++;
        if (answer.kind === "server error" && answer.code === "25P02") continue;
        judge(name, answer, id, count);
      }
    }),
  );
  // Its begin or commit may also be stale.
  if (failures === 0 && answer.kind === "value") count("transactions committed");
  else expect(answer).toEqual({ kind: "server error", code: expect.stringMatching(STALE), error: expect.any(Error) });
}

function judge(name: string, answer: Answer<readonly object[]>, id: number, count: Round["count"]): void {
  if (answer.kind === "server error" && STALE.test(answer.code)) return count("stale");
  expect({ name, answer }).toEqual({
    name,
    answer: { kind: "value", value: [expect.objectContaining({ id, note: `order ${id}` })] },
  });
}
