import { bind } from "nextval";
import { inspect } from "nextval/catalog";
import { status } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";

/* Whoever may create a table must not be able to keep others from looking at their sequences. */

const database = useDatabase();

beforeEach(async () => {
  await database.client.unsafe(
    "drop schema if exists m cascade; create schema m; drop table if exists orders; create table orders (id serial primary key)",
  );
});

/** Looks at the sequences, and gives their levels. */
async function look(): Promise<Record<string, string>> {
  await inspect(bind(database.client));
  const { sequences } = await status(bind(database.client));
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
    create table m.t (id serial primary key); create view m.one as select * from m.t; create view m.two as select * from m.one`);
  const other = database.connect({ max: 1 });
  await other.begin(async (tx) => {
    await tx`alter view m.one rename to uno`;
    const impatient = database.connect({ max: 1, connection: { lock_timeout: 500 } });
    expect((await status(bind(impatient))).level).toBe("ok");
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
  const { sequences } = await inspect(bind(database.client), { schemas: ["m"] });
  expect(sequences[0]?.feeds).toHaveLength(400);
  // Once for each column takes 20 times as long.
  expect(performance.now() - start).toBeLessThan(4000);
});
