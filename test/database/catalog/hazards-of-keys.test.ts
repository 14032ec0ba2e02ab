import { bind, type Database, nextval, pgSchema, pgSequence, type SequenceLike, type SequenceOptions } from "nextval";
import { applyPlan, type HazardCode, inspectSequences, planChanges, type PlanOptions } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase({ max: 1 });
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe(
    "drop schema public cascade; create schema public; drop schema if exists first cascade; create sequence s",
  );
});

const declared = (options: SequenceOptions) => pgSequence("s", options as never);
const insert = async () => (await database.client.unsafe("insert into t (n) values ('new') returning id"))[0]?.["id"];

/**
 * The plan has exactly these hazards. It is refused without `allow` and then changes nothing, and is applied with it.
 */
async function push(
  codes: readonly HazardCode[],
  sequences: readonly SequenceLike[],
  options?: PlanOptions,
  schemas?: readonly string[],
) {
  const state = await inspectSequences(db, { schemas });
  const made = planChanges(sequences, state, options);
  const hazards = made.changes.flatMap((change) => change.hazards);
  expect(hazards.map(({ code }) => code)).toEqual(codes);
  const messages = hazards.map(({ message }) => message);
  if (codes.length > 0) {
    await expect(applyPlan(db, made)).rejects.toMatchObject({ code: "PLAN_REFUSED" });
    expect(planChanges(sequences, await inspectSequences(db, { schemas }), options).changes).toEqual(made.changes);
  }
  await applyPlan(db, made, { allow: codes });
  return messages;
}

describe("CYCLE_REPEATS_KEYS: the key is not fed by its own default", () => {
  const alone = "inserts into public.t.id fail with 23505 or 23P01";
  const ways: readonly (readonly [way: string, statements: string, taken: string])[] = [
    [
      "the default of a domain",
      "create domain key as bigint default nextval('s'); create table t (id key primary key, n text)",
      alone,
    ],
    [
      "the default of a domain of a domain",
      "create domain inner_key as int default nextval('s'); create domain key as inner_key; " +
        "create table t (id key primary key, n text)",
      alone,
    ],
    [
      "the default of a domain that looks the name up",
      "create domain key as bigint default nextval('s'::text); create table t (id key primary key, n text)",
      alone,
    ],
    [
      "a function written as begin atomic",
      "create function f() returns bigint begin atomic select nextval('s'); end; " +
        "create table t (id bigint primary key default f(), n text)",
      alone,
    ],
    [
      "a function that calls such a function, in a domain",
      `create function f() returns bigint return nextval('s');
        create function g() returns bigint begin atomic select f() + 0; end;
        create domain key as bigint default g(); create table t (id key unique, n text)`,
      alone,
    ],
    [
      "a view with a default",
      `create table "t a" (k bigint primary key, "n :resno 1" text);
        create view t ("id", n) as select k, "n :resno 1" from "t a";
        alter view t alter id set default nextval('s')`,
      'inserts into public."t a".k fail with 23505 or 23P01',
    ],
    [
      "a view of a view that renames a column",
      `create table base (k bigint primary key, n text); create view middle as select n, k from base where n <> 'x';
        create view t as select k as renamed, n from middle; alter view t rename renamed to id;
        alter view t alter id set default nextval('s')`,
      "inserts into public.base.k fail with 23505 or 23P01",
    ],
    [
      "a rule",
      `create table base (id bigint primary key, n text); create view t as select id, n from base where n is not null;
        create rule r as on insert to t do instead insert into base values (nextval('s'), new.n) returning base.id,
          base.n`,
      "inserts into public.base.id fail with 23505 or 23P01",
    ],
    [
      "a function written as begin atomic that looks the name up",
      "create function f() returns bigint begin atomic select nextval('s'::text); end; " +
        "create table t (id bigint primary key default f(), n text)",
      alone,
    ],
    [
      "an argument of a function that looks the name up, in a domain",
      `create function f(x bigint default nextval('public.s'::varchar)) returns bigint return x;
        create domain key as bigint default f();
        create table t (id key primary key, n text)`,
      alone,
    ],
    [
      "a rule that looks the name up",
      `create table base (id bigint primary key, n text); create view t as select id, n from base where n is not null;
        create rule r as on insert to t do instead insert into base values (nextval('s'::text), new.n)
          returning base.id, base.n`,
      "inserts into public.base.id fail with 23505 or 23P01",
    ],
    [
      "the default of a partitioned table, and the key of a partition",
      `create table t (id bigint default nextval('s'), n text) partition by list (n);
        create table part (id bigint primary key, n text);
        alter table t attach partition part for values in ('new')`,
      "inserts into public.part.id fail with 23505 or 23P01",
    ],
    [
      "a key of several columns",
      "create table t (tenant int default 1, id bigint default nextval('s'), n text, primary key (tenant, id))",
      "inserts into public.t.id fail if the rest of the key repeats",
    ],
    [
      "a unique expression",
      "create table t (id bigint default nextval('s'), n text); create unique index on t ((id % 1000))",
      "fail if the rest of the key repeats",
    ],
    [
      "a generated column that is a key",
      "create table t (id bigint default nextval('s'), n text, " +
        "code text generated always as ('X' || id) stored unique)",
      "fail if the rest of the key repeats",
    ],
    [
      "a generated column that is part of a key",
      "create table t (id bigint default nextval('s'), n text, " +
        "twice bigint generated always as (id * 2) stored, unique (n, twice))",
      "fail if the rest of the key repeats",
    ],
    [
      "an exclusion constraint of several columns",
      "create table t (id bigint default nextval('s'), n text, exclude using btree (n with =, id with =))",
      "fail if the rest of the key repeats",
    ],
  ];

  test.each(first(3, ways))("%s", async (_way, statements, taken) => {
    await database.client.unsafe(`alter sequence s maxvalue 3; ${statements}`);
    const [message] = await push(["CYCLE_REPEATS_KEYS"], [declared({ maxValue: 3, cycle: true })]);
    expect(message).toContain(taken);
    for (const id of ["1", "2", "3"]) expect(`${await insert()}`).toBe(id);
    await expect(insert()).rejects.toMatchObject({ code: expect.stringMatching(/^23(505|P01)$/) });
  });

  test("no hazard if the column has its own default, or the view shows no key", async () => {
    await database.client.unsafe(`
      create domain key as bigint default nextval('s'); create table a (id key primary key default 7);
      create table base (id bigint primary key, n bigint); create view v as select id + 0 as id, n from base;
      alter view v alter n set default nextval('s'); create view reads as select nextval('s') as id from a`);
    await push([], [declared({ maxValue: 3, cycle: true })]);
  });
});

describe("CYCLE_REPEATS_KEYS: a sequence that already cycles starts over", () => {
  test("sooner, with narrower bounds", async () => {
    await database.client.unsafe(`alter sequence s cycle;
      create table t (id bigint primary key default nextval('s'), n text);
      insert into t (n) select 'x' from generate_series(1, 1000)`);
    const [message] = await push(["CYCLE_REPEATS_KEYS"], [declared({ cycle: true, maxValue: 1000 })]);
    expect(message).toContain("with cycle its values from 1 to 1000 repeat");
    await expect(insert()).rejects.toMatchObject({ code: "23505" });
  });

  longTest("sooner, if it descends", async () => {
    await database.client
      .unsafe(`alter sequence s increment -1 minvalue -9 maxvalue -1 restart with -1 start with -1 cycle;
      create table t (id bigint primary key default nextval('s'), n text);
      insert into t (n) select 'x' from generate_series(1, 5)`);
    const descending = { increment: -1, maxValue: -1, cycle: true };
    await push(["CYCLE_REPEATS_KEYS"], [declared({ ...descending, minValue: -5 })]);
    await expect(insert()).rejects.toMatchObject({ code: "23505" });
  });

  longTest("at another value", async () => {
    await database.client.unsafe(`alter sequence s start 3 minvalue 3 maxvalue 9 restart cycle;
      create table t (id bigint primary key default nextval('s'), n text); insert into t values (1, 'by hand');
      select setval('s', 9)`);
    await push(["CYCLE_REPEATS_KEYS"], [declared({ maxValue: 9, startWith: 1, cycle: true })]);
    await expect(insert()).rejects.toMatchObject({ code: "23505" });
  });

  test("not sooner, with a farther bound", async () => {
    await database.client.unsafe(`alter sequence s maxvalue 2 cycle;
      create table t (id bigint primary key default nextval('s'), n text); insert into t (n) values ('x'), ('y')`);
    await push([], [declared({ maxValue: 20, cycle: true })]);
    expect(await insert()).toBe("3");
  });
});

describe("KEY_HAS_ROWS", () => {
  const owned = declared({ ownedBy: { table: "t", column: "id" } });
  const draw = () => db`insert into t (id) values (${nextval(owned)})`;

  test.each(
    first(1, [
      ["a table", "create table t (id bigint primary key); insert into t select generate_series(1, 500)"],
      [
        "a partition",
        `create table t (id bigint primary key) partition by range (id);
        create table more partition of t default partition by list (id);
        create table most partition of more default; insert into t select generate_series(1, 500)`,
      ],
      ["a part of a key", "create table t (id bigint, n int default 1, primary key (n, id)); insert into t values (1)"],
    ]),
  )("a new sequence returns values that exist: %s", async (_what, statements) => {
    await database.client.unsafe(`drop sequence s; ${statements}`);
    const [message] = await push(["KEY_HAS_ROWS"], [owned]);
    expect(message).toBe("s: it begins at 1, but public.t.id may have such values: inserts then fail with 23505");
    await expect(draw()).rejects.toMatchObject({ code: "23505" });
  });

  longTest("so does one that was created before and never drawn from, but not one that was drawn from", async () => {
    await database.client.unsafe("create table t (id bigint primary key); insert into t values (1)");
    await push(["KEY_HAS_ROWS"], [owned]);
    await database.client.unsafe("alter sequence s owned by none; select nextval('s')");
    await push([], [owned]);
  });

  test("a table without rows has no hazard", async () => {
    await database.client.unsafe(`drop sequence s; create table t (id bigint primary key) partition by range (id);
      create table part partition of t default`);
    await push([], [owned]);
    await draw();
  });

  longTest("inspect does not wait for a locked table, and treats it as one with rows", async () => {
    await database.client.unsafe("create table t (id bigint primary key)");
    const other = bind(database.connect({ max: 1, connection: { lock_timeout: 500 } }));
    await database.client.begin(async (tx) => {
      await tx`lock table t in access exclusive mode`;
      expect((await inspectSequences(other)).keys).toMatchObject([{ table: "t", hasRows: true }]);
    });
    expect((await inspectSequences(other)).keys).toMatchObject([{ table: "t", hasRows: false }]);
  });
});

test("UNLOGGED_STARTS_OVER: a new sequence is unlogged, and its table is not", async () => {
  const owned = declared({ unlogged: true, ownedBy: { table: "t", column: "id" } });
  await database.client.unsafe("drop sequence s; create unlogged table t (id bigint)");
  const codes = (await serverVersion(database.client)) < 15 ? ["NEEDS_POSTGRES_15"] : [];
  const hazards = async () =>
    planChanges([owned], await inspectSequences(db)).changes.flatMap((each) => each.hazards.map(({ code }) => code));
  expect(await hazards()).toEqual(codes);
  await database.client`drop table t`;
  await database.client`create table t (id bigint)`;
  // That such a sequence starts over after a crash is in crash.test.ts.
  expect(await hazards()).toEqual([...codes, "UNLOGGED_STARTS_OVER"]);
});

describe("NAME_REUSED", () => {
  test("two sequences that swap names: programs draw from the other one, without an error", async () => {
    await database.client.unsafe("create sequence a; create sequence b; select setval('a', 500), setval('b', 7)");
    const given = await db.nextvals(pgSequence("b"), 3);
    const [message] = await push(["NAME_REUSED", "NAME_REUSED"], [pgSequence("a"), pgSequence("b")], {
      renames: { a: "b", b: "a" },
    });
    expect(message).toContain("another sequence has this name until the plan renames it");
    expect(await db.nextval(pgSequence("a"))).toBe(11n);
    expect(given).toEqual([8n, 9n, 10n]);
  });

  test("a new sequence under the name of a renamed one repeats its values", async () => {
    const given = await db.nextvals(pgSequence("s"), 3);
    await push(["NAME_REUSED"], [pgSequence("s"), pgSequence("old_s")], { renames: { s: "old_s" } });
    expect(given).toContain(await db.nextval(pgSequence("s")));
  });

  test.each(
    first<[string, string[] | undefined]>(1, [
      ["", undefined],
      [" of a schema that is not looked at", ["first"]],
    ]),
  )("a new sequence comes before another one in the search_path%s", async (_where, schemas) => {
    await database.client.unsafe(`create schema first; set search_path to first, public;
      create table t (id int primary key default nextval('s'::text), n text); insert into t (n) values ('x')`);
    try {
      const [message] = await push(["NAME_REUSED"], [pgSchema("first").sequence("s")], {}, schemas);
      expect(message).toContain("first.s: it hides public.s in the search_path");
      await expect(insert()).rejects.toMatchObject({ code: "23505" });
    } finally {
      await database.client`reset search_path`;
    }
  });

  test("a new sequence in a schema that the plan creates, and that comes first in the search_path", async () => {
    await database.client`set search_path to first, public`;
    const [message] = await push(["NAME_REUSED"], [pgSchema("first").sequence("s")]);
    expect(message).toContain("first.s: it hides public.s in the search_path");
    await database.client`reset search_path`;
  });

  test("a new sequence that comes after it in the search_path, or is not in the path, does not hide it", async () => {
    await database.client.unsafe("create schema first; set search_path to public, first");
    await push([], [pgSchema("first").sequence("s")]);
    await push([], [pgSchema("first").sequence("s")], {}, ["first"]);
    await database.client.unsafe("drop sequence first.s; reset search_path");
    await push([], [pgSchema("first").sequence("s")]);
    await database.client`drop sequence first.s`;
    await push([], [pgSchema("first").sequence("s")], {}, ["first"]);
  });
});

describe("WIDER_THAN_COLUMN: something other than the column's type refuses new values", () => {
  const ways: readonly (readonly [way: string, statements: string, code: string])[] = [
    [
      "a foreign key",
      "create table u (id bigint primary key); insert into u values (9); " +
        "create table t (id bigint default nextval('s') references u, n text)",
      "23503",
    ],
    ["a default with a cast", "create table t (id bigint default nextval('s')::numeric(1,0), n text)", "22003"],
    [
      "a default that makes a text",
      "create table t (id text primary key default lpad(nextval('s')::text, 1, '0'), n text); insert into t values (1)",
      "23505",
    ],
    [
      "the default of a domain",
      "create domain key as bigint default nextval('s')::numeric(1,0); create table t (id key, n text)",
      "22003",
    ],
    [
      "the default of a view",
      `create table base (id bigint, n text); create view t as select * from base;
        alter view t alter id set default nextval('s')::numeric(1,0)`,
      "22003",
    ],
    ["the length of a type", "create table t (id varchar(1) default nextval('s'), n text)", "22001"],
    [
      "the length of a domain",
      "create domain key as char(1); create domain outer_key as key; " +
        "create table t (id outer_key default nextval('s'), n text)",
      "22001",
    ],
    [
      "a generated column",
      "create table t (id bigint default nextval('s'), n text, small numeric(1,0) generated always as (id) stored)",
      "22003",
    ],
  ];

  test.each(first(2, ways))("%s", async (_way, statements, code) => {
    await database.client.unsafe(`${statements}; alter sequence s maxvalue 9; select setval('s', 8)`);
    expect(`${await insert()}`).toBe("9");
    const [message] = await push(["WIDER_THAN_COLUMN"], [declared({ maxValue: 10 })]);
    expect(message).toMatch(
      code === "22001"
        ? /public\.t\.id \((varchar\(1\)|outer_key|public\.outer_key)\) cannot hold 1 to 10: inserts fail with 22001/
        : /public\.(t|base)\.id may refuse values from 1 to 10, for example with 23514/,
    );
    await expect(insert()).rejects.toMatchObject({ code });
  });

  test("no hazard if the column stores the drawn value unchanged", async () => {
    await database.client.unsafe(`create domain key as numeric(9,0) default nextval('s'); alter sequence s maxvalue 9;
      create table t (a int default nextval('s'), b text default nextval('s'), c key default nextval('s'), d key,
        e smallint default nextval('s'::text),
        f varchar default nextval('s'), g bigint default 7, h bigint generated always as (g) stored,
          id bigint default nextval('s'), n text)`);
    await push([], [declared({ maxValue: 10_000 })]);
    expect(await insert()).toBe("7");
  });
});

test.each(
  first(1, [
    ["a check constraint", "create table t (id bigint default nextval('s') check (id < 4), n text)"],
    [
      "a check constraint of an inner domain",
      `create domain small as bigint check (value < 4); create domain key as small;
      create table t (id key default nextval('s'), n text)`,
    ],
    [
      "bounds of partitions",
      `create table t (id bigint default nextval('s'), n text) partition by range (id);
      create table part partition of t for values from (1) to (4)`,
    ],
    [
      "bounds of partitions by an expression",
      `create table t (id bigint default nextval('s'), n text) partition by list ((id / 4));
      create table part partition of t for values in (0)`,
    ],
  ]),
)("WIDER_THAN_COLUMN: %s refuses new values", async (_what, statements) => {
  await database.client.unsafe(`${statements}; alter sequence s maxvalue 3 cycle`);
  for (const id of ["1", "2", "3", "1", "2", "3"]) expect(await insert()).toBe(id);
  const [message] = await push(["WIDER_THAN_COLUMN"], [declared({ maxValue: 5, cycle: true })]);
  expect(message).toMatch(/public\.t\.id may refuse values from 1 to 5, for example with 23514/);
  await expect(insert()).rejects.toMatchObject({ code: "23514" });
  // The other way round there is nothing to look at.
  await database.client`alter sequence s restart`;
  await push([], [declared({ maxValue: 3 })]);
});

describe("WIDER_THAN_COLUMN: a sequence starts over immediately, at a value that it never returned", () => {
  test.each(
    first(1, [
      ["the type", "numeric(1,0)", "22003"],
      ["a check constraint", "bigint check (id < 10)", "23514"],
    ]),
  )("and %s refuses it", async (_what, type, code) => {
    await database.client.unsafe(`alter sequence s increment -1 minvalue 1 maxvalue 99 start with 99;
      create table t (id ${type} default nextval('s'), n text); select setval('s', 9)`);
    expect(await insert()).toBe("8");
    const descending = { increment: -1, minValue: 8, maxValue: 99, startWith: 99 };
    await push(["WIDER_THAN_COLUMN"], [declared({ ...descending, cycle: true })]);
    await expect(insert()).rejects.toMatchObject({ code });
  });
});

describe("WIDER_THAN_COLUMN: numeric columns", () => {
  test("with a negative scale end at the value that rounds up, and several values become one", async () => {
    if ((await serverVersion(database.client)) < 15) {
      await expect(database.client.unsafe("create table t (id numeric(3,-2))")).rejects.toMatchObject({
        code: "22023",
      });
      return;
    }
    await database.client.unsafe(
      "create table t (id numeric(3,-2) default nextval('s'), n text); alter sequence s maxvalue 9",
    );
    await push([], [declared({ maxValue: 99_949 })]);
    await database.client`select setval('s', 99948)`;
    expect(await insert()).toBe("99900");
    const [message] = await push(["WIDER_THAN_COLUMN"], [declared({ maxValue: 99_950 })]);
    expect(message).toContain("public.t.id (numeric(3,-2)) cannot hold");
    await expect(insert()).rejects.toMatchObject({ code: "22003" });

    await database.client.unsafe(
      "drop table t; alter sequence s restart maxvalue 9; create table t (id numeric(3,-2) primary key)",
    );
    const owned = declared({ maxValue: 9, ownedBy: { table: "t", column: "id" } });
    const [rounds] = await push(["WIDER_THAN_COLUMN"], [owned]);
    expect(rounds).toContain("public.t.id (numeric(3,-2)) rounds to multiples of 100");
    await db`insert into t values (${nextval(owned)})`;
    await expect(db`insert into t values (${nextval(owned)})`).rejects.toMatchObject({ code: "23505" });
  });

  test("with a scale above the precision only hold 0", async () => {
    const type = (await serverVersion(database.client)) < 15 ? "numeric(3,3)" : "numeric(3,5)";
    await database.client.unsafe(
      `alter sequence s minvalue 0 maxvalue 2 restart with 0; create table t (id ${type} default nextval('s'), n text)`,
    );
    await insert();
    await push(["WIDER_THAN_COLUMN"], [declared({ minValue: 0, startWith: 1, maxValue: 3 })]);
    await expect(insert()).rejects.toMatchObject({ code: "22003" });
  });
});

describe("WIDER_THAN_COLUMN: a new sequence for a key that is not of integers", () => {
  const owned = (maxValue: bigint | number, minValue = 1) =>
    declared({ minValue, maxValue, ownedBy: { table: "t", column: "id" } });
  const draw = () => db`insert into t (id) values (${nextval(owned(1000))}) returning id::text`;

  test.each(
    first(1, [
      ["varchar(2)", 99, "22001", "public.t.id (varchar(2)) cannot hold"],
      ["char(3)", 999, "22001", "public.t.id (character(3)) cannot hold"],
      ["real", 2 ** 24, "23505", "public.t.id (real) is exact up to 16777216"],
      ["double precision", 2 ** 53 - 1, "23505", "(double precision) is exact up to 9007199254740992"],
      ["key", 9, "22001", "(public.key) cannot hold 1 to 1152921504606846976: inserts fail with 22001"],
    ]),
  )("%s", async (type, last, code, text) => {
    await database.client.unsafe(`drop domain if exists key cascade; create domain key as varchar(1);
      drop sequence s; create table t (id ${type} primary key)`);
    await push([], [owned(last)]);
    await database.client.unsafe(`drop sequence s`);
    const [message] = await push(["WIDER_THAN_COLUMN"], [owned(2n ** 60n)]);
    expect(message).toContain(text);
    await database.client`select setval('s', ${last === 2 ** 53 - 1 ? "9007199254740992" : `${last}`}, false)`;
    if (code === "23505") await draw();
    else expect(await database.client`select setval('s', ${last}::bigint)`).toHaveLength(1);
    await expect(draw()).rejects.toMatchObject({ code });
  });

  test("a text takes every value, but not those that its rows have, nor one twice", async () => {
    await database.client`drop sequence s`;
    await database.client`create table t (id text primary key)`;
    await push([], [owned(1000)]);
    await database.client`drop sequence s`;
    await database.client`insert into t values ('1')`;
    const cycling = declared({ maxValue: 1000, cycle: true, ownedBy: { table: "t", column: "id" } });
    await push(["CYCLE_REPEATS_KEYS", "KEY_HAS_ROWS"], [cycling]);
    await expect(draw()).rejects.toMatchObject({ code: "23505" });
  });

  longTest("and one of a type that may take none of them", async () => {
    await database.client`drop sequence s`;
    await database.client`create table t (id money primary key)`;
    const [message] = await push(["WIDER_THAN_COLUMN"], [owned(1000)]);
    expect(message).toContain("public.t.id may refuse values from 1 to 1000");
  });
});

test("NAMED_IN_TEXT: the default of a domain looks the name up, and prune leaves the sequence alone", async () => {
  await database.client.unsafe("create domain key as bigint default nextval('public.s'::text)");
  expect(planChanges([pgSequence("a")], await inspectSequences(db), { prune: true }).changes).toMatchObject([
    { kind: "create" },
  ]);
  await database.client.unsafe("create domain outer_key as key; create table t (id outer_key, n text)");
  await push(["NAMED_IN_TEXT"], [pgSequence("z")], { renames: { s: "z" } });
  await expect(insert()).rejects.toMatchObject({ code: "42P01" });
});

describe("NAMED_IN_TEXT: code looks the name up", () => {
  const trigger = (body: string) => `create table t (id bigint, n text);
    create function make_id() returns trigger language plpgsql as $$ begin ${body}; return new; end $$;
    create trigger t before insert on t for each row execute function make_id()`;

  test.each(
    first(2, [
      [
        "a function",
        "function public.next_id()",
        "create function next_id() returns bigint begin atomic select nextval('s'::text); end; " +
          "create table t (id bigint default next_id(), n text)",
      ],
      [
        "an argument of a function",
        "function public.f(bigint)",
        "create function f(x bigint default nextval('s'::text)) returns bigint return x; " +
          "create table t (id bigint default f(), n text)",
      ],
      ["a trigger", "function public.make_id()", trigger("new.id := nextval('s')")],
      [
        "a trigger, with the schema and in capitals",
        "function public.make_id()",
        trigger("execute 'SELECT nextval(''PUBLIC.S'')' into new.id"),
      ],
      [
        "a trigger that reads the sequence itself",
        "function public.make_id()",
        trigger("perform nextval('s'); select last_value into new.id from public.s"),
      ],
      [
        "a view",
        `rule "_RETURN" on public.v`,
        "create view v as select nextval('s'::text) as id; create table t (id bigint, n text); " +
          "create function make_id() returns trigger language plpgsql as 'begin select id into new.id from v; " +
          "return new; end'; create trigger t before insert on t for each row execute function make_id()",
      ],
    ]),
  )("%s", async (_what, named, statements) => {
    await database.client.unsafe(statements);
    expect(`${await insert()}`).toBe("1");
    const [message] = await push(["NAMED_IN_TEXT"], [pgSequence("z")], { renames: { s: "z" } });
    expect(message).toBe(`z: ${named} looks up the name public.s, which fails then`);
    await expect(insert()).rejects.toMatchObject({ code: "42P01" });
  });

  longTest("and the sequence moves to another schema, or is dropped", async () => {
    await database.client.unsafe(`create schema first; ${trigger("new.id := nextval('public.s')")}`);
    expect(await insert()).toBe("1");
    await push(["NAMED_IN_TEXT"], [pgSchema("first").sequence("s")], { renames: { s: "first.s" } });
    await expect(insert()).rejects.toMatchObject({ code: "42P01" });
    await database.client`alter sequence first.s set schema public`;
    expect(await insert()).toBe("2");
    await database.client`create sequence other`;
    await push(["DROPS_SEQUENCE", "NAMED_IN_TEXT"], [pgSequence("other")], { prune: true });
    await expect(insert()).rejects.toMatchObject({ code: "42P01" });
  });

  test("prune leaves a sequence alone that a parsed function or a view looks up", async () => {
    await database.client.unsafe(`create sequence "ün ï"; create view v as select nextval('"ün ï"'::text) as id;
      create function next_id() returns bigint return nextval('s'::text)`);
    expect(planChanges([pgSequence("a")], await inspectSequences(db), { prune: true }).changes).toMatchObject([
      { kind: "create" },
    ]);
  });

  longTest("a name that is a part of a word, of another function, or of several words", async () => {
    await database.client.unsafe(
      `create sequence "my seq";
      create function a() returns bigint language sql as $$ select nextval('other_s') $$;
      create function b() returns text language sql as $$ select 's' $$;
      create function c() returns bigint language sql as $$ select nextval('public."my seq"') $$`.replace(
        "create sequence",
        "set check_function_bodies = off; create sequence",
      ),
    );
    const { sequences } = await inspectSequences(db);
    await database.client`reset check_function_bodies`;
    expect(sequences.map(({ seqName, namedIn }) => [seqName, namedIn])).toEqual([
      ["my seq", ["function public.c()"]],
      ["s", []],
    ]);
  });
});

test("NAMED_IN_TEXT: a default that looks the name up is seen if the server quotes every identifier", async () => {
  await database.client.unsafe(
    `create table t (id bigint primary key default nextval('s'::text), "n" text); set quote_all_identifiers = on`,
  );
  try {
    const { sequences } = await db.begin((tx) => inspectSequences(tx));
    expect(sequences[0]?.feeds).toMatchObject([{ type: "bigint", lateBound: true }]);
    await db.begin(async (tx) => {
      await inspectSequences(tx);
      expect(await tx`show quote_all_identifiers`).toEqual([{ quote_all_identifiers: "on" }]);
    });
    await push(["NAMED_IN_TEXT"], [pgSequence("z")], { renames: { s: "z" } });
    await expect(insert()).rejects.toMatchObject({ code: "42P01" });
  } finally {
    await database.client`reset quote_all_identifiers`;
  }
});
