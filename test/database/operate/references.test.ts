import { bind, type Database } from "nextval";
import { sequenceStatus, type StatusOptions } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/*
 * A key was widened, and the foreign keys that refer to it were not: the second outage of a widening.
 */

const database = useDatabase();
let db: Database;
const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  db = bind(database.client);
  await run("drop schema if exists public, other cascade; create schema public; create schema other");
});

async function problemsOf(name: string, options: StatusOptions = {}) {
  const { sequences } = await sequenceStatus(db, options);
  return sequences
    .flatMap(({ sequence, problems }) => (sequence.name === name ? problems : []))
    .filter(({ code }) => code === "REFERENCE_NARROWER");
}

test("is said with the used share of the column, and solved by its fix", async () => {
  await run(`
    create table orders (id bigserial primary key);
    create table order_items (order_id int references orders);
    select setval('orders_id_seq', 100000000)`);
  const [far] = await problemsOf("orders_id_seq");
  expect(far).toMatchObject({
    level: "ok",
    message:
      "public.orders_id_seq: public.order_items.order_id (integer) refers to public.orders.id but only up to " +
      "2147483647: 4.6 % is used",
    columns: [{ schema: "public", table: "order_items", column: "order_id" }],
    fix: 'alter table "public"."order_items" alter column "order_id" type bigint',
  });
  const levelAt = async (last: bigint, options?: StatusOptions) => {
    await run(`select setval('orders_id_seq', ${last})`);
    return (await problemsOf("orders_id_seq", options)).map(({ level }) => level);
  };
  expect(await levelAt(1_700_000_000n)).toEqual(["warning"]);
  expect(await levelAt(1_700_000_000n, { warnAt: 0.85 })).toEqual(["ok"]);
  expect(await levelAt(2_000_000_000n)).toEqual(["critical"]);

  // The last value that fits, and the one after it.
  const insert = "with o as (insert into orders default values returning id) insert into order_items select id from o";
  await run("select setval('orders_id_seq', 2147483646)");
  await run(insert);
  await expect(run(insert)).rejects.toMatchObject({ code: "22003" });
  const [beyond] = await problemsOf("orders_id_seq");
  expect(beyond).toMatchObject({
    level: "critical",
    message:
      "public.orders_id_seq: its next value 2147483649 does not fit the foreign key public.order_items.order_id " +
      "(integer): inserts fail with 22003",
  });
  await run(beyond!.fix!);
  await run(insert);
  expect(await problemsOf("orders_id_seq")).toEqual([]);
});

test("is one line for all columns of a sequence, the fullest first", async () => {
  await run(`
    create table t (id bigint generated always as identity primary key);
    create table wide (t_id int references t);
    create table other.small (t_id smallint references t, unrelated int, same bigint references t);
    select setval('t_id_seq', 30000)`);
  const problems = await problemsOf("t_id_seq");
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({
    level: "critical",
    message:
      "public.t_id_seq: other.small.t_id, public.wide.t_id (smallint) refer to public.t.id but only up to 32767: " +
      "91.5 % is used",
    columns: [{ table: "small" }, { table: "wide" }],
  });
  expect(problems[0]!.fix!.split("; ")).toHaveLength(2);
  const accepted = [{ code: "REFERENCE_NARROWER", sequence: "t_id_seq", column: "small.t_id", reason: "old" }] as const;
  expect(await problemsOf("t_id_seq", { accepted })).toMatchObject([{ columns: [{ table: "wide" }] }]);
});

longTest("follows keys through others, keys of several columns, partitions, domains and itself", async () => {
  await run(`
    create domain small_id as int;
    create table t (tenant int, id bigserial, parent bigint, unique (id), primary key (tenant, id));
    create table both_keys (other_tenant smallint, t_id int,
      foreign key (other_tenant, t_id) references t (tenant, id));
    create table as_key (id bigint primary key references t (id));
    create table through (t_id small_id references as_key);
    alter table as_key add back int references t (id);
    create table parted (t_id int references t (id), n int) partition by range (n);
    create table parted_1 partition of parted for values from (0) to (9)`);
  const [problem] = await problemsOf("t_id_seq");
  expect(problem!.columns.map(({ table, column }) => `${table}.${column}`).sort()).toEqual([
    "as_key.back",
    "both_keys.t_id",
    "parted.t_id",
    "through.t_id",
  ]);
  await run(problem!.fix!);
  expect(await problemsOf("t_id_seq")).toEqual([]);
});

longTest(
  "a foreign key to a partitioned table counts once, and descending sequences end at the least value",
  async () => {
    await run(`
    create sequence s increment -1;
    create table t (id bigint default nextval('s'), primary key (id)) partition by range (id);
    create table t_1 partition of t default;
    create table u (t_id smallint references t);
    select setval('s', -30000)`);
    expect(await problemsOf("s")).toMatchObject([
      { message: "public.s: public.u.t_id (smallint) refers to public.t.id but only up to -32768: 91.5 % is used" },
    ]);
  },
);

longTest("nothing is said if the sequence or its column ends first, or the column is as wide", async () => {
  await run(`
    create table a (id serial primary key); create table a_ref (a_id bigint references a, same int references a);
    create sequence s maxvalue 2000; create table b (id bigint primary key default nextval('s'));
    create table b_ref (b_id smallint references b)`);
  expect(await problemsOf("a_id_seq")).toEqual([]);
  expect(await problemsOf("s")).toEqual([]);
});
