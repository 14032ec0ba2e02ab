import { bind, type Database } from "nextval";
import { applyWiden, planWiden, type WidenPhase } from "nextval/operate";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";
import { schemaOf } from "../../support/schema-of.js";
import { ORDINARY, PARTITIONED, widenUnderLoad } from "../../support/widen-under-load.js";

const database = useDatabase();
const db = (): Database => bind(database.client);
const run = (text: string) => database.client.unsafe(text);

const OWNER = `nextval_widen_owner_${process.pid}`;
const TRUST = { trustOwners: [OWNER] };
const READER = `nextval_widen_reader_${process.pid}`;

beforeEach(() => run("drop schema public cascade; create schema public"));

afterAll(async () => {
  await run(`drop schema public cascade; drop role if exists ${OWNER}; drop role if exists ${READER}`);
});

/** Plans and applies until nothing is left. */
async function widen(table: string, column: string, schema = "public") {
  await applyWiden(db(), await planWiden(db(), { schema, table, column }, TRUST));
  await applyWiden(db(), await planWiden(db(), { schema, table, column }, TRUST), { cleanUp: true });
}

/** The lines that differ. */
function difference(before: readonly string[], after: readonly string[]) {
  return {
    gone: before.filter((line) => !after.includes(line)),
    come: after.filter((line) => !before.includes(line)),
  };
}

/** Everything that can depend on a column, and is carried over. */
const EVERYTHING = `
  create table orders (
    id serial primary key, note text default 'x', parent_id int references orders,
    constraint orders_positive check (id > 0)
  );
  comment on column orders.id is 'it''s the key';
  comment on constraint orders_pkey on orders is 'the key';
  comment on constraint orders_positive on orders is 'positive';
  alter table orders alter id set statistics 500, alter id set (n_distinct = -1);
  create index on orders (note, id desc nulls last) include (parent_id) with (fillfactor = 70);
  create index "part ""i"" USING btree (x)" on orders using btree (id) where note is not null and note <> 'a, (b';
  comment on index "part ""i"" USING btree (x)" is 'partial';
  create index on orders using brin (id);
  create unique index on orders ((lower(note) || ', )'), id) where note = 'USING (';
  alter table orders cluster on orders_pkey;
  alter table orders replica identity using index orders_pkey;
  create statistics orders_stats (dependencies) on id, parent_id from orders;
  alter statistics orders_stats set statistics 300;
  comment on statistics orders_stats is 'of orders';
  create function seen() returns trigger language plpgsql as 'begin return new; end';
  create trigger "on id" after update of id on orders for each row when (old.id is distinct from new.id)
    execute function seen();
  alter table orders enable always trigger "on id";
  comment on trigger "on id" on orders is 'seen';
  create constraint trigger late after update of id, note on orders deferrable initially deferred for each row
    execute function seen();
  alter table orders disable trigger late;
  alter table orders enable row level security;
  create policy few on orders for update using (id < 1000) with check (id < 2000);
  grant select (id), insert (id, note) on orders to ${READER} with grant option;
  grant select on orders to public;
  create table items (
    order_id int not null, line smallint,
    primary key (order_id, line) deferrable initially deferred,
    constraint items_order foreign key (order_id) references orders on delete cascade on update cascade
      deferrable initially deferred
  );
  comment on constraint items_order on items is 'of the order';
  create table tickets (
    id int generated always as identity (start 7 increment 3 cache 5) primary key,
    order_id smallint unique references orders on delete set null
  );
  create table wide (order_id bigint references orders);
  create view open_orders with (security_barrier) as
    select id, note as "the ""note""" from orders where note is not null with local check option;
  comment on view open_orders is 'open';
  comment on column open_orders.id is 'the id';
  alter view open_orders owner to ${OWNER};
  grant select on open_orders to ${READER}, public;
  create view more as select id + 1 as next from open_orders;
  create view grouped as select id, note from orders group by id;
  insert into orders (parent_id, note) select case when n > 1 then 1 end, n from generate_series(1, 2000) n;
  insert into items select n, 1 from generate_series(1, 500) n;
  insert into tickets (order_id) select n from generate_series(1, 50) n;
  insert into wide select n from generate_series(1, 50) n;`;

async function createRoles() {
  for (const role of [OWNER, READER]) {
    await run(`do $$ begin create role ${role}; exception when duplicate_object then drop owned by ${role}; end $$`);
  }
  await run(`grant all on schema public to ${OWNER}`);
}

async function createEverything() {
  await createRoles();
  await run(EVERYTHING);
  await run(`grant select on orders to ${OWNER}`);
}

/** Runs statements of a phase as a migration tool does. */
async function runPhase({ isTransactional }: WidenPhase, statements: readonly string[]) {
  if (!isTransactional) {
    for (const statement of statements) await run(statement);
    return;
  }
  await database.client.begin(async (tx) => {
    for (const statement of statements) await tx.unsafe(statement);
  });
}

/** The phases whose way down changes something. After the others a constraint stays valid, and a row stays filled. */
const UNDONE = new Set(["add", "index", "swap"]);

describe("a table with all that can depend on a column", () => {
  test("has everything afterwards, with other types", async () => {
    await createEverything();
    const before = await schemaOf(database.client);
    const plan = await planWiden(db(), { table: "orders", column: "id" }, TRUST);
    expect(plan.columns.map(({ table, column }) => `${table}.${column}`)).toEqual([
      "orders.id",
      "orders.parent_id",
      "items.order_id",
      "tickets.order_id",
    ]);
    await applyWiden(db(), plan);
    await applyWiden(db(), await planWiden(db(), { table: "orders", column: "id" }, TRUST), { cleanUp: true });
    const { gone, come } = difference(before, await schemaOf(database.client));
    const widened = (line: string) =>
      line
        .replace(/^(column .*) \| (?:integer|smallint) \|/, "$1 | bigint |")
        .replace(/^(sequence .*) \| integer \|(.*)\| 2147483647 \|/, "$1 | bigint |$2| 9223372036854775807 |");
    expect(come).toEqual(gone.map(widened));
    expect(come.length).toBeGreaterThan(7);
  });

  longTest("is as before after the way down of each phase", async () => {
    await createEverything();
    const before = await schemaOf(database.client);
    const rows = () =>
      run("select o, i, t from orders o full join items i on i.order_id = o.id, tickets t order by o, i, t");
    const data = await rows();
    const plan = await planWiden(db(), { table: "orders", column: "id" }, TRUST);
    const there = plan.phases.filter(({ kind }) => kind !== "clean-up");
    const states: string[][] = [];
    for (const phase of there) {
      if (UNDONE.has(phase.kind)) states.push(await schemaOf(database.client));
      await runPhase(phase, phase.up);
    }
    expect(states[0]).toEqual(before);
    const swapped = await planWiden(db(), { table: "orders", column: "id" }, TRUST);
    expect(swapped.phases.map(({ kind }) => kind)).toEqual(Array(3).fill("clean-up"));
    await run("insert into orders default values; insert into tickets default values");
    await run("delete from orders where id = 2001; delete from tickets where order_id is null");
    for (const phase of [...there].reverse()) {
      await runPhase(phase, phase.down);
      if (!UNDONE.has(phase.kind)) continue;
      const state = states.pop()!;
      // A proof stays valid, and a new column or index keeps its comments and grants.
      const told = (lines: readonly string[]) =>
        lines.map((line) =>
          line.includes("nextval_in_step")
            ? line.replace(/( NOT VALIDfalse|true) \|/, " |")
            : line.replace(/^((?:column|i) .*nextval_new"? \| \w+ \| \w).*/, "$1"),
        );
      const left = difference(told(state), told(await schemaOf(database.client)));
      expect({ phase: phase.name, ...left }).toEqual({ phase: phase.name, gone: [], come: [] });
    }
    expect(await rows()).toEqual(data);
  });

  longTest("has no way down once a value is too large", async () => {
    await createEverything();
    const { phases } = await planWiden(db(), { table: "orders", column: "id" }, TRUST);
    await applyWiden(db(), await planWiden(db(), { table: "orders", column: "id" }, TRUST));
    await run("select setval('orders_id_seq', 2147483647); insert into orders default values");
    const swap = phases.find(({ kind }) => kind === "swap")!;
    await expect(runPhase(swap, swap.down)).rejects.toThrow(
      "public.orders: it has values that the old columns cannot hold",
    );
    const [row] = await run("select id, id_nextval_old from orders order by id desc limit 1");
    expect(row).toEqual({ id: "2147483648", id_nextval_old: null });
  });
});

test.each(
  first(1, [
    ["an ordinary table", ORDINARY],
    ["a partitioned table", PARTITIONED],
  ]),
)("%s keeps every row and id while writers insert, update and delete", async (_name, shape) => {
  await widenUnderLoad(database, shape);
});

describe("an identity", () => {
  test.each(first(1, ["always", "by default"]))("generated %s goes on where it was", async (generated) => {
    await createRoles();
    await run(`
      create table t (id smallint generated ${generated} as identity (start 5 increment 5 cache 3) primary key, n int);
      comment on sequence t_id_seq is 'of t';
      grant usage on sequence t_id_seq to ${READER} with grant option;
      insert into t (n) select n from generate_series(1, 9) n;
      alter default privileges grant all on sequences to ${OWNER}, public;
      alter default privileges grant all on tables to ${OWNER};
      create view v as select id from t; revoke all on v from ${OWNER}`);
    const before = await schemaOf(database.client);
    const [position] = await run("select last_value, is_called from t_id_seq");
    await applyWiden(db(), await planWiden(db(), { table: "t", column: "id" }));
    expect((await run("select last_value, is_called from t_id_seq"))[0]).toEqual(position);
    await applyWiden(db(), await planWiden(db(), { table: "t", column: "id" }), { cleanUp: true });
    const { gone, come } = difference(before, await schemaOf(database.client));
    expect(
      gone.map((line) => line.replace(" | smallint | ", " | bigint | ").replace("32767", "9223372036854775807")),
    ).toEqual(come);
    expect(come.length).toBe(3);
    await run(`
      alter default privileges revoke all on sequences from ${OWNER}, public;
      alter default privileges revoke all on tables from ${OWNER}`);
  });

  longTest("of a partitioned table goes on, too", async () => {
    await run(`
      create table t (id int generated always as identity, n int, primary key (id, n)) partition by list (n);
      create table t_1 partition of t for values in (1); create table t_2 partition of t default;
      insert into t (n) select n from generate_series(1, 5) n`);
    const before = await schemaOf(database.client);
    await widen("t", "id");
    const { gone, come } = difference(before, await schemaOf(database.client));
    expect(come).toEqual(
      gone.map((line) => line.replace(" | integer | ", " | bigint | ").replace("2147483647", "9223372036854775807")),
    );
    expect(await run("insert into t (n) values (1) returning id")).toEqual([{ id: "6" }]);
  });
});

describe("partitions", () => {
  const CREATE = `
    create schema "a.b";
    create table "a.b".t (id serial, n int, note text, constraint k primary key (id, n)) partition by range (n);
    create table t_1 partition of "a.b".t for values from (0) to (10);
    create table "a.b"."t 2" partition of "a.b".t for values from (10) to (20) partition by list (n);
    create table t_2_1 partition of "a.b"."t 2" default;
    create unique index u on "a.b".t (n, id) include (note);
    create index own on t_1 (id);
    alter table t_1 alter id set default 7;
    create sequence s as int owned by t_1.id;
    alter table t_1 add check (id > 0);
    grant select (id) on t_1 to public;
    create table other (id int, n int, foreign key (id, n) references "a.b".t);
    insert into "a.b".t (n) select n from generate_series(0, 19) n;
    insert into other select id, n from "a.b".t`;

  test("keep their indexes, which are not built in the swap", async () => {
    await run('drop schema if exists "a.b" cascade');
    await run(CREATE);
    const before = await schemaOf(database.client);
    const plan = await planWiden(db(), { schema: "a.b", table: "t", column: "id" });
    const swap = plan.phases.findIndex(({ kind }) => kind === "swap");
    await applyWiden(db(), { ...plan, phases: plan.phases.slice(0, swap) });
    const built = await filenodes("%_nextval_new");
    expect(built).toHaveLength(5);
    await runPhase(plan.phases[swap]!, plan.phases[swap]!.up);
    expect(await filenodes("%")).toEqual(expect.arrayContaining(built));
    expect(await filenodes("%_nextval_new")).toEqual([]);
    const rest = await planWiden(db(), { schema: "a.b", table: "t", column: "id" });
    await applyWiden(db(), rest, { cleanUp: true });
    const { gone, come } = difference(before, await schemaOf(database.client));
    expect(come).toEqual(
      gone.map((line) => line.replace(" | integer | ", " | bigint | ").replace("2147483647", "9223372036854775807")),
    );
    await run('drop schema "a.b" cascade');
  });

  longTest("that are created during the widening are widened with the others", async () => {
    await run('drop schema if exists "a.b" cascade');
    await run(CREATE);
    const plan = () => planWiden(db(), { schema: "a.b", table: "t", column: "id" });
    const { phases } = await plan();
    for (const phase of phases.slice(0, 3)) await runPhase(phase, phase.up);
    await run(
      'create table t_3 partition of "a.b".t for values from (20) to (30); insert into "a.b".t (n) values (25)',
    );
    await applyWiden(db(), await plan());
    await run('insert into "a.b".t (id, n) values (3000000000, 26)');
    expect(await run("select id, n from t_3 order by n")).toEqual([
      { id: "21", n: 25 },
      { id: "3000000000", n: 26 },
    ]);
    await run('drop schema "a.b" cascade');
  });

  async function filenodes(name: string) {
    const rows = await database.client<{ relfilenode: number }[]>`
      select relfilenode from pg_class where relname like ${name} and relkind = 'i' order by relfilenode`;
    return rows.map(({ relfilenode }) => relfilenode);
  }
});

describe("an interrupted widening", () => {
  const CREATE = `
    create table t (id serial primary key, parent int references t); create index on t (parent);
    insert into t select n, 1 from generate_series(1, 100) n`;
  const plan = () => planWiden(db(), { table: "t", column: "id" });

  test("goes on after each phase", async () => {
    await run(CREATE);
    for (let step = 0; step < 7; step++) {
      const { phases, ...rest } = await plan();
      const next = phases.findIndex(({ isDone }) => !isDone);
      // A backfill counts as done when it is proved.
      const end = phases[next]!.kind === "backfill" ? next + 2 : next + 1;
      await applyWiden(db(), { ...rest, phases: phases.slice(0, end) });
    }
    expect((await plan()).phases.map(({ kind }) => kind)).toEqual(["clean-up"]);
    await run("create table late (n int references t)");
    expect(await applyWiden(db(), await plan(), { cleanUp: true })).toEqual({ ran: ["clean_up_t"] });
  });

  longTest("builds an invalid index again", async () => {
    await run(CREATE);
    const { phases, ...rest } = await plan();
    const swap = phases.findIndex(({ kind }) => kind === "swap");
    await applyWiden(db(), { ...rest, phases: phases.slice(0, swap) });
    await run("update pg_index set indisvalid = false where indexrelid = 't_pkey_nextval_new'::regclass");
    const open = (await plan()).phases.filter(({ isDone }) => !isDone);
    expect(open.map(({ name }) => name)).toEqual(["index_t_pkey", "swap", "validate_t_parent_fkey", "clean_up_t"]);
    expect(await applyWiden(db(), await plan())).toEqual({ ran: ["index_t_pkey", "swap", "validate_t_parent_fkey"] });
  });

  longTest("leaves a key NOT VALID that was so", async () => {
    await run(`${CREATE}; alter table t drop constraint t_parent_fkey; insert into t values (101, 777);
      alter table t add foreign key (parent) references t not valid`);
    await applyWiden(db(), await plan());
    await expect(applyWiden(db(), await plan(), { cleanUp: true })).rejects.toMatchObject({
      code: "WIDEN_INCOMPLETE",
      cause: { code: "CHANGE_REFUSED", hint: "Change the rows, and run the phase again." },
      hint: "Change the rows, and run the phase again.",
      message: expect.stringContaining("phase validate_t_parent_fkey failed"),
      phase: "validate_t_parent_fkey",
      report: { ran: ["clean_up_t"] },
    });
    await expect(plan()).rejects.toThrow("public.t.id: it is of type bigint");
  });

  longTest("writes constants as every session reads them", async () => {
    await run(`create table t (id int, at timestamptz);
      create view v as select id from t
        where at > '2024-02-01 12:00+05:30' and at < now() + interval '-1 day 2 hours'`);
    const swapIn = async (setting: string) => {
      const client = database.connect({ max: 1 });
      await client.unsafe(setting);
      const { phases } = await planWiden(bind(client), { table: "t", column: "id" });
      return phases.find(({ kind }) => kind === "swap")!.up;
    };
    const settings = "set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard'; set extra_float_digits = 0";
    expect(await swapIn(settings)).toEqual(await swapIn("select"));
  });

  longTest("drops no index of another table", async () => {
    await run(`${CREATE}; create table other (n int); create index t_pkey_nextval_new on other (n)`);
    await expect(applyWiden(db(), await plan())).rejects.toMatchObject({
      code: "WIDEN_INCOMPLETE",
      cause: { code: "CHANGE_REFUSED" },
      report: { ran: ["add_t", "backfill_t", "prove_t", "index_t_parent_idx"] },
      message: 'phase index_t_pkey failed: relation "t_pkey_nextval_new" already exists',
    });
  });

  test("does not swap before it is proved that no row is missing", async () => {
    await run(CREATE);
    const { phases } = await plan();
    const [add, swap] = [phases[0]!, phases.find(({ kind }) => kind === "swap")!];
    await runPhase(add, add.up);
    await expect(runPhase(swap, swap.up)).rejects.toThrow("public.t: the earlier phases of the widening have not run");
  });

  test("does not take over a function of another role", async () => {
    await run(
      `${CREATE}; create function t_nextval_widen() returns trigger language plpgsql as 'begin return new; end'`,
    );
    await expect(applyWiden(db(), await plan())).rejects.toMatchObject({
      code: "WIDEN_INCOMPLETE",
      cause: { code: "CHANGE_REFUSED" },
      message: expect.stringMatching(/^phase add_t failed: function "t_nextval_widen" already exists/),
    });
  });

  test("does not swap what has changed since the plan", async () => {
    await run(`${CREATE}; create view v as select id from t; grant select on v to public`);
    const planned = await plan();
    const swap = planned.phases.findIndex(({ kind }) => kind === "swap");
    await applyWiden(db(), { ...planned, phases: planned.phases.slice(0, swap) });
    await run("revoke select on v from public");
    const isOutdated = {
      code: "WIDEN_INCOMPLETE",
      cause: { code: "PLAN_OUTDATED" },
      message: "public.t.id: what depends on it has changed since the plan was made",
    };
    await expect(applyWiden(db(), { ...planned, phases: planned.phases.slice(swap) })).rejects.toMatchObject(
      isOutdated,
    );
    const { phases } = await plan();
    await run("create policy p on t using (id > 3)");
    // As a file, which cannot compare everything.
    await expect(runPhase(phases[swap]!, phases[swap]!.up)).rejects.toThrow(
      "public.t: something depends on an old column, and was made after the plan",
    );
    expect(await applyWiden(db(), await plan())).toEqual({ ran: ["swap", "validate_t_parent_fkey"] });
    expect(await run("select qual from pg_policies")).toEqual([{ qual: "(id > 3)" }]);
  });

  test("waits for no one, and tells who does not get its locks", async () => {
    await run(CREATE);
    const other = await database.connect({ max: 1 }).reserve();
    const progress: string[] = [];
    try {
      await other`begin`;
      await other`select from t`;
      await expect(applyWiden(db(), await plan(), { retries: 1 })).rejects.toMatchObject({
        code: "WIDEN_INCOMPLETE",
        cause: { code: "LOCK_TIMEOUT" },
        message: "phase add_t did not get its locks, and was rolled back",
      });
      await other`rollback`;
      const { phases, ...rest } = await plan();
      await applyWiden(db(), { ...rest, phases: phases.slice(0, 1) });
      await other`begin`;
      await other`select from t where id = 50 for update`;
      let free: Promise<unknown> | undefined;
      await applyWiden(
        db(),
        { ...rest, phases: phases.slice(1, 2) },
        {
          onProgress({ phase, done, total }) {
            progress.push(`${phase} ${done}/${total}`);
            free ??= (async () => {
              await new Promise((resolve) => setTimeout(resolve, 200));
              await other`rollback`;
            })();
          },
        },
      );
      await free;
      expect(progress[0]).toBe("backfill_t 0/1");
      expect(progress.slice(1).every((each) => /^backfill_t (\d)\/\1$/.test(each))).toBe(true);
      expect(await run("select count(*)::int from t where id_nextval_new = id")).toEqual([{ count: 100 }]);
    } finally {
      await other`rollback`;
      other.release();
    }
  });

  longTest("says so if a trigger keeps rows as they are", async () => {
    await run(CREATE);
    await run(`
      create function keep() returns trigger language plpgsql as 'begin return null; end';
      create trigger keep before update on t for each row execute function keep()`);
    const { phases } = await plan();
    expect(phases.find(({ kind }) => kind === "backfill")!.notes).toContain("Each row fires trigger keep.");
    await expect(applyWiden(db(), await plan(), { pause: 0 })).rejects.toMatchObject({
      code: "WIDEN_INCOMPLETE",
      cause: { code: "CHANGE_REFUSED" },
      message: '"public"."t": rows are left that stay locked, or that a trigger does not let change',
    });
  });

  longTest("names the phase that the server refuses", async () => {
    await run(CREATE);
    const { phases, ...rest } = await plan();
    await applyWiden(db(), { ...rest, phases: phases.slice(0, 2) });
    await run("alter table t drop constraint t_nextval_in_step");
    await expect(applyWiden(db(), { ...rest, phases: phases.slice(2) })).rejects.toMatchObject({
      code: "WIDEN_INCOMPLETE",
      cause: { code: "CHANGE_REFUSED" },
      message: 'phase prove_t failed: constraint "t_nextval_in_step" of relation "t" does not exist',
      phase: "prove_t",
      report: { ran: [] },
    });
  });
});
