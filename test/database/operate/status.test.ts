import { bind, type Database } from "nextval";
import { planResync, usageRates, type SequenceHealth, sequenceStatus, toJson, toPrometheus } from "nextval/operate";
import { afterAll, beforeEach, expect, test } from "vitest";
import { empty, useDatabase } from "../../support/database.js";
import { dropRoles } from "../../support/drop-roles.js";
import { withLong } from "../../support/effort.js";
import { codes, cureOf, find } from "../../support/health-of.js";
import { longTest } from "../../support/long-test.js";
import { resync } from "../../support/resync.js";

const database = useDatabase();
let db: Database;
const roles = ["nextval_status_a", "nextval_status_b", "nextval_status_group", "nextval_status_other"];

beforeEach(async () => {
  db = bind(database.client);
  await empty(database.client);
  await dropRoles(database.client, roles);
});

afterAll(() => dropRoles(database.client, roles));

async function run(text: string): Promise<void> {
  await database.client.unsafe(text);
}

async function runAs(role: string, text: string): Promise<void> {
  await database.client.begin(async (tx) => {
    await tx.unsafe(`set local role ${role}`);
    await tx.unsafe(text);
  });
}

test("new sequences have no problems: identity, serial and others", async () => {
  await run(`
    create sequence plain_seq;
    create table orders (id serial primary key, ticket bigint generated always as identity unique);
    insert into orders default values`);
  const health = await sequenceStatus(db);
  expect(health.level).toBe("ok");
  expect(health.sequences.map(({ sequence: { name }, left, used, end }) => ({ name, left, used, end }))).toEqual([
    { name: "orders_id_seq", left: 2147483646n, used: expect.closeTo(4.6e-10, 11), end: 2147483647n },
    { name: "orders_ticket_seq", left: 2n ** 63n - 2n, used: 0, end: 2n ** 63n - 1n },
    { name: "plain_seq", left: 2n ** 63n - 1n, used: 0, end: 2n ** 63n - 1n },
  ]);
  expect(find(health, "orders_id_seq").columns).toEqual([
    {
      schema: "public",
      table: "orders",
      column: "id",
      type: "integer",
      unique: true,
      extreme: 1n,
      ahead: null,
      beyond: null,
      notCompared: null,
    },
  ]);
  const [clock] = await database.client<{ now: Date }[]>`select clock_timestamp() as now`;
  expect(Math.abs(clock!.now.getTime() - health.sampledAt.getTime())).toBeLessThan(5000);
  await run("create schema other; create sequence other.s");
  expect((await sequenceStatus(db, { schemas: ["other"] })).sequences.map(({ sequence }) => sequence.schema)).toEqual([
    "other",
  ]);
  expect(await sequenceStatus(db, { schemas: [] })).toMatchObject({ level: "ok", sequences: [] });
  for (const [what, run] of Object.entries({ sequenceStatus, planResync })) {
    await expect(run(db, { schemas: ["other", "pubic"] })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `${what}: there is no schema pubic`,
      hint: expect.stringMatching(/^The database has the schemas .*public/) as string,
    });
  }
});

test("the thresholds, and the end", async () => {
  const values = [74, 75, 89, 90];
  const made = values.map((value) => `create sequence s${value} maxvalue 100; select setval('s${value}', ${value});`);
  await run(made.join(""));
  const at = await sequenceStatus(db);
  expect(values.map((value) => find(at, `s${value}`).level)).toEqual(["ok", "warning", "warning", "critical"]);
  await run("drop sequence s74, s75, s89; alter sequence s90 rename to few_seq");
  expect((await sequenceStatus(db, { warnAt: 0.95 })).level).toBe("ok");
  expect((await sequenceStatus(db, { warnAt: 0.5, criticalAt: 0.95 })).level).toBe("warning");
  expect((await sequenceStatus(db, { criticalAt: 0.6 })).level).toBe("critical");
  expect(find(await sequenceStatus(db), "few_seq")).toMatchObject({ used: 0.9, left: 10n, nextValue: 91n, end: 100n });
  await expect(sequenceStatus(db, { warnAt: 2 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(sequenceStatus(db, null as never)).rejects.toThrow(
    "sequenceStatus takes options as an object, not null",
  );
  await expect(sequenceStatus(db, { warnAt: 0.9, criticalAt: 0.8 })).rejects.toThrow("warnAt 0.9 and criticalAt 0.8");
  await expect(sequenceStatus(db, { columns: "some" as never })).rejects.toThrow("not some");

  await run("select setval('few_seq', 100)");
  await expect(run("select nextval('few_seq')")).rejects.toMatchObject({ code: "2200H" });
  const ended = find(await sequenceStatus(db), "few_seq");
  expect(ended).toMatchObject({ used: 1, left: 0n, nextValue: 101n });
  expect(codes(ended)).toEqual(["EXHAUSTED critical", "NOT_ATTACHED ok"]);
  await run(cureOf(ended, "EXHAUSTED"));
  await run("select nextval('few_seq')");
  expect((await sequenceStatus(db)).level).toBe("ok");
});

longTest("the number of values left depends on direction, increment and whether a value was drawn", async () => {
  await run(`
    create sequence up_seq increment 3 minvalue 1 maxvalue 11 start 2;
    create sequence down_seq increment -3 minvalue -11 maxvalue -1 start -2;
    create sequence wide_seq minvalue -9223372036854775808 start -9223372036854775808`);
  for (const left of [4n, 3n, 2n, 1n, 0n]) {
    const health = await sequenceStatus(db);
    for (const [name, end] of [
      ["up_seq", 11n],
      ["down_seq", -11n],
    ] as const) {
      expect(find(health, name)).toMatchObject({ left, end });
      const drawn = run(`select nextval('${name}')`);
      if (left > 0n) await drawn;
      else await expect(drawn).rejects.toMatchObject({ code: "2200H" });
    }
  }
  expect(find(await sequenceStatus(db), "wide_seq")).toMatchObject({ left: 2n ** 64n, used: 0 });
});

longTest("a column narrower than its sequence", async () => {
  const types = [
    ["smallint", "32767"],
    ["integer", "2147483647"],
    ["numeric(3,0)", "999"],
    ["numeric(5,2)", "999"],
    ["small_number", "32767"],
  ] as const;
  const each = async (look: (health: SequenceHealth, last: bigint, table: string) => unknown) => {
    const health = await sequenceStatus(db);
    for (const [index, [, last]] of types.entries()) await look(find(health, `s${index}`), BigInt(last), `t${index}`);
  };
  await run("create domain small_number as smallint");
  for (const [index, [type]] of types.entries()) {
    await run(`create sequence s${index};
      create table t${index} (id ${type} primary key default nextval('s${index}'))`);
  }
  await each((fresh, last) => {
    expect(fresh).toMatchObject({ end: last, left: last });
    expect(codes(fresh)).toEqual(["COLUMN_NARROWER ok"]);
  });
  for (const [index, [, last]] of types.entries()) {
    await run(`select setval('s${index}', ${last}, false); insert into t${index} default values`);
    await expect(run(`insert into t${index} default values`)).rejects.toMatchObject({ code: "22003" });
  }
  await each(async (beyond, _last, table) => {
    expect(beyond).toMatchObject({ left: 0n, used: 1, level: "critical" });
    expect(codes(beyond)).toEqual(["COLUMN_EXCEEDED critical"]);
    await run(cureOf(beyond, "COLUMN_EXCEEDED"));
    await run(`insert into ${table} default values`);
  });
  await each((cured) => expect(cured).toMatchObject({ level: "ok", end: 2n ** 63n - 1n }));
});

test("behind its column: inserts fail, and the fix helps", async () => {
  await run(`
    create table t (id serial primary key, down int default 0);
    create sequence down_seq increment -1; alter table t alter down set default nextval('down_seq');
    create unique index on t (down);
    insert into t values (1, -1), (2, -2), (300, -300)`);
  await expect(run("insert into t (down) values (7)")).rejects.toMatchObject({ code: "23505" });
  await expect(run("insert into t (id) values (7)")).rejects.toMatchObject({ code: "23505" });
  const health = await sequenceStatus(db);
  for (const name of ["t_id_seq", "down_seq"]) {
    expect(codes(find(health, name))[0]).toBe("BEHIND_COLUMN critical");
    await run(cureOf(find(health, name), "BEHIND_COLUMN"));
  }
  expect(find(health, "down_seq").columns[0]?.extreme).toBe(-300n);
  await run("insert into t default values");
  expect((await sequenceStatus(db)).level).toBe("ok");
});

test("if values may repeat, being behind is a warning; other defaults are not compared", async () => {
  await run(`
    create sequence s;
    create table many (n bigint default nextval('s')); create index on many (n);
    create table made (n bigint primary key default nextval('s') * 10, t text default 'X' || nextval('s'));
    insert into many values (50); insert into made values (1000)`);
  const found = find(await sequenceStatus(db), "s");
  expect(codes(found)).toEqual(["BEHIND_COLUMN warning", "NOT_COMPARED ok", "NOT_COMPARED ok"]);
  expect(found.columns.map(({ column, extreme, notCompared }) => [column, extreme, notCompared])).toEqual([
    ["n", null, "its default makes something else of the sequence's values"],
    ["t", null, "its default makes something else of the sequence's values"],
    ["n", 50n, null],
  ]);
});

test("one that cycles is behind only while a key has its next value, and starting over matters there", async () => {
  await run(`
    create sequence free_seq maxvalue 4 cycle; create sequence once_seq maxvalue 4 cycle;
    create sequence narrow_seq cycle;
    create table t (free int default nextval('free_seq'), once int primary key default nextval('once_seq'),
      narrow smallint default nextval('narrow_seq'));
    insert into t select from generate_series(1, 4); select setval('narrow_seq', 32767)`);
  const health = await sequenceStatus(db);
  expect(codes(find(health, "free_seq"))).toEqual([]);
  expect(find(health, "once_seq")).toMatchObject({ cycles: true, nextValue: 1n, left: 4n, used: 0 });
  expect(codes(find(health, "once_seq"))).toEqual(["BEHIND_COLUMN critical"]);
  expect(find(health, "narrow_seq")).toMatchObject({ cycles: false, level: "critical" });
  expect(codes(find(health, "narrow_seq"))).toEqual(["COLUMN_EXCEEDED critical", "NOT_COMPARED ok"]);
  await expect(run("insert into t (narrow) values (1)")).rejects.toMatchObject({ code: "23505" });
  await expect(run("insert into t (once) values (9)")).rejects.toMatchObject({ code: "22003" });
  await run("select setval('once_seq', 4, false)");
  expect(codes(find(await sequenceStatus(db), "once_seq"))).toEqual([
    "BEHIND_COLUMN critical",
    "NEARLY_EXHAUSTED warning",
  ]);
  await run("delete from t where once = 4");
  expect(codes(find(await sequenceStatus(db), "once_seq"))).toEqual(["NEARLY_EXHAUSTED warning"]);
});

test.each(
  withLong<[string, string, number, bigint | null]>(
    [["from here", "", 1, 51n]],
    [
      ["after it comes round", "alter sequence desk_seq minvalue -5 start -5; select setval('desk_seq', 100)", -5, 51n],
      ["at both ends", "select setval('desk_seq', 100); insert into desk values (100)", 1, null],
    ],
  ),
)(
  "a sequence that cycles and meets rows of a key %s: the next insert fails, and resync helps",
  async (_, more, next, to) => {
    await run(`create sequence desk_seq as smallint maxvalue 100 cycle;
    create table desk (ticket smallint primary key default nextval('desk_seq'));
    insert into desk select generate_series(1, 50); ${more}; insert into desk values (-5)`);
    const found = find(await sequenceStatus(db), "desk_seq");
    expect(codes(found)).toEqual(["BEHIND_COLUMN critical"]);
    expect(found.problems[0]?.message).toContain(`its next value ${next} is already in public.desk.ticket`);
    const { moves, skips } = await resync(db);
    if (to === null) {
      expect(moves).toEqual([]);
      expect(skips).toMatchObject([{ hint: "Delete the rows in its way." }]);
      await expect(run("insert into desk default values")).rejects.toMatchObject({ code: "23505" });
      return;
    }
    expect(moves).toMatchObject([{ from: BigInt(next), to }]);
    await run("insert into desk default values");
    // It comes round again: what is free now does not matter.
    await run("select setval('desk_seq', 60)");
    expect(codes(find(await sequenceStatus(db), "desk_seq"))).toEqual([]);
  },
);

test("a sequence that nothing in the catalog leads to is not said to be ok without a word", async () => {
  await run(`create sequence ticket_seq; create table tickets (id bigint primary key, t text);
    create function tid() returns trigger language plpgsql as $$ begin new.id := nextval('ticket_seq'); return new;
    end $$;
    create trigger t before insert on tickets for each row when (new.id is null) execute function tid();
    insert into tickets select g, 'x' from generate_series(1, 30) g;
    create sequence free_seq; create sequence ruled_seq; create view v as select id, t from tickets where t <> '';
    create rule r as on insert to v do instead insert into tickets values (nextval('ruled_seq'), new.t)`);
  const health = await sequenceStatus(db);
  const messages = ["ticket_seq", "free_seq", "ruled_seq"].map((name) => {
    const found = find(health, name);
    expect(codes(found)).toEqual(["NOT_ATTACHED ok"]);
    return found.problems[0]?.message;
  });
  expect(messages).toEqual([
    "public.ticket_seq: no default of a column draws from it, but function public.tid() may",
    "public.free_seq: no default of a column draws from it, but programs, functions or triggers may",
    "public.ruled_seq: only a function, a view or a rule leads from it to public.tickets.id, public.tickets.t",
  ]);
  await expect(run("insert into tickets (t) values ('y')")).rejects.toMatchObject({ code: "23505" });
  await run(
    / or run (alter .*)\.$/
      .exec(find(health, "ticket_seq").problems[0]!.hint!)![1]!
      .replace("TABLE.COLUMN", "tickets.id"),
  );
  // The function may fill other columns as well.
  expect(codes(find(await sequenceStatus(db), "ticket_seq"))).toEqual(["BEHIND_COLUMN critical", "DRAWN_ELSEWHERE ok"]);
});

test.each(
  withLong<[string, string, bigint | null]>(
    [["text", "'7', '05', '6 ', 'x', '-3'", 8n]],
    [
      ["double precision", "7, 3.5, 'NaN', 'Infinity', 1e300", 8n],
      ["varchar(9)", "'7', '12345678', '99999999'", null],
      ["char(5)", "'7', '9', '1x'", 10n],
      ["real", "7, 8.25", 8n],
      ["numeric", "7, 8.25, 'NaN'", 8n],
    ],
  ),
)("keys of %s are compared where they hold whole numbers", async (type, values, to) => {
  await run(`create sequence lot maxvalue 1000000;
    create table mfg (id ${type} primary key default nextval('lot')${/char|text/.test(type) ? "::text" : ""});
    insert into mfg select unnest(array[${values}]::${type}[]); insert into mfg values (1)`);
  const found = find(await sequenceStatus(db, { columns: "all" }), "lot");
  expect(found.columns).toMatchObject([{ notCompared: null, ahead: 1n }]);
  expect(codes(found)[0]).toBe("BEHIND_COLUMN critical");
  await expect(run("insert into mfg default values")).rejects.toMatchObject({ code: "23505" });
  const { moves, failures, skips } = await resync(db);
  expect({ failures, skips }).toEqual({ failures: [], skips: [] });
  expect(moves).toMatchObject([{ to: to ?? 8n }]);
  await run("insert into mfg default values");
  // An index in the order of texts does not give the greatest number.
  const isByText = /char|text/.test(type);
  expect(find(await sequenceStatus(db), "lot").columns).toMatchObject([
    { notCompared: isByText ? expect.stringContaining("no index") : null },
  ]);
});

test.each(
  withLong<[string, string, string]>(
    [
      ["primary key (tenant, id)", "", "tenant"],
      ["unique (region, tenant, id)", "", "region and tenant"],
    ],
    [
      ["primary key (id, tenant)", "", "tenant"],
      ["primary key (tenant, id)", "increment by 5", "tenant"],
      ["primary key (tenant, id)", "increment by -2 minvalue -1000 maxvalue 100 start 41", "tenant"],
      ["primary key (tenant, id, region)", "", "tenant and region"],
    ],
  ),
)("a key of several columns, %s: inserts fail for some, and status says for whom", async (key, options, others) => {
  await run(`create table inv (tenant int, region text collate "C" default 'eu', id bigserial, t text, ${key});
    alter sequence inv_id_seq ${options} restart;
    insert into inv select tenant, 'eu', g, 'x' from generate_series(1, 20) tenant,
      generate_series(1, 20 + tenant * (tenant % 2)) g`);
  const found = find(await sequenceStatus(db), "inv_id_seq");
  const ahead = options.includes("-2") ? 39n : 1n;
  expect(found.columns).toMatchObject([
    { unique: false, extreme: options === "" ? 39n : options.includes("5") ? 36n : 1n, ahead, notCompared: null },
  ]);
  expect(codes(found)).toEqual(["BEHIND_COLUMN critical"]);
  expect(found.problems[0]?.message).toContain(`inserts of the same ${others} fail with 23505`);
  if (ahead === 1n) await expect(run("insert into inv (tenant) values (1)")).rejects.toMatchObject({ code: "23505" });
  await run("insert into inv (tenant) values (7000)");
  expect((await resync(db)).moves).toHaveLength(1);
  await run("insert into inv (tenant) select generate_series(1, 20)");
  expect(codes(find(await sequenceStatus(db), "inv_id_seq"))).toEqual([]);
});

test("a key of several columns is compared, by its index, only if the index makes it cheap", async () => {
  await run(`create table many (tenant int, id serial, primary key (tenant, id));
    insert into many select generate_series(1, 1001), 1;
    create table backwards (tenant int, id serial); create unique index on backwards (tenant desc, id);
    insert into backwards values (1, 1);
    create table daily (day date default current_date, ticket int, primary key (day, ticket));
    create sequence ticket_seq as int maxvalue 100 cycle;
    alter table daily alter ticket set default nextval('ticket_seq');
    insert into daily select current_date - 1, generate_series(1, 100)`);
  const health = await sequenceStatus(db);
  expect(find(health, "many_id_seq").columns).toMatchObject([
    { notCompared: expect.stringContaining("its key begins with tenant, of which there are more than 1000") },
  ]);
  expect(codes(find(health, "many_id_seq"))).toEqual(["NOT_COMPARED ok"]);
  expect(find(health, "backwards_id_seq").problems[0]?.message).toContain(
    "public.backwards.id was not compared, so inserts may fail with 23505: it has no index",
  );
  // The numbers of each day come again by design.
  expect(codes(find(health, "ticket_seq"))).toEqual(["BEHIND_COLUMN ok"]);
  const all = await sequenceStatus(db, { columns: "all" });
  for (const name of ["many_id_seq", "backwards_id_seq"])
    expect(codes(find(all, name))).toEqual(["BEHIND_COLUMN critical"]);

  await run("truncate many; insert into many select t, g from generate_series(1, 50) t, generate_series(1, 400) g");
  await run("vacuum analyze many");
  let read: [text: string, values: never[]] = ["", []];
  const debug = (_: number, text: string, values: unknown[], types: number[]) => {
    const typed = values.map((value, at) => database.client.typed(value as never, types[at] as number));
    if (text.includes("lead as")) read = [text, typed as never[]];
  };
  await sequenceStatus(bind(database.connect({ max: 1, debug })));
  const plan = (await database.client.unsafe(`explain ${read[0]}`, read[1]).values()).join("\n");
  expect(plan).toMatch(/Index Only Scan Backward using many_pkey/);
  expect(plan).not.toMatch(/Seq Scan on (many|backwards)\b/);
});

test("roles that may insert and not draw", async () => {
  await run(`
    create role nextval_status_a login; create role nextval_status_b login;
    create role nextval_status_group; create role nextval_status_other;
    grant nextval_status_group, nextval_status_other to nextval_status_b;
    grant usage on schema public to public;
    create table t (id serial primary key, n int); create table i (id int generated always as identity, n int);
    grant insert on i to nextval_status_a; grant insert (n) on t to nextval_status_a;
    grant insert on t to nextval_status_group`);
  await expect(runAs("nextval_status_a", "insert into t (n) values (1)")).rejects.toMatchObject({ code: "42501" });
  await expect(runAs("nextval_status_b", "insert into t (n) values (1)")).rejects.toMatchObject({ code: "42501" });
  await runAs("nextval_status_a", "insert into i (n) values (1)");

  const health = await sequenceStatus(db);
  expect(find(health, "i_id_seq").level).toBe("ok");
  const { problems } = find(health, "t_id_seq");
  expect(problems).toMatchObject([
    {
      code: "USAGE_MISSING",
      level: "warning",
      message:
        "public.t_id_seq: inserts by nextval_status_a, nextval_status_group into public.t fail with 42501, " +
        "because USAGE is missing",
    },
  ]);
  const [first] = cureOf(find(health, "t_id_seq"), "USAGE_MISSING").split("; ");
  await run(first!);
  await runAs("nextval_status_a", "insert into t (n) values (1)");

  // Members of the group may draw in another way.
  await run("grant update on sequence t_id_seq to nextval_status_other");
  await runAs("nextval_status_b", "insert into t (n) values (1)");
  expect((await sequenceStatus(db)).level).toBe("ok");

  await run("create table p (id serial); grant insert on p to public");
  const open = find(await sequenceStatus(db), "p_id_seq");
  expect(open.problems[0]?.message).toContain("inserts by public into public.p");
  await run(cureOf(open, "USAGE_MISSING"));
  await runAs("nextval_status_a", "insert into p default values");
  expect((await sequenceStatus(db)).level).toBe("ok");
});

test("what the connected role may not read is reported, and the fix works", async () => {
  await run(`
    create role nextval_status_a login; grant usage on schema public to nextval_status_a;
    create table t (id serial primary key); create table r (id serial primary key);
    alter table r enable row level security; grant select on r to nextval_status_a;
    grant select on sequence r_id_seq to nextval_status_a`);
  const look = () =>
    db.session(async (session) => {
      await session`set role nextval_status_a`;
      try {
        return await sequenceStatus(session);
      } finally {
        await session`reset role`;
      }
    });
  const health = await look();
  expect(find(health, "t_id_seq")).toMatchObject({ level: "warning", used: null, left: null, nextValue: null });
  expect(find(health, "t_id_seq").columns[0]?.notCompared).toBe("the role may not read it");
  expect(find(health, "r_id_seq").columns[0]?.notCompared).toContain("row security");
  expect(codes(find(health, "t_id_seq"))).toEqual(["UNREADABLE warning", "NOT_COMPARED warning"]);
  expect(codes(find(health, "r_id_seq"))).toEqual(["NOT_COMPARED warning"]);
  expect(find(health, "r_id_seq").problems[0]?.hint).toBe(
    "Connect as the owner of the table, or as a role with BYPASSRLS.",
  );
  await run("alter table r force row level security");
  expect(find(await look(), "r_id_seq").problems[0]?.hint).toBe("Connect as a role with BYPASSRLS.");
  await run(cureOf(find(health, "t_id_seq"), "UNREADABLE"));
  await run(cureOf(find(health, "t_id_seq"), "NOT_COMPARED"));
  await run("alter table r disable row level security");
  expect(await look()).toMatchObject({ level: "ok" });
});

test("the level is not ok if columns may not be read: they are reported as not compared", async () => {
  await run(`
    create role nextval_status_a login; grant usage on schema public to nextval_status_a;
    create table a (id serial primary key); create table b (id int generated always as identity, n text);
    create table c (n bigint); create sequence c_seq owned by c.n;
    create table d (id text primary key default 'X' || nextval('c_seq'));
    create sequence turn_seq maxvalue 9 cycle; create table turn (n int primary key default nextval('turn_seq'));
    insert into a values (500); insert into c values (500);
    grant select on all sequences in schema public to nextval_status_a`);
  const health = await db.session(async (session) => {
    await session`set role nextval_status_a`;
    const health = await sequenceStatus(session);
    await session`reset role`;
    return health;
  });
  expect(health.level).toBe("warning");
  expect(codes(find(health, "a_id_seq"))).toEqual(["NOT_COMPARED warning"]);
  expect(find(health, "a_id_seq").problems[0]).toMatchObject({
    message: "public.a_id_seq: public.a.id was not compared, so inserts may fail with 23505: the role may not read it",
    hint: "Let nextval_status_a read the column, which also needs USAGE on the schema.",
    fix: 'grant select ("id") on table "public"."a" to "nextval_status_a"',
  });
  // Without an index on it alone, values may come again.
  expect(codes(find(health, "b_id_seq"))).toEqual(["NOT_COMPARED ok"]);
  expect(codes(find(health, "c_seq"))).toEqual(["NOT_COMPARED ok", "NOT_COMPARED ok"]);
  expect(codes(find(health, "turn_seq"))).toEqual(["NOT_COMPARED warning"]);
  const text = toPrometheus(health);
  expect(text).toMatch(/^# HELP nextval_sequence_compared 1 if every column/m);
  expect(text).toContain(
    `nextval_sequence_compared{datname="${database.name}",schemaname="public",sequencename="a_id_seq"} 0\n`,
  );
  expect(text).toContain('code="NOT_COMPARED",level="warning"} 1\n');

  const owner = await sequenceStatus(db);
  expect(codes(find(owner, "a_id_seq"))).toEqual(["BEHIND_COLUMN critical"]);
  expect(toPrometheus(owner)).toContain(
    `nextval_sequence_compared{datname="${database.name}",schemaname="public",sequencename="a_id_seq"} 1\n`,
  );
  const [unindexed, made] = find(owner, "c_seq").problems;
  expect(unindexed?.hint).toBe('Pass columns: "all" to read it anyway.');
  expect(made?.message).toContain("its default makes something else");
  expect(codes(find(await sequenceStatus(db, { columns: "all" }), "c_seq"))).toEqual([
    "BEHIND_COLUMN warning",
    "NOT_COMPARED ok",
  ]);
});

test("a column that cannot be read does not affect the others", async () => {
  await run(`
    create table good (id serial primary key); insert into good values (10);
    create sequence bad_seq; create view bad as select 1 / 0 as id;
    alter view bad alter id set default nextval('bad_seq');
    create sequence nan_seq; create table nan (id numeric primary key default nextval('nan_seq'));
    insert into nan values ('NaN'), ('Infinity'), (3), (4.5)`);
  const health = await sequenceStatus(db, { columns: "all", views: true });
  expect(find(health, "bad_seq").columns[0]?.notCompared).toContain("division by zero");
  expect(find(health, "nan_seq").columns[0]).toMatchObject({ extreme: 3n, notCompared: null });
  expect(find(health, "good_id_seq").columns[0]?.extreme).toBe(10n);
});

test("names that need quotes", async () => {
  const names = ['"; drop table t; --', "it's", "back\\slash", "$1", "new\nline", "%I %s", "{a,b}", "ünï"];
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  for (const name of names) {
    const q = quoted(name);
    await database.client.unsafe(`create schema ${q};
        create table ${q}.${q} (${q} int generated by default as identity (sequence name ${q}.${quoted(`${name}_`)})
          primary key);
      insert into ${q}.${q} values (40)`);
  }
  const health = await sequenceStatus(db);
  expect(health.sequences.map(({ sequence }) => sequence.schema).sort()).toEqual([...names].sort());
  for (const sequence of health.sequences) {
    expect(codes(sequence)).toEqual(["BEHIND_COLUMN critical"]);
    await run(cureOf(sequence, "BEHIND_COLUMN"));
  }
  expect((await sequenceStatus(db)).level).toBe("ok");
  const text = toPrometheus(health);
  expect(text).toContain(String.raw`,schemaname="\"; drop table t; --",sequencename="\"; drop table t; --_"} 1`);
  expect(text).toContain(String.raw`,schemaname="back\\slash",sequencename="back\\slash_"}`);
  expect(text).toContain(String.raw`,schemaname="new\nline",sequencename="new\nline_"}`);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) nextval_\w+ .+|nextval_\w+(\{(\w+="([^"\\]|\\\\|\\"|\\n)*",?)+\})? -?[\d.e+-]+)$/,
    );
  }
});

longTest("a constant number of statements, and worst first", async () => {
  let statements = 0;
  const client = database.connect({ max: 1, fetch_types: false, debug: () => statements++ });
  const counted = bind(client);
  await run("create table t0 (id serial primary key)");
  await sequenceStatus(counted);
  const few = statements;
  await run(`do $$ begin for i in 1..120 loop execute format('create table t%s (id serial primary key)', i); end loop;
    end $$;
    select setval('t7_id_seq', 2000000000); select setval('t8_id_seq', 1800000000); insert into t9 values (5)`);
  statements = 0;
  const seen: [number, number][] = [];
  const { sequences } = await sequenceStatus(counted, { onProgress: ({ done, total }) => seen.push([done, total]) });
  // One more, in a transaction: an empty statement that takes a connection, BEGIN, the path, the two limits, the
  // statement, COMMIT.
  expect(statements).toBe(few + 7);
  expect(seen).toEqual([
    [0, 121],
    [100, 121],
    [121, 121],
  ]);
  expect(sequences.slice(0, 3).map(({ sequence, level }) => [sequence.name, level])).toEqual([
    ["t7_id_seq", "critical"],
    ["t9_id_seq", "critical"],
    ["t8_id_seq", "warning"],
  ]);
});

test("the rate, and the days left", async () => {
  await run(
    `create sequence a maxvalue 1000; create sequence idle; create sequence back; create sequence gone;
    create sequence full_up maxvalue 5; select setval('back', 9), setval('full_up', 5)`,
  );
  const before = await sequenceStatus(db);
  await run(`select nextval('a') from generate_series(1, 100); select setval('back', 3); drop sequence gone;
    create sequence new;
    select pg_sleep(0.05)`);
  const after = await sequenceStatus(db);
  const days = (after.sampledAt.getTime() - before.sampledAt.getTime()) / 86_400_000;
  const [full, first, ...others] = usageRates(before, after);
  expect(full).toEqual({
    sequence: { schema: "public", name: "full_up" },
    drawn: 0n,
    perDay: 0,
    burned: null,
    daysLeft: 0,
  });
  expect(first).toMatchObject({ sequence: { name: "a" }, drawn: 100n });
  expect(first?.perDay).toBeCloseTo(100 / days);
  expect(first?.daysLeft).toBeCloseTo(9 * days);
  expect(others).toEqual([
    { sequence: { schema: "public", name: "back" }, drawn: null, perDay: null, burned: null, daysLeft: null },
    { sequence: { schema: "public", name: "idle" }, drawn: 0n, perDay: 0, burned: null, daysLeft: null },
  ]);
  expect(() => usageRates(after, before)).toThrow("usageRates takes the later sample second");
  expect(() => usageRates(after, after)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});

test("JSON keeps every digit", async () => {
  await run("create sequence s start 9007199254740993");
  const json = JSON.parse(JSON.stringify(toJson(await sequenceStatus(db))));
  expect(json.sequences[0]).toMatchObject({
    lastValue: "9007199254740993",
    end: "9223372036854775807",
    increment: "1",
  });
  expect(new Date(json.sampledAt).toISOString()).toBe(json.sampledAt);
  const report = { failures: [{ error: Object.assign(new Error("no"), { code: "42501" }) }] };
  expect(toJson(report)).toEqual({ failures: [{ error: { name: "Error", code: "42501", message: "no" } }] });
});
