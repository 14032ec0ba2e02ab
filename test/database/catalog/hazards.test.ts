import { bind, type Database, nextval, pgSchema, pgSequence, type SequenceOptions } from "nextval";
import { applyPlan, type Hazard, type HazardCode, inspectSequences, planChanges } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe(`
    drop table if exists orders, tickets;
    drop sequence if exists order_seq;
    create sequence order_seq;
    create table orders (id bigint primary key default nextval('order_seq'), small int default nextval('order_seq'))`);
});

async function planned(options: SequenceOptions) {
  return planChanges([pgSequence("order_seq", options as never)], await inspectSequences(db));
}

/** The plan has exactly this hazard. It is refused without `allow`, and applied with it unless it is blocked. */
async function pushWith(code: HazardCode, options: SequenceOptions): Promise<Hazard> {
  const made = await planned(options);
  const hazards = made.changes.flatMap((change) => change.hazards);
  expect(hazards.map((hazard) => hazard.code)).toEqual([code]);
  const [hazard] = hazards as [Hazard];
  expect(hazard.message).toMatch(/^order_seq: /);
  await expect(applyPlan(db, made)).rejects.toMatchObject({
    code: "PLAN_REFUSED",
    message: expect.stringContaining(code),
  });
  expect((await planned(options)).changes).toEqual(made.changes);
  if (!hazard.blocked) await applyPlan(db, made, { allow: [code] });
  return hazard;
}

const insert = () => database.client`insert into orders default values returning id`;

describe("each hazard really happens", () => {
  test("CURRENT_VALUE_EXCLUDED: the server refuses, and the plan is blocked whatever is allowed", async () => {
    await database.client`select setval('order_seq', 150)`;
    const hazard = await pushWith("CURRENT_VALUE_EXCLUDED", { maxValue: 100 });
    expect(hazard).toMatchObject({ blocked: true });
    expect(hazard.message).toContain("its current value 150 is above the new maxValue 100");
    const made = await planned({ maxValue: 100 });
    await expect(applyPlan(db, made, { allow: ["CURRENT_VALUE_EXCLUDED"] })).rejects.toThrow(
      "CURRENT_VALUE_EXCLUDED (blocked)",
    );
    await expect(database.client.unsafe(made.changes[0]!.sql)).rejects.toMatchObject({ code: "22023" });
    expect(hazard.hint).toBe(
      "Declare a maxValue that includes it. If no row has a value of the new range, the fix restarts it at 1.",
    );
    expect(hazard.fix).toBe('alter sequence "public"."order_seq" maxvalue 100 restart');
    await database.client.unsafe(hazard.fix!);
    expect((await planned({ maxValue: 100 })).changes).toEqual([]);
    expect(await db.nextval(pgSequence("order_seq"))).toBe(1n);
  });

  longTest("CURRENT_VALUE_EXCLUDED: one statement does what no two can do", async () => {
    await database.client.unsafe("alter sequence order_seq minvalue 5 maxvalue 36 start 5 restart with 36");
    await database.client`select nextval('order_seq')`;
    const far = { increment: -4, minValue: -36, maxValue: -5, startWith: -24 };
    const [hazard] = (await planned(far)).changes.flatMap(({ hazards }) => hazards);
    const fix = 'alter sequence "public"."order_seq" increment by -4 minvalue -36 maxvalue -5 start with -24 restart';
    expect(hazard).toMatchObject({ code: "CURRENT_VALUE_EXCLUDED", fix });
    await database.client.unsafe(fix);
    expect((await planned(far)).changes).toEqual([]);
    expect(await db.nextvals(pgSequence("order_seq", far), 2)).toEqual([-24n, -28n]);
  });

  longTest(
    "CURRENT_VALUE_EXCLUDED: the statement names a sequence that the plan renames as it is called now",
    async () => {
      await database.client`select setval('order_seq', 150)`;
      const renamed = pgSequence("sales_seq", { maxValue: 100 });
      const renames = { order_seq: "sales_seq" };
      const made = planChanges([renamed], await inspectSequences(db), { renames });
      const fix = made.changes.flatMap(({ hazards }) => hazards.map((hazard) => hazard.fix)).join("");
      expect(fix).toBe('alter sequence "public"."order_seq" maxvalue 100 restart');
      await database.client.unsafe(fix);
      const again = planChanges([renamed], await inspectSequences(db), { renames });
      expect(again.changes.map(({ sql, hazards }) => [sql, hazards])).toEqual([
        ['alter sequence "public"."order_seq" rename to "sales_seq"', []],
      ]);
    },
  );

  test("KEY_HAS_ROWS: a sequence that moves to its new start may give the values of its new owner", async () => {
    await database.client.unsafe(
      "drop table orders; create table tickets (id bigint primary key); insert into tickets values (5)",
    );
    const hazard = await pushWith("KEY_HAS_ROWS", { startWith: 5, ownedBy: { table: "tickets", column: "id" } });
    expect(hazard.message).toContain("it begins at 5, but public.tickets.id may have such values");
    await expect(database.client`insert into tickets values (nextval('order_seq'))`).rejects.toMatchObject({
      code: "23505",
    });
  });

  test("WIDER_THAN_COLUMN: a column ends soon after the new start of a sequence never drawn from", async () => {
    const hazard = await pushWith("WIDER_THAN_COLUMN", { startWith: 2_147_483_646 });
    expect(hazard.message).toContain("public.orders.small");
    // The first column takes 2147483646 and 2147483648, the second one only 2147483647.
    expect(await insert()).toEqual([{ id: "2147483646" }]);
    await expect(insert()).rejects.toMatchObject({ code: "22003" });
  });

  test("WIDER_THAN_COLUMN: no hazard if the new start leaves enough values", async () => {
    await applyPlan(db, await planned({ startWith: 1_000_000_000 }));
    expect(await insert()).toEqual([{ id: "1000000000" }]);
  });

  test("ENDS_SEQUENCE: counts from the new start of a sequence that was never drawn from", async () => {
    // An insert takes two values.
    await pushWith("ENDS_SEQUENCE", { maxValue: 10, startWith: 10 });
    await expect(insert()).rejects.toMatchObject({ code: "2200H" });
  });

  test("ENDS_SEQUENCE: no value is left within the new bounds, and the next insert fails", async () => {
    await database.client`select setval('order_seq', 100)`;
    await pushWith("ENDS_SEQUENCE", { maxValue: 100 });
    await expect(insert()).rejects.toMatchObject({ code: "2200H" });
  });

  test("ENDS_SEQUENCE: no value is left without cycle, at the end of the range", async () => {
    await database.client.unsafe("alter sequence order_seq maxvalue 100 cycle; select setval('order_seq', 100)");
    await pushWith("ENDS_SEQUENCE", { maxValue: 100 });
    await expect(insert()).rejects.toMatchObject({ code: "2200H" });
  });

  test("ENDS_SEQUENCE: one value is left, and each insert takes two", async () => {
    await database.client`select setval('order_seq', 99)`;
    const hazard = await pushWith("ENDS_SEQUENCE", { maxValue: 100 });
    expect(hazard.message).toBe(
      "order_seq: at 99, an insert takes more than the 1 left up to maxValue 100: " +
        "inserts that draw from it fail with 2200H",
    );
    await expect(insert()).rejects.toMatchObject({ code: "2200H" });
  });

  test("ENDS_SEQUENCE: no hazard if it has ended before, or has a value left", async () => {
    await database.client.unsafe("alter sequence order_seq maxvalue 100; select setval('order_seq', 100)");
    await applyPlan(db, await planned({ maxValue: 100, startWith: 7 }));
    await database.client.unsafe("alter sequence order_seq maxvalue 1000; select setval('order_seq', 99, false)");
    await applyPlan(db, await planned({ maxValue: 100 }));
    expect(await insert()).toEqual([{ id: "99" }]);
  });

  test("ENDS_SEQUENCE: the role may not read the current value", async () => {
    await database.client.unsafe(`drop role if exists nextval_writer; create role nextval_writer;
      grant create, usage on schema public to nextval_writer; drop table orders;
      alter sequence order_seq owner to nextval_writer; revoke all on sequence order_seq from nextval_writer`);
    const writer = bind(database.connect({ max: 1, connection: { role: "nextval_writer" } }));
    const made = planChanges([pgSequence("order_seq", { maxValue: 100 })], await inspectSequences(writer));
    expect(made.changes.flatMap(({ hazards }) => hazards.map(({ code }) => code))).toEqual(["ENDS_SEQUENCE"]);
    await database.client`select setval('order_seq', 100)`;
    await applyPlan(writer, made, { allow: ["ENDS_SEQUENCE"] });
    await expect(db.nextval(pgSequence("order_seq"))).rejects.toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
    await database.client.unsafe("drop owned by nextval_writer; drop role nextval_writer");
  });

  test("NARROWER_TYPE: values that were allowed no longer are", async () => {
    await pushWith("NARROWER_TYPE", { as: "integer" });
    await expect(db.setval(pgSequence("order_seq"), 2n ** 31n)).rejects.toMatchObject({
      code: "SEQUENCE_OUT_OF_BOUNDS",
    });
  });

  test("INCREMENT_CHANGED: a block allocator returns values twice", async () => {
    await applyPlan(db, await planned({ increment: 10 }), { allow: ["INCREMENT_CHANGED"] });
    const block = (first: bigint) => Array.from({ length: 10 }, (_, index) => first + BigInt(index));
    const given = block(await db.nextval(pgSequence("order_seq")));
    await pushWith("INCREMENT_CHANGED", { increment: 5 });
    expect(given).toContain(await db.nextval(pgSequence("order_seq")));
  });

  test("INCREMENT_CHANGED: with the opposite sign, it returns old values", async () => {
    const given = await db.nextvals(pgSequence("order_seq"), 5);
    const turned = { increment: -1, minValue: 1, maxValue: 2n ** 63n - 1n, startWith: 1 };
    const hazard = await pushWith("INCREMENT_CHANGED", turned);
    expect(hazard.message).toContain("turns from 1 to -1");
    expect(given).toContain(await db.nextval(pgSequence("order_seq")));
  });

  test("CYCLE_REPEATS_KEYS: inserts fail after it starts over", async () => {
    await applyPlan(db, await planned({ maxValue: 2 }));
    await insert();
    await pushWith("CYCLE_REPEATS_KEYS", { maxValue: 2, cycle: true });
    await expect(insert()).rejects.toMatchObject({ code: "23505" });
  });

  longTest("CYCLE_REPEATS_KEYS: inserts also fail if an exclusion constraint excludes equal values", async () => {
    await database.client.unsafe("alter table orders drop constraint orders_pkey, add exclude using btree (id with =)");
    await applyPlan(db, await planned({ maxValue: 2 }));
    await insert();
    await pushWith("CYCLE_REPEATS_KEYS", { maxValue: 2, cycle: true });
    await expect(insert()).rejects.toMatchObject({ code: "23P01" });
  });

  const owner = { ownedBy: { table: "tickets", column: "id" } } as const;
  const ticketSeq = pgSequence("order_seq", { maxValue: 2, cycle: true, ...owner });
  const drawTicket = () => db`insert into tickets values (${nextval(ticketSeq)})`;

  test.each(first(1, ["primary key", "unique", "exclude using hash (id with =)"]))(
    "CYCLE_REPEATS_KEYS: a new sequence starts over in the column that will own it: %s",
    async (constraint) => {
      await database.client.unsafe(`drop table orders; drop sequence order_seq; create table tickets (id bigint
        ${constraint.startsWith("exclude") ? `, ${constraint}` : constraint})`);
      const hazard = await pushWith("CYCLE_REPEATS_KEYS", { maxValue: 2, cycle: true, ...owner });
      expect(hazard.message).toContain("inserts into public.tickets.id fail with 23505 or 23P01");
      await drawTicket();
      await drawTicket();
      await expect(drawTicket()).rejects.toMatchObject({ code: expect.stringMatching(/^23(505|P01)$/) });
    },
  );

  longTest("CYCLE_REPEATS_KEYS: a sequence that had no owner also starts over", async () => {
    await database.client.unsafe(`drop table orders; alter sequence order_seq maxvalue 2 cycle;
      create table tickets (id bigint primary key)`);
    await pushWith("CYCLE_REPEATS_KEYS", { maxValue: 2, cycle: true, ...owner });
    await drawTicket();
    await drawTicket();
    await expect(drawTicket()).rejects.toMatchObject({ code: "23505" });
  });

  test("CACHE_BREAKS_ORDER: the row that came later has the smaller id, and values are lost", async () => {
    await pushWith("CACHE_BREAKS_ORDER", { cache: 10 });
    const [one, other] = [database.connect({ max: 1 }), database.connect({ max: 1 })];
    const draw = async (client: typeof one) => BigInt((await client`select nextval('order_seq') as id`)[0]?.["id"]);
    await draw(one);
    const first = await draw(other);
    const later = await draw(one);
    expect(later).toBeLessThan(first);
    await Promise.all([one.end(), other.end()]);
    expect(await db.nextval(pgSequence("order_seq"))).toBe(21n);
  });

  test("CACHE_STALLS_SERVER: a draw reserves all values of the cache, and counts them", async () => {
    await database.client`drop table orders`;
    const hazard = await pushWith("CACHE_STALLS_SERVER", { cache: 100_000 });
    expect(hazard.message).toContain("each session reserves 100000 values");
    const [one, other] = [database.connect({ max: 1 }), database.connect({ max: 1 })];
    await one`select nextval('order_seq')`;
    expect(await other`select nextval('order_seq')`).toEqual([{ nextval: "100001" }]);
  });

  longTest("CACHE_STALLS_SERVER: the server cannot be stopped while it counts, so the plan is blocked", async () => {
    await database.client`drop table orders`;
    const hazard = await pushWith("CACHE_STALLS_SERVER", { cache: 100_000_000 });
    expect(hazard).toMatchObject({ blocked: true, message: expect.stringContaining("and no timeout stops it") });
    const made = planChanges([pgSequence("new_seq", { cache: 2n ** 63n - 1n })], await inspectSequences(db));
    await expect(applyPlan(db, made, { allow: ["CACHE_STALLS_SERVER"] })).rejects.toThrow(
      "CACHE_STALLS_SERVER (blocked)",
    );
    await database.client`alter sequence order_seq cache 500000000`;
    const impatient = database.connect({ max: 1, connection: { statement_timeout: 50 } });
    await impatient`select`;
    const start = performance.now();
    await expect(impatient`select nextval('order_seq')`).rejects.toMatchObject({ code: "57014" });
    expect(performance.now() - start).toBeGreaterThan(120);
  });

  longTest("CACHE_STALLS_SERVER: no hazard if the range is smaller than the cache, or if nothing changes", async () => {
    await database.client`drop table orders`;
    await applyPlan(db, await planned({ cache: 2n ** 62n, maxValue: 99_999 }));
    await database.client`alter sequence order_seq cache 200000000 no maxvalue`;
    await applyPlan(db, await planned({ cache: 200_000_000, startWith: 5 }));
    await applyPlan(db, await planned({ cache: 150_000 }));
  });

  test("WIDER_THAN_COLUMN: inserts fail at the end of the column", async () => {
    await applyPlan(db, await planned({ maxValue: 2_147_483_647 }));
    const hazard = await pushWith("WIDER_THAN_COLUMN", { maxValue: 2_147_483_657 });
    expect(hazard.message).toContain("public.orders.small (integer) cannot hold");
    await database.client`select setval('order_seq', 2147483647)`;
    await expect(insert()).rejects.toMatchObject({ code: "22003" });
  });

  test.each(
    first(1, [
      ["int", "integer", 2147483647n],
      ["small", "public.small", 32767n],
      ["numeric(3,0)", "numeric(3,0)", 999n],
      ["numeric(5,2)", "numeric(5,2)", 999n],
    ]),
  )("WIDER_THAN_COLUMN: a new sequence outgrows the column that will own it: %s", async (type, name, end) => {
    await database.client.unsafe(`drop table orders; drop sequence order_seq; drop domain if exists small;
      create domain small as smallint; create table tickets (id ${type} primary key)`);
    const hazard = await pushWith("WIDER_THAN_COLUMN", owner);
    expect(hazard.message).toContain(`public.tickets.id (${name}) cannot hold`);
    await database.client`select setval('order_seq', ${`${end}`}::bigint)`;
    await expect(drawTicket()).rejects.toMatchObject({ code: "22003" });
  });

  longTest("a new sequence may belong to a column that holds its values", async () => {
    await database.client.unsafe(`drop table orders; drop sequence order_seq;
      create table tickets (id int primary key, other text unique, wide numeric unique, more bigint)`);
    const hazardsOf = async (options: SequenceOptions) =>
      (await planned(options)).changes.flatMap((each) => each.hazards);
    expect(await hazardsOf({ as: "integer", ...owner })).toEqual([]);
    for (const column of ["other", "wide", "more"]) {
      expect(await hazardsOf({ ownedBy: { table: "tickets", column } })).toEqual([]);
    }
    expect(await hazardsOf({ cycle: true, ownedBy: { table: "tickets", column: "more" } })).toEqual([]);
  });

  test("NAMED_IN_TEXT: inserts do not find it under its new name, or in its new schema", async () => {
    await database.client.unsafe(`
      drop schema if exists sales cascade; create schema sales;
      alter table orders alter column id set default nextval('order_seq'::text), alter column small drop default`);
    for (const [sequence, statement] of [
      [pgSequence("sales_seq"), 'alter sequence "public"."order_seq" rename to "sales_seq"'],
      [pgSchema("sales").sequence("order_seq"), 'alter sequence "public"."order_seq" set schema "sales"'],
    ] as const) {
      const renames = { order_seq: sequence.schema === undefined ? "sales_seq" : "sales.order_seq" };
      const made = planChanges([sequence], await inspectSequences(db), { renames });
      expect(made.changes).toMatchObject([{ sql: statement, hazards: [{ code: "NAMED_IN_TEXT", blocked: false }] }]);
      const [hazard] = made.changes[0]!.hazards as [Hazard];
      expect(hazard.message).toContain("the default of public.orders.id looks up the name public.order_seq");
      await expect(applyPlan(db, made)).rejects.toMatchObject({ code: "PLAN_REFUSED" });
      await applyPlan(db, made, { allow: ["NAMED_IN_TEXT"] });
      await expect(insert()).rejects.toMatchObject({ code: "42P01" });
      await database.client.unsafe(made.changes[0]!.inverse!);
      await database.client.unsafe(hazard.fix!);
      expect(planChanges([sequence], await inspectSequences(db), { renames }).changes[0]?.hazards).toEqual([]);
      await applyPlan(db, planChanges([sequence], await inspectSequences(db), { renames }));
      await insert();
      await database.client.unsafe(`${made.changes[0]!.inverse!};
        alter table orders alter column id set default nextval('order_seq'::text)`);
    }
  });

  const things = [
    ["a table", "create table taken (id int)"],
    ["a view", "create view taken as select 1 as id"],
    ["a view", "create materialized view taken as select 1 as id"],
    ["an index", "create table other (id int constraint taken primary key)"],
    ["a composite type", "create type taken as (id int)"],
  ] as const;

  test.each(first(2, things))("NAME_TAKEN: %s has the name: %s", async (what, statement) => {
    await database.client.unsafe(`drop schema if exists sales cascade; create schema sales; create schema if not exists
      archive; drop table orders; set search_path to sales, public;
      ${statement.replace("taken", "sales.taken").replace("constraint sales.", "constraint ")};
      drop sequence if exists archive.taken; create sequence archive.taken; reset search_path`);
    const taken = pgSchema("sales").sequence("taken");
    for (const renames of [undefined, { order_seq: "sales.taken" }, { "archive.taken": "sales.taken" }]) {
      const made = planChanges([taken], await inspectSequences(db), { renames });
      const last = made.changes.at(-1)!;
      expect(last.hazards).toEqual([
        {
          code: "NAME_TAKEN",
          blocked: true,
          message: `sales.taken: schema sales already has ${what} of this name`,
          hint: "Declare another name, or rename the other object.",
        },
      ]);
      await expect(applyPlan(db, made, { allow: ["NAME_TAKEN"] })).rejects.toMatchObject({ code: "PLAN_REFUSED" });
      await expect(
        database.client.begin(async (tx) => {
          for (const { sql } of made.changes) await tx.unsafe(sql);
        }),
      ).rejects.toMatchObject({ code: "42P07" });
    }
  });

  longTest("NAME_TAKEN: an enum prevents a new sequence, but not a rename", async () => {
    await database.client.unsafe("drop table orders; drop type if exists taken; create type taken as enum ('a')");
    const taken = pgSequence("taken");
    const made = planChanges([taken], await inspectSequences(db));
    expect(made.changes[0]?.hazards).toMatchObject([{ code: "NAME_TAKEN", blocked: true }]);
    await expect(database.client.unsafe(made.changes[0]!.sql)).rejects.toMatchObject({ code: "42710" });
    await applyPlan(db, planChanges([taken], await inspectSequences(db), { renames: { order_seq: "taken" } }));
    await database.client.unsafe("drop sequence taken; drop type taken");
  });

  test("LOCKS_INSERTS: inserts wait until the change is committed", async () => {
    await database.client`insert into orders select n, 1 from generate_series(1000, 101000) n`;
    const inserts = async () => {
      // Before 15 a session reports its statistics after a statement only, and only twice a second.
      await database.client`select 1`;
      const { sequences } = await inspectSequences(db);
      return sequences.find(({ seqName }) => seqName === "order_seq")?.feeds[0]?.inserts;
    };
    await expect.poll(inserts, { timeout: 15_000 }).toBeGreaterThanOrEqual(100_000n);
    const other = database.connect({ max: 1, connection: { lock_timeout: 200 } });
    const { changes } = await planned({ maxValue: 10n ** 15n });
    expect(changes.flatMap(({ hazards }) => hazards.map(({ code }) => code))).toEqual(["LOCKS_INSERTS"]);
    await database.client.begin(async (tx) => {
      await tx.unsafe(changes[0]!.sql);
      await expect(other`insert into orders default values`).rejects.toMatchObject({ code: "55P03" });
    });
    await other`insert into orders default values`;
    await other.end();
  });

  test("DROPS_SEQUENCE: a sequence that is no longer declared is gone, with its value", async () => {
    await database.client`create sequence old_seq`;
    await database.client`select setval('old_seq', 57)`;
    const made = planChanges([pgSequence("order_seq")], await inspectSequences(db), { prune: true });
    expect(made.changes).toEqual([
      {
        kind: "drop",
        subject: "public.old_seq",
        sql: 'drop sequence "public"."old_seq"',
        inverse: expect.stringMatching(/^create sequence "public"."old_seq" /),
        hazards: [
          {
            code: "DROPS_SEQUENCE",
            blocked: false,
            message:
              "public.old_seq: its current value 57 and its privileges are lost, and statements that name it fail",
            hint: "Declare it to keep it, or plan without prune.",
          },
        ],
      },
    ]);
    await expect(applyPlan(db, made)).rejects.toMatchObject({ code: "PLAN_REFUSED" });
    await applyPlan(db, made, { allow: ["DROPS_SEQUENCE"] });
    await expect(db.nextval(pgSequence("old_seq"))).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
    await database.client.unsafe(made.changes[0]!.inverse!);
    expect(await db.nextval(pgSequence("old_seq"))).toBe(1n);
  });
});
