import { setTimeout } from "node:timers/promises";
import { bind, type Database, pgSchema, pgSequence, type Sql, type Transaction } from "nextval";
import { applyPlan, inspectSequences, type Plan, planChanges, type Restart } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq", { startWith: 100 });
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe("drop schema public cascade; create schema public");
});

async function names(): Promise<string[]> {
  return (await inspectSequences(db)).sequences.map(({ seqName }) => seqName);
}

test("all or nothing: a failure in the middle leaves no change, and names the declaration", async () => {
  await database.client`create materialized view seen as select 1 as id`;
  const declared = [orderSeq, pgSequence("owned_seq", { ownedBy: { table: "seen", column: "id" } })];
  const made = planChanges(declared, await inspectSequences(db));
  await expect(applyPlan(db, made)).rejects.toMatchObject({
    code: "CHANGE_REFUSED",
    sequence: "owned_seq",
    message: expect.stringMatching(
      new RegExp(
        '^owned_seq: the server refused alter sequence "public"."owned_seq" owned by "public"."seen"."id": ' +
          '.*"seen".*, and nothing was changed$',
      ),
    ),
    cause: { code: "42809" },
  });
  expect(await names()).toEqual([]);
});

test("a sequence of another role is refused, by the name of the declaration", async () => {
  const role = `${database.name}_other`;
  await database.client.unsafe(
    `create role ${role}; create table orders (id bigint); alter table orders owner to ${role}`,
  );
  try {
    const made = planChanges(
      [pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } })],
      await inspectSequences(db),
    );
    await expect(applyPlan(db, made)).rejects.toMatchObject({
      code: "CHANGE_REFUSED",
      message: expect.stringContaining('order_seq: the server refused alter sequence "public"."order_seq" owned by'),
      cause: { code: "55000" },
    });
  } finally {
    await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});

test("two deployments at the same time: one applies the plan, the other finds it applied", async () => {
  const others = [database.connect({ max: 1 }), database.connect({ max: 1 }), database.connect({ max: 1 })];
  const made = planChanges([orderSeq], await inspectSequences(db));
  await Promise.all(others.map((client) => applyPlan(bind(client), made)));
  expect(await names()).toEqual(["order_seq"]);
});

longTest("with every default isolation level", async () => {
  const options = { max: 1, connection: { default_transaction_isolation: "repeatable read" as const } };
  const others = [database.connect(options), database.connect(options), database.connect(options)];
  const made = planChanges([orderSeq], await inspectSequences(db));
  await Promise.all(others.map((client) => applyPlan(bind(client), made)));
  expect(await names()).toEqual(["order_seq"]);
});

test("an outdated plan is refused", async () => {
  await database.client`create sequence order_seq`;
  const made = planChanges([orderSeq], await inspectSequences(db));
  await database.client`alter sequence order_seq cache 5`;
  await expect(applyPlan(db, made)).rejects.toMatchObject({ code: "PLAN_OUTDATED" });
  expect((await inspectSequences(db)).sequences[0]?.options).toMatchObject({ startWith: 1n, cache: 5n });
});

longTest("two deployments that swap the same names at once swap them once", async () => {
  await database.client.unsafe("create sequence a_seq; create sequence b_seq; select setval('a_seq', 500)");
  const swapped = [pgSequence("a_seq"), pgSequence("b_seq")];
  const renames = { a_seq: "b_seq", b_seq: "a_seq" };
  const made = planChanges(swapped, await inspectSequences(db), { renames });
  const apply = () => applyPlan(db, made, { allow: ["NAME_REUSED"] });
  const outcomes = await Promise.allSettled([apply(), apply(), apply()]);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "PLAN_OUTDATED" } }, { reason: { code: "PLAN_OUTDATED" } }]);
  expect(await db.nextval(pgSequence("b_seq"))).toBe(501n);
});

longTest(
  "of four plans of one state, only one is applied: the others would work, but the state has changed",
  async () => {
    await database.client`create sequence order_seq`;
    const state = await inspectSequences(db);
    const others = [10, 20, 30, 40].map((maxValue) => {
      const made = planChanges([pgSequence("order_seq", { maxValue })], state);
      return applyPlan(bind(database.connect({ max: 1 })), made).then(
        () => maxValue,
        (error: unknown) => error,
      );
    });
    const outcomes = await Promise.all(others);
    const [applied, ...rest] = outcomes.filter((outcome) => typeof outcome === "number");
    expect(rest).toEqual([]);
    expect((await inspectSequences(db)).sequences[0]?.options.maxValue).toBe(BigInt(applied!));
    for (const outcome of outcomes.filter((each) => each !== applied)) {
      expect(outcome).toMatchObject({
        code: "PLAN_OUTDATED",
        sequence: "public.order_seq",
        message: "public.order_seq: it has changed since it was inspected",
        hint: "Inspect and plan again.",
      });
    }
  },
);

test.each(
  first(1, [
    ["a drop", "cache 5", { prune: true }, ["DROPS_SEQUENCE"] as const],
    ["a rename", "no cycle", { renames: { old_seq: "order_seq" } }, []],
  ]),
)("%s is outdated after another change of the sequence", async (_what, change, options, allow) => {
  await database.client.unsafe("create sequence old_seq cycle start 100");
  const declared = [pgSequence("order_seq", { startWith: 100, cycle: true })];
  const made = planChanges(declared, await inspectSequences(db), options);
  await database.client.unsafe(`alter sequence old_seq ${change}`);
  await expect(applyPlan(db, made, { allow })).rejects.toMatchObject({ code: "PLAN_OUTDATED" });
  // Values that are drawn in between do not make a plan outdated.
  const again = planChanges(declared, await inspectSequences(db), options);
  await database.client`select nextval('old_seq')`;
  await applyPlan(db, again, { allow });
});

longTest("a plan that does not lead to the declarations is rolled back", async () => {
  // Undoes the changes of the plan, as a company's own rules may do.
  await database.client.unsafe(`
    create function undo() returns event_trigger language plpgsql as $$
      begin if current_query() like 'create sequence%' then execute 'alter sequence order_seq cache 7'; end if; end $$;
    create event trigger undo on ddl_command_end when tag in ('CREATE SEQUENCE') execute function undo()`);
  try {
    await expect(applyPlan(db, planChanges([orderSeq], await inspectSequences(db)))).rejects.toMatchObject({
      code: "PLAN_INCOMPLETE",
      message: expect.stringContaining('alter sequence "public"."order_seq" cache 1'),
    });
    expect(await names()).toEqual([]);
  } finally {
    await database.client`drop event trigger undo`;
  }
});

/** Before PostgreSQL 18 the inspection locks each sequence, so none can be renamed until the plan is applied. */
const isHeld = async () => (await serverVersion(database.client)) < 18;

/** The database, in which a sequence and `old` swap names before the first statement that begins like this. */
function meanwhile(beginning: string, name: string): Pick<Database, "begin"> {
  let isDone = false;
  const query = async (tx: Transaction, fragment: Sql) => {
    if (!isDone && fragment.text.startsWith(beginning)) {
      isDone = true;
      const swap = database.connect({ max: 1, connection: { lock_timeout: 100 } }).unsafe(`
        begin; alter sequence ${name} rename to new; alter sequence old rename to ${name};
        alter sequence new rename to old; commit`);
      if (await isHeld()) await expect(swap).rejects.toMatchObject({ code: "55P03" });
      else await swap;
    }
    return await tx.query(fragment);
  };
  const watched = (tx: Transaction) =>
    new Proxy(tx, {
      get: (own, key) => (key === "query" ? (fragment: Sql) => query(own, fragment) : Reflect.get(own, key)) as unknown,
    });
  return {
    begin: (modes: string, work: (tx: Transaction) => unknown) => db.begin(modes, (tx) => work(watched(tx))),
  } as never;
}

test.each(
  first(1, [
    ["alter", [pgSequence("named", { cache: 5 })], {}],
    ["drop", [pgSequence("old")], { prune: true, schemas: ["public"] }],
  ]),
)("%s is undone if another sequence got the name just before it", async (kind, declared, options) => {
  await database.client.unsafe("create sequence named; create sequence old; select setval('named', 50)");
  const state = await inspectSequences(db);
  const made = planChanges(declared, state, options);
  expect(made.changes.map((change) => change.kind)).toEqual([kind]);
  const applying = applyPlan(meanwhile(`${kind} sequence`, "named"), made, { allow: ["DROPS_SEQUENCE"] });
  if (await isHeld()) {
    await applying;
    const oids = (await inspectSequences(db)).sequences.map(({ oid }) => oid);
    expect(oids).toEqual(
      state.sequences.filter(({ seqName }) => kind !== "drop" || seqName === "old").map(({ oid }) => oid),
    );
    return;
  }
  await expect(applying).rejects.toMatchObject({
    code: "PLAN_OUTDATED",
    message: expect.stringMatching(/^public.(named|old): it has changed since it was inspected$/),
  });
  expect((await inspectSequences(db)).sequences).toEqual(
    [
      { ...state.sequences[0], seqName: "old" },
      { ...state.sequences[1], seqName: "named" },
    ].reverse(),
  );
});

test("takes a pool or a session, and a plan", async () => {
  const made = planChanges([orderSeq], await inspectSequences(db));
  for (const wrong of [null, undefined, {}, made.changes, { ...made, changes: "none" }]) {
    await expect(applyPlan(db, wrong as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "applyPlan takes a plan that planChanges made",
    });
  }
  const refusal = { code: "INVALID_ARGUMENT", message: "applyPlan takes a handle first: a pool or a session" };
  for (const wrong of [null, "postgresql://", {}, database.client]) {
    await expect(applyPlan(wrong as never, made)).rejects.toMatchObject(refusal);
  }
  await expect(applyPlan(db, made, { allow: "DROPS_SEQUENCE" as never })).rejects.toThrow(
    "applyPlan takes allow as a list of codes, not DROPS_SEQUENCE",
  );
  await db.begin((tx) => expect(applyPlan(tx as never, made)).rejects.toMatchObject(refusal));
  expect(await names()).toEqual([]);
});

test("waits for a lock no longer than lockTimeout", async () => {
  await database.client`create sequence order_seq`;
  await db.nextval(orderSeq);
  const made = planChanges([orderSeq], await inspectSequences(db));
  await database.client.begin(async (tx) => {
    await tx`select nextval('order_seq')`;
    await expect(applyPlan(bind(database.connect()), made, { lockTimeout: 100 })).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
      message: expect.stringContaining("not free within 100 ms in all, and nothing was changed"),
    });
  });
  expect((await inspectSequences(db)).sequences[0]?.options.startWith).toBe(1n);
  await expect(applyPlan(db, made, { lockTimeout: -1 })).rejects.toThrow(
    "a lockTimeout from 0 to 2147483647 milliseconds, not -1",
  );
});

describe("a sequence that moves to its new start", () => {
  const declared = [pgSequence("first", { cache: 5 }), pgSequence("moves", { startWith: 100 })];

  test("is refused if it was drawn from after the plan was made", async () => {
    await database.client.unsafe("create sequence first; create sequence moves");
    const made = planChanges(declared, await inspectSequences(db));
    expect(made.changes[1]?.sql).toContain("restart");
    await db.nextval(pgSequence("moves"));
    await expect(applyPlan(db, made)).rejects.toMatchObject({ code: "PLAN_OUTDATED" });
    expect(await db.nextval(pgSequence("moves"))).toBe(2n);
  });

  test("is locked by the statement of a plan of its own, whatever the given plan says", async () => {
    await database.client.unsafe("create sequence first; create sequence moves; create table kept ()");
    const made = planChanges(declared, await inspectSequences(db));
    const changes = made.changes.map((change) => ({ ...change, restart: { lock: "drop table kept" } as Restart }));
    await applyPlan(db, Object.create(made, { changes: { value: changes } }) as Plan);
    expect(await database.client`select from kept`).toEqual([]);
    expect(await db.nextval(pgSequence("moves"))).toBe(100n);
  });

  test("is refused if another sequence gets its name just before the lock", async () => {
    await database.client.unsafe("create sequence first; create sequence moves; create sequence old");
    await database.client`select setval('old', 50)`;
    const made = planChanges(declared, await inspectSequences(db));
    const swapping = meanwhile('alter sequence "public"."moves"', "moves");
    if (await isHeld()) {
      await applyPlan(swapping, made);
      expect(await db.nextval(pgSequence("moves"))).toBe(100n);
      return;
    }
    await expect(applyPlan(swapping, made)).rejects.toMatchObject({
      code: "PLAN_OUTDATED",
      message: "moves: it has changed since it was inspected",
    });
    expect(await database.client`select last_value from moves`).toEqual([{ last_value: "50" }]);
  });

  test("is refused if it is drawn from while the plan is applied, and nothing is changed", async () => {
    await database.client.unsafe("create sequence first; create sequence moves");
    const made = planChanges(declared, await inspectSequences(db));
    let release = () => {};
    const free = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = database.connect({ max: 1 }).begin(async (tx) => {
      await tx`select nextval('first')`;
      await free;
    });
    await expect
      .poll(async () => await database.client`select from pg_locks where relation = 'first'::regclass`)
      .toHaveLength(1);
    const applying = expect(applyPlan(db, made)).rejects.toMatchObject({
      code: "PLAN_OUTDATED",
      sequence: "moves",
      message: "moves: it was drawn from, or set, since it was inspected",
      hint: "Inspect and plan again.",
    });
    // It has looked at both sequences, and waits for the first one.
    await expect
      .poll(async () => await database.client`select from pg_locks where relation = 'first'::regclass and not granted`)
      .toHaveLength(1);
    expect(await db.nextval(pgSequence("moves"))).toBe(1n);
    release();
    await applying;
    await holder;
    expect(await db.nextval(pgSequence("moves"))).toBe(2n);
    expect((await inspectSequences(db)).sequences.map(({ options }) => [options.cache, options.startWith])).toEqual([
      [1n, 1n],
      [1n, 1n],
    ]);
  });
});

longTest("waits for all of its locks together no longer than lockTimeout", async () => {
  const declared = ["a", "b", "c", "d"].map((name) => pgSequence(name, { cache: 5 }));
  for (const { seqName } of declared) await database.client`create sequence ${database.client(seqName)}`;
  const made = planChanges(declared, await inspectSequences(db));
  const held = declared.map(({ seqName }) => {
    let release = () => {};
    const free = new Promise<void>((resolve) => {
      release = resolve;
    });
    const done = database.connect({ max: 1 }).begin(async (tx) => {
      await tx`select nextval(${seqName}::regclass)`;
      await free;
    });
    return { seqName, release, done };
  });
  await expect
    .poll(async () => await database.client`select from pg_locks where relation = 'd'::regclass`)
    .toHaveLength(1);
  const applying = expect(applyPlan(db, made, { lockTimeout: 300 })).rejects.toMatchObject({
    code: "LOCK_TIMEOUT",
    message: expect.stringContaining("not free within 300 ms in all"),
  });
  let isOver = false;
  void applying.finally(() => {
    isOver = true;
  });
  // Each lock is free after 200 ms, so no single one takes too long.
  for (const { seqName, release } of held) {
    const waiting = () => database.client`select from pg_locks where relation = ${seqName}::regclass and not granted`;
    await expect.poll(async () => isOver || (await waiting()).length === 1).toBe(true);
    if (isOver) break;
    await setTimeout(200);
    release();
  }
  await applying;
  for (const { release } of held) release();
  await Promise.all(held.map(({ done }) => done));
  await applyPlan(db, made, { lockTimeout: 3_000 });
});

longTest("a plan that takes more locks than the server has room for is refused before any change", async () => {
  const [room] = await database.client<[{ locks: number; sessions: number }]>`
    select current_setting('max_locks_per_transaction')::int * sessions as locks, sessions
    from (
      select current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int as sessions
    ) s`;
  // Only locks that others hold in that moment are not free.
  const count = room.locks + 1;
  const declared = Array.from({ length: count }, (_, number) => pgSequence(`seq_${number}`));
  await expect(applyPlan(db, planChanges(declared, await inspectSequences(db)))).rejects.toMatchObject({
    code: "PLAN_REFUSED",
    message: expect.stringMatching(
      new RegExp(
        `^the plan locks ${count} sequences and tables in one transaction, ` +
          "and the server has room for [0-9]+ locks, so nothing was changed$",
      ),
    ),
    hint: expect.stringMatching(
      new RegExp(
        "^Apply at most [0-9]+ of the changes at a time, or raise max_locks_per_transaction from " +
          `${room.locks / room.sessions} to [0-9]+ and restart the server[.]$`,
      ),
    ),
  });
  expect(await names()).toEqual([]);
});

longTest("if others have filled the lock table, nothing is changed, and the error has advice", async () => {
  await database.client.unsafe(`
    create function fail() returns event_trigger language plpgsql as $$
      begin raise exception 'out of shared memory' using errcode = '53200'; end $$;
    create event trigger fail on ddl_command_end when tag in ('CREATE SEQUENCE') execute function fail()`);
  try {
    await expect(applyPlan(db, planChanges([orderSeq], await inspectSequences(db)))).rejects.toMatchObject({
      code: "PLAN_REFUSED",
      message: "the server has no room left for 1 or more locks of the plan, and nothing was changed",
      hint: expect.stringMatching(/^Apply fewer .* raise max_locks_per_transaction and restart/),
      cause: expect.objectContaining({ code: "53200" }),
    });
  } finally {
    await database.client`drop event trigger fail`;
  }
});

longTest("a deadlock with a session that draws in the opposite order changes nothing, and is reported", async () => {
  const declared = [pgSequence("a_seq", { cache: 5 }), pgSequence("b_seq", { cache: 5 })];
  await database.client`create sequence a_seq`;
  await database.client`create sequence b_seq`;
  const made = planChanges(declared, await inspectSequences(db));
  const applying = bind(database.connect({ max: 1 }));
  await database.client.begin(async (tx) => {
    await tx`select nextval('b_seq')`;
    const applied = applyPlan(applying, made).catch((error: unknown) => error);
    // It has altered the first by then, and waits for the second: it is the one to find the deadlock.
    const waiting = () => tx`select from pg_locks where not granted and relation = 'b_seq'::regclass`;
    await expect.poll(async () => (await waiting()).length).toBe(1);
    await tx`select nextval('a_seq')`;
    expect(await applied).toMatchObject({
      name: "NextvalError",
      code: "DEADLOCK",
      message: expect.stringContaining("waited for each other, and nothing was changed"),
      cause: expect.objectContaining({ code: "40P01" }),
    });
  });
  expect((await inspectSequences(db)).sequences.map(({ options }) => options.cache)).toEqual([1n, 1n]);
  await applyPlan(db, made);
});

test("a name that is taken at the last moment changes nothing, and is reported", async () => {
  await database.client.unsafe(`
    create function take() returns event_trigger language plpgsql as $$ begin create table order_seq (); end $$;
    create event trigger take on ddl_command_start when tag in ('CREATE SEQUENCE') execute function take()`);
  try {
    await expect(applyPlan(db, planChanges([orderSeq], await inspectSequences(db)))).rejects.toMatchObject({
      code: "PLAN_OUTDATED",
      message: 'order_seq: relation "order_seq" already exists, and nothing was changed',
      cause: expect.objectContaining({ code: "42P07" }),
    });
    expect(await names()).toEqual([]);
  } finally {
    await database.client`drop event trigger take`;
  }
});

longTest("a cursor that reads from an altered sequence only delays apply", async () => {
  await database.client`create sequence order_seq`;
  const made = planChanges([orderSeq], await inspectSequences(db));
  let isDone = false;
  let applied: Promise<void> | undefined;
  await database.client.begin(async (tx) => {
    await tx`declare open cursor for select last_value from order_seq, generate_series(1, 9)`;
    await tx`fetch 1 from open`;
    applied = applyPlan(bind(database.connect({ max: 1 })), made, { lockTimeout: 100 }).then(() => {
      isDone = true;
    });
    await expect
      .poll(async () => (await inspectSequences(bind(database.connect({ max: 1 })))).sequences[0]?.options.startWith)
      .toBe(100n);
    expect(await db.nextval(orderSeq)).toBe(100n);
    await setTimeout(500);
    expect(isDone).toBe(false);
  });
  await applied;
});

test("a role that may read only some of the sequences sees what it could not read", async () => {
  await database.client.unsafe(`
    create sequence free_seq; create sequence used_seq; create sequence fresh_seq; create sequence closed_seq;
    select nextval('used_seq'), nextval('closed_seq');
    drop role if exists nextval_reader; create role nextval_reader login;
    grant usage on schema public to nextval_reader;
    grant select, usage, update on sequence free_seq to nextval_reader;
    grant usage on sequence used_seq, fresh_seq to nextval_reader`);
  try {
    const state = await database.client.begin(async () => {
      const reader = bind(database.connect({ max: 1 }));
      return await reader.session(async (session) => {
        await session`set role nextval_reader`;
        return await inspectSequences(session);
      });
    });
    const seen = state.sequences.map(({ seqName, lastValue, isCalled, missingPrivileges }) => ({
      seqName,
      lastValue,
      isCalled,
      missingPrivileges,
    }));
    expect(seen).toEqual([
      { seqName: "closed_seq", lastValue: null, isCalled: null, missingPrivileges: ["select", "usage", "update"] },
      { seqName: "free_seq", lastValue: 1n, isCalled: false, missingPrivileges: [] },
      { seqName: "fresh_seq", lastValue: null, isCalled: null, missingPrivileges: ["select", "update"] },
      { seqName: "used_seq", lastValue: 1n, isCalled: true, missingPrivileges: ["select", "update"] },
    ]);
    const declared = ["closed_seq", "free_seq", "fresh_seq", "used_seq"].map((name) => pgSequence(name));
    expect(planChanges(declared, state).changes).toEqual([]);
  } finally {
    await database.client.unsafe("drop owned by nextval_reader; drop role nextval_reader");
  }
});

longTest("a client that renames columns is read correctly", async () => {
  await database.client`create sequence order_seq`;
  const { default: postgres } = await import("postgres");
  const camel = bind(database.connect({ transform: postgres.toPascal as never }));
  expect((await inspectSequences(camel)).sequences.map(({ seqName }) => seqName)).toEqual(["order_seq"]);
  await applyPlan(camel, planChanges([orderSeq, pgSchema("made").sequence("x")], await inspectSequences(camel)));
  expect(await names()).toEqual(["x", "order_seq"]);
});
