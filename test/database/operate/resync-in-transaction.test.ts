import { bind, type Database, type NextvalError, pgSequence, type Transaction } from "nextval";
import { applyResync, planResync, type ResyncError, type ResyncReport } from "nextval/operate";
import { afterAll, beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { dropRoles } from "../../support/drop-roles.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { resync } from "../../support/resync.js";

const database = useDatabase();
let db: Database;
const roles = ["nextval_tx_owner", "nextval_tx_importer"];

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe("drop schema if exists mine, public cascade; create schema public");
  await dropRoles(database.client, roles);
});

afterAll(() => dropRoles(database.client, roles));

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

async function insert(table: string): Promise<unknown> {
  const [row] = await database.client.unsafe(`insert into ${table} default values returning id`).values();
  return (row as unknown[])[0];
}

const apply = async (tx: Transaction): Promise<ResyncReport> => applyResync(tx, await planResync(tx));
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as ResyncError,
  );
class Undone extends Error {}

/** Runs work in a transaction, and rolls it back. */
async function undo<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  let result!: Result;
  const transaction = db.begin(async (tx) => {
    result = await work(tx);
    throw new Undone();
  });
  await expect(transaction).rejects.toBeInstanceOf(Undone);
  return result;
}

test("an import and its resync are committed together, and nobody waits meanwhile", async () => {
  await run(
    "create table t (id serial primary key); create table down (id int generated always as identity (increment -2))",
  );
  const other = database.connect({ max: 1 });
  const report = await db.begin(async (tx) => {
    await tx`insert into t select generate_series(1, 500)`;
    await tx`insert into down overriding system value values (-1), (-9)`;
    const report = await apply(tx);
    // The sequence is not locked: another session draws past the rows that it cannot see yet.
    expect(await other`insert into t default values returning id`.values()).toEqual([[501]]);
    return report;
  });
  expect(report).toMatchObject({
    failures: [],
    moves: [
      { sequence: { name: "down_id_seq" }, extreme: -9n, from: -1n, to: -11n },
      {
        sequence: { name: "t_id_seq" },
        extreme: 500n,
        from: 1n,
        to: 501n,
        sql: `select pg_catalog.setval('"public"."t_id_seq"'::pg_catalog.regclass, 501, false)`,
      },
    ],
  });
  expect([await insert("t"), await insert("down")]).toEqual([502, -11]);
  expect((await resync(db)).moves).toEqual([]);
});

test("after a rollback no value comes twice, and the sequence is not behind", async () => {
  await run("create table t (id serial primary key); insert into t values (1); select setval('t_id_seq', 1)");
  const drawn: number[] = [];
  const draw = async (tx: Transaction) => {
    const [row] = await tx<{ id: number }>`select nextval('t_id_seq')::int as id`;
    drawn.push(row!.id);
  };
  await undo(async (tx) => {
    await draw(tx);
    await tx`insert into t select generate_series(100, 200)`;
    await apply(tx);
    for (let count = 0; count < 3; count++) await draw(tx);
  });
  for (let count = 0; count < 300; count++) drawn.push((await insert("t")) as number);
  expect(drawn.slice(0, 5)).toEqual([2, 201, 202, 203, 204]);
  expect(new Set(drawn).size).toBe(drawn.length);
});

test("a long way is set at once, and leaves currval and lastval of the session alone", async () => {
  await run("create table t (id serial primary key)");
  await db.begin(async (tx) => {
    await tx`select nextval('t_id_seq')`;
    await tx`insert into t values (900000000)`;
    expect((await apply(tx)).moves).toMatchObject([{ from: 2n, to: 900_000_001n }]);
    expect(await tx.currval(pgSequence("t_id_seq", { as: "integer" }))).toBe(1);
    expect(await tx.lastval()).toBe(1n);
  });
  expect(await insert("t")).toBe(900_000_001);
});

longTest("sessions that draw all the time never get a value twice", async () => {
  await run("create sequence s; create table t (id bigint primary key default nextval('s'))");
  let going = true;
  const drawing = Array.from({ length: 3 }, async () => {
    const client = database.connect({ max: 1 });
    const drawn: string[] = [];
    while (going) {
      const rows = await client`select nextval('s')::text from generate_series(1, 20)`.values();
      drawn.push(...rows.map(([value]) => value as string));
    }
    return drawn;
  });
  for (let round = 1n; round <= 8n; round++) {
    const ahead = round % 4n === 0n ? 2_000_000n : 300n;
    await db.begin(async (tx) => {
      await tx`insert into t select last_value + ${ahead}::bigint from s`;
      await apply(tx);
    });
  }
  going = false;
  const drawn = (await Promise.all(drawing)).flat();
  const rows = await database.client`select id::text from t`.values();
  const later = [...drawn, await insert("t")];
  expect(new Set(later).size).toBe(later.length);
  expect(BigInt(later.at(-1) as string)).toBeGreaterThan(BigInt(rows.length));
});

test("a rollback of the import does not use up the sequence", async () => {
  await run("create table t (id serial primary key)");
  const error = await undo(async (tx) => {
    await tx`insert into t values (2), (2147483640)`;
    return failureOf(apply(tx));
  });
  expect(error.report.failures).toMatchObject([
    {
      error: { code: "SEQUENCE_OUT_OF_BOUNDS", hint: "Commit, then run resync on the pool." },
    },
  ]);
  expect(await insert("t")).toBe(1);
});

test("a sequence with a cache is left to a resync after the commit", async () => {
  await run("create table t (id serial primary key); alter sequence t_id_seq cache 10");
  const other = database.connect({ max: 1 });
  await other`insert into t default values`;
  const error = await db.begin(async (tx) => {
    await tx`insert into t select generate_series(2, 20)`;
    return [await failureOf(apply(tx))];
  });
  expect(error[0]!.report.failures).toMatchObject([{ error: { code: "TRANSACTION_NOT_ALLOWED" } }]);
  expect((await resync(db)).moves).toMatchObject([{ from: 11n, to: 21n }]);
  expect(await other`insert into t default values returning id`.values()).toEqual([[21]]);
});

test("what a rollback would not undo is refused", async () => {
  const plan = await planResync(db);
  await db.begin(async (tx) => {
    for (const wish of ["allowBackwards", "emptyCaches"] as const) {
      const refusal = { code: "INVALID_ARGUMENT", message: expect.stringContaining(`takes no ${wish}`) };
      await expect(planResync(tx, { [wish]: true })).rejects.toMatchObject(refusal);
      await expect(applyResync(tx, { ...plan, options: { [wish]: true } })).rejects.toMatchObject(refusal);
    }
  });
});

longTest("settings are those of the caller before the next statement, also after an error", async () => {
  await run(`
    create schema mine; create table mine.t (id serial primary key); create table good (id serial primary key);
    create table small (id int generated by default as identity (maxvalue 3) primary key);
    insert into mine.t values (5); insert into good values (5); insert into small values (1), (2), (3)`);
  const settings = ["search_path", "quote_all_identifiers", "lock_timeout", "transaction_isolation"];
  await db.begin(async (tx) => {
    await tx`set local search_path = mine, public`;
    await tx`set local quote_all_identifiers = on`;
    const read = async () => {
      const rows = await tx`select name, current_setting(name) as value from unnest(${settings}::text[]) name`;
      return JSON.stringify(rows);
    };
    const before = await read();
    // Statements of the caller that run meanwhile keep its path.
    const [error, ...paths] = await Promise.all([
      failureOf(apply(tx)),
      ...Array.from({ length: 10 }, async () => {
        const [row] = await tx<{ path: string }>`select current_setting('search_path') as path`;
        return row!.path;
      }),
    ]);
    expect(error.report.moves.map(({ sequence }) => sequence.name)).toEqual(["t_id_seq", "good_id_seq"]);
    expect(new Set(paths)).toEqual(new Set(["mine, public"]));
    expect(await read()).toBe(before);
    // An error of the server in the middle of a resync.
    const plan = await planResync(tx, { schemas: ["mine"] });
    await tx`insert into t values (50)`;
    await tx`select 1`;
    const moves = [
      { sequence: { schema: "mine", name: "t_id_seq" }, column: null, extreme: null, from: 1n, to: 2n, sql: "" },
    ];
    await tx`set local transaction_read_only = on`;
    const broken = await failureOf(applyResync(tx, { ...plan, moves }));
    expect(broken.report.failures).toMatchObject([{ error: { code: "READ_ONLY" } }]);
    expect(await read()).toBe(before);
    await expect(tx.savepoint((inner) => inner`select 1 / 0`)).rejects.toMatchObject({ code: "22012" });
  });
  expect(await insert("good")).toBe(6);
});

test("a role with UPDATE moves forwards; without it, it gets the grant", async () => {
  await run(`
    create role nextval_tx_owner login password 'x'; create role nextval_tx_importer login password 'x';
    grant all on schema public to nextval_tx_owner; grant usage on schema public to nextval_tx_importer;
    set role nextval_tx_owner;
    create table t (id serial primary key); create table cached (id serial primary key);
    alter sequence cached_id_seq cache 5;
    create table closed (id serial primary key); create table unread (id serial primary key); reset role;
    insert into t values (10); insert into cached values (10); insert into closed values (10);
    insert into unread values (10);
    grant select, insert on t, cached, closed to nextval_tx_importer;
    grant select, usage on closed_id_seq to nextval_tx_importer; grant update on unread_id_seq to nextval_tx_importer;
    grant select on unread to nextval_tx_importer;
    grant select, update on t_id_seq, cached_id_seq to nextval_tx_importer`);
  const importer = bind(database.connect({ max: 2, username: "nextval_tx_importer", password: "x" }));
  const fixes = ({ failures }: ResyncReport) => failures.map(({ error }) => (error as NextvalError).fix);
  for (const attempt of [
    () => resync(importer),
    () => failureOf(importer.begin(apply)).then((error) => error.report),
  ]) {
    const report = await attempt();
    expect(report.moves.map(({ sequence, to }) => [sequence.name, to])).toEqual(
      report.moves.length === 0 ? [] : [["t_id_seq", 11n]],
    );
    expect(report.failures.map(({ error }) => (error as { code?: string }).code)).toEqual([
      expect.stringMatching(/^(PERMISSION_DENIED|TRANSACTION_NOT_ALLOWED)$/),
      "PERMISSION_DENIED",
      "PERMISSION_DENIED",
    ]);
    expect(fixes(report)[1]).toBe('grant update on sequence "public"."closed_id_seq" to "nextval_tx_importer"');
    expect(fixes(report)[2]).toBe('grant select on sequence "public"."unread_id_seq" to "nextval_tx_importer"');
  }
  expect(await insert("t")).toBe(11);
  const plan = await planResync(importer);
  const [first, ...others] = fixes({ ...plan });
  // A membership would give away all that the owner may do, and the owner may be a superuser.
  expect(first).toBeUndefined();
  // These statements are enough.
  for (const fix of ['grant "nextval_tx_owner" to "nextval_tx_importer"', ...others]) await run(fix as string);
  expect((await resync(importer)).failures).toEqual([]);
  for (const table of ["cached", "closed", "unread"]) expect(await insert(table)).toBe(11);
});

test.each(
  first(1, [
    [1, "minvalue 1", 2_000_000, 2_000_001],
    [-1, "maxvalue -1", -2_000_000, -2_000_001],
  ]),
)("one that starts over by %i is set if the way is long, not drawn from", async (increment, bound, last, to) => {
  await run(`create sequence s increment ${increment} ${bound} cycle; create table t (id bigint default nextval('s'));
    alter table t add primary key (id); insert into t values (${increment}), (${last});
    select setval('s', case when ${increment} > 0 then seqmax else seqmin end)
    from pg_sequence where seqrelid = 's'::regclass`);
  expect(await db.begin(apply)).toMatchObject({ moves: [{ from: BigInt(increment), to: BigInt(to) }] });
  expect(await database.client`select last_value, is_called from s`).toEqual([
    { last_value: `${to}`, is_called: false },
  ]);
});
