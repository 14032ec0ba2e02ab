import { bind, type Database, pgSchema, pgSequence, resolveOptions, type SequenceLike } from "nextval";
import { applyPlan, inspectSequences, planChanges, type PlanOptions } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
const billing = pgSchema("billing");
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe(
    "drop schema public cascade; drop schema if exists billing cascade; " +
      "drop schema if exists archive cascade; create schema public",
  );
});

async function planned(declared: readonly SequenceLike[], options?: PlanOptions) {
  return planChanges(declared, await inspectSequences(db), options);
}

async function sqlOf(declared: readonly SequenceLike[], options?: PlanOptions) {
  return (await planned(declared, options)).changes.map(({ sql }) => sql);
}

/** Applies the plan, and undoes it with the inverses. Both must have the expected result. */
async function thereAndBack(declared: readonly SequenceLike[], options: PlanOptions = {}) {
  const before = await inspectSequences(db);
  const made = await planned(declared, options);
  const allow = made.changes.flatMap(({ hazards }) => hazards.map(({ code }) => code));
  await applyPlan(db, made, { allow });
  expect(await sqlOf(declared, { prune: options.prune })).toEqual([]);
  for (const { inverse } of [...made.changes].reverse()) {
    await database.client.unsafe(inverse!);
  }
  const shape = ({ sequences, schemas }: typeof before) => ({
    schemas,
    sequences: sequences.map(({ schema, seqName, options: found }) => ({ schema, seqName, found })),
  });
  expect(shape(await inspectSequences(db))).toEqual(shape(before));
  return made.changes.map(({ kind, sql }) => `${kind}: ${sql}`);
}

describe("a plan", () => {
  longTest("that creates the first schema of the search_path leaves unqualified names as planned", async () => {
    const path = `"Sales ""EU""", $user, BILLING, archive,public`;
    const client = database.connect({ max: 1, connection: { search_path: path } });
    await client`create table orders (id bigint)`;
    db = bind(client);
    expect(await inspectSequences(db)).toMatchObject({
      pathNames: [`Sales "EU"`, database.client.options.user, "billing", "archive", "public"],
      searchPath: ["public"],
    });
    const owned = { ownedBy: { table: "orders", column: "id" }, comment: "public" } as const;
    expect(await thereAndBack([pgSequence("a_seq", owned), billing.sequence("b_seq")])).toEqual([
      'create schema: create schema "billing"',
      'create: create sequence "public"."a_seq"',
      'create: create sequence "billing"."b_seq"',
      'own: alter sequence "public"."a_seq" owned by "public"."orders"."id"',
      `comment: comment on sequence "public"."a_seq" is 'public'`,
    ]);
  });

  test("is in order, one statement each, and can be undone", async () => {
    await database.client.unsafe(`
      create sequence old_seq; create sequence move_seq; create sequence alter_seq cycle;
      create table orders (id bigint); create sequence pruned_seq maxvalue 9`);
    const declared = [
      billing.sequence("new_seq", { as: "integer", comment: "it's new" }),
      pgSequence("renamed_seq"),
      billing.sequence("move_seq"),
      pgSequence("alter_seq", { increment: 2, cache: 5, ownedBy: { table: "orders", column: "id" } }),
    ];
    const renames = { old_seq: "renamed_seq", "public.move_seq": "billing.move_seq" };
    expect(await thereAndBack(declared, { renames, prune: true })).toEqual([
      'create schema: create schema "billing"',
      'rename: alter sequence "public"."old_seq" rename to "renamed_seq"',
      'move: alter sequence "public"."move_seq" set schema "billing"',
      'create: create sequence "billing"."new_seq" as integer',
      'alter: alter sequence "public"."alter_seq" increment by 2 cache 5 no cycle',
      'own: alter sequence "public"."alter_seq" owned by "public"."orders"."id"',
      `comment: comment on sequence "billing"."new_seq" is 'it''s new'`,
      'drop: drop sequence "public"."pruned_seq"',
    ]);
  });

  test("contains only differences, and nothing if the database has other words for the same", async () => {
    await database.client.unsafe("create sequence a_seq as integer minvalue 1 no maxvalue start 1 cache 1 no cycle");
    expect(await sqlOf([pgSequence("a_seq", { as: "integer" })])).toEqual([]);
    expect(await sqlOf([pgSequence("a_seq", { as: "integer", maxValue: 2_147_483_647, comment: "" })])).toEqual([]);
    expect(await sqlOf([pgSequence("a_seq", { as: "integer", cache: 2 })])).toEqual([
      'alter sequence "public"."a_seq" cache 2',
    ]);
  });

  test("keeps a bound in place that the server would move along with the type", async () => {
    await database.client.unsafe("create sequence a_seq as integer");
    const declared = [pgSequence("a_seq", { maxValue: 2_147_483_647 })];
    expect(await thereAndBack(declared)).toEqual([
      'alter: alter sequence "public"."a_seq" as bigint maxvalue 2147483647',
    ]);
  });

  test("never changes the current value of a sequence that was drawn from, not even with a changed start", async () => {
    await database.client.unsafe("create sequence a_seq; select setval('a_seq', 41)");
    await applyPlan(db, await planned([pgSequence("a_seq", { startWith: 1000, cycle: true, maxValue: 5000 })]));
    expect((await inspectSequences(db)).sequences[0]).toMatchObject({ lastValue: 41n, isCalled: true });
    expect(await db.nextval(pgSequence("a_seq"))).toBe(42n);
  });

  test("moves a sequence that was never drawn from to its new start", async () => {
    await database.client.unsafe("create sequence a_seq; create sequence b_seq minvalue 5 maxvalue 36");
    const declared = [
      pgSequence("a_seq", { startWith: 1000 }),
      pgSequence("b_seq", { increment: -4, minValue: -36, maxValue: -5, startWith: -24 }),
    ];
    const { changes } = await planned(declared);
    const far = "increment by -4 minvalue -36 maxvalue -5 start with -24";
    expect(changes.map(({ sql, inverse, hazards, restart }) => ({ sql, inverse, hazards, restart }))).toEqual([
      {
        sql: 'alter sequence "public"."a_seq" start with 1000 restart',
        // Values may have been drawn when it is undone.
        inverse: 'alter sequence "public"."a_seq" start with 1',
        hazards: [],
        restart: {
          lock: 'alter sequence "public"."a_seq" no cycle',
          oid: expect.stringMatching(/^\d+$/),
          from: 1n,
          without: 'alter sequence "public"."a_seq" start with 1000',
        },
      },
      {
        sql: `alter sequence "public"."b_seq" ${far} restart`,
        inverse: 'alter sequence "public"."b_seq" increment by 1 minvalue 5 maxvalue 36 start with 5 restart',
        hazards: [],
        restart: expect.objectContaining({ without: null }),
      },
    ]);
    await thereAndBack(declared);
    await database.client.unsafe("drop sequence a_seq; create sequence a_seq");
    await applyPlan(db, await planned(declared));
    expect(await db.nextvals(pgSequence("a_seq"), 2)).toEqual([1000n, 1001n]);
    expect(await db.nextvals(declared[1]!, 2)).toEqual([-24n, -28n]);
    expect(await sqlOf(declared)).toEqual([]);
    // From now on values were given out.
    expect(await sqlOf([pgSequence("a_seq", { startWith: 5 })])).toEqual([
      'alter sequence "public"."a_seq" start with 5',
    ]);
  });

  test.each(
    first(1, [
      ["it was drawn from", "select nextval('a_seq')"],
      ["it was set to another value", "select setval('a_seq', 7, false)"],
      ["it was set to its start", "select setval('a_seq', 1)"],
      [
        "a key that it feeds has rows",
        "create table t (id int primary key default nextval('a_seq')); insert into t values (9)",
      ],
      [
        "a key of several columns that it feeds has rows",
        "create table t (x int, id text default nextval('a_seq'), unique (x, id)); insert into t values (9)",
      ],
      [
        "a key that owns it has rows",
        "create table t (id int unique); insert into t values (9); alter sequence a_seq owned by t.id",
      ],
      [
        "a column without a key that it feeds has rows",
        "create table t (id int default nextval('a_seq')); insert into t values (9)",
      ],
      [
        "a partition that it feeds has rows",
        "create table t (id int default nextval('a_seq')) partition by range (id); " +
          "create table part partition of t default; insert into t values (9)",
      ],
      [
        "it feeds a foreign table, whose rows are not known",
        "create foreign data wrapper w; create server s foreign data wrapper w; " +
          "create foreign table t (id int default nextval('a_seq')) server s",
      ],
      [
        "it feeds a view that computes its column",
        "create table t (id int primary key); create view v as select id + 0 as id from t; " +
          "alter view v alter id set default nextval('a_seq')",
      ],
      [
        "it feeds a view, whose rows are not known",
        "create table t (id int primary key); insert into t values (9); create view v as select * from t; " +
          "alter view v alter id set default nextval('a_seq')",
      ],
      [
        "a trigger names it, whose key may have rows",
        "create table t (id int primary key); insert into t values (9); create function f() returns trigger " +
          "language plpgsql as $$ begin new.id := nextval('a_seq'); return new; end $$; " +
          "create trigger g before insert on t for each row execute function f()",
      ],
      [
        "it feeds a key elsewhere, which was not inspected",
        "create schema archive; create table archive.t (id int primary key default nextval('a_seq')); " +
          "insert into archive.t values (9)",
      ],
    ]),
  )("does not move it if %s", async (_name, arrangement) => {
    await database.client.unsafe(`create sequence a_seq; ${arrangement}`);
    const [before] = await database.client`select last_value, is_called from a_seq`;
    const state = await inspectSequences(db, { schemas: ["public"] });
    const made = planChanges([pgSequence("a_seq", { startWith: 5 })], state);
    expect(made.changes[0]?.sql).toBe('alter sequence "public"."a_seq" start with 5');
    await applyPlan(db, made);
    expect(await database.client`select last_value, is_called from a_seq`).toEqual([before]);
  });

  test("moves it if the tables that it feeds have no rows", async () => {
    await database.client.unsafe(`
      create sequence a_seq; create table t (id int primary key default nextval('a_seq'));
      create table log (n int default nextval('a_seq'));
      create table parts (id int default nextval('a_seq')) partition by hash (id);
      create table part partition of parts for values with (modulus 1, remainder 0)`);
    await applyPlan(db, await planned([pgSequence("a_seq", { startWith: 5 })]));
    expect(await database.client`insert into t default values returning id`).toEqual([{ id: 5 }]);
  });

  longTest("turns a sequence that was never drawn from without a warning, also at the same start", async () => {
    await database.client`create sequence a_seq minvalue -10 maxvalue 10 start 3`;
    const turned = pgSequence("a_seq", { increment: -1, minValue: -10, maxValue: 10, startWith: 3 });
    const { changes } = await planned([turned]);
    expect(changes).toMatchObject([{ sql: 'alter sequence "public"."a_seq" increment by -1', hazards: [] }]);
    await applyPlan(db, await planned([turned]));
    expect(await db.nextvals(turned, 2)).toEqual([3n, 2n]);
  });

  longTest("moves it under its new name", async () => {
    await database.client`create sequence a_seq`;
    const declared = [billing.sequence("b_seq", { startWith: 7 })];
    await applyPlan(db, await planned(declared, { renames: { a_seq: "billing.b_seq" } }));
    expect(await db.nextval(declared[0]!)).toBe(7n);
  });

  test("leaves identity and extension sequences unchanged, and refuses to declare them", async () => {
    await database.client.unsafe("create table t (id int generated always as identity); create table s (id serial)");
    expect(await sqlOf([pgSequence("other_seq")], { prune: true })).toEqual(['create sequence "public"."other_seq"']);
    await expect(planned([pgSequence("t_id_seq")])).rejects.toThrow("t_id_seq: it belongs to the identity column t.id");
  });

  test("prunes only on request, in declared schemas, and only sequences that feed nothing", async () => {
    await database.client.unsafe(`
      create schema billing; create schema archive;
      create sequence public.a_seq; create sequence billing.b_seq; create sequence archive.c_seq;
      create sequence public.fed_seq; create table t (id serial, x int default nextval('fed_seq'))`);
    expect(await sqlOf([pgSequence("a_seq")])).toEqual([]);
    expect(await sqlOf([billing.sequence("new_seq")], { prune: true })).toEqual([
      'create sequence "billing"."new_seq"',
      'drop sequence "billing"."b_seq"',
    ]);
    expect(await sqlOf([pgSequence("a_seq")], { prune: true })).toEqual([]);
    expect(await sqlOf([], { prune: true })).toEqual([]);
  });

  longTest("prunes the last sequence of a schema that is named, or inspected by its name", async () => {
    await database.client.unsafe("create schema billing; create sequence billing.b_seq; create sequence a_seq");
    const dropped = ['drop sequence "billing"."b_seq"'];
    expect(await sqlOf([pgSequence("a_seq")], { prune: true, schemas: ["billing"] })).toEqual(dropped);
    const state = await inspectSequences(db, { schemas: ["billing"] });
    expect(planChanges([], state, { prune: true }).changes.map(({ sql }) => sql)).toEqual(dropped);
    expect(planChanges([], state).changes).toEqual([]);
  });

  test("asks whether a new sequence is an old one under a new name", async () => {
    await database.client.unsafe("create sequence order_seq start 100; create sequence other_seq start 7");
    const { questions, changes } = await planned([pgSequence("sales_seq", { startWith: 100 })]);
    expect(changes.map(({ sql }) => sql)).toEqual(['create sequence "public"."sales_seq" start with 100']);
    expect(questions).toEqual([
      {
        subject: "sales_seq",
        oldName: "public.order_seq",
        yes: "rename",
        message: "Is sales_seq the new name of public.order_seq, which is no longer declared and has the same options?",
        otherwise: "Otherwise sales_seq begins at 100.",
      },
    ]);
  });

  longTest(
    "asks also if options change with the name, if both belong to one column, if there is one of each",
    async () => {
      await database.client.unsafe("create sequence order_seq; create sequence x; create table t (id serial)");
      const questionsFor = async (declared: readonly SequenceLike[]) =>
        planChanges(declared, await inspectSequences(db)).questions.map(
          ({ message }) => /^Is (.*?)\?$/.exec(message)?.[1],
        );
      const renamed = pgSequence("sales_order_seq", { cache: 20, startWith: 7 });
      expect(await questionsFor([renamed])).toEqual([
        "sales_order_seq the new name of public.order_seq, which is no longer declared and differs in startWith, cache",
      ]);
      const owned = pgSequence("t_key_seq", { ownedBy: { table: "t", column: "id" } });
      expect(await questionsFor([owned, pgSequence("order_seq"), pgSequence("x")])).toEqual([
        "t_key_seq the new name of public.t_id_seq, which is no longer declared, " +
          "feeds public.t.id and differs in as, maxValue",
      ]);
      const only = pgSequence("y", { increment: 5 });
      expect(await questionsFor([only, pgSequence("order_seq")])).toEqual([
        "y the new name of public.x, which is no longer declared and differs in increment",
      ]);
      expect(await questionsFor([only, pgSequence("z", { increment: 3 }), pgSequence("order_seq")])).toEqual([]);
      expect(await questionsFor([only])).toEqual([]);
    },
  );

  test("swaps names, and moves sequences whose new name another one has", async () => {
    await database.client.unsafe(`
      create schema billing;
      create sequence a_seq start 1; create sequence b_seq start 2; create sequence c_seq start 3;
      create sequence billing.a_seq start 4; create table t (id int); alter sequence c_seq owned by t.id;
      create table billing.t (id int)`);
    const declared = [
      pgSequence("b_seq", { startWith: 1 }),
      pgSequence("a_seq", { startWith: 2 }),
      billing.sequence("c_seq", { startWith: 3, ownedBy: { table: "t", column: "id" } }),
      billing.sequence("d_seq", { startWith: 4 }),
    ];
    const renames = {
      a_seq: "b_seq",
      b_seq: "a_seq",
      c_seq: "billing.c_seq",
      "billing.a_seq": "billing.d_seq",
    };
    await thereAndBack(declared, { renames });
    const across = [
      billing.sequence("b_seq", { startWith: 1 }),
      pgSequence("a_seq", { startWith: 4 }),
      pgSequence("c_seq", { startWith: 3, ownedBy: { table: "t", column: "id" } }),
      billing.sequence("a_seq", { startWith: 2 }),
    ];
    await thereAndBack(across, {
      renames: { "public.a_seq": "billing.b_seq", "billing.a_seq": "a_seq", "public.b_seq": "billing.a_seq" },
    });
  });

  longTest("gives sequences that swap places temporary names that are free", async () => {
    await database.client.unsafe(`
      create sequence a_seq start 1; create sequence b_seq start 2;
      create table a_seq_aside_1 (id int); create table t (id int constraint a_seq_aside_2 primary key);
      create view b_seq_aside_1 as select 1 as id; create type b_seq_aside_2 as (id int)`);
    const declared = [pgSequence("b_seq", { startWith: 1 }), pgSequence("a_seq", { startWith: 2 })];
    expect(await thereAndBack(declared, { renames: { a_seq: "b_seq", b_seq: "a_seq" } })).toEqual([
      'rename: alter sequence "public"."a_seq" rename to "a_seq_aside_3"',
      'rename: alter sequence "public"."b_seq" rename to "a_seq"',
      'rename: alter sequence "public"."a_seq_aside_3" rename to "b_seq"',
    ]);
  });

  test.each([
    [
      { gone_seq: "new_seq" },
      "gone_seq: cannot be renamed to new_seq: the database has no sequence gone_seq",
      "Known names: billing.x, a_seq, b_seq, billing.x.",
    ],
    [
      { a_seq: "no_seq" },
      "a_seq: cannot be renamed to no_seq: no declaration is named no_seq",
      "Did you mean new_seq?",
    ],
    [
      { a_seq: "b_seq" },
      "a_seq: cannot be renamed to b_seq: the database has both",
      "Take the rename out if it is done, or else drop or rename the other first.",
    ],
    [{ a_seq: "new_seq", b_seq: "new_seq" }, "b_seq: cannot be renamed to new_seq: it is renamed twice", undefined],
    [
      { "billing.x": "new_seq" },
      "billing.x: cannot be renamed to new_seq: several sequences have that name",
      "Put its schema before its name.",
    ],
    [{ b_seq: "b_seq" }, "b_seq: cannot be renamed to b_seq: it has that name already", undefined],
  ])("refuses renames that do not fit: %j", async (renames, message, hint) => {
    await database.client.unsafe(
      "create schema billing; create sequence a_seq; create sequence b_seq; create sequence billing.x; " +
        'create sequence "billing.x"',
    );
    const declared = [pgSequence("new_seq"), pgSequence("b_seq")];
    const error: unknown = await planned(declared, { renames }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message });
    expect((error as { hint?: string }).hint).toBe(hint);
  });

  test("refuses two declarations of one name, and schemas that were not inspected", async () => {
    const twice = [pgSequence("a_seq"), pgSchema("public").sequence("a_seq")];
    await expect(planned(twice)).rejects.toThrow("public.a_seq: it is declared twice in schema public");
    const partly = await inspectSequences(db, { schemas: ["public"] });
    expect(() => planChanges([billing.sequence("b_seq")], partly)).toThrow(
      "billing.b_seq: schema billing was not inspected, only public",
    );
  });

  longTest("swaps two that look alike, and creates a sequence under a name that has become free", async () => {
    await database.client.unsafe(`
      create sequence a_seq; create sequence b_seq; create sequence c_seq;
      select setval('a_seq', 10), setval('b_seq', 20), setval('c_seq', 30)`);
    const declared = [pgSequence("a_seq"), pgSequence("b_seq"), pgSequence("c_seq"), pgSequence("d_seq")];
    const renames = { a_seq: "b_seq", b_seq: "a_seq", c_seq: "d_seq" };
    await applyPlan(db, await planned(declared, { renames }), { allow: ["NAME_REUSED"] });
    const values = (await inspectSequences(db)).sequences.map(({ seqName, lastValue }) => [seqName, lastValue]);
    expect(values).toEqual([
      ["a_seq", 20n],
      ["b_seq", 10n],
      ["c_seq", 1n],
      ["d_seq", 30n],
    ]);
  });

  test("resolves an unqualified name as the server does", async () => {
    await database.client.unsafe("create schema billing; create sequence public.x_seq cache 3");
    const client = database.connect({ max: 1, connection: { search_path: "billing, public" } });
    const far = bind(client);
    const { changes } = planChanges([pgSequence("x_seq"), pgSequence("y_seq")], await inspectSequences(far));
    expect(changes.map(({ sql }) => sql)).toEqual([
      'create sequence "billing"."y_seq"',
      'alter sequence "public"."x_seq" cache 1',
    ]);
    await applyPlan(far, planChanges([pgSequence("x_seq"), pgSequence("y_seq")], await inspectSequences(far)));
    const places = (await inspectSequences(db)).sequences.map(({ schema, seqName }) => `${schema}.${seqName}`);
    expect(places).toEqual(["billing.y_seq", "public.x_seq"]);
    const nowhere = bind(database.connect({ max: 1, connection: { search_path: "no_such" } }));
    const lost = await inspectSequences(nowhere);
    expect(() => planChanges([pgSequence("x_seq")], lost)).toThrow(
      "x_seq: the search_path of the connection names no schema that exists",
    );
  });

  test("names every sequence with its schema, so a statement means the same under every search_path", async () => {
    await database.client.unsafe(`
      create schema billing; create table t (id bigint); create sequence a_seq; create sequence b_seq;
      create sequence c_seq; create sequence gone_seq`);
    const owned = { ownedBy: { table: "t", column: "id" }, comment: "x" } as const;
    const declared = [
      pgSequence("a_seq", { cache: 2, ...owned }),
      pgSequence("new_seq", { startWith: 5, ownedBy: { table: "later", column: "id" } }),
      pgSequence("d_seq"),
      billing.sequence("c_seq"),
      billing.sequence("other_seq"),
    ];
    const renames = { b_seq: "d_seq", "public.c_seq": "billing.c_seq" };
    const { changes, pending } = await planned(declared, { prune: true, renames });
    const written = [...changes, ...pending].flatMap(({ sql, inverse }) => [sql, inverse ?? ""]);
    expect(written).toHaveLength(18);
    for (const sql of written) expect(sql).toMatch(/ sequence "(public|billing)"\."\w+"( |$)/);
    expect(pending[0]?.sql).toBe('alter sequence "public"."new_seq" owned by "public"."later"."id"');
    expect(pending[0]?.hint).toContain(`nextval('"public"."new_seq"'::`);
    const elsewhere = database.connect({ max: 1, connection: { search_path: "billing" } });
    for (const { sql } of changes) await elsewhere.unsafe(sql);
    expect((await planned(declared, { prune: true })).changes).toEqual([]);
    for (const { inverse } of [...changes].reverse()) await elsewhere.unsafe(inverse!);
    expect((await inspectSequences(db)).sequences.map(({ schema, seqName }) => `${schema}.${seqName}`)).toEqual(
      ["a_seq", "b_seq", "c_seq", "gone_seq"].map((name) => `public.${name}`),
    );
  });

  test("does not prune sequences that are used elsewhere", async () => {
    await database.client.unsafe(`
      create sequence text_seq; create table t (id int default nextval('text_seq'::text));
      create sequence view_seq; create view v as select last_value from view_seq;
      create sequence domain_seq; create domain d as int default nextval('domain_seq')`);
    expect(await sqlOf([pgSequence("a_seq")], { prune: true })).toEqual(['create sequence "public"."a_seq"']);
  });

  longTest("knows the range of domains and numeric columns, and ignores columns that only own it", async () => {
    await database.client.unsafe(`
      create domain small as smallint; create sequence a_seq maxvalue 999;
      create table t (id small default nextval('a_seq'), n numeric(3,0) default nextval('a_seq'));
      create sequence b_seq as integer; create table u (id int); alter sequence b_seq owned by u.id`);
    const hazardsOf = async (declared: SequenceLike) =>
      (await planned([declared])).changes.flatMap(({ hazards }) => hazards.map(({ message }) => message));
    expect(await hazardsOf(pgSequence("a_seq", { maxValue: 1000 }))).toEqual([
      expect.stringContaining("public.t.n (numeric(3,0)) cannot hold"),
    ]);
    expect(await hazardsOf(pgSequence("a_seq", { maxValue: 40_000 }))).toEqual([
      expect.stringContaining("public.t.id, public.t.n"),
    ]);
    expect(await hazardsOf(pgSequence("b_seq"))).toEqual([]);
  });

  test("a rename that was done before is not a change", async () => {
    await database.client.unsafe("create sequence new_seq");
    expect(await sqlOf([pgSequence("new_seq")], { renames: { old_seq: "new_seq" } })).toEqual([]);
  });
});

describe("cases that other tools get wrong", () => {
  test("cycle goes from true to false, and stays", async () => {
    await applyPlan(db, await planned([pgSequence("a_seq", { cycle: true })]));
    await applyPlan(db, await planned([pgSequence("a_seq")]));
    expect(await sqlOf([pgSequence("a_seq")])).toEqual([]);
    expect((await inspectSequences(db)).sequences[0]?.options.cycle).toBe(false);
  });

  test.each([
    ["an integer sequence is one", pgSequence("a_seq", { as: "integer" })],
    [
      "bounds of 2^63-1 and -2^63 keep their digits",
      pgSequence("a_seq", { minValue: -(2n ** 63n), maxValue: 2n ** 63n - 1n }),
    ],
    ["names with quotes", pgSchema('bil"ling').sequence("O\"rder 'Seq'", { startWith: 5 })],
  ])("%s when it comes back", async (_what, sequence) => {
    await database.client.unsafe('drop schema if exists "bil""ling" cascade');
    await applyPlan(db, await planned([sequence]));
    expect(await sqlOf([sequence])).toEqual([]);
    const found = (await inspectSequences(db)).sequences.find(({ seqName }) => seqName === sequence.seqName);
    const { mode: _mode, feeds: _feeds, blocks: _blocks, ...options } = resolveOptions(sequence);
    expect(found?.options).toEqual(options);
  });
});
