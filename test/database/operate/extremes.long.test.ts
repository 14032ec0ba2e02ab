import { bind } from "nextval";
import { applyResync, planResync, type Health, sequenceStatus } from "nextval/operate";
import postgres from "postgres";
import { beforeEach, expect, test } from "vitest";
import { startServer } from "../../server/server.js";
import { whileStandby } from "../../server/standby.js";
import { columnsOf } from "../../support/columns-of.js";
import { useDatabase } from "../../support/database.js";

const database = useDatabase();

beforeEach(async () => {
  await run("drop schema public cascade; create schema public");
});

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

const TABLES = Number(process.env["NEXTVAL_LOCKED_AMONG"] ?? 30);

test(`one locked table among ${TABLES} costs one lock timeout at most, and stops nobody else`, async () => {
  await run(`do $$ begin
    for n in 1..${TABLES} loop execute format('create table t%s (id serial primary key)', n); end loop;
  end $$; insert into t1 values (9)`);
  const patience = 2000;
  const hasty = database.connect({ max: 1, connection: { lock_timeout: patience } });
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const free = await timed(() => sequenceStatus(bind(hasty)));
  await database.client.begin(async (tx) => {
    await tx.unsafe(`lock table t${TABLES}`);
    let health: Health | undefined;
    let isOver = false;
    const waiting = timed(async () => void (health = await sequenceStatus(bind(hasty)))).finally(() => (isOver = true));
    const altering = database.connect({ max: 1, connection: { lock_timeout: patience / 2 } });
    const waits = new Map<string, number>();
    // Status holds no lock on another table while it waits for this one.
    for (let round = 1; !isOver; round++) {
      await altering.unsafe(`alter table t${(round % (TABLES - 1)) + 1} add column x${round} int`);
      const seen = await altering<{ since: string; ms: number }[]>`
        select waitstart::text as since, 1000 * extract(epoch from clock_timestamp() - waitstart)::float8 as ms
        from pg_locks where relation = ${`t${TABLES}`}::regclass and waitstart is not null`;
      for (const { since, ms } of seen) waits.set(since, ms);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const waited = await waiting;
    expect(columnsOf(health!).get("t1")).toBe(9n);
    expect(columnsOf(health!).get(`t${TABLES}`)).toMatch("lock timeout");
    const locked = [...waits.values()].reduce((total, ms) => total + ms, 0);
    console.log(
      `one locked table among ${TABLES}: ${free.toFixed(0)} ms without it, ${waited.toFixed(0)} ms with it, ` +
        `of which ${locked.toFixed(0)} ms waiting, with a lock timeout of ${patience} ms`,
    );
    expect(locked).toBeGreaterThan(patience / 2);
    expect(locked).toBeLessThan(1.5 * patience);
  });
});

test("many partitions do not fill the server's lock table", { timeout: 60_000 }, async () => {
  // Room for some 2000 locks, and 8 tables of 10 partitions with 33 indexes each.
  const server = await startServer({
    settings: { max_locks_per_transaction: "10", max_connections: "20", max_prepared_transactions: "0" },
  });
  const client = postgres(server.url, { max: 2, onnotice: () => {} });
  try {
    for (let table = 1; table <= 8; table++) {
      await client.unsafe(`
      create table t${table} (id serial, n int, primary key (id, n)) partition by list (n);
      do $$ begin
        for n in 1..10 loop
          execute format('create table t${table}_%s partition of t${table} for values in (%s)', n, n);
        end loop;
      end $$`);
      // Separate statements, because each keeps its new objects locked until it ends.
      for (let index = 1; index <= 32; index++) await client.unsafe(`create index on t${table} (n)`);
      await client`insert into ${client(`t${table}`)} values (9, 1)`;
    }
    const everything = Array.from({ length: 8 }, (_, index) => `select max(id) from t${index + 1}`);
    await expect(client.unsafe(everything.join(" union all "))).rejects.toMatchObject({ code: "53200" });
    const columns = columnsOf(await sequenceStatus(bind(client)));
    expect([...columns.values()]).toEqual(Array.from({ length: 8 }, () => 9n));
    const seen: number[] = [];
    const plan = await planResync(bind(client), { onProgress: ({ done }) => seen.push(done) });
    expect(plan.failures).toEqual([]);
    expect((await applyResync(bind(client), plan)).moves).toHaveLength(8);
    // Smaller batches from the beginning, not only after the server had refused all of them.
    expect(seen.slice(0, 2)).toEqual([0, 2]);
  } finally {
    await client.end({ timeout: 1 });
    await server.stop();
  }
});

test("a sequence that is altered concurrently is read again", async () => {
  await run(`
    create table a_large_one (id bigint default nextval('kept'::text)); create sequence kept;
    insert into a_large_one select generate_series(1, 300000);
    create table b (id serial primary key); insert into b values (1)`);
  let going = true;
  const others = (async () => {
    for (let round = 2; going; round++) await run(`alter sequence b_id_seq restart with ${round}`);
  })();
  try {
    for (let round = 0; round < 5; round++) {
      const { sequences } = await sequenceStatus(bind(database.connect({ max: 1 })), { columns: "all", views: true });
      expect(columnsOf({ sequences } as Health)).toEqual(
        new Map([
          ["a_large_one", 300_000n],
          ["b", 1n],
        ]),
      );
    }
  } finally {
    going = false;
    await others;
  }
});

test("a view that may not draw from its own sequence only affects itself", async () => {
  await run(`
    create sequence s; create sequence v_seq; create view v as select nextval('s') as id;
    alter view v alter id set default nextval('v_seq');
    create table t (id serial primary key); insert into t values (9)`);
  const reading = database.connect({ connection: { default_transaction_read_only: true } });
  const columns = columnsOf(await sequenceStatus(bind(reading), { columns: "all", views: true }));
  expect(columns.get("t")).toBe(9n);
  expect(columns.get("v")).toBe("public.v.id could not be read: cannot execute nextval() in a read-only transaction");
});

test("on a standby an unlogged table only affects itself", { timeout: 60_000 }, async () => {
  const server = await startServer();
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    await client.unsafe(`
      create table logged (id serial primary key); insert into logged values (9);
      create unlogged table all_fleeting (id serial primary key); create sequence s;
      create unlogged table fleeting (id int primary key default nextval('s')); insert into fleeting values (9)`);
    await whileStandby(server, client, async () => {
      const columns = columnsOf(await sequenceStatus(bind(client)));
      expect(columns.get("logged")).toBe(9n);
      expect(columns.get("fleeting")).toBe(
        "public.fleeting.id could not be read: cannot access temporary or unlogged relations during recovery",
      );
      // From 15 on its sequence is unlogged as well, and has no value here.
      expect(columns.get("all_fleeting")).toEqual(expect.any(String));
      const { moves, failures } = await planResync(bind(client));
      expect(moves).toMatchObject([{ column: { table: "logged" }, to: 10n }]);
      expect(failures.map(({ sequence }) => sequence.name)).toEqual(["all_fleeting_id_seq", "s"]);
    });
  } finally {
    await client.end({ timeout: 1 });
    await server.stop();
  }
});
