import { randomBytes } from "node:crypto";
import { bind, pgSchema } from "nextval";
import { inspectSequences, planChanges } from "nextval/catalog";
import { applyResync, planResync, planTransfer, sequenceStatus } from "nextval/operate";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/*
 * Every role that may create a table anywhere may make one whose default draws from the sequence of another role, with
 * no privilege on it: the server asks for that at an insert. What such a table holds must not move the sequence, nor
 * choose what is advised.
 */

const database = useDatabase();
const source = useDatabase();
const stranger = `stranger_${randomBytes(4).toString("hex")}`;
const app = `app_${randomBytes(4).toString("hex")}`;

beforeAll(async () => {
  await database.client.unsafe(`create role ${stranger}; create role ${app}`);
});
afterAll(async () => {
  for (const { client } of [database, source]) await client.unsafe(`drop owned by ${stranger}, ${app} cascade`);
  await database.client.unsafe(`drop role ${stranger}; drop role ${app}`);
});
beforeEach(async () => {
  for (const { client } of [database, source]) {
    await client.unsafe(`
      drop schema if exists app, theirs cascade; create schema app authorization ${app};
      create schema theirs authorization ${stranger}; grant usage on schema app to public;
      set role ${app}; create table app.orders (id serial primary key);
      insert into app.orders select from generate_series(1, 10);
      reset role`);
  }
});

/** A table of the stranger that draws from the sequence of the other role. */
async function makeTable(type: string, ...ids: number[]): Promise<void> {
  await database.client.unsafe(`
    set role ${stranger};
    create table theirs.mine (id ${type} default nextval('app.orders_id_seq') primary key);
    insert into theirs.mine select unnest('{${ids.join(",")}}'::${type}[]);
    grant select, insert on theirs.mine to public;
    reset role`);
}

const moveAll = async () => applyResync(bind(database.client), await planResync(bind(database.client)));
const sequence = async () => (await sequenceStatus(bind(database.client))).sequences[0];

test("rows of a stranger's table do not move a sequence", async () => {
  // The first is in the way, and after the second there is one value left.
  await makeTable("integer", 11, 2_147_483_646);
  expect(await sequence()).toMatchObject({ level: "ok", nextValue: 11n });
  expect(await moveAll()).toMatchObject({ moves: [], failures: [] });
  const [column] = (await sequence())?.columns.filter(({ table }) => table === "mine") ?? [];
  expect(column?.notCompared).toBe(`the owner of the table, ${stranger}, may not draw from the sequence`);
});

test("a stranger's narrow column does not end a sequence, and does not keep it from being moved", async () => {
  await makeTable("smallint");
  await database.client.unsafe(`select setval('app.orders_id_seq', 40000); insert into app.orders values (40500)`);
  expect(await sequence()).toMatchObject({ end: 2_147_483_647n, left: 2_147_443_647n });
  expect(await moveAll()).toMatchObject({ moves: [{ to: 40_501n }], failures: [] });
});

longTest("a stranger's narrow column on the target does not take the margin of a transfer", async () => {
  await makeTable("smallint");
  await source.client.unsafe(`select setval('app.orders_id_seq', 40000)`);
  const report = await planTransfer(bind(source.client), bind(database.client));
  expect(report).toMatchObject({ sequences: [{ to: 41_001n, margin: 1000n }] });
});

test("nobody is advised to grant a stranger, or those it lets in, the right to draw", async () => {
  await makeTable("integer");
  expect((await sequence())?.problems.map(({ code }) => code)).toEqual(["NOT_COMPARED"]);
});

test("a stranger's table makes no hazards, and keeps a sequence from being dropped", async () => {
  await database.client.unsafe(`
    set role ${app}; create sequence app.free_seq; reset role; set role ${stranger};
    create table theirs.other (id smallint default nextval('app.free_seq') primary key); reset role`);
  const state = await inspectSequences(bind(database.client), { schemas: ["app"] });
  const freeSeq = pgSchema("app").sequence("free_seq", { cycle: true });
  expect(planChanges([freeSeq], state).changes).toMatchObject([{ kind: "alter", hazards: [] }]);
  expect(planChanges([], state, { prune: true, schemas: ["app"] }).changes).toEqual([]);
});

test("a table of another role that may draw counts", async () => {
  await makeTable("integer", 11, 5000);
  await database.client.unsafe(`grant usage on sequence app.orders_id_seq to ${stranger}`);
  expect(await moveAll()).toMatchObject({ moves: [{ to: 5001n }] });
});

test("a table that runs a function of its owner without an end is not waited for", async () => {
  await database.client.unsafe(`
    create function theirs.limit_is(int) returns int language plpgsql immutable as $$ begin
      if current_user = '${app}' then raise exception 'it has %', current_setting('statement_timeout'); end if;
      return 1;
    end $$;
    create table theirs.slow (id serial primary key);
    alter table theirs.slow owner to ${stranger};
    grant select on theirs.slow to ${app};
    grant usage on schema theirs to ${app};
    grant select on sequence theirs.slow_id_seq to ${app};
    -- Before PostgreSQL 18 its position cannot be read otherwise.
    select nextval('theirs.slow_id_seq')`);
  await database.client.unsafe(`set role ${stranger};
    create index on theirs.slow (id) where theirs.limit_is(1) = 1;
    reset role`);
  const reader = database.connect({ max: 1, connection: { role: app, statement_timeout: 60_000 } });
  const reasonOf = async (columns: "indexed" | "all") => {
    const { sequences } = await sequenceStatus(bind(reader), { columns, trustOwners: [stranger] });
    return sequences.find((each) => each.sequence.schema === "theirs")?.columns[0]?.notCompared;
  };
  expect(await reasonOf("indexed")).toMatch(/^theirs\.slow\.id could not be read: it has 3(s|001ms)$/);
  expect(await reasonOf("all")).toBe("theirs.slow.id could not be read: it has 1min");
});

test("a table that takes long is a warning, and those that evaluate nothing have more time", async () => {
  await database.client.unsafe(`
    create function theirs.cut(int) returns int language plpgsql immutable as $$ begin
      if current_user = '${app}' then raise exception using errcode = 'query_canceled'; end if;
      return 1;
    end $$;
    create table theirs.slow (id serial, part int, primary key (id, part), more serial unique);
    create index on theirs.slow (id) where theirs.cut(1) = 1;
    alter table theirs.slow owner to ${stranger};
    grant usage on schema theirs to ${app};
    grant select on theirs.slow, theirs.slow_id_seq, theirs.slow_more_seq to ${app};
    select nextval('theirs.slow_id_seq'), nextval('theirs.slow_more_seq')`);
  const timeouts: unknown[] = [];
  const reader = database.connect({
    max: 1,
    connection: { role: app },
    debug: (_, text, values) => timeouts.push(...(text.includes("'statement_timeout', $") ? values : [])),
  });
  const { sequences } = await sequenceStatus(bind(reader), { trustOwners: [stranger, app] });
  // All of them, then the table that evaluates nothing, then the other one, with all of its columns.
  expect(timeouts).toEqual(["3001", "20001", "1501"]);
  const slow = {
    level: "warning",
    problems: [{ code: "NOT_COMPARED", hint: 'Pass columns: "all" to read it anyway.' }],
    columns: [{ notCompared: "reading the ends of its index took too long" }],
  };
  expect(sequences).toMatchObject([
    { sequence: { name: "slow_id_seq" }, ...slow },
    { sequence: { name: "slow_more_seq" }, ...slow },
    { sequence: { name: "orders_id_seq" }, columns: [{ notCompared: null }] },
  ]);
});

test.each(["alter table theirs.mine alter id set not null", "alter table theirs.mine drop constraint mine_pkey"])(
  "a sequence is not locked while a function of a stranger runs without an end: %s",
  async (change) => {
    await makeTable("integer", 11);
    await database.client.unsafe(`
    grant usage on sequence app.orders_id_seq to ${stranger};
    grant usage on schema theirs to ${app};
    create function theirs.limit_is(int) returns int language plpgsql immutable as $$ begin
      if current_user = '${app}' and current_setting('statement_timeout') <> '0' then
        raise exception 'it has %', current_setting('statement_timeout') using errcode = 'query_canceled';
      end if;
      return 1;
    end $$;
    create index on theirs.mine ((true)) where theirs.limit_is(1) = 1;
    ${change}`);
    const db = bind(database.connect({ max: 1, connection: { role: app } }));
    const plan = await planResync(db, { trustOwners: [stranger, app] });
    expect(plan).toMatchObject({ moves: [{ to: 12n }], failures: [] });
    await expect(applyResync(db, plan)).rejects.toMatchObject({
      report: {
        moves: [],
        failures: [{ error: { code: "COLUMN_NOT_COMPARED", message: "app.orders_id_seq: not moved: it has 20s" } }],
      },
    });
  },
);

test("a policy of a stranger does not run while a sequence is locked", async () => {
  await makeTable("integer", 11);
  await database.client.unsafe(`
    grant usage on sequence app.orders_id_seq to ${stranger};
    grant usage on schema theirs to ${app};
    alter table theirs.mine drop constraint mine_pkey;
    create function theirs.stop() returns boolean language plpgsql as $$ begin raise 'it ran'; end $$;
    create policy all_rows on theirs.mine using (theirs.stop())`);
  const db = bind(database.connect({ max: 1, connection: { role: app } }));
  const plan = await planResync(db, { trustOwners: [stranger, app] });
  const { applying } = await database.client.begin(async (tx) => {
    await tx`select nextval('app.orders_id_seq')`;
    const result = applyResync(db, plan).catch((error: unknown) => error);
    const waits = () => tx`select from pg_locks where relation = 'app.orders_id_seq'::regclass and not granted`;
    while ((await waits()).length === 0) await tx`select pg_sleep(0.005)`;
    await tx.unsafe("alter table theirs.mine enable row level security");
    return { applying: result };
  });
  const message = expect.stringMatching(/affected by row-level security policy for table "mine"$/);
  expect(await applying).toMatchObject({ report: { moves: [], failures: [{ error: { message } }] } });
});

test("a view is read whose owner is limited by a policy, if that is asked for", async () => {
  await database.client.unsafe(`
    set role ${app};
    create table app.kept (id int);
    insert into app.kept values (11);
    alter table app.kept enable row level security, force row level security;
    create policy all_rows on app.kept using (true);
    create view app.seen as select id from app.kept;
    alter view app.seen alter column id set default nextval('app.orders_id_seq');
    reset role`);
  const db = bind(database.client);
  const plan = await planResync(db, { views: true, trustOwners: [app] });
  expect(plan).toMatchObject({ moves: [{ to: 12n }], failures: [] });
  expect(await applyResync(db, plan)).toMatchObject({ moves: [{ to: 12n }], failures: [] });
});

/** Reads all of the stranger's columns: why each was not compared, and how long statements could have taken in all. */
async function readTheirs() {
  await database.client.unsafe(`
    grant usage on schema theirs to ${app};
    grant select on all tables in schema theirs to ${app};
    grant select on all sequences in schema theirs to ${app}`);
  let total = 0;
  const reader = database.connect({
    max: 1,
    connection: { role: app },
    debug: (_, text, values) => (total += text.includes("'statement_timeout', $") ? Number(values[0]) : 0),
  });
  const { sequences } = await sequenceStatus(bind(reader), { schemas: ["theirs"], trustOwners: [stranger, app] });
  const reasons = sequences.map(({ columns }) => columns[0]?.notCompared);
  return { total, reasons };
}

test("many tables that take long are not all waited for", async () => {
  await database.client.unsafe(`
    create function theirs.cut(int) returns int language plpgsql immutable as $$ begin
      if current_user = '${app}' then raise exception using errcode = 'query_canceled'; end if;
      return 1;
    end $$;
    do $$ begin
      for number in 1..60 loop
        execute format('create table theirs.slow_%1$s (id serial unique);
          create index on theirs.slow_%1$s (id) where theirs.cut(1) = 1;
          select nextval(''theirs.slow_%1$s_id_seq'')', number);
      end loop;
    end $$;`);
  const { total, reasons } = await readTheirs();
  expect(reasons).toEqual(Array.from({ length: 60 }, () => "reading the ends of its index took too long"));
  expect(total).toBeLessThan(13_000);
});

test("many tables that take long without a function are not all waited for", async () => {
  // The server compares the bounds of partitions when it loads the table, which is where these are cut.
  await database.client.unsafe(`
    create function theirs.cut(int, int) returns int language plpgsql immutable as $$ begin
      if current_user = '${app}' then raise exception using errcode = 'query_canceled'; end if;
      return btint4cmp($1, $2);
    end $$;
    create operator class theirs.cutting for type int using btree as
      operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 theirs.cut(int, int);
    do $$ begin
      for number in 10..29 loop
        execute format('create table theirs.slow_%1$s (id int) partition by list (id theirs.cutting);
          create table theirs.one_%1$s partition of theirs.slow_%1$s for values in (1);
          create table theirs.two_%1$s partition of theirs.slow_%1$s for values in (2);
          create index on theirs.slow_%1$s (id)', number);
        for each in 0..5 loop
          execute format('create sequence theirs.seq_%s_%s owned by theirs.slow_%1$s.id', number, each);
        end loop;
      end loop;
    end $$;
    select nextval(oid) from pg_class where relkind = 'S' and relnamespace = 'theirs'::regnamespace;`);
  const { total, reasons } = await readTheirs();
  expect(reasons).toEqual(Array.from({ length: 120 }, () => "reading the ends of its index took too long"));
  // `status --listen` waits 60 seconds.
  expect(total).toBeLessThan(50_000);
});

longTest("names of up to 63 bytes that are longer in UTF-8 prevent nothing", async () => {
  const [name, table] = ["é".repeat(60), "ü".repeat(50)];
  const latin = `latin_${randomBytes(4).toString("hex")}`;
  const libc = (await serverVersion(database.client)) < 15 ? "" : "locale_provider libc";
  await database.client.unsafe(
    `create database ${latin} template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' ${libc}`,
  );
  const client = database.connect({ database: latin });
  try {
    await client.unsafe(`
      create sequence "${name}"; create table "${table}" ("${name}" bigint primary key default nextval('"${name}"'));
      insert into "${table}" values (500)`);
    const db = bind(client);
    expect((await sequenceStatus(db)).sequences).toMatchObject([{ sequence: { name }, level: "critical" }]);
    expect((await applyResync(db, await planResync(db))).moves).toMatchObject([{ to: 501n }]);
    expect((await planTransfer(db, bind(source.client), { exclude: ["*"] })).sequences).toEqual([]);
  } finally {
    await client.end();
    await database.client.unsafe(`drop database ${latin} with (force)`);
  }
});
