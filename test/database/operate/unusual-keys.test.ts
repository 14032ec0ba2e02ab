import { bind, type Database } from "nextval";
import { sequenceStatus, type SequenceHealth, type StatusOptions } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { resync } from "../../support/resync.js";

// The cases that test/property/status.test.ts found, each as small as it became.
const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await run("drop schema public cascade; create schema public");
});

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

async function healthOf(name: string, options?: StatusOptions): Promise<SequenceHealth> {
  const { sequences } = await sequenceStatus(db, options);
  return sequences.find(({ sequence }) => sequence.name === name)!;
}

const codes = ({ problems }: SequenceHealth) => problems.map(({ code, level }) => `${code} ${level}`);

test("a unique index with a condition is a warning, because rows outside of it do no harm", async () => {
  await run(`create table t (id serial, active boolean default true);
    create unique index t_active on t (id) where active;
    insert into t values (1, false), (2, true)`);
  const found = await healthOf("t_id_seq", { columns: "all" });
  expect(codes(found)).toEqual(["BEHIND_COLUMN warning"]);
  expect(found.problems[0]?.message).toContain("the index t_active may refuse inserts with 23505");
  expect(found.columns).toMatchObject([{ unique: false, ahead: 1n }]);
  await run("insert into t default values");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "23505" });
  await run("alter sequence t_id_seq restart");
  expect((await resync(db)).moves).toMatchObject([{ to: 3n }]);
});

longTest("so is one of several columns with a condition, and one with an expression beside the column", async () => {
  await run(`create table t (id serial, tenant int default 1, active boolean);
    create unique index on t (tenant, id) where active;
    create table u (id serial, region text default 'EU'); create unique index on u (lower(region), id);
    insert into t values (1, 1, false); insert into u values (1, 'eu')`);
  expect(codes(await healthOf("t_id_seq", { columns: "all" }))).toEqual(["BEHIND_COLUMN warning"]);
  expect(codes(await healthOf("u_id_seq", { columns: "all" }))).toEqual(["BEHIND_COLUMN warning"]);
  await run("insert into t (active) values (true)");
  await expect(run("insert into u default values")).rejects.toMatchObject({ code: "23505" });
});

test("an index on an expression of the column is reported, because it refuses values that are not there", async () => {
  await run(`create table t (id serial primary key); create unique index t_hundreds on t ((id / 100));
    create table g (id serial, made text generated always as (id::text) stored unique); insert into g values (1)`);
  const found = await healthOf("t_id_seq");
  expect(codes(found)).toEqual(["NOT_COMPARED ok"]);
  expect(found.problems[0]?.message).toContain("the index t_hundreds computes something of public.t.id");
  await run("insert into t default values");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "23505" });
  expect(codes(await healthOf("g_id_seq", { columns: "all" }))).toEqual(["BEHIND_COLUMN warning", "NOT_COMPARED ok"]);
  await expect(run("insert into g default values")).rejects.toMatchObject({ code: "23505" });
});

longTest("an index whose expression does not hold the next value is reported, because that fails as well", async () => {
  await run(`create sequence s start with ${2n ** 63n - 1n}; create table t (id bigint default nextval('s'));
    alter table t add constraint t_spans exclude using gist (int8range(id, id, '[]') with &&)`);
  const found = await healthOf("s", { columns: "all" });
  expect(codes(found)).toEqual(["NEARLY_EXHAUSTED critical", "NOT_COMPARED ok"]);
  expect(found.problems[1]?.message).toContain("the index t_spans computes something of public.t.id");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "22003" });
});

longTest("an exclusion constraint of several equal columns is a key of several columns", async () => {
  await run(`create table t (tenant int default 1, id serial, exclude using btree (tenant with =, id with =));
    insert into t values (1, 1)`);
  const found = await healthOf("t_id_seq", { columns: "all" });
  expect(codes(found)).toEqual(["BEHIND_COLUMN critical"]);
  expect(found.problems[0]?.message).toContain("inserts of the same tenant fail with 23505");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "23P01" });
});

longTest("a key that only the partitions have is a warning", async () => {
  await run(`create table t (id bigserial, region text default 'eu') partition by list (region);
    create table t_eu partition of t for values in ('eu'); create table t_us partition of t default;
    create unique index t_eu_key on t_eu (id); create unique index t_us_key on t_us (id);
    insert into t values (1, 'us'), (2, 'eu')`);
  const found = await healthOf("t_id_seq");
  expect(codes(found)).toEqual(["BEHIND_COLUMN warning"]);
  expect(found.problems[0]?.message).toContain("the index t_eu_key may refuse inserts with 23505");
  await run("insert into t default values");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "23505" });
});

longTest("a key whose column was not compared is reported also if the sequence cycles", async () => {
  await run(`create sequence h cycle; create table t (id bigint default nextval('h'), exclude using hash (id with =));
    create sequence x cycle; create table u (id text primary key default nextval('x')); insert into t values (1);
    insert into u values ('1');
    create sequence v cycle; create table b (id bigint primary key); insert into b values (1);
    create view w as select id from b; alter view w alter id set default nextval('v')`);
  expect(codes(await healthOf("v"))).toEqual(["NOT_COMPARED ok"]);
  expect(codes(await healthOf("v", { columns: "all", views: true }))).toEqual(["BEHIND_COLUMN ok"]);
  for (const name of ["h", "x"]) {
    expect(codes(await healthOf(name))).toEqual(["NOT_COMPARED ok"]);
    expect(codes(await healthOf(name, { columns: "all" }))).toEqual(["BEHIND_COLUMN critical"]);
  }
});

longTest(
  "a key of several columns that has the next value of a sequence that cycles is said, as information",
  async () => {
    await run(`create sequence s maxvalue 9 cycle;
    create table daily (day int default 1, n int default nextval('s'), primary key (day, n));
    insert into daily values (1, 1)`);
    const found = await healthOf("s");
    expect(codes(found)).toEqual(["BEHIND_COLUMN ok"]);
    expect(found.problems[0]?.message).toContain("inserts of the same day fail with 23505");
    await run("insert into daily values (2)");
  },
);

test("rows of one column do not extend the range that another column ends", async () => {
  await run(`create sequence s minvalue 1000 maxvalue 1001;
    create table wide (id bigint primary key default nextval('s'));
    create table narrow (id numeric(3,0) primary key default nextval('s')); insert into wide values (1001)`);
  const found = await healthOf("s");
  expect(found).toMatchObject({ left: 0n, level: "critical" });
  expect(codes(found)).toContain("COLUMN_EXCEEDED critical");
  await expect(run("insert into narrow default values")).rejects.toMatchObject({ code: "22003" });
});

test.each(
  first(1, [
    [
      "a trigger",
      `create table b (id bigint primary key); create function fill() returns trigger language plpgsql as
      'begin new.id := nextval(''a_id_seq''); return new; end';
      create trigger fill before insert on b for each row execute function fill()`,
      "function public.fill() may also draw from it",
    ],
    [
      "a function in a default",
      `create function draw() returns bigint begin atomic select nextval('a_id_seq'); end;
      create table b (id bigint primary key default draw())`,
      "a function, a view or a rule also leads from it to public.b.id",
    ],
  ]),
)("a sequence that feeds a column and is drawn from by %s says so", async (_, statements, message) => {
  await run(`create table a (id serial primary key); ${statements}; insert into b values (2)`);
  const found = await healthOf("a_id_seq");
  expect(codes(found)).toEqual(["DRAWN_ELSEWHERE ok"]);
  expect(found.problems[0]?.message).toContain(message);
});

test("a name with quotes is found in the code of a function, which doubles them", async () => {
  await run(`create sequence "it's ""my"" \\seq"; create table a (id bigint default nextval('"it''s ""my"" \\seq"'));
    create function draw() returns bigint language sql as 'select nextval(''"it''''s ""my"" \\seq"'')'`);
  expect(codes(await healthOf(`it's "my" \\seq`))).toContain("DRAWN_ELSEWHERE ok");
});

test("a default that casts to a narrower type than the column's ends there", async () => {
  await run(
    `create sequence s; create table t (id bigint primary key default nextval('s')::int);
      select setval('s', 2147483646)`,
  );
  expect(await healthOf("s")).toMatchObject({ left: 1n, end: 2147483647n });
  await run("insert into t default values");
  const found = await healthOf("s");
  expect(codes(found)).toEqual(["COLUMN_EXCEEDED critical"]);
  expect(found.problems[0]).toMatchObject({
    message: expect.stringContaining("2147483648 does not fit public.t.id (cast to integer): inserts fail with 22003"),
    hint: "Set a default without the cast to integer.",
  });
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "22003" });
  await run("alter table t alter id set default nextval('s')");
  expect(codes(await healthOf("s"))).toEqual([]);
});

longTest("a default that casts to a numeric of few digits ends there", async () => {
  await run(`create sequence s; create table t (id bigint primary key default nextval('s')::smallint::numeric(3,0));
    create table u (id bigint primary key default nextval('s')::int); select setval('s', 998)`);
  const found = await healthOf("s");
  expect(found).toMatchObject({ left: 1n, end: 999n });
  expect(found.problems.map(({ message }) => message)).toEqual([
    expect.stringContaining("1 value is left up to 999"),
    "public.s: inserts into public.t.id fail with 22003 after 999, before it ends",
    "public.s: inserts into public.u.id fail with 22003 after 2147483647, before it ends",
  ]);
  await run("insert into t default values");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "22003" });
});

test.each(
  first(1, [
    ["cuts a text", "bigint", "nextval('s')::varchar(3)::numeric", "1000"],
    ["rounds", "bigint", "nextval('s')::real", "16777217"],
    ["writes digits after the point", "text", "nextval('s')::numeric(12,2)", "1000"],
  ]),
)("a default with a cast that %s makes something else of the values", async (_, type, text, value) => {
  await run(`create sequence s start with ${value}; create table t (id ${type} primary key default ${text})`);
  const found = await healthOf("s", { columns: "all" });
  expect(found.columns).toMatchObject([{ notCompared: "its default makes something else of the sequence's values" }]);
  const [row] = await database.client`insert into t default values returning id::text`;
  expect(row?.["id"]).not.toBe(value);
});

test("a default with a cast that keeps its values is compared", async () => {
  await run(`create sequence s; create table t (
    a bigint unique default nextval('s')::text::numeric, b text unique default nextval('s')::varchar(30),
    c double precision unique default nextval('s')::double precision,
    d numeric(12,2) unique default nextval('s')::numeric)`);
  const found = await healthOf("s", { columns: "all" });
  expect(found.columns.map(({ column, notCompared }) => [column, notCompared])).toEqual(
    [..."abcd"].map((c) => [c, null]),
  );
});

longTest("a default that makes something of a sequence that cycles is reported, because that may not fit", async () => {
  await run(`create sequence s start with 500 cycle; create table t (code varchar(3) default 'X' || nextval('s'))`);
  expect(codes(await healthOf("s"))).toEqual(["NOT_COMPARED ok"]);
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "22001" });
});

longTest("so is a column whose trigger may make a value too long", async () => {
  await run(`create sequence s start with 500 maxvalue 999 cycle;
    create table t (code varchar(3) default nextval('s'));
    create function mark() returns trigger language plpgsql as
      'begin new.code := ''X'' || new.code; return new; end';
    create trigger mark before insert on t for each row execute function mark()`);
  const found = await healthOf("s");
  expect(codes(found)).toEqual(["NOT_COMPARED ok"]);
  expect(found.problems[0]?.message).toContain("public.t.code was not compared");
  await expect(run("insert into t default values")).rejects.toMatchObject({ code: "22001" });
});

longTest(
  "a sequence that starts over and is past what its column holds moves past the rows at its beginning",
  async () => {
    await run(`create sequence s maxvalue 200 cycle; create table t (id numeric(2,0) primary key default nextval('s'));
    insert into t values (1), (2); select setval('s', 200)`);
    expect(await healthOf("s")).toMatchObject({ cycles: false, nextValue: 1n });
    await expect(run("insert into t default values")).rejects.toMatchObject({ code: "23505" });
    await run("select setval('s', 200)");
    expect((await resync(db)).moves).toMatchObject([{ from: 1n, to: 3n }]);
    await run("insert into t default values");
  },
);

test("a number beyond bigint, a fraction, NaN and infinity are compared without an error", async () => {
  const types = ["real", "double precision", "numeric"];
  for (const [index, type] of types.entries()) {
    await run(`create sequence one${index} cycle; create sequence two${index} increment 2;
      create table t${index} (id ${type} primary key default nextval('one${index}'));
      create table u${index} (tenant int default 1, id ${type} default nextval('two${index}'),
        primary key (tenant, id));
      insert into t${index} values (3), (4.5), (9223372036854775807), ('1e30'), ('-1e30'), ('NaN');
      insert into u${index} select 1, id from t${index}`);
    // A numeric knows infinity since PostgreSQL 14.
    await run(`insert into t${index} values ('Infinity'), ('-Infinity');
      insert into u${index} values (2, 'Infinity'), (3, '-Infinity'), (4, 9223372036854775807)`);
  }
  for (const columns of ["indexed", "all"] as const) {
    const { sequences } = await sequenceStatus(db, { columns });
    for (const [index, type] of types.entries()) {
      // A number of so many digits is only known to be an integer of the sequence if the type is exact.
      const last = type === "numeric" ? 2n ** 63n - 1n : 3n;
      for (const name of [`one${index}`, `two${index}`]) {
        const found = sequences.find(({ sequence }) => sequence.name === name);
        expect(found?.columns, `${type}, ${columns}`).toMatchObject([{ ahead: 3n, extreme: last, notCompared: null }]);
      }
    }
  }
  // No value follows the last one of the numeric column.
  expect((await resync(db)).moves).toMatchObject(
    [0, 1].map((index) => ({ sequence: { name: `two${index}` }, to: 5n })),
  );
});

const setting = (body: string, condition = "") => `
  create table t (id serial primary key, "It's; --" bigint default 0, note text); insert into t values (9);
  create function set_id() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
  create trigger set_id before insert on t for each row ${condition} execute function set_id()`;

test.each(
  first(1, [
    ["an assignment", "new.id := floor(random() * 1000);"],
    ["an equals sign", 'NEW . "id" = 1000;'],
    ["a query", "select x, x into new.note, new.id from generate_series(7, 8) x;"],
    ["a line after a comment", "-- if it's new\n new.id := 7;"],
  ]),
)("a trigger that replaces what the default draws by %s makes the column one that is not compared", async (_, body) => {
  await run(setting(body));
  const found = await healthOf("t_id_seq");
  expect(codes(found)).toEqual(["NOT_COMPARED ok"]);
  expect(found.problems[0]?.message).toContain("the trigger set_id replaces what its default draws");
  const { moves, failures } = await resync(db);
  expect({ moves, failures }).toEqual({ moves: [], failures: [] });
});

test.each(
  first(1, [
    ["under a condition", "if new.note = 'import' then new.id := 7; end if;", ""],
    ["in some rows", "new.id := 7;", "when (new.note = 'import')"],
    ["to at least 1", "new.id := greatest(new.id, 1);", ""],
    ["to itself", "new.id := new.id;", ""],
    ["and back", "new.note := new.id; new.id := 1; new.id := new.note;", ""],
    ["only in a text", "raise notice 'note; new.id := 1';", ""],
    ["only in a text between dollars", "perform $q$ begin new.id := 1 $q$;", ""],
    ["only in a nested comment", "/* /* */ ; new.id := 1; */", ""],
    ["after its end", "return new; new.id := 1;", ""],
  ]),
)("a trigger that sets the column %s is reported beside the comparison", async (_, body, condition) => {
  await run(setting(body, condition));
  const found = await healthOf("t_id_seq");
  expect(codes(found)).toEqual(["BEHIND_COLUMN critical", "NOT_COMPARED ok"]);
  expect(found.problems[1]?.message).toContain("the trigger set_id may set public.t.id, which was not evaluated");
  expect((await resync(db)).moves).toMatchObject([{ to: 10n }]);
});

test.each(
  first(1, [
    ["only reads the column", "if new.id = 7 then raise 'seven'; end if; insert into log values (1, new.id);", ""],
    ["draws from the sequence", "new.id := nextval('t_id_seq') * 2;", ""],
    ["sets another column", "new.id_2 := 7; new.note := new.id;", ""],
    ["says so in a comment", "/* new.id := 7; */ -- new.id := 8\n", ""],
    ["only fills in a null", "if new.id is null then new.id := 7; end if;", ""],
    ["only fills in a null by its condition", "new.id := 7;", "when (new.id is null)"],
    ["only fills in a null by coalesce", "new.id := coalesce(new.id, 7);", ""],
  ]),
)("a trigger that %s is not reported", async (_, body, condition) => {
  await run(setting(body, condition));
  const found = codes(await healthOf("t_id_seq"));
  expect(found.filter((code) => code !== "DRAWN_ELSEWHERE ok")).toEqual(["BEHIND_COLUMN critical"]);
});

test("a trigger is found by a name with quotes, also if no default fills the column", async () => {
  await run(setting(`new."It's; --" := next_id();`));
  await run(`create sequence numbers owned by t."It's; --"; alter table t alter "It's; --" drop default`);
  expect(codes(await healthOf("numbers", { columns: "all" }))).toEqual(["NOT_COMPARED ok"]);
  await run("alter table t disable trigger set_id");
  expect(codes(await healthOf("numbers", { columns: "all" }))).toEqual([]);
});

longTest("a column that is not compared still ends the range, for status and for resync", async () => {
  await run(`create sequence s; create table wide (id bigint primary key default nextval('s'));
    insert into wide values (4), (20003); create view narrow as select id::smallint as id from wide;
    alter view narrow alter id set default nextval('s'); alter sequence s restart with 32000`);
  const found = await healthOf("s");
  expect(codes(found)).toEqual(["NEARLY_EXHAUSTED critical", "COLUMN_NARROWER ok", "NOT_COMPARED ok"]);
  await run("insert into wide values (40000)");
  expect(codes(await healthOf("s"))).toContain("BEHIND_COLUMN ok");
  const { moves, skips } = await resync(db);
  expect({ moves, skips }).toMatchObject({ moves: [], skips: [{ sequence: { name: "s" } }] });
});

longTest("a text key whose collation is not deterministic is compared", async () => {
  await run(`create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create sequence s; create table t (id text collate ci primary key default nextval('s'));
    insert into t values ('1'), ('7'), ('007'), ('a')`);
  expect((await healthOf("s", { columns: "all" })).columns).toMatchObject([{ extreme: 7n, notCompared: null }]);
  expect(await resync(db)).toMatchObject({ moves: [{ to: 8n }], failures: [] });
});
