import * as nextvalNames from "nextval";
import {
  addIdentity,
  alterIdentity,
  alterSequence,
  bind,
  commentOnSequence,
  createSchema,
  createSequence,
  currval,
  type Database,
  dropIdentity,
  dropSequence,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  generatedAsIdentity,
  lastval,
  setSequenceSchema,
  nextval,
  setSequenceOwnedBy,
  setSequenceOwner,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  revokeOnSequence,
  setSequenceLogged,
  setval,
  sql,
} from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import * as allocateNames from "nextval/allocate";
import * as catalogNames from "nextval/catalog";
import { applyPlan, inspectSequences, planChanges } from "nextval/catalog";
import * as operateNames from "nextval/operate";
import { applyResync, applyWiden, planResync, planTransfer, planWiden, sequenceStatus } from "nextval/operate";
import { bind as bindPg } from "nextval/pg";
import { Client } from "pg";
import type postgres from "postgres";
import { beforeAll, expect, test } from "vitest";
import { withDatabase } from "../../lib/cli/database/connect.js";
import { inspectWithLockTimeout, checkSchemas } from "../../lib/cli/database/inspect-database.js";
import { withTimeouts } from "../../lib/cli/database/timeouts.js";
import { serverVersion, useDatabase } from "../support/database.js";
import { HAS_LONG_FILES } from "../support/effort.js";
import { makeHostile, namesIn } from "../support/hostile-path.js";
import { resync } from "../support/resync.js";
import { transfer } from "../support/transfer.js";

const database = useDatabase();
const other = useDatabase();

/**
 * The functions that the library's statements call are looked up in the path of these settings. What goes wrong in the
 * usual one also does if what somebody else has made comes before what the server has.
 */
const PATHS = HAS_LONG_FILES ? ['"$user", public', "public, pg_catalog"] : ["public, pg_catalog"];

/** Public functions that send nothing. A new one has to be put here, or into `calls`. */
const SENDS_NOTHING =
  "NextvalError ResyncError TransferError pgSchema pgSequence resolveOptions embed sql bind generateMigration " +
  "planChanges pullDeclarations toPrometheus usageRates toJson widenFiles WidenError checkStrides stride";

const s = pgSequence("s");
const round = pgSequence("round_seq", { maxValue: 100, cycle: true });
const block = pgSequence("block_seq", { increment: 10 });
const scratch = pgSequence("scratch_seq");

/** Every public function that sends statements, by its name. */
const calls: { readonly [name: string]: (db: Database, to: Database) => PromiseLike<unknown> } = {
  async nextval(db) {
    await db`select ${nextval(s)}`;
    await db.nextval(s, { durable: false });
    await db.session((session) => session.nextval(s));
    await Promise.all([db.nextval(s), db.nextval(s)]);
    expect(await db.nextvals(s, 40, { durable: false })).toHaveLength(40);
    // If the increment differs from the database's, each value is a separate run.
    expect(await db.nextvals(pgSequence("block_seq", { increment: 3 }), 5)).toEqual([1n, 11n, 21n, 31n, 41n]);
    expect(await db.nextvals(round, 40)).toHaveLength(40);
    expect(await db.nextvals(round, 4, { durable: false })).toHaveLength(4);
  },
  async setval(db) {
    await db.setval(s, 60, false);
    await db`select ${setval(s, 60)}`;
  },
  currval: (db) =>
    db.begin(async (tx) => {
      await tx.nextval(s);
      await tx.savepoint((inner) => inner.currval(s));
      await tx`select ${currval(s)}`;
    }),
  lastval: (db) =>
    db.begin(async (tx) => {
      await tx.nextval(s);
      await tx.lastval();
      await tx`select ${lastval()}`;
    }),
  createSchema: (db) => db.query(createSchema(pgSchema("made"), { ifNotExists: true })),
  createSequence: (db) => db.query(createSequence(scratch)),
  alterSequence: (db) => db.query(alterSequence(scratch, { increment: 2, restart: true }, { ifExists: true })),
  commentOnSequence: (db) => db.query(commentOnSequence(scratch, "it's")),
  grantOnSequence: (db) => db.query(grantOnSequence(scratch, ["usage"], "public")),
  revokeOnSequence: (db) => db.query(revokeOnSequence(scratch, ["usage"], "public")),
  grantOnAllSequences: (db) => db.query(grantOnAllSequences("public", "select", "public")),
  revokeOnAllSequences: (db) => db.query(revokeOnAllSequences("public", "select", "public")),
  grantOnFutureSequences: (db) => db.query(grantOnFutureSequences({ schemas: "public" }, "select", "public")),
  revokeOnFutureSequences: (db) => db.query(revokeOnFutureSequences({ schemas: "public" }, "select", "public")),
  setSequenceOwner: (db) => db.query(setSequenceOwner(scratch, sql`current_user`)),
  restartSequence: (db) => db.query(restartSequence(scratch, 5)),
  setSequenceOwnedBy: (db) => db.query(setSequenceOwnedBy(scratch, { table: "t", column: "id" })),
  async setSequenceLogged(db) {
    const setting = db.query(setSequenceLogged(scratch, true));
    // Before PostgreSQL 15 only tables have it.
    if ((await serverVersion(database.client)) < 15) await expect(setting).rejects.toMatchObject({ code: "42809" });
    else await setting;
  },
  async renameSequence(db) {
    await db.query(setSequenceOwnedBy(scratch, null));
    await db.query(renameSequence(scratch, "renamed_seq"));
    await db.query(renameSequence(pgSequence("renamed_seq"), "scratch_seq"));
  },
  async setSequenceSchema(db) {
    await db.query(setSequenceSchema(scratch, "made"));
    await db.query(setSequenceSchema(pgSchema("made").sequence("scratch_seq"), "public"));
  },
  dropSequence: (db) => db.query(dropSequence(scratch)),
  generatedAsIdentity: (db) => db`create table public.made (id bigint ${generatedAsIdentity("always")})`,
  alterIdentity: (db) => db.query(alterIdentity({ table: "made", column: "id" }, { generated: "by default" })),
  dropIdentity: (db) => db.query(dropIdentity({ table: "made", column: "id" }, { ifExists: true })),
  addIdentity: (db) => db.query(addIdentity({ table: "made", column: "id" }, "always", { name: "made_no" })),
  async inspectSequences(db) {
    const { searchPath, sequences } = await inspectSequences(db, { schemas: ["public", "made"] });
    expect(searchPath).toContain("public");
    // The name in a default that is looked up at each insert leads to this one, by the path of the caller.
    expect(sequences.find(({ seqName }) => seqName === "late_seq")?.feeds).toMatchObject([{ lateBound: true }]);
    await db.begin((tx) => inspectSequences(tx));
  },
  async applyPlan(db) {
    const state = await inspectSequences(db);
    const late = pgSequence("late_seq", { maxValue: 1_000_000, comment: "changed" });
    await applyPlan(db, planChanges([late, pgSequence("applied_seq")], state), { allow: ["NAMED_IN_TEXT"] });
  },
  async allocator(db) {
    await allocator(db, s, { size: 40 }).take(50);
  },
  async blockAllocator(db) {
    await blockAllocator(db, block, { size: 3 }).take(45);
  },
  async gaplessCounter(db) {
    await db.query(gaplessCounter("invoice").create());
    await db.begin((tx) => gaplessCounter("invoice").next(tx));
    await db.begin((tx) => gaplessCounter("invoice").next(tx));
  },
  async sequenceStatus(db) {
    const { sequences } = await sequenceStatus(db, { columns: "all", views: true, schemas: ["public"] });
    const { sequences: own } = await db.begin((tx) => sequenceStatus(tx, { columns: "all", trustOwners: ["nobody"] }));
    for (const each of [...sequences, ...own]) {
      for (const { notCompared } of each.columns) if (notCompared !== null) expect(notCompared).toContain("a view");
    }
  },
  async planResync(db) {
    expect((await planResync(db, { views: true, allowBackwards: true })).failures).toEqual([]);
  },
  async applyResync(db) {
    const { moves, failures } = await resync(db, { views: true, emptyCaches: true });
    expect([moves.length > 0, failures]).toEqual([true, []]);
    await resync(db, { allowBackwards: true, emptyCaches: true });
    // In a transaction of the caller, a near value is drawn and a far one is set.
    for (const row of [900, 5_000_000]) {
      await db.begin(async (tx) => {
        await tx.query(sql`insert into public.t values (${row}::pg_catalog.int8)`);
        expect((await applyResync(tx, await planResync(tx))).moves).toMatchObject([{ to: BigInt(row) + 1n }]);
      });
    }
  },
  async planTransfer(db, to) {
    expect((await planTransfer(db, to, { schemas: ["carried"] })).sequences).toHaveLength(2);
  },
  async applyTransfer(db, to) {
    const { sequences } = await transfer(db, to, { schemas: ["carried"] });
    expect(sequences).toMatchObject([{ moves: true }, { moves: true }]);
  },
  async planWiden(db) {
    const { columns } = await planWiden(db, { table: "widened", column: "id" });
    expect(columns).toHaveLength(2);
  },
  async applyWiden(db) {
    await applyWiden(db, await planWiden(db, { table: "widened", column: "id" }));
    await db`insert into public.widened (parent) values (1)`;
    await applyWiden(db, await planWiden(db, { table: "widened", column: "id" }), { cleanUp: true });
  },
};

/** The statements that the command itself sends. */
const command = () =>
  withDatabase({ url: database.url, urlFrom: "test" }, async (db) => {
    await inspectWithLockTimeout(db, { schemas: ["public"], lockTimeout: 1000 });
    await checkSchemas(withTimeouts(db, { lockTimeout: 1000 }), ["public"]);
  });

/** What only a client of pg is sent, such as the statements that put back what a session has changed. */
async function overPg(statements: string[], notices: string[]): Promise<void> {
  const client = new Client({ connectionString: database.url });
  const { query } = client;
  client.query = ((given: string | { readonly text: string }, ...rest: unknown[]) => {
    statements.push(typeof given === "string" ? given : given.text);
    return Reflect.apply(query, client, [given, ...rest]) as unknown;
  }) as typeof client.query;
  client.on("notice", ({ message = "" }) => notices.push(message));
  await client.connect();
  try {
    const db = bindPg(client);
    await db.session((session) => session.nextval(s));
    await db.begin((tx) => tx.savepoint((own) => own.setval(s, 7)));
    await db.nextvals(s, 3);
    for await (const rows of db.cursor(sql`select 1 as one`, 1)) expect(rows).toEqual([{ one: 1 }]);
  } finally {
    await client.end();
  }
}

/** Runs everything on fresh objects. Returns the statements that were sent, and the notices of others' code. */
async function runAll(path: string) {
  const statements: string[] = [];
  const notices: string[] = [];
  for (const { client, name } of [database, other]) {
    await client.begin(async (tx) => {
      await tx.unsafe(`
        set local search_path = pg_catalog, pg_temp;
        drop table if exists public.t, public.n, public.late, public.made, public.gapless_counter,
          public.widened cascade;
        drop sequence if exists public.s, public.round_seq, public.block_seq, public.late_seq, public.num_seq,
          public.applied_seq, public.scratch_seq cascade;
        drop view if exists public.v; drop schema if exists made, carried cascade;
        create schema carried; create sequence carried.one; create sequence carried.two;
        create sequence public.s;
        create sequence public.round_seq maxvalue 100 cycle; create sequence public.block_seq increment 10;
        create sequence public.late_seq; create sequence public.num_seq increment 3 cache 5;
        create table public.t (id bigint primary key default nextval('public.s'), n int);
        create table public.n (id numeric default nextval('public.num_seq'), k int generated always as identity);
        create table public.late (id int default nextval('late_seq'::text));
        insert into public.t values (500); insert into public.n values (700); insert into public.late values (9);
        create table public.widened (id serial primary key, parent int references public.widened, check (id > 0));
        insert into public.widened values (1, 1);
        create view public.v as select 5 as id; alter view public.v alter column id set default nextval('public.s');
        alter database ${name} set search_path = ${path}`);
    });
  }
  const connect = ({ connect }: typeof database) =>
    connect({
      // The driver asks for types with operators that it does not qualify.
      fetch_types: false,
      debug: (_connection, query) => statements.push(query),
      onnotice: ({ message = "" }: postgres.Notice) => notices.push(message),
    });
  const [from, to] = [connect(database), connect(other)];
  try {
    for (const [name, call] of Object.entries(calls)) {
      await call(bind(from), bind(to)).then(undefined, (error: unknown) => {
        throw new Error(`${name} with search_path ${path}: ${String(error)}`, { cause: error });
      });
    }
    await command();
    await overPg(statements, notices);
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
  return { statements, hostile: notices.filter((message) => message.includes("HOSTILE")) };
}

let sent: readonly string[] = [];

beforeAll(async () => {
  ({ statements: sent } = await runAll(PATHS[0] as string));
  const names = await namesIn(sent, database.client);
  for (const { client } of [database, other]) await makeHostile(client, names);
});

test("covers every public function", () => {
  const names = [nextvalNames, catalogNames, allocateNames, operateNames].flatMap((each) => Object.keys(each));
  expect(names.sort()).toEqual([...SENDS_NOTHING.split(" "), ...Object.keys(calls)].sort());
});

test("the overloads are called by SQL that names no schema", async () => {
  const client = database.connect({ fetch_types: false });
  await expect(client`select 1::pg_catalog.oid = 1::pg_catalog.int4`).rejects.toThrow("HOSTILE operator oid = integer");
  await expect(client`select json_agg(1::pg_catalog.int8)`).rejects.toThrow("HOSTILE function json_agg(bigint)");
  await expect(client`select unnest('{1}'::pg_catalog.int8[])`).rejects.toThrow("HOSTILE function unnest(bigint[])");
  await client`set search_path = public, pg_catalog`;
  await expect(client`select 'x'::text`).rejects.toThrow("HOSTILE code");
  await expect(client`select from pg_class`).rejects.toThrow("HOSTILE code");
  await expect(client`select 1 in (1)`).rejects.toThrow("HOSTILE operator integer = integer");
});

test.each(PATHS)("no library statement calls them or fails, with search_path %s", async (path) => {
  expect((await runAll(path)).hostile).toEqual([]);
});
