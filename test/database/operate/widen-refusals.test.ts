import { bind } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { applyWiden, planWiden } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

const database = useDatabase();
const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  await run("drop schema public cascade; create schema public; drop publication if exists p");
});

function refusal(column = "id", table = "t"): Promise<string> {
  return planWiden(bind(database.client), { table, column }).then(
    () => "",
    (error: Error & { code: string }) => `${error.code} ${error.message}`,
  );
}

const T = "create table t (id int primary key, n int);";

const GIST = "create table t (id int, n int, exclude using btree (id with =));";

const ATOMIC = `${T} create function f() returns bigint language sql begin atomic select sum(id) from t; end`;

/** What has to be there, and the reason, after the name of the column. */
const CASES: readonly (readonly [name: string, setup: string, problem: string])[] = [
  ["no table", "", "there is no such table"],
  ["no column", "create table t (n int)", "there is no such column"],
  ["a wide column", "create table t (id bigint)", "it is of type bigint"],
  ["text", "create table t (id text)", "it is of type text"],
  ["a name of an old column", "create table t (id int, id_nextval_old text)", "public.t.id_nextval_old is taken"],
  ["stored rows", `${T} create type w as (o t[]); create table c (n w)`, "column n of table public.c depends on it"],
  ["an array", "create table t (id int[])", "it is of type integer[]"],
  ["a domain", "create domain d as int; create table t (id d)", "it is of type public.d"],
  ["a view", "create view t as select 1 as id", "public.t is not a table"],
  [
    "a generated column",
    "create table t (n int, id int generated always as (n + 1) stored)",
    "it is a generated column",
  ],
  [
    "a partition",
    "create table p (id int, n int) partition by list (n); create table t partition of p default",
    "public.t is a partition",
  ],
  ["a partition key", "create table t (id int) partition by range (id)", "it is in the partition key of public.t"],
  [
    "a partition key of an expression",
    "create table t (id int) partition by hash ((id % 10))",
    "it is in the partition key of public.t",
  ],
  [
    "a partition key of a partition",
    `create table t (id int, n int) partition by list (n);
      create table p partition of t default partition by list (id)`,
    "it is in the partition key of public.p",
  ],
  ["children", "create table t (id int); create table c () inherits (t)", "other tables inherit from public.t"],
  ["a parent", "create table p (id int); create table t () inherits (p)", "public.t inherits from another table"],
  ["a table of a type", "create type y as (id int); create table t of y", "public.t is a table of a type"],
  ["a rule", `${T} create rule r as on update to t do also notify x`, "rule r of public.t would change the backfill"],
  [
    "a rule of another table",
    `${T} create table u (n int); create rule r as on insert to u do also delete from t where id = new.n`,
    "rule r on table public.u depends on it",
  ],
  [
    "a trigger that would change the id of a row after the phases have seen it",
    `${T} create function f() returns trigger language plpgsql as 'begin new.id := 7; return new; end';
      create trigger "über" before insert on t for each row execute function f()`,
    "trigger über of public.t fires after that of the phases",
  ],
  [
    "a materialized view",
    `${T} create materialized view m as select id from t`,
    "materialized view public.m depends on it",
  ],
  [
    "a materialized view on a view",
    `${T} create view v as select id from t; create materialized view m as select id from v`,
    "materialized view public.m depends on it",
  ],
  [
    "a trigger of a view",
    `${T} create view v as select id from t; create function f() returns trigger language plpgsql as 'begin end';
      create trigger g instead of insert on v for each row execute function f()`,
    "trigger g on view public.v depends on it",
  ],
  [
    "a default of a view",
    `${T} create view v as select id from t; alter view v alter id set default 5`,
    "default value for column id of view public.v depends on it",
  ],
  [
    "a function of a view",
    `${T} create view v as select id from t; create function f() returns setof v language sql as 'select 1'`,
    "function public.f() depends on it",
  ],
  ["a function", ATOMIC, "function public.f() depends on it"],
  [
    "a policy of another table",
    `${T} create table u (n int); create policy y on u using (n in (select id from t))`,
    "policy y on table public.u depends on it",
  ],
  ["an exclusion constraint", GIST, "exclusion constraint t_id_excl of public.t depends on it"],
  [
    "an expression",
    `${T} create index x on t ((id + 1))`,
    "index public.x has an expression or a predicate with the column",
  ],
  [
    "a predicate",
    `${T} create index x on t (n) where id > 5`,
    "index public.x has an expression or a predicate with the column",
  ],
  [
    "an operator class",
    `${T} create index x on t using brin (id int4_minmax_multi_ops)`,
    "index public.x has an operator class for its type",
  ],
  [
    "an identity that another column draws from",
    "create table t (id int generated always as identity); create table u (id int default nextval('t_id_seq'))",
    "default value for column id of table public.u depends on identity sequence public.t_id_seq, " +
      "which has to be made again",
  ],
  [
    "a foreign key of a partition",
    `${T} create table c (m int, n int) partition by list (m);
      create table c_1 partition of c (constraint k foreign key (n) references t) default`,
    "foreign key k of public.c is of a partition only",
  ],
  [
    "a foreign key to a partition",
    `create table t (id int not null, n int) partition by list (n);
      create table t_1 partition of t (primary key (id)) default;
      create table u (n int constraint k references t_1)`,
    "foreign key k of public.u points at a partition",
  ],
  [
    "a NOT NULL of a partition, because the old column would keep it",
    "create table t (id int, n int) partition by list (n); create table t_1 partition of t (primary key (id)) default",
    "it is NOT NULL only in public.t_1",
  ],
  [
    "views that read each other",
    `${T} create view v as select id from t; create view w as select id from v; create or replace view v as
      select t.id from t, w`,
    "it cannot be widened for 2 reasons:\nview public.v depends on it\nview public.w depends on it",
  ],
  [
    "a function that names a constraint",
    `${T} create function f() returns void begin atomic insert into t (n) values (1)
      on conflict on constraint t_pkey do nothing; end`,
    "function public.f() depends on it",
  ],
  [
    "a security label",
    `${T} select set_config('allow_system_table_mods', 'on', true);
      insert into pg_seclabel values ('t'::regclass, 'pg_class'::regclass, 1, 'x', 'y')`,
    "security label of column id of table public.t depends on it",
  ],
  [
    "the widening of another column",
    `${T} create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger "~nextval_widen" before insert on t for each row execute function f()`,
    "another column of public.t is being widened",
  ],
  ["a name that is taken", "create table t (id int, id_nextval_new int)", "public.t.id_nextval_new is taken"],
  [
    "long names that are cut to the same one",
    `create table t (id int); create index ${"x".repeat(60)}_a on t (id); create index ${"x".repeat(60)}_b on t (id)`,
    `two indexes would be named public.${"x".repeat(51)}_nextval_new`,
  ],
];

test.each(first(15, CASES))("%s is refused by name", async (_name, setup, problem) => {
  await run(setup);
  expect(await refusal()).toBe(`PLAN_REFUSED public.t.id: ${problem}`);
});

test("a name that the server would cut is not that of another table or schema", async () => {
  const name = "x".repeat(63);
  const db = bind(database.client);
  await run(`create table "${name}" (id int); create schema "${name}"; create sequence "${name}".own_seq`);
  const planned = planWiden(db, { table: `${name}y`, column: "id" });
  await expect(planned).rejects.toThrow(`public.${name}y.id: there is no such table`);
  expect((await inspectSequences(db, { schemas: [`${name}y`] })).sequences).toEqual([]);
  await run(`drop schema "${name}" cascade`);
});

test("columns of publications are refused by name", async () => {
  await run("create table t (id int primary key, n int)");
  if ((await serverVersion(database.client)) < 15) {
    await run("create publication p for table t");
    const { warnings } = await planWiden(bind(database.client), { table: "t", column: "id" });
    expect(warnings).toContain("public.t is published by p, whose subscribers need the new column first.");
    return;
  }
  await run("create publication p for table t (id)");
  expect(await refusal()).toBe(
    "PLAN_REFUSED public.t.id: publication of table public.t in publication p depends on it",
  );
  await run("drop publication p; create publication p for table t where (id > 5)");
  expect(await refusal()).toBe(
    "PLAN_REFUSED public.t.id: publication of table public.t in publication p depends on it",
  );
});

test("a foreign key of a partitioned table is refused before PostgreSQL 18", async () => {
  await run(`${T} create table c (m int, n int, constraint k foreign key (n) references t) partition by list (m)`);
  const problem = "foreign key k of public.c, a partitioned table, would be validated under a lock";
  const isOlder = (await serverVersion(database.client)) < 18;
  expect(await refusal()).toBe(isOlder ? `PLAN_REFUSED public.t.id: ${problem}` : "");
});

test("a generated column of it is refused by name", async () => {
  await run("create table t (id int, g int generated always as (id + 1) stored)");
  expect(await refusal()).toMatch(/^PLAN_REFUSED public.t.id: .*column g of table public.t depends on it/);
});

test("all reasons are in one error", async () => {
  await run(`${T} create index x on t ((id + 1)); create materialized view m as select id from t`);
  expect(await refusal()).toBe(
    "PLAN_REFUSED public.t.id: it cannot be widened for 2 reasons:\n" +
      "materialized view public.m depends on it\nindex public.x has an expression or a predicate with the column",
  );
  await run(`create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger "~z" before insert on t for each row execute function f()`);
  await expect(planWiden(bind(database.client), { table: "t", column: "id" })).rejects.toMatchObject({
    hint: expect.stringMatching(/^Rename it, because triggers fire in .*\. Drop it, and create it again/) as string,
  });
});

test("what stays narrow is named in a warning", async () => {
  await run(`create sequence s maxvalue 2147483647;
    create table t (id int primary key default nextval('s')::int);
    create domain d as int; create table c (n d references t)`);
  const { warnings } = await planWiden(bind(database.client), { table: "t", column: "id" });
  expect(warnings).toContain("public.s still ends at 2147483647 afterwards: raise its maxvalue.");
  expect(warnings).toContain("public.c.n stays public.d: change it, too.");
  expect(warnings).toContain("The default of public.t.id casts to a narrow type: change it, too.");
});

test("a superuser does not run code of an owner who is not trusted", async () => {
  const owner = `nextval_widen_other_${process.pid}`;
  await run(`${T} create role ${owner}; create table c (t_id int references t); alter table c owner to ${owner}`);
  expect(await refusal()).toBe(
    `PLAN_REFUSED public.t.id: changing public.c may run code of role ${owner} as a superuser`,
  );
  const target = { table: "t", column: "id" };
  const { columns } = await planWiden(bind(database.client), target, { trustOwners: [owner] });
  expect(columns).toHaveLength(2);
  await run("alter table c alter t_id type bigint");
  expect(await refusal()).toContain("changing public.c may run code");
  await run(`alter table c owner to current_user; alter schema public owner to ${owner}`);
  expect(await refusal()).toContain(`changing public.t may run code of role ${owner} as a superuser`);
  // The owner of the database owns the schema that the server has made.
  await run(`alter schema public owner to pg_database_owner; alter database ${database.name} owner to ${owner}`);
  expect(await refusal()).toContain(`changing public.t may run code of role ${owner} as a superuser`);
  await run(`alter database ${database.name} owner to current_user; drop role ${owner}`);
});

test("a superuser fires no trigger, and creates no view, of a role that is not trusted", async () => {
  const other = `nextval_widen_writer_${process.pid}`;
  const target = { table: "t", column: "id" };
  await run(`${T} create role ${other}; grant all on t to ${other}`);
  expect(await refusal()).toBe(
    `PLAN_REFUSED public.t.id: changing public.t may run code of role ${other} as a superuser`,
  );
  await planWiden(bind(database.client), target, { trustOwners: [other] });
  await run(`revoke all on t from ${other}; grant trigger on t to public`);
  expect(await refusal()).toBe("PLAN_REFUSED public.t.id: changing public.t may run code of any role as a superuser");
  await run(`revoke all on t from public;
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger a after update on t execute function f(); alter function f() owner to ${other}`);
  expect(await refusal()).toContain(`changing public.t may run code of role ${other}`);
  // What a condition calls is left when the privilege is gone.
  await run(`drop function f cascade; create function f(int) returns bool language sql as 'select true';
    create trigger a before update on t for each row when (f(new.n))
      execute function suppress_redundant_updates_trigger(); alter function f owner to ${other}`);
  expect(await refusal()).toContain(`changing public.t may run code of role ${other}`);
  // So is the trigger of the phases, whose function belongs to the role that ran them.
  await run(`drop function f cascade; create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger "~nextval_widen" before update on t execute function f(); alter function f() owner to ${other}`);
  expect(await refusal()).toContain(`changing public.t may run code of role ${other}`);
  // Checks of domains run where a constant of a view is read.
  await run(`drop function f cascade; create domain d as int check (value > 0);
    create view v as select id, '{1}'::d[] from t; alter view v owner to ${other}`);
  expect(await refusal()).toContain(`changing public.v may run code of role ${other}`);
  await run(`drop owned by ${other}; drop role ${other}`);
  await planWiden(bind(database.client), target);
});

test("code of others is found wherever a table uses it", async () => {
  const other = `nextval_widen_coder_${process.pid}`;
  const does = (args: string, result: string) =>
    `(${args}) returns ${result} immutable language sql return ${result === "bool" ? "true" : "1.0"}`;
  await run(`create role ${other};
    create function f${does("int", "bool")}; create function g${does("int, int", "float8")};
    create operator ## (leftarg = int, rightarg = int, function = g);
    create domain d as int check (f(value)); create domain dd as d; create type w as (n dd);
    create type r as range (subtype = int, subtype_diff = g);
    create operator class o for type int using btree as operator 3 =, function 1 btint4cmp;
    create table a (id int, n w[]);
    create table b (id int, n r);
    create table c (id int, n int); create policy y on c using (n ## 1 > 0);
    create table e (id int, n int) partition by list (n); create table e_1 partition of e default;
    create index x on e_1 (n o)`);
  const tables = { a: "function public.f(integer)", b: "function public.g(integer,integer)" };
  await run(`alter function f owner to ${other}; alter function g owner to ${other}`);
  for (const [table, part] of Object.entries({ ...tables, c: tables.b })) {
    expect(await refusal("id", table)).toBe(
      `PLAN_REFUSED public.${table}.id: changing public.${table} may run code of role ${other} as a superuser: ${part}`,
    );
  }
  await run(`alter operator class o using btree owner to ${other}`);
  expect(await refusal("id", "e")).toContain("changing public.e_1 may run code");
  await run(`drop owned by ${other} cascade; create function v() returns event_trigger language plpgsql as 'begin end';
    alter function v owner to ${other}; create event trigger v on ddl_command_start execute function v()`);
  expect(await refusal("id", "c")).toContain(`changing a table may run code of role ${other}`);
  await run(`drop function v cascade; drop role ${other}`);
});

test("code that comes after the plan does not run", async () => {
  const other = `nextval_widen_later_${process.pid}`;
  const db = bind(database.client);
  const next = async () => applyWiden(db, await planWiden(db, { table: "t", column: "id" }));
  await run(`create function f(int) returns bool language sql as 'select true';
    create table t (id int check (f(id))); insert into t values (1); create role ${other}`);
  const { phases, ...plan } = await planWiden(db, { table: "t", column: "id" });
  await applyWiden(db, { ...plan, phases: phases.slice(0, 1) });
  await run(`create function g() returns trigger language plpgsql as 'begin return new; end';
    create trigger a before update on t for each row execute function g(); alter function g owner to ${other}`);
  const refused = (part: string) => ({ message: expect.stringContaining(`role ${other} as a superuser: ${part}`) });
  await expect(applyWiden(db, { ...plan, phases: phases.slice(1) })).rejects.toMatchObject(
    refused("function public.g()"),
  );
  expect(await database.client`select id_nextval_new as id from t`).toEqual([{ id: null }]);
  // The check finds it when its argument is a bigint.
  await run(`drop function g cascade; create function f(bigint) returns bool language sql as 'select true';
    alter function f(bigint) owner to ${other}`);
  await expect(next()).rejects.toMatchObject(refused("function public.f(bigint)"));
  await run(`alter function f(bigint) owner to current_user; drop role ${other}`);
  expect(await next()).toEqual({ ran: ["swap", "validate_t_id_check"] });
});

test("a role that others have made a member does not run their code", async () => {
  const [app, other] = [`nextval_widen_app_${process.pid}`, `nextval_widen_other_${process.pid}`];
  await run(`${T} create role ${app} login password 'x'; create role ${other}; grant ${other} to ${app};
    alter table t owner to ${app}; create table c (t_id int references t); alter table c owner to ${other}`);
  const db = bind(database.connect({ max: 1, username: app, password: "x" }));
  const target = { table: "t", column: "id" };
  const problem = (thing: string) => ({
    message: `public.t.id: changing ${thing} may run code of role ${other} as the connected role`,
  });
  await expect(planWiden(db, target)).rejects.toMatchObject(problem("public.c"));
  expect((await planWiden(db, target, { trustOwners: [other] })).columns).toHaveLength(2);
  await run(`alter table c owner to ${app}; create view v as select id from t; alter view v owner to ${other}`);
  await expect(planWiden(db, target)).rejects.toMatchObject(problem("public.v"));
  // The owner of the table that it names itself is trusted.
  await run(`alter table c owner to ${other}; alter table t owner to ${other}`);
  expect((await planWiden(db, target)).columns).toHaveLength(2);
  await run(`drop owned by ${other}; drop role ${other}, ${app}`);
});

test("what is given has to be a handle and a column", async () => {
  const plan = (...given: unknown[]) => Reflect.apply(planWiden, undefined, given) as Promise<unknown>;
  const db = bind(database.client);
  await expect(plan({}, { table: "t", column: "id" })).rejects.toThrow("planWiden takes a handle first");
  await expect(plan(db, { table: "t" })).rejects.toThrow("planWiden takes a table and a column");
  await expect(plan(db, { table: 5, column: "id" })).rejects.toThrow("planWiden takes a table and a column");
  await expect(plan(db, { table: "t", column: "id" }, { lockTimeout: -1 })).rejects.toThrow(
    "planWiden takes a lockTimeout",
  );
});
