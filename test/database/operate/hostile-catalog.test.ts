import { bind } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { sequenceStatus } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/* Whoever may create a table must not be able to keep others from looking at their sequences. */

const database = useDatabase();

beforeEach(async () => {
  await database.client.unsafe(
    "drop schema if exists m cascade; create schema m; drop table if exists orders; " +
      "create table orders (id serial primary key)",
  );
});

/** Looks at the sequences, and gives their levels. */
async function look(): Promise<Record<string, string>> {
  await inspectSequences(bind(database.client));
  const { sequences } = await sequenceStatus(bind(database.client));
  return Object.fromEntries(sequences.map(({ sequence, level }) => [sequence.name, level]));
}

test("a sequence that belongs to a generated column", async () => {
  await database.client.unsafe(`
    create table m.t (a int, made int generated always as (a + 1) stored); create sequence m.s owned by m.t.made`);
  expect(await look()).toEqual({ orders_id_seq: "ok", s: "ok" });
});

test.each([
  ["looks its sequence up by name", "nextval('m.s'::text)"],
  ["draws from a sequence", "nextval('m.s')"],
])("a default that %s, and is too deep for the server to write down", async (_what, drawing) => {
  await database.client.unsafe(`
    create sequence m.s; create table m.t (id bigint default ${"abs(".repeat(3000)}${drawing}${")".repeat(3000)})`);
  const text = database.client`select length(pg_get_expr(adbin, 0)) from pg_attrdef where adrelid = 'm.t'::regclass`;
  await expect(text).rejects.toMatchObject({ code: "54001" });
  expect(await look()).toEqual({ orders_id_seq: "ok", s: "ok" });
});

test("a view that somebody has locked, below another one", async () => {
  await database.client.unsafe(`
    create table m.t (id serial primary key); create view m.one as select * from m.t;
    create view m.two as select * from m.one`);
  const other = database.connect({ max: 1 });
  await other.begin(async (tx) => {
    await tx`alter view m.one rename to uno`;
    const impatient = database.connect({ max: 1, connection: { lock_timeout: 500 } });
    expect((await sequenceStatus(bind(impatient))).level).toBe("ok");
    await tx`rollback`;
  });
});

test("a view of very many columns with defaults is taken apart once", async () => {
  const columns = Array.from({ length: 200 }, (_, index) => `c${index}`);
  await database.client.unsafe(`
    create sequence m.s; create table m.t (${columns.map((name) => `${name} bigint`).join()});
    create view m.v as select * from m.t;
    alter view m.v ${columns.map((name) => `alter ${name} set default nextval('m.s')`).join()}`);
  const start = performance.now();
  const { sequences } = await inspectSequences(bind(database.client), { schemas: ["m"] });
  expect(sequences[0]?.feeds).toHaveLength(400);
  // Once for each column takes 20 times as long.
  expect(performance.now() - start).toBeLessThan(4000);
});

longTest("tables that somebody has locked are waited for once in all, and nobody waits behind that", async () => {
  const names = Array.from({ length: 120 }, (_, index) => `t${index}`);
  await database.client.unsafe(names.map((name) => `create table m.${name} (id serial primary key)`).join("; "));
  const other = database.connect({ max: 1 });
  await other.begin(async (tx) => {
    await tx`lock table m.t7, m.t70, m.t110 in access exclusive mode`;
    const reader = database.connect({ max: 1, connection: { lock_timeout: 1000 } });
    const start = performance.now();
    const looking = sequenceStatus(bind(reader), { schemas: ["m"] });
    const waits = () => database.client`
      select from pg_locks where not granted
        and database = (select oid from pg_database where datname = current_database())`;
    await expect.poll(async () => (await waits()).length, { interval: 10 }).toBe(1);
    // The statement that waits holds no other table.
    await database.client.unsafe("set lock_timeout = 200; alter table m.t8 add column more int; reset lock_timeout");
    const { sequences } = await looking;
    // Every level of a bisection would wait for a second again: for more than 15 in all.
    expect(performance.now() - start).toBeLessThan(8000);
    const open = sequences.filter(({ columns }) => columns[0]?.notCompared !== null);
    expect(open.map(({ sequence }) => sequence.name).sort()).toEqual(["t110_id_seq", "t70_id_seq", "t7_id_seq"]);
    await tx`rollback`;
  });
});

longTest("a sequence that somebody has dropped, and not committed it", async () => {
  await database.client.unsafe("create sequence m.s");
  const other = database.connect({ max: 1 });
  await other.begin(async (tx) => {
    await tx`drop sequence m.s`;
    const [first, second] = (
      await sequenceStatus(bind(database.connect({ max: 1, connection: { lock_timeout: 5000 } })))
    ).sequences;
    expect(first).toMatchObject({
      sequence: { name: "s" },
      level: "warning",
      lastValue: null,
      problems: [{ code: "UNREADABLE" }, { code: "NOT_ATTACHED" }],
    });
    expect(first?.problems[0]?.message).toMatch(/another session has locked it/);
    expect(second).toMatchObject({ sequence: { name: "orders_id_seq" }, level: "ok", nextValue: 1n });
    await tx`rollback`;
  });
});
