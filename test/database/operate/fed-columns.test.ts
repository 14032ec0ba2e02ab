import { bind, type Database } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { type Health, type SequenceHealth, sequenceStatus } from "nextval/operate";
import { afterAll, beforeEach, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { dropRoles } from "../../support/drop-roles.js";
import { first, HAS_LONG_FILES } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { resync } from "../../support/resync.js";

const database = useDatabase();
let db: Database;
const roles = ["nextval_fed_writer", "nextval_fed_owner"];

beforeEach(async () => {
  db = bind(database.client);
  await dropRoles(database.client, roles);
  await run("drop schema if exists hidden cascade; drop schema public cascade; create schema public");
});

afterAll(() => dropRoles(database.client, roles));

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

async function insertAs(role: string, text: string): Promise<void> {
  await database.client.begin(async (tx) => {
    await tx.unsafe(`set local role ${role}`);
    await tx.unsafe(text);
  });
}

async function insert(table: string): Promise<unknown> {
  const [row] = await database.client.unsafe(`insert into ${table} default values returning id`).values();
  return Number((row as unknown[])[0]);
}

function find({ sequences }: Health, name: string): SequenceHealth {
  const found = sequences.find(({ sequence }) => sequence.name === name);
  if (found === undefined)
    throw new Error(`${name} is not among ${sequences.map(({ sequence }) => sequence.name).join()}`);
  return found;
}

const codes = ({ problems }: SequenceHealth) => problems.map(({ code, level }) => `${code} ${level}`);

test.each(
  first(1, [
    ["as dumps of old servers have it", "s", "nextval(('public.s'::text)::regclass)"],
    ["without its schema", "s", "nextval('s'::text)"],
    ["of another type", "s", "nextval('s'::varchar)"],
    ["with needless quotes", "s", `nextval('"public"."s"'::text)`],
    ["in capitals", "s", "nextval('Public.S'::text)"],
    ["with quotes of both kinds", `a"b.c'd`, `nextval('"a""b.c''d"'::text)`],
    ["with letters beyond ASCII", "ünï", "nextval('ünï'::text)"],
  ]),
)("a default that looks up its sequence by text, %s", async (_, name, text) => {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await run(`
    create sequence ${quoted}; create table t (id bigint primary key default ${text});
    create table near (id bigint primary key default nextval('${quoted.replaceAll("'", "''")}'));
    insert into t values (1), (50); insert into near values (3)`);
  await expect(insert("t")).rejects.toMatchObject({ code: "23505" });
  const health = find(await sequenceStatus(db), name);
  expect(health.columns).toMatchObject([
    { table: "near", extreme: 3n },
    { table: "t", extreme: 50n },
  ]);
  expect(codes(health)).toContain("BEHIND_COLUMN critical");
  expect((await resync(db)).moves).toMatchObject([{ column: { table: "t" }, to: 51n }]);
  expect(await insert("t")).toBe(51);
  // Not back to where only the other table would need it.
  await run(`delete from t where id = 51; select setval('${quoted.replaceAll("'", "''")}', 90)`);
  expect((await resync(db, { allowBackwards: true })).moves).toMatchObject([{ from: 91n, to: 51n }]);
  expect(await insert("t")).toBe(51);
});

test.each(
  first(1, [
    ["a domain", "create domain entity_id as bigint default nextval('s') not null"],
    [
      "a domain of a domain",
      "create domain inner_id as int default nextval('s'); create domain entity_id as inner_id check (value > 0)",
    ],
    [
      "a domain that looks its sequence up by text",
      "create domain entity_id as numeric(9,0) default nextval('public.s'::text)",
    ],
  ]),
)("the default is that of %s", async (_, domain) => {
  await run(`create sequence s; ${domain}; create table t (id entity_id primary key); insert into t values (1), (7);
    create table own (id entity_id default 5); create table own_null (id entity_id);
    alter table own_null alter id set default null;
    create view v as select id from t`);
  await expect(insert("t")).rejects.toMatchObject({ code: "23505" });
  const health = find(await sequenceStatus(db), "s");
  expect(health.columns).toMatchObject([{ table: "t", type: "public.entity_id", unique: true, extreme: 7n }]);
  expect(codes(health)).toContain("BEHIND_COLUMN critical");
  const { sequences } = await inspectSequences(db);
  expect(sequences[0]?.feeds.map(({ table }) => table)).toContain("t");
  expect((await resync(db)).moves).toMatchObject([{ column: { table: "t" }, to: 8n }]);
  expect(await insert("t")).toBe(8);
});

longTest("partitions of a column of such a domain go with their table, and another default is known", async () => {
  await run(`create sequence s; create domain key as bigint default nextval('s');
    create domain even as bigint default nextval('s') * 2;
    create table t (id key, n int default 1, primary key (id, n)) partition by list (n);
    create table t1 partition of t for values in (1);
    create table u (id even primary key); insert into t values (4)`);
  expect(find(await sequenceStatus(db), "s").columns).toMatchObject([
    { table: "t", extreme: 4n },
    { table: "u", notCompared: "its default makes something else of the sequence's values" },
  ]);
});

longTest("a serial whose default became a text is fed once, and by its default", async () => {
  await run(`create table t (id serial primary key); insert into t values (9);
    alter table t alter id set default nextval('t_id_seq'::text)`);
  expect(find(await sequenceStatus(db), "t_id_seq").columns).toMatchObject([{ table: "t", column: "id", extreme: 9n }]);
  await run("alter table t alter id set default 'X' || nextval('t_id_seq'::text), alter id type text");
  expect(find(await sequenceStatus(db), "t_id_seq").columns).toMatchObject([{ notCompared: /something else/ }]);
});

test("a text that names no sequence, or one that the role may not see, causes no error", async () => {
  const names = ["", ".", "a..b", '"', '""', "a-b", "1", "x.public.s", "none.s", "t", "public.t", "a b", "s.", "it''s"];
  await run(`create schema hidden; create sequence hidden.h; create sequence s;
    create table t (id int primary key default nextval('hidden.h'::text));
    ${names.map((name, index) => `create table t${index} (id int default nextval('${name}'::text));`).join("")}
    create role nextval_fed_writer; grant usage on schema public to nextval_fed_writer`);
  expect(find(await sequenceStatus(db), "s").columns).toEqual([]);
  expect(find(await sequenceStatus(db), "h").columns).toHaveLength(1);
  await db.session(async (session) => {
    await session`set role nextval_fed_writer`;
    try {
      const { sequences } = await inspectSequences(session);
      expect(sequences.map(({ seqName, feeds }) => [seqName, feeds.length])).toEqual([
        ["h", 1],
        ["s", 0],
      ]);
      expect(find(await sequenceStatus(session), "h").columns).toHaveLength(1);
    } finally {
      await session`reset role`;
    }
  });
});

test.each(
  first(1, [
    ["pos_int", ""],
    [`"my Dom"`, ""],
    ["numeric(12,2)", ""],
    ["bigint", "::pos_int"],
    ["bigint", `::public."my Dom"`],
    ["int", "::smallint::pos_int"],
  ]),
)("a column of %s with nextval('s')%s stores the value unchanged", async (type, cast) => {
  await run(`
    create domain pos_int as int check (value > 0); create domain "my Dom" as pos_int;
    create sequence s; create table t (id ${type} primary key default nextval('s')${cast});
    insert into t values (40)`);
  expect(find(await sequenceStatus(db), "s").columns).toMatchObject([{ extreme: 40n, notCompared: null }]);
  expect((await resync(db)).moves).toMatchObject([{ to: 41n }]);
  expect(await insert("t")).toBe(41);
});

test.each(
  first(1, [
    "nextval('s') * 10",
    "-nextval('s')",
    "abs(nextval('s'))",
    "nextval('s')::bit(8)::int",
    "coalesce(nextval('s'), 1)",
  ]),
)("%s changes the value", async (text) => {
  await run(`create sequence s; create table t (id bigint primary key default ${text}); insert into t values (40)`);
  expect(find(await sequenceStatus(db), "s").columns).toMatchObject([{ extreme: null, notCompared: /something else/ }]);
});

test("a child with its own sequence does not count with its parent, one that shares the parent's does", async () => {
  await run(`
    create table parent (id serial primary key, n int);
    create table shares (primary key (id)) inherits (parent);
    create table by_hand (primary key (id)) inherits (parent); alter table by_hand alter id drop default;
    create table own (id int generated by default as identity primary key) inherits (parent);
    create table below (primary key (id)) inherits (own); create sequence below_seq;
    alter table below alter id set default nextval('below_seq'::text);
    insert into parent values (4); insert into shares values (7); insert into by_hand values (5);
    insert into own values (900); insert into below values (800)`);
  const health = await sequenceStatus(db);
  expect(find(health, "parent_id_seq").columns).toMatchObject([
    { table: "by_hand", extreme: 5n, unique: false },
    { table: "parent", extreme: 4n, unique: true },
    { table: "shares", extreme: 7n, unique: true },
  ]);
  expect(find(health, "own_id_seq").columns).toMatchObject([{ table: "own", extreme: 900n }]);
  expect(find(health, "below_seq").columns).toMatchObject([{ table: "below", extreme: 800n }]);
  expect((await resync(db)).moves.map(({ sequence, to }) => [sequence.name, to])).toEqual([
    ["below_seq", 801n],
    ["own_id_seq", 901n],
    ["parent_id_seq", 8n],
  ]);
  expect(await insert("parent")).toBe(8);
  expect(await insert("shares")).toBe(9);
  if (!HAS_LONG_FILES) return;
  expect((await sequenceStatus(db)).level).toBe("ok");

  // By themselves the tables ask for privileges of their own.
  await run(`create role nextval_fed_writer; grant usage on schema public to nextval_fed_writer;
    grant select on parent to nextval_fed_writer;
    grant select on all sequences in schema public to nextval_fed_writer`);
  const seen = () =>
    db.session(async (session) => {
      await session`set role nextval_fed_writer`;
      try {
        return find(await sequenceStatus(session), "parent_id_seq").columns;
      } finally {
        await session`reset role`;
      }
    });
  const unread = "the role may not read it";
  expect(await seen()).toMatchObject([{ notCompared: unread }, { extreme: 8n }, { notCompared: unread }]);
  await run("grant select on shares, by_hand to nextval_fed_writer");
  expect(await seen()).toMatchObject([{ extreme: 5n }, { extreme: 8n }, { extreme: 9n }]);
});

longTest("a child without an index does not keep its parent from being compared, and has keys of its own", async () => {
  await run(`create table note (id serial primary key, t text); create table invoice_note () inherits (note);
    create table by_random (primary key (id)) inherits (note); alter table by_random alter id set default 7;
    insert into note values (1, 'x')`);
  const health = find(await sequenceStatus(db), "note_id_seq");
  expect(codes(health)).toEqual(["BEHIND_COLUMN critical", "NOT_COMPARED ok", "NOT_COMPARED ok"]);
  expect(health.columns).toMatchObject([
    { table: "by_random", notCompared: "its default is 7" },
    { table: "invoice_note", notCompared: expect.stringContaining("no index") },
    { table: "note", extreme: 1n, notCompared: null },
  ]);
  await expect(insert("note")).rejects.toMatchObject({ code: "23505" });
  await run("delete from note; insert into by_random values (3); insert into invoice_note values (4)");
  await run("alter sequence note_id_seq restart with 3");
  // What a child has does not keep an insert into the parent from working, but the value comes twice.
  expect(codes(find(await sequenceStatus(db, { columns: "all" }), "note_id_seq"))).toEqual([
    "BEHIND_COLUMN warning",
    "NOT_COMPARED ok",
  ]);
  expect(await insert("note")).toBe(3);
  expect((await resync(db)).moves).toMatchObject([{ column: { table: "invoice_note" }, to: 5n }]);
});

test.each(
  first(1, [
    [
      "a function",
      "create function random_id() returns bigint language sql as 'select 900::bigint'; " +
        "create table t (id bigserial primary key); alter table t alter id set default random_id(); " +
        "insert into t default values",
      "public.random_id()",
    ],
    [
      "an expression",
      "create table t (id serial primary key); alter table t alter id set default abs(-7); insert into t values (900)",
      "abs('-7'::integer)",
    ],
    [
      "a constant",
      "create table t (id bigint primary key default 7); create sequence t_id_seq owned by t.id; " +
        "insert into t values (900)",
      "7",
    ],
    [
      "that of a domain",
      "create domain key as bigint default 8; create table t (id key primary key); " +
        "create sequence t_id_seq owned by t.id; insert into t values (900)",
      "8",
    ],
  ]),
)("a column that owns its sequence, and whose default is %s, is not compared", async (_, statements, text) => {
  await run(statements);
  const health = find(await sequenceStatus(db, { columns: "all" }), "t_id_seq");
  expect(health.columns).toMatchObject([{ notCompared: `its default is ${text}` }]);
  expect(health.level).toBe("ok");
  expect(await resync(db)).toMatchObject({ moves: [], skips: [{ reason: `public.t.id: its default is ${text}` }] });
  await run("alter table t alter id drop default");
  if (!text.startsWith("8"))
    expect(find(await sequenceStatus(db), "t_id_seq").columns[0]).toMatchObject({ extreme: 900n });
});

longTest("tables that are read separately are read by their indexes", async () => {
  await run(`
    create table parent (id serial primary key); create table shares (primary key (id)) inherits (parent);
    create table own (id int generated by default as identity primary key) inherits (parent);
    insert into parent select generate_series(1, 20000); insert into shares select generate_series(1, 20000); analyze`);
  const { client } = database;
  let read: [text: string, values: never[]] = ["", []];
  const debug = (_: number, text: string, values: unknown[], types: number[]) => {
    const typed = values.map((value, at) => client.typed(value as never, types[at] as number));
    if (text.includes("from only")) read = [text, typed as never[]];
  };
  await sequenceStatus(bind(database.connect({ max: 1, debug })));
  const plan = await client.unsafe(`explain ${read[0]}`, read[1]).values();
  expect(plan.join("\n")).toMatch(/Index Only Scan Backward using parent_pkey[^]*using shares_pkey/);
  expect(plan.join("\n")).not.toMatch(/Seq Scan on (parent|shares)\b/);
});

longTest("a sequence behind a column with an exclusion constraint against duplicates is critical", async () => {
  await run(`create table t (id serial, exclude using btree (id with =)); insert into t values (9)`);
  const health = find(await sequenceStatus(db, { columns: "all" }), "t_id_seq");
  expect(health.columns).toMatchObject([{ unique: true, extreme: 9n }]);
  expect(codes(health)).toEqual(["BEHIND_COLUMN critical"]);
  await run("select setval('t_id_seq', 8)");
  await expect(insert("t")).rejects.toMatchObject({ code: "23P01" });
});

const missing = async () =>
  (await sequenceStatus(db)).sequences.flatMap(({ problems }) =>
    problems.filter(({ code }) => code === "USAGE_MISSING"),
  );

test.each(
  first(2, [
    ["a partition", "p1", "p1", "p"],
    ["a text", "late", "late", "late"],
    ["a view", "v", "v", "t"],
    ["a view of a view", "w", "w", "t"],
    ["one column of a view", "v (n)", "v", "t"],
  ]),
)("a role that may insert through %s, but lacks USAGE", async (_, door, table, root) => {
  await run(`
    create role nextval_fed_writer login; grant usage on schema public to nextval_fed_writer;
    create table p (id serial, n int) partition by list (n); create table p1 partition of p for values in (1);
    create sequence late_seq; create table late (id int default nextval('late_seq'::text), n int);
    create table t (id serial primary key, n int); create view v as select id, n from t;
    create view w as select n from v where n > 0`);
  expect(await missing()).toEqual([]);
  const columns = /[(].*[)]/.exec(door)?.[0] ?? "";
  await run(`grant insert ${columns} on ${table} to nextval_fed_writer`);
  const insertion = insertAs("nextval_fed_writer", `insert into ${table} (n) values (1)`);
  await expect(insertion).rejects.toMatchObject({ code: "42501", message: expect.stringContaining("sequence") });
  const problems = await missing();
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining(`inserts by nextval_fed_writer into public.${table} fail with 42501`),
  ]);
  expect(problems[0]?.message).toContain(`public.${root === "late" ? "late_seq" : `${root}_id_seq`}: `);
  await run(problems[0]!.fix!);
  await insertAs("nextval_fed_writer", `insert into ${table} (n) values (1)`);
  expect(await missing()).toEqual([]);
});

test("views through which no role draws from the sequence of the table cause no warning", async () => {
  const invoker = (await serverVersion(database.client)) >= 15 ? "with (security_invoker = on)" : "";
  await run(`
    create role nextval_fed_writer login; create role nextval_fed_owner;
    grant usage on schema public to nextval_fed_writer, nextval_fed_owner;
    create table t (id serial primary key, n int); create table u (n int);
    create view grouped as select n, count(*) from t group by n;
    create view other as select n from u where n in (select id from t);
    create view with_default as select id, n from t; alter view with_default alter id set default 7;
    create view not_allowed as select id, n from t; alter view not_allowed owner to nextval_fed_owner;
    create view triggered as select id, n from t;
    create function nothing() returns trigger language plpgsql as 'begin return null; end';
    create trigger instead instead of insert on triggered for each row execute function nothing();
    create view ruled as select id, n from t; create rule instead as on insert to ruled do instead nothing;
    ${
      invoker === ""
        ? ""
        : `create view invoked ${invoker} as select id, n from t;
      grant insert on invoked to nextval_fed_writer;`
    }
    grant insert on grouped, other, with_default, not_allowed, triggered, ruled to nextval_fed_writer`);
  for (const view of ["with_default", "triggered", "ruled", "other"]) {
    await insertAs("nextval_fed_writer", `insert into ${view} (n) values (1)`);
  }
  expect(await missing()).toEqual([]);
  // With the privilege of its owner, the view is one more way.
  await run("grant insert on t to nextval_fed_owner; grant usage on sequence t_id_seq to nextval_fed_owner");
  const insertion = insertAs("nextval_fed_writer", "insert into not_allowed (n) values (1)");
  await expect(insertion).rejects.toMatchObject({ code: "42501" });
  expect(await missing()).toMatchObject([
    { message: expect.stringContaining("inserts by nextval_fed_writer into public.not_allowed fail") },
  ]);
});
