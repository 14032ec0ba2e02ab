import { bind, type Database, pgSchema, pgSequence, type SequenceLike } from "nextval";
import { applyPlan, inspectSequences, planChanges, type PlanOptions } from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase({ onnotice: () => {} });
const purchaseSeq = pgSequence("purchases_id_seq", {
  as: "integer",
  ownedBy: { table: "purchases", column: "id" },
});
const orderSeq = pgSequence("orders_id_seq", { ownedBy: { table: "orders", column: "id" } });
let db: Database;

beforeEach(async () => {
  db = bind(database.client);
  await database.client.unsafe(
    "drop schema public cascade; drop schema if exists app cascade; create schema public; create schema app",
  );
});

async function planned(declared: readonly SequenceLike[], options?: PlanOptions) {
  return planChanges(declared, await inspectSequences(db), options);
}

/** The questions, each in one text. */
async function questionsOf(declared: readonly SequenceLike[], options?: PlanOptions): Promise<string[]> {
  return (await planned(declared, options)).questions.map(
    ({ yes, message, otherwise }) => `${message} ${otherwise} (yes: ${yes})`,
  );
}

longTest("about a thousand sequences that a stranger has created, a plan asks ten for each declaration", async () => {
  await database.client.unsafe(`
    do $$ begin for i in 1..1000 loop execute format('create sequence decoy_%s_seq', i); end loop; end $$;
    create sequence sales_order_seq start 5`);
  const declared = Array.from({ length: 100 }, (_, index) => pgSequence(`new${index}_seq`));
  const { questions } = await planned([...declared, pgSequence("order_seq")]);
  expect(questions.length).toBe(101 * 10);
  // A shared word comes first.
  expect(questions.find(({ subject }) => subject === "order_seq")).toMatchObject({
    oldName: "public.sales_order_seq",
  });
  const answers = [...declared.map(({ seqName }) => seqName), "order_seq"];
  expect((await planned([...declared, pgSequence("order_seq")], { new: answers })).questions).toEqual([]);
});

describe("a new sequence whose column takes its values from another", () => {
  const QUESTION =
    "Is purchases_id_seq the new name of public.orders_id_seq, which is no longer declared, " +
    "feeds public.purchases.id and has " +
    "the same options? Otherwise purchases_id_seq begins at 1, " +
    "and public.purchases.id goes on drawing from public.orders_id_seq. (yes: rename)";

  beforeEach(async () => {
    await database.client.unsafe(`
      create table purchases (id serial primary key, v text);
      alter sequence purchases_id_seq rename to orders_id_seq;
      insert into purchases (v) values ('a'), ('b')`);
  });

  test("may be that one under a new name: the rename keeps its values", async () => {
    expect(await questionsOf([purchaseSeq])).toEqual([QUESTION]);
    const renames = { "public.orders_id_seq": "purchases_id_seq" };
    expect(await questionsOf([purchaseSeq], { renames })).toEqual([]);
    await applyPlan(db, await planned([purchaseSeq], { renames }));
    expect(await planned([purchaseSeq])).toMatchObject({ changes: [], pending: [], questions: [] });
    await database.client`insert into purchases (v) values ('c')`;
  });

  test("may be a new sequence, if the options say so", async () => {
    for (const name of ["purchases_id_seq", "public.purchases_id_seq"]) {
      expect(await questionsOf([purchaseSeq], { new: [name] })).toEqual([]);
    }
    const made = await planned([purchaseSeq], { new: ["purchases_id_seq"] });
    await applyPlan(db, made, { allow: ["KEY_HAS_ROWS"] });
    // An existing sequence is not asked about again.
    expect(await planned([purchaseSeq], { new: ["purchases_id_seq"] })).toMatchObject({ changes: [], questions: [] });
  });

  test("is asked about if the other only feeds the column, without belonging to it", async () => {
    await database.client`alter sequence orders_id_seq owned by none`;
    expect(await questionsOf([purchaseSeq])).toEqual([QUESTION]);
  });

  test("is asked about if the table was moved with its sequence", async () => {
    await database.client.unsafe("alter table purchases set schema app");
    const moved = QUESTION.replaceAll("public.", "app.");
    const advice = "If the table was moved to schema app, declare its sequence there.";
    expect(await questionsOf([purchaseSeq])).toEqual([moved.replace(" (yes", ` ${advice} (yes`)]);
    // In the schema of the table it is a question as well, but in a third one it is none if that has such a table.
    expect(
      await questionsOf([
        pgSchema("app").sequence("purchases_id_seq", { as: "integer", ownedBy: { table: "purchases", column: "id" } }),
      ]),
    ).toEqual([moved.replaceAll("purchases_id_seq", "app.purchases_id_seq")]);
    await database.client.unsafe("create table purchases (id int)");
    expect(await questionsOf([purchaseSeq])).toEqual([]);
  });

  test("is not asked about if the other is also declared", async () => {
    const other = pgSequence("orders_id_seq", { as: "integer", ownedBy: { table: "purchases", column: "id" } });
    expect(await questionsOf([purchaseSeq, other])).toEqual([]);
  });
});

describe("a sequence that comes to belong to a column", () => {
  test("is a question, and not pending, if the column's serial has created its own", async () => {
    await applyPlan(db, await planned([orderSeq]));
    await database.client`create table orders (id bigserial primary key)`;
    const made = await planned([orderSeq]);
    expect([made.changes.map(({ kind }) => kind), made.pending]).toEqual([["own"], []]);
    expect(await questionsOf([orderSeq])).toEqual([
      "orders_id_seq is to belong to public.orders.id, " +
        "which takes its values from another sequence public.orders_id_seq1. " +
        "Is orders_id_seq really a second sequence beside it? " +
        "Otherwise orders_id_seq may be the new name of public.orders_id_seq1: " +
        "drop orders_id_seq, if nothing draws from it, and rename the other. (yes: new)",
    ]);
    expect(await questionsOf([orderSeq], { new: ["orders_id_seq"] })).toEqual([]);
    // The way that the question tells leads there.
    await database.client`drop sequence orders_id_seq`;
    expect(await questionsOf([orderSeq])).toMatchObject({ length: 1 });
    await applyPlan(db, await planned([orderSeq], { renames: { orders_id_seq1: "orders_id_seq" } }));
    expect(await planned([orderSeq])).toMatchObject({ changes: [], pending: [], questions: [] });
    await database.client`insert into orders default values`;
  });

  test("is a question if the column's identity has its own, whether the sequence exists or not", async () => {
    await database.client`create table orders (id bigint generated always as identity)`;
    const second = pgSequence("order_numbers", { ownedBy: { table: "orders", column: "id" } });
    const question = (end: string) =>
      "order_numbers is to belong to public.orders.id, " +
      "which takes its values from its identity sequence public.orders_id_seq. " +
      "Is order_numbers really a second sequence beside it? " +
      `Otherwise take order_numbers out of the declarations${end}. (yes: new)`;
    expect(await questionsOf([second])).toEqual([question("")]);
    await database.client`create sequence order_numbers`;
    expect(await questionsOf([second])).toEqual([question(", and drop it")]);
    await database.client`alter sequence order_numbers owned by orders.id`;
    expect(await questionsOf([second])).toEqual([]);
  });

  test("is not a question if the column already draws from it", async () => {
    await database.client.unsafe(`
      create table orders (id bigserial); alter sequence orders_id_seq rename to old_seq; create sequence orders_id_seq;
      alter table orders alter id set default nextval('orders_id_seq')`);
    const made = await planned([orderSeq]);
    expect([made.changes.map(({ kind }) => kind), made.questions]).toEqual([["own"], []]);
  });
});

test("a name that is not declared is not an answer", async () => {
  await expect(planned([orderSeq], { new: ["order_id_seq"] })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: "order_id_seq: it cannot be new, because no declaration has that name",
  });
});
