import { bind, type Database, nextval, pgSchema, pgSequence, sql } from "nextval";
import { inspectSequences, planChanges } from "nextval/catalog";
import {
  applyResync,
  planResync,
  type ResyncPlan,
  type SequenceFeed,
  sequenceStatus,
  type StatusOptions,
  type JsonOf,
  toJson,
} from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/*
 * A program that draws ids in its templates leaves no trace in the catalog. It says which column it fills.
 */

const database = useDatabase();
let db: Database;
const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  db = bind(database.client);
  await run(`drop schema if exists public, billing, other cascade; create schema public; create schema billing;
    create schema other`);
});

/** The problems of a sequence that matter, by its name. */
async function problemsOf(name: string, options: StatusOptions) {
  const { sequences } = await sequenceStatus(db, options);
  return sequences.flatMap(({ sequence, problems }) => (sequence.name === name ? problems : []));
}

test("a column that a declaration names is compared and resynced like one that owns the sequence", async () => {
  const orderSeq = pgSequence("order_seq", { feeds: { table: "orders", column: "id" } });
  await run("create sequence order_seq; create table orders (id bigint primary key, note text)");
  const insert = () => db.query(sql`insert into orders (id, note) values (${nextval(orderSeq)}, ${"a"})`);
  await insert();
  await run("insert into orders select n, 'imported' from generate_series(2, 50) n");
  await expect(insert()).rejects.toMatchObject({ code: "23505" });

  expect(await problemsOf("order_seq", {})).toMatchObject([{ code: "NOT_ATTACHED", level: "ok", columns: [] }]);
  expect(await planResync(db)).toMatchObject({
    moves: [],
    skips: [{ sequence: { name: "order_seq" }, reason: "no column is known that it feeds" }],
  });

  const known = { declarations: [orderSeq] };
  const [problem] = await problemsOf("order_seq", known);
  expect(problem).toMatchObject({
    code: "BEHIND_COLUMN",
    level: "critical",
    message: "public.order_seq: its next value is 3, but public.orders.id goes to 50: inserts fail with 23505",
    fix: 'alter sequence "public"."order_seq" restart with 51',
  });
  const plan = await planResync(db, known);
  expect(plan.moves).toMatchObject([{ column: { table: "orders", column: "id" }, from: 3n, to: 51n }]);
  // A plan can be reviewed, and kept as JSON.
  const kept = JSON.parse(JSON.stringify(toJson(plan))) as JsonOf<ResyncPlan>;
  expect((await applyResync(db, kept)).moves).toMatchObject([{ to: 51n }]);
  await insert();
  expect(await problemsOf("order_seq", known)).toEqual([]);

  await run("insert into orders values (60, 'imported')");
  await run((await problemsOf("order_seq", known))[0]!.fix!);
  await insert();
  expect(await db.query(sql`select max(id) as id from orders`)).toMatchObject([{ id: 61n }]);
});

test("no plan changes a database because of feeds and blocks", async () => {
  await run("create sequence order_seq increment 10");
  const declared = pgSequence("order_seq", {
    increment: 10,
    feeds: [{ table: "gone", column: "id" }],
    blocks: "upwards",
  });
  const plan = planChanges([declared], await inspectSequences(db));
  expect(plan).toMatchObject({ changes: [], pending: [], questions: [] });
});

longTest("sequences that no declaration names: by a pattern, in other schemas, and several columns", async () => {
  await run(`
    create sequence billing.id_seq; create table billing.docs (id bigint primary key);
    create sequence other.id_seq; create table other.docs (id bigint primary key);
    create table billing.more (id bigint primary key);
    insert into billing.docs values (5); insert into billing.more values (9); insert into other.docs values (7)`);
  const movesOf = async (...feeds: SequenceFeed[]) =>
    (await planResync(db, { feeds })).moves.map(({ sequence, to }) => [sequence.schema, to]);
  const docs = { table: "docs", column: "id" };
  expect(await movesOf({ sequence: "id_seq", ...docs })).toEqual([
    ["billing", 6n],
    ["other", 8n],
  ]);
  expect(await movesOf({ sequence: '"billing"."id_seq"', ...docs })).toEqual([["billing", 6n]]);
  expect(await movesOf({ sequence: "other.*", ...docs, schema: "billing" })).toEqual([["other", 6n]]);
  expect(await movesOf({ sequence: { schema: "billing", name: "id_seq" }, table: "more", column: "id" })).toEqual([
    ["billing", 10n],
  ]);
  expect(await movesOf({ sequence: { schema: "billing", name: "*" }, ...docs })).toEqual([]);
  const feeds = [docs, { schema: "other", table: "docs", column: "id" }];
  const declarations = [pgSchema("billing").sequence("id_seq", { feeds })];
  expect((await planResync(db, { declarations })).moves).toMatchObject([{ sequence: { schema: "billing" }, to: 8n }]);
});

test("a declaration without a schema means the sequence that the search_path finds", async () => {
  await run("create sequence other.s; create sequence billing.s; create table billing.t (id bigint primary key)");
  await run("insert into billing.t values (3)");
  const declarations = [pgSequence("s", { feeds: { table: "t", column: "id" } })];
  const session = bind(database.connect({ connection: { search_path: "billing, other" } }));
  expect((await planResync(session, { declarations })).moves).toMatchObject([{ sequence: { schema: "billing" } }]);
  expect((await planResync(db, { declarations })).moves).toEqual([]);
});

test("what is known already stays as it is, and a default of its own is named", async () => {
  await run(`
    create sequence s; create sequence o;
    create table a (id bigint primary key default nextval('s'));
    create table b (id bigint primary key default nextval('o'), n int unique default 7)`);
  const columns = async (...feeds: SequenceFeed[]) => {
    const { sequences, unmatched } = await sequenceStatus(db, { feeds });
    const own = sequences.find(({ sequence }) => sequence.name === "s")!;
    return [own.columns.map(({ table, column, notCompared }) => [`${table}.${column}`, notCompared]), unmatched.feeds];
  };
  const isKnown = { sequence: "s", table: "a", column: "id" };
  expect(await columns(isKnown)).toEqual([[["a.id", null]], []]);
  const another = { sequence: "s", table: "b", column: "n" };
  expect(await columns(another)).toEqual([
    [
      ["a.id", null],
      ["b.n", "its default is 7"],
    ],
    [],
  ]);
  // It draws from another sequence.
  const wrong = { sequence: "s", table: "b", column: "id" };
  expect(await columns(wrong)).toEqual([[["a.id", null]], [wrong]]);
});

longTest(
  "a column or sequence that does not exist is reported, unless it is declared and not created yet",
  async () => {
    await run("create sequence s; create table t (id bigint)");
    const unmatchedOf = async (options: StatusOptions) => {
      const { feeds } = (await sequenceStatus(db, options)).unmatched;
      expect((await planResync(db, options)).unmatched.feeds).toEqual(feeds);
      return feeds;
    };
    const gone = [
      { sequence: "s", table: "t", column: "idd" },
      { sequence: "s", table: "tt", column: "id" },
      { sequence: "gone_*", table: "t", column: "id" },
    ];
    expect(await unmatchedOf({ feeds: [...gone, { sequence: "s", table: "t", column: "id" }] })).toEqual(gone);
    expect(await unmatchedOf({ feeds: [{ ...gone[0]!, sequence: "billing.s" }], schemas: ["public"] })).toEqual([]);
    const target = { table: "t", column: "idd" };
    const declarations = [pgSequence("s", { feeds: target }), pgSequence("later", { feeds: target })];
    expect(await unmatchedOf({ declarations })).toEqual([{ sequence: { schema: "public", name: "s" }, ...target }]);
  },
);

test.each<[string, StatusOptions]>([
  ["takes declarations as a list of sequences", { declarations: [{ seqName: "s" }] as never }],
  ["takes declarations as a list of sequences", { declarations: pgSequence("s") as never }],
  ["takes feeds as a list, not an object", { feeds: {} as never }],
  ["feeds has an entry that is not an object", { feeds: ["s"] as never }],
  ['feeds has an unknown option "tabel"', { feeds: [{ sequence: "s", tabel: "t", column: "id" }] as never }],
  ["feeds has an entry without the name of a sequence", { feeds: [{ table: "t", column: "id" }] as never }],
  ["feeds has a wrong entry, because feeds.table is empty", { feeds: [{ sequence: "s", table: "", column: "id" }] }],
  [
    "feeds has a wrong entry, because blocks must be upwards or downwards, not up",
    { feeds: [{ sequence: "s", table: "t", column: "id", blocks: "up" as never }] },
  ],
])("refused: %s", async (problem, options) => {
  await expect(sequenceStatus(db, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(sequenceStatus(db, options)).rejects.toThrow(problem);
  await expect(planResync(db, options)).rejects.toThrow(problem);
});
