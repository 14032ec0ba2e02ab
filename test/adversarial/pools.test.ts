import { createSequence, nextval, pgSequence, sql } from "nextval";
import { bind } from "nextval/pg";
import { Pool } from "pg";
import { beforeAll, expect } from "vitest";
import { attack } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const drawSeq = pgSequence("draw_seq");
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  const pool = new Pool({ connectionString: database.url });
  await bind(pool).query(createSequence(drawSeq));
  await pool.end();
});

/** What callers do at the same time. Each either gets its own answer, or fails for a reason of its own. */
function callsOn(pool: Pool, random: Random): readonly (() => PromiseLike<unknown>)[] {
  const db = bind(pool, { waitTimeout: 20_000 });
  const number = () => random.between(1, 1_000_000);
  const short = () => random.between(1, 30);
  return [
    async () => {
      const given = number();
      expect(await db`select ${given}::integer as n`).toEqual([{ n: given }]);
    },
    () =>
      db.begin(async (tx) => {
        const given = String(number());
        await tx`select set_config('attack.transaction', ${given}, true)`;
        await pause(short() / 10);
        expect(await tx`select current_setting('attack.transaction') as n`).toEqual([{ n: given }]);
        const drawn = await tx.nextval(drawSeq);
        expect(await tx.currval(drawSeq)).toBe(drawn);
      }),
    () =>
      db.session(
        async (session) => {
          await session`set attack.session = 'left'`;
          if (random.between(1, 3) === 1) throw new Error("mine");
          await session.begin((tx) => tx`select pg_sleep(${short() / 1_000}::float8)`);
        },
        { timeout: short() * 2 },
      ),
    async () => {
      const [row] = await db<{ left: string }>`select coalesce(current_setting('attack.session', true), '') as left`;
      expect(row?.left).toBe("");
    },
    async () => {
      let next = 1;
      for await (const rows of db.cursor(sql<{ n: number }>`select n from generate_series(1, 20) n`, 3)) {
        for (const { n } of rows) expect(n).toBe(next++);
        if (random.between(1, 3) === 1) break;
      }
    },
    () => db.with({ timeout: short() })`select pg_sleep(${short() / 1_000}::float8)`,
    () => db.begin((tx) => tx`select pg_sleep(${short() / 1_000}::float8)`, { timeout: short() }),
    async () => {
      const query = db`select pg_sleep(0.02)`;
      const outcome = query.then(() => "answered");
      setTimeout(() => query.cancel(), short());
      return outcome;
    },
    () => db`select ${nextval(drawSeq)}, 1 / 0`,
    () => db.begin(async (tx) => void tx`select pg_sleep(0.005)`.execute()),
    () => database.client`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'attacked'
      order by random() limit ${random.between(0, 1)}`,
  ];
}

attack("pools of pg: no hang, no answer of another, and no connection lost", async ({ random, count }) => {
  const pool = new Pool({ connectionString: database.url, max: 3, application_name: "attacked" });
  pool.on("error", () => {});
  const calls = callsOn(pool, random);
  const caller = async () => {
    for (let call = 0; call < 12; call++) {
      const work = calls[random.between(0, calls.length - 1)] as () => PromiseLike<unknown>;
      const outcome = await Promise.race([
        work().then(
          () => "answered",
          (error: unknown) => {
            if ((error as Error).name === "AssertionError") throw error;
            return "failed";
          },
        ),
        pause(40_000).then(() => "left waiting"),
      ]);
      count(outcome);
      expect(outcome).not.toBe("left waiting");
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  await expect.poll(() => [pool.totalCount - pool.idleCount, pool.waitingCount], { timeout: 15_000 }).toEqual([0, 0]);
  await pool.end();
});
