import { bind, type Database } from "nextval";
import { applyWiden, planWiden, type WidenPhase } from "nextval/operate";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { schemaOf } from "../../support/schema-of.js";

const database = useDatabase();
const db = (): Database => bind(database.client);
const run = (text: string) => database.client.unsafe(text);

const OWNER = `nextval_widen_owner_${process.pid}`;
const READER = `nextval_widen_reader_${process.pid}`;

beforeEach(() => run("drop schema public cascade; create schema public"));

afterAll(async () => {
  await run(`drop schema public cascade; drop role if exists ${OWNER}; drop role if exists ${READER}`);
});

/** Plans and applies until nothing is left. */
async function widen(table: string, column: string, schema = "public") {
  await applyWiden(db(), await planWiden(db(), { schema, table, column }));
  await applyWiden(db(), await planWiden(db(), { schema, table, column }), { cleanUp: true });
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

async function createEverything() {
  await run(`
    drop role if exists ${OWNER}; drop role if exists ${READER}; create role ${OWNER}; create role ${READER};
    grant all on schema public to ${OWNER}`);
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

describe("a table with all that can depend on a column", () => {
  test("has everything afterwards, with other types", async () => {
    await createEverything();
    const before = await schemaOf(database.client);
    const plan = await planWiden(db(), { table: "orders", column: "id" });
    expect(plan.columns.map(({ table, column }) => `${table}.${column}`)).toEqual([
      "orders.id",
      "orders.parent_id",
      "items.order_id",
      "tickets.order_id",
    ]);
    await widen("orders", "id");
    const { gone, come } = difference(before, await schemaOf(database.client));
    const widened = (line: string) =>
      line
        .replace(/^(column .*) \| (?:integer|smallint) \|/, "$1 | bigint |")
        .replace(/^(sequence .*) \| integer \|(.*)\| 2147483647 \|/, "$1 | bigint |$2| 9223372036854775807 |");
    expect(come).toEqual(gone.map(widened));
    expect(come.length).toBeGreaterThan(7);
  });

  test("is as before after the way down of each phase", async () => {
    await createEverything();
    const before = await schemaOf(database.client);
    const rows = () =>
      run("select o, i, t from orders o full join items i on i.order_id = o.id, tickets t order by o, i, t");
    const data = await rows();
    const plan = await planWiden(db(), { table: "orders", column: "id" });
    const there = plan.phases.filter(({ kind }) => kind !== "clean-up");
    const states: string[][] = [];
    for (const phase of there) {
      states.push(await schemaOf(database.client));
      await runPhase(phase, phase.up);
    }
    expect(states[0]).toEqual(before);
    const swapped = await planWiden(db(), { table: "orders", column: "id" });
    expect(swapped.phases.map(({ kind }) => kind)).toEqual(Array(3).fill("clean-up"));
    await run("insert into orders default values; insert into tickets default values");
    await run("delete from orders where id = 2001; delete from tickets where order_id is null");
    for (const phase of [...there].reverse()) {
      await runPhase(phase, phase.down);
      const state = states.pop()!;
      // A constraint stays valid, and a row stays filled.
      if (["validate", "prove", "backfill"].includes(phase.kind)) continue;
      // So do the comments and grants of a new column or index.
      const told = (lines: readonly string[]) =>
        lines.map((line) =>
          line.includes("nextval_in_step")
            ? line.replace(/( NOT VALID)? \| f \|/, " | t |")
            : line.replace(/^((?:column|i) .*nextval_new"? \| \w+ \| \w).*/, "$1"),
        );
      const left = difference(told(state), told(await schemaOf(database.client)));
      expect({ phase: phase.name, ...left }).toEqual({ phase: phase.name, gone: [], come: [] });
    }
    expect(await rows()).toEqual(data);
  });

  test("has no way down once a value is too large", async () => {
    await createEverything();
    const { phases } = await planWiden(db(), { table: "orders", column: "id" });
    await applyWiden(db(), await planWiden(db(), { table: "orders", column: "id" }));
    await run("select setval('orders_id_seq', 2147483647); insert into orders default values");
    const swap = phases.find(({ kind }) => kind === "swap")!;
    await expect(runPhase(swap, swap.down)).rejects.toThrow(
      "public.orders: it has values that the old columns cannot hold",
    );
    const [row] = await run("select id, id_nextval_old from orders order by id desc limit 1");
    expect(row).toEqual({ id: "2147483648", id_nextval_old: null });
  });
});
