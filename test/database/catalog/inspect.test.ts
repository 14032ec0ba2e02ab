import { bind } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { beforeAll, expect, test } from "vitest";
import { sequencesQuery } from "../../../lib/catalog/inspect/sequences-query.js";
import { enterCatalogPath } from "../../../lib/server/catalog-path.js";
import { serverVersion, useDatabase } from "../../support/database.js";

const database = useDatabase();

/** Before 15 there are none. */
let unlogged = true;

beforeAll(async () => {
  unlogged = (await serverVersion(database.client)) >= 15;
  await database.client.unsafe(`
    create schema "we""ird";
    create sequence plain_seq;
    create sequence "we""ird"."Full Seq" as smallint increment -3 minvalue -300 maxvalue -3 start -6 cache 7 cycle;
    comment on sequence "we""ird"."Full Seq" is 'it''s full';
    create table orders (id serial primary key, ticket bigint generated always as identity unique,
      plain int default nextval('plain_seq'), plain2 numeric(10) default nextval('plain_seq'));
    create table kept_once (a int default nextval('plain_seq'::text), b int, exclude using btree (a with =),
      exclude using btree (b with =, a with =));
    create sequence owned_seq owned by orders.plain2;
    create ${unlogged ? "unlogged" : ""} sequence unlogged_seq;
    create temporary sequence temporary_seq;
    create sequence wide_seq minvalue -9223372036854775808 maxvalue 9223372036854775807 start 9007199254740993;
    select nextval('plain_seq'), nextval('plain_seq'), setval('unlogged_seq', 50, false),
      setval('wide_seq', 9007199254740995);
  `);
});

test("reads every sequence, complete and exact", async () => {
  const state = await inspectSequences(bind(database.client));
  expect(state).toMatchObject({ inspected: null, defaultSchema: "public" });
  expect(state.serverVersion).toBeGreaterThanOrEqual(140_000);
  expect(state.schemas).toEqual(expect.arrayContaining(["public", 'we"ird', "pg_catalog"]));
  const bigint = { as: "bigint", startWith: 1n, increment: 1n, minValue: 1n, maxValue: 2n ** 63n - 1n };
  const plain = { ...bigint, cache: 1n, cycle: false, ownedBy: null, identity: null, unlogged: false, comment: null };
  const unkeyed = { fixedType: false, unique: false, partOfKey: false };
  const column = {
    schema: "public",
    table: "orders",
    byDefault: true,
    lateBound: false,
    indirect: false,
    checked: false,
    ...unkeyed,
    hasRows: false,
    inserts: 0n,
  };
  for (const { oid } of state.sequences) expect(oid).toMatch(/^\d+$/);
  expect(state.sequences.map((each) => ({ ...each, oid: undefined }))).toEqual([
    {
      schema: "public",
      seqName: "orders_id_seq",
      definedBy: "user",
      options: { ...plain, as: "integer", maxValue: 2147483647n, ownedBy: { table: "orders", column: "id" } },
      feeds: [{ ...column, column: "id", type: "integer", baseType: "integer", unique: true }],
      isReferenced: false,
      namedIn: [],
      lastValue: 1n,
      isCalled: false,
      missingPrivileges: [],
    },
    {
      schema: "public",
      seqName: "orders_ticket_seq",
      definedBy: "identity",
      options: { ...plain, ownedBy: { table: "orders", column: "ticket" }, identity: "always" },
      feeds: [{ ...column, column: "ticket", type: "bigint", baseType: "bigint", unique: true }],
      isReferenced: false,
      namedIn: [],
      lastValue: 1n,
      isCalled: false,
      missingPrivileges: [],
    },
    {
      schema: "public",
      seqName: "owned_seq",
      definedBy: "user",
      options: { ...plain, ownedBy: { table: "orders", column: "plain2" } },
      feeds: [{ ...column, column: "plain2", type: "numeric(10,0)", baseType: "numeric(10,0)", byDefault: false }],
      isReferenced: false,
      namedIn: [],
      lastValue: 1n,
      isCalled: false,
      missingPrivileges: [],
    },
    {
      schema: "public",
      seqName: "plain_seq",
      definedBy: "user",
      options: plain,
      feeds: [
        {
          ...column,
          table: "kept_once",
          column: "a",
          type: "integer",
          baseType: "integer",
          lateBound: true,
          unique: true,
          partOfKey: true,
          fixedType: false,
        },
        { ...column, column: "plain", type: "integer", baseType: "integer" },
        { ...column, column: "plain2", type: "numeric(10,0)", baseType: "numeric(10,0)" },
      ],
      isReferenced: false,
      namedIn: [],
      lastValue: 2n,
      isCalled: true,
      missingPrivileges: [],
    },
    {
      schema: "public",
      seqName: "unlogged_seq",
      definedBy: "user",
      options: { ...plain, unlogged },
      feeds: [],
      isReferenced: false,
      namedIn: [],
      lastValue: 50n,
      isCalled: false,
      missingPrivileges: [],
    },
    {
      schema: "public",
      seqName: "wide_seq",
      definedBy: "user",
      options: { ...plain, minValue: -(2n ** 63n), startWith: 9007199254740993n },
      feeds: [],
      isReferenced: false,
      namedIn: [],
      lastValue: 9007199254740995n,
      isCalled: true,
      missingPrivileges: [],
    },
    {
      schema: 'we"ird',
      seqName: "Full Seq",
      definedBy: "user",
      options: {
        as: "smallint",
        startWith: -6n,
        increment: -3n,
        minValue: -300n,
        maxValue: -3n,
        cache: 7n,
        cycle: true,
        ownedBy: null,
        identity: null,
        unlogged: false,
        comment: "it's full",
      },
      feeds: [],
      isReferenced: false,
      namedIn: [],
      lastValue: -6n,
      isCalled: false,
      missingPrivileges: [],
    },
  ]);
});

test("reads what else has a name, and the columns that are a key of numbers or texts, or part of one", async () => {
  await database.client.unsafe(`
    create schema things;
    create type things.mood as enum ('good'); create type things.pair as (a int);
    create domain things.small as smallint;
    create table things.pairs (a int, b int, c int, d text, primary key (a, d) include (c),
      exclude using btree (b with =, d with =));
    create unique index on things.pairs ((c % 10)); insert into things.pairs values (1, 1, 1, '');
    create table things.split (a int primary key) partition by range (a); create unlogged table things.fast (a int);
    create table things.split_1 partition of things.split for values from (0) to (9);
    create table things.parts (a int, b bigint, c things.small unique, d numeric, e real, f bigint primary key,
      g text unique, h numeric(5,0), exclude using btree (h with =));
    create materialized view things.seen as select 1 as id`);
  const { taken, keys, tables, unloggedTables } = await inspectSequences(bind(database.client), {
    schemas: ["things"],
  });
  const names = taken.map(({ schema, name, kind }) => `${kind} ${schema}.${name}`);
  expect(names.sort()).toEqual([
    "composite type things.pair",
    "index things.pairs_b_d_excl",
    "index things.pairs_expr_idx",
    "index things.pairs_pkey",
    "index things.parts_c_key",
    "index things.parts_g_key",
    "index things.parts_h_excl",
    "index things.parts_pkey",
    "index things.split_1_pkey",
    "index things.split_pkey",
    "table things.fast",
    "table things.pairs",
    "table things.parts",
    "table things.split",
    "table things.split_1",
    "type things.mood",
    "type things.small",
    "view things.seen",
  ]);
  const alone = { schema: "things", table: "parts", fixedType: false, unique: true, partOfKey: false, hasRows: false };
  const of = (column: string, type: string, baseType = type) => ({ ...alone, column, type, baseType });
  const pair = { ...of("", "integer"), table: "pairs", unique: false, partOfKey: true, hasRows: true };
  expect(keys).toEqual([
    { ...pair, column: "a" },
    { ...pair, column: "b" },
    { ...pair, column: "c" },
    { ...pair, column: "d", type: "text", baseType: "text" },
    of("c", "things.small", "smallint"),
    of("f", "bigint"),
    of("g", "text"),
    of("h", "numeric(5,0)"),
    { ...of("a", "integer"), table: "split", fixedType: true },
    { ...of("a", "integer"), table: "split_1", fixedType: true },
  ]);
  expect(tables.map(({ table, columns }) => `${table}(${columns.join()})`).sort()).toEqual([
    "fast(a)",
    "pairs(a,b,c,d)",
    "parts(a,b,c,d,e,f,g,h)",
    "split(a)",
    "split_1(a)",
  ]);
  expect(unloggedTables).toEqual([{ schema: "things", table: "fast" }]);
  await database.client.unsafe("drop schema things cascade");
});

test("inspects the given schemas", async () => {
  const db = bind(database.client);
  const state = await inspectSequences(db, { schemas: ['we"ird', "no_such"] });
  expect(state.sequences.map(({ seqName }) => seqName)).toEqual(["Full Seq"]);
  expect(state.inspected).toEqual(['we"ird', "no_such"]);
  expect((await inspectSequences(db, { schemas: [] })).sequences).toEqual([]);
  await expect(inspectSequences(db, { schemas: "public" as never })).rejects.toThrow(
    'schemas must be a list of names, not "public"',
  );
});

/** A node of a plan, as `explain (analyze, format json)` shows it. */
interface PlanNode {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The most rows that a node of a plan has looked at. */
function mostRows(node: PlanNode): number {
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Join Filter"] ?? 0);
  const own = (node["Actual Rows"] + removed) * node["Actual Loops"];
  return Math.max(own, ...(node.Plans ?? []).map(mostRows));
}

/** Creates objects in a schema of their own, and returns the most rows that a part of the query looks at. */
async function mostRowsWith(setup: string): Promise<number> {
  let most = 0;
  const undone = database.client.begin(async (client) => {
    await client.unsafe(`create schema crowd; set local search_path = crowd; ${setup}`);
    const enter = enterCatalogPath({ views: false });
    await client.unsafe(enter.text, enter.values as never);
    const { text, values } = sequencesQuery((await serverVersion(database.client)) * 10_000, ["crowd"]);
    const [row] = await client.unsafe(`explain (analyze, timing off, format json) ${text}`, values as never);
    const [{ Plan: plan }] = row!["QUERY PLAN"] as [{ Plan: PlanNode }];
    most = mostRows(plan);
    throw new Error("undone");
  });
  await expect(undone).rejects.toThrow("undone");
  return most;
}

const listOf = (count: number, each: (index: number) => string, separator = "; ") =>
  Array.from({ length: count }, (_, index) => each(index)).join(separator);

test("many columns that take values from many sequences are not compared with each other", async () => {
  const [sequences, columns] = [20, 60];
  const most = await mostRowsWith(`
    ${listOf(sequences, (index) => `create sequence s${index}`)};
    create function draw() returns bigint begin atomic
      select ${listOf(sequences, (index) => `nextval('s${index}')`, " + ")}; end;
    create table t (${listOf(columns, (index) => `c${index} bigint default draw()`, ", ")})`);
  expect(most).toBeGreaterThanOrEqual(sequences * columns);
  expect(most).toBeLessThan(sequences * columns * 10);
});

test("code is searched for a name of several words only if it has the rarest of them", async () => {
  const body = `$$ begin perform nextval('"order-x-seq"'); end $$`;
  const most = await mostRowsWith(`
    ${listOf(200, (index) => `create sequence "order-${index}-seq"`)};
    ${listOf(200, (index) => `create function f${index}() returns void language plpgsql as ${body}`)}`);
  expect(most).toBeLessThan(20_000);
});

test("names of several words, and of none, are found in code", async () => {
  await database.client.unsafe(`
    create schema spoken; create sequence spoken."order-1-seq"; create sequence spoken."order-2-seq";
    create sequence spoken."---"; create sequence spoken." ";
    create function spoken.f() returns void language plpgsql as $$
      begin perform nextval('spoken."Order-1-Seq"'), nextval('spoken."---"'), 'order', 2; end $$`);
  const { sequences } = await inspectSequences(bind(database.client), { schemas: ["spoken"] });
  expect(sequences.map(({ seqName, namedIn }) => [seqName, namedIn.length])).toEqual([
    [" ", 1],
    ["---", 1],
    ["order-1-seq", 1],
    ["order-2-seq", 0],
  ]);
});

test("a session that waits for a lock of this one does not hide a position", async () => {
  await database.client.unsafe("create sequence held_seq");
  const other = database.connect({ max: 1 });
  await bind(database.client).begin(async (tx) => {
    await tx`select setval('held_seq', 7)`;
    const dropping = other`drop sequence held_seq`.execute();
    await expect
      .poll(() => database.client`select from pg_locks where relation = 'held_seq'::regclass and not granted`)
      .toHaveLength(1);
    const { sequences } = await inspectSequences(tx, { schemas: ["public"] });
    expect(sequences.find(({ seqName }) => seqName === "held_seq")).toMatchObject({ lastValue: 7n, isCalled: true });
    void dropping;
  });
  await expect.poll(() => database.client`select from pg_class where relname = 'held_seq'`).toHaveLength(0);
});
