import { bind, type Database } from "nextval";
import { sequenceStatus } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { columnsOf } from "../../support/columns-of.js";
import { useDatabase } from "../../support/database.js";
import { resync } from "../../support/resync.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await run("drop schema public cascade; create schema public");
});

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

test("a locked table only delays its own column, as long as lock_timeout allows", async () => {
  await run(`
    create table locked (id serial primary key); create table free (id serial primary key);
    insert into locked values (9); insert into free values (9); create view seen as select id from locked;
    create sequence s; create table late (id int default nextval('s'::text)); create index on late (id)`);
  const hasty = database.connect({ max: 2, connection: { lock_timeout: 200 } });
  await database.client.begin(async (tx) => {
    await tx`lock table locked, seen, late`;
    const columns = columnsOf(await sequenceStatus(bind(hasty)));
    expect(columns.get("free")).toBe(9n);
    expect(columns.get("locked")).toBe("public.locked.id could not be read: canceling statement due to lock timeout");
    expect(columns.get("late")).toMatch("lock timeout");
    const { moves, failures } = await resync(bind(hasty));
    expect(moves).toMatchObject([{ column: { table: "free" }, to: 10n }]);
    expect(failures).toMatchObject([
      { sequence: { name: "locked_id_seq" }, error: { code: "COLUMN_NOT_COMPARED" } },
      { sequence: { name: "s" }, error: { code: "COLUMN_NOT_COMPARED" } },
    ]);
  });
});

test("a foreign server that cannot be reached only affects its own table", async () => {
  await run(`
    create extension postgres_fdw;
    create server away foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
    create user mapping for current_user server away options (user 'nobody', password 'none');
    create sequence away_seq; create foreign table away_table (id int default nextval('away_seq')) server away;
    create table here (id serial primary key); insert into here values (9)`);
  const columns = columnsOf(await sequenceStatus(db, { columns: "all", views: true }));
  expect(columns.get("here")).toBe(9n);
  expect(columns.get("away_table")).toBe('public.away_table.id could not be read: could not connect to server "away"');
  const { moves, failures } = await resync(db, { views: true });
  expect(moves).toMatchObject([{ column: { table: "here" }, to: 10n }]);
  expect(failures).toMatchObject([{ sequence: { name: "away_seq" }, error: { code: "COLUMN_NOT_COMPARED" } }]);
});

test("in a transaction of the caller, a column that fails does not end it, or hide the others", async () => {
  await run(`
    create sequence s; create view broken as select 1 / 0 as id; alter view broken alter id set default nextval('s');
    create table t (id serial primary key)`);
  await db.begin(async (tx) => {
    await tx`set local search_path = pg_temp`;
    const { sequences } = await sequenceStatus(tx, { columns: "all", views: true });
    expect(sequences.flatMap(({ columns }) => columns).map(({ table, notCompared }) => [table, notCompared])).toEqual([
      ["broken", "public.broken.id could not be read: division by zero"],
      ["t", null],
    ]);
    const [path] = await tx<{ path: string }>`select current_setting('search_path') as path`;
    expect(path).toEqual({ path: "pg_temp" });
  });
});

test("a lost connection does not count as the failure of one column", async () => {
  await run(`
    create sequence s; create function leave() returns int volatile language sql as
      'select 1 from pg_terminate_backend(pg_backend_pid())';
    create view leaving as select leave() as id; alter view leaving alter id set default nextval('s')`);
  const looking = sequenceStatus(bind(database.connect({ max: 1 })), { columns: "all", views: true });
  await expect(looking).rejects.toMatchObject({ code: expect.stringMatching(/^57P01$|^CONNECTION/) });
});
