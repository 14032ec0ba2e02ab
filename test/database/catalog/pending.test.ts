import { bind, type Database, pgSchema, pgSequence, type SequenceLike } from "nextval";
import {
  applyPlan,
  generateMigration,
  inspectSequences,
  type MigrationFormat,
  planChanges,
  type PlanOptions,
  pullDeclarations,
} from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { time } from "../../support/linear.js";
import { longTest } from "../../support/long-test.js";
import { folderOf } from "../../support/migration-folder.js";

const database = useDatabase({ onnotice: () => {} });
const orderSeq = pgSequence("orders_id_seq", { ownedBy: { table: "orders", column: "id" } });
const OWN = 'alter sequence "public"."orders_id_seq" owned by "public"."orders"."id"';
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

/** The pending owners, and their warnings. */
async function warningsOf(...declared: readonly SequenceLike[]): Promise<(string | null)[]> {
  return (await planned(declared)).pending.map(({ warning }) => warning);
}

describe("an owner that does not exist yet", () => {
  test("is pending, and everything else is applied", async () => {
    const other = pgSequence("other_seq", { comment: "no owner" });
    const made = await planned([orderSeq, other]);
    expect(made.changes.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      "create orders_id_seq",
      "create other_seq",
      "comment other_seq",
    ]);
    const pending = [
      {
        kind: "own",
        subject: "orders_id_seq",
        sql: OWN,
        inverse: 'alter sequence "public"."orders_id_seq" owned by none',
        message: "orders_id_seq: it cannot belong to orders.id yet, because there is no table public.orders",
        warning: null,
        hint:
          `Give orders.id default pg_catalog.nextval('"public"."orders_id_seq"'::pg_catalog.regclass), ` +
          "because a serial or identity column makes a sequence of its own, such as orders_id_seq1.",
      },
    ];
    expect(made.pending).toEqual(pending);
    expect(await applyPlan(db, made)).toEqual({ pending });
    // Nothing can be changed now, and applying that is not an error.
    const again = await planned([orderSeq, other]);
    expect([again.changes, again.pending]).toEqual([[], pending]);
    expect(await applyPlan(db, again)).toEqual({ pending });
  });

  test("is set by the next plan once the table has the column", async () => {
    await applyPlan(db, await planned([orderSeq]));
    await database.client`create table orders (v text)`;
    expect((await planned([orderSeq])).pending[0]?.message).toBe(
      "orders_id_seq: it cannot belong to orders.id yet, because public.orders has no column id",
    );
    await database.client`alter table orders add column id bigint primary key default nextval('orders_id_seq')`;
    const made = await planned([orderSeq]);
    expect([made.changes.map(({ sql }) => sql), made.pending, made.questions]).toEqual([[OWN], [], []]);
    expect(await applyPlan(db, made)).toEqual({ pending: [] });
    expect((await inspectSequences(db)).sequences[0]?.options.ownedBy).toEqual({ table: "orders", column: "id" });
  });

  longTest("two deployments at the same time: both apply the rest, and both report the pending owner", async () => {
    const made = await planned([orderSeq]);
    const others = [database.connect({ max: 1 }), database.connect({ max: 1 })];
    const reports = await Promise.all(others.map((client) => applyPlan(bind(client), made)));
    expect(reports.map(({ pending }) => pending.map(({ sql }) => sql))).toEqual([[OWN], [OWN]]);
  });

  longTest("a table that is created while the plan is applied is left to the next plan", async () => {
    await database.client.unsafe(`
      create function come() returns event_trigger language plpgsql as $$
        begin if current_query() like 'create sequence%' then create table orders (id bigint); end if; end $$;
      create event trigger come on ddl_command_end when tag in ('CREATE SEQUENCE') execute function come()`);
    try {
      const report = await applyPlan(db, await planned([orderSeq]));
      expect(report.pending.map(({ sql }) => sql)).toEqual([OWN]);
    } finally {
      await database.client`drop event trigger come`;
    }
    expect((await planned([orderSeq])).changes.map(({ sql }) => sql)).toEqual([OWN]);
  });

  test("a sequence that has another owner keeps it until then", async () => {
    await database.client.unsafe("create table old (id bigserial); alter sequence old_id_seq rename to orders_id_seq");
    const made = await planned([orderSeq]);
    expect([made.changes, made.questions]).toEqual([[], []]);
    expect(made.pending).toMatchObject([
      {
        inverse: 'alter sequence "public"."orders_id_seq" owned by "public"."old"."id"',
        warning: "the sequence belongs to public.old.id now, which may be the column under a new name",
        hint: "Declare the new name in ownedBy, or create orders.id.",
      },
    ]);
    await applyPlan(db, made);
    expect((await inspectSequences(db)).sequences[0]?.options.ownedBy).toEqual({ table: "old", column: "id" });
  });

  test("a sequence moves to another schema before its table does", async () => {
    await database.client.unsafe("create table orders (id bigserial)");
    const moved = pgSchema("app").sequence("orders_id_seq", { ownedBy: { table: "orders", column: "id" } });
    const made = await planned([moved], { renames: { "public.orders_id_seq": "app.orders_id_seq" } });
    expect(made.changes.map(({ kind }) => kind)).toEqual(["own", "move"]);
    expect((await applyPlan(db, made)).pending.map(({ warning }) => warning)).toEqual([
      "there is public.orders, which may be the table under a new name",
    ]);
    await database.client.unsafe("alter table orders set schema app");
    expect((await planned([moved])).changes.map(({ kind }) => kind)).toEqual(["own"]);
    await applyPlan(db, await planned([moved]));
    expect(await planned([moved])).toMatchObject({ changes: [], pending: [] });
  });

  test("the output of pull is pushed to an empty database, and again after its tables exist", async () => {
    const tables = `
      create table customers (id serial primary key); create table "Line Items" ("Id" bigserial);
      create table app.bills (id bigint generated always as identity, number serial)`;
    await database.client.unsafe(tables);
    const source = pullDeclarations(await inspectSequences(db));
    const declared = declarationsIn(source);
    expect(declared).toHaveLength(3);
    await database.client.unsafe("drop schema public cascade; drop schema app cascade; create schema public");
    const { pending } = await applyPlan(db, await planned(declared));
    expect(pending.map(({ subject }) => subject).sort()).toEqual([
      "Line Items_Id_seq",
      "app.bills_number_seq",
      "customers_id_seq",
    ]);
    await database.client.unsafe(`
      create table customers (id int primary key default nextval('customers_id_seq'));
      create table "Line Items" ("Id" bigint default nextval('"Line Items_Id_seq"'));
      create table app.bills (id bigint generated always as identity,
        number int default nextval('app.bills_number_seq'))`);
    expect(await applyPlan(db, await planned(declared))).toEqual({ pending: [] });
    expect(pullDeclarations(await inspectSequences(db))).toBe(source);
  });

  test("a view and a foreign table may own one; the server refuses other relations", async () => {
    await database.client.unsafe(`
      create view seen as select 1 as id; create materialized view kept as select 1 as id;
      create type pair as (id int); create type mood as enum ('good')`);
    const pendingOf = async (table: string) =>
      (await planned([pgSequence("a_seq", { ownedBy: { table, column: "id" } })])).pending.length;
    expect([
      await pendingOf("seen"),
      await pendingOf("kept"),
      await pendingOf("pair"),
      await pendingOf("mood"),
    ]).toEqual([0, 0, 0, 1]);
  });
});

describe("a similar name of what is missing", () => {
  const owned = (table: string, column = "id") => pgSequence("s", { ownedBy: { table, column } });

  test("is named: a table of another schema, of another case, or with a slip in it", async () => {
    await database.client.unsafe(`
      create table app.orders (id int); create table "Customers" (id int); create table "Table2" (id int)`);
    expect(await warningsOf(owned("orders"))).toEqual(["there is app.orders, which may be the table under a new name"]);
    expect(await warningsOf(owned("customers"))).toEqual([
      'there is public."Customers", which may be the table under a new name',
    ]);
    expect(await warningsOf(owned("Table1"))).toEqual([
      'there is public."Table2", which may be the table under a new name',
    ]);
    expect(await warningsOf(owned("invoices"))).toEqual([null]);
  });

  test("is named: a column of the table", async () => {
    await database.client.unsafe('create table orders ("Id" int, order_no int, x int)');
    expect(await warningsOf(owned("orders"))).toEqual([
      'there is public.orders."Id", which may be the column under a new name',
    ]);
    expect(await warningsOf(owned("orders", "order_nr"))).toEqual([
      "there is public.orders.order_no, which may be the column under a new name",
    ]);
    expect(await warningsOf(owned("orders", "y"))).toEqual([null]);
  });

  test("is not a table that another declaration names as its owner", async () => {
    await database.client.unsafe("create table orders_2025 (id int); create table app.orders_2026 (id int)");
    const declared = [
      pgSequence("a_seq", { ownedBy: { table: "orders_2025", column: "id" } }),
      pgSchema("app").sequence("a_seq", { ownedBy: { table: "orders_2026", column: "id" } }),
    ];
    expect(await warningsOf(...declared, owned("orders_2026"))).toEqual([null]);
  });

  longTest("is found quickly among thousands", async () => {
    const state = await inspectSequences(db);
    const numbers = Array.from({ length: 1500 }, (_, index) => index);
    const tables = numbers.map((number) => ({ schema: "public", table: `table_${number}`, columns: ["id"] }));
    const declared = numbers.map((number) =>
      pgSequence(`${number}_seq`, { ownedBy: { table: `table_${number}_old`, column: "id" } }),
    );
    // CPU time of this process: comparing each with each takes more than twice as long.
    const milliseconds = time(() => expect(planChanges(declared, { ...state, tables }).pending).toHaveLength(1500));
    expect(milliseconds).toBeLessThan(3_000);
  });
});

const FILES_OF_SQL: MigrationFormat[] = [
  "sql",
  "atlas",
  "dbmate",
  "drizzle",
  "flyway",
  "goose",
  "graphile-migrate",
  "node-pg-migrate",
  "prisma",
];

describe.each(FILES_OF_SQL)("generate: %s", (format) => {
  test("pending owners are a separate migration, which runs after the tables", async () => {
    const [first, second] = await filesOf("0009_first");
    expect([first?.includes("create sequence"), first?.includes("owned by")]).toEqual([true, false]);
    expect(second).toContain(
      "-- PENDING: run this after the migrations that create the tables and columns that it names.\n" +
        "-- Pending: orders_id_seq: it cannot belong to orders.id yet, because there is no table public.orders\n",
    );
    await database.client.unsafe(upOf(first!));
    await expect(database.client.unsafe(upOf(second!))).rejects.toMatchObject({ code: "42P01" });
    await database.client`create table orders (id bigint default nextval('orders_id_seq'))`;
    await database.client.unsafe(upOf(second!));
    expect(await planned([orderSeq])).toMatchObject({ changes: [], pending: [] });
    await database.client.unsafe(downOf(second!));
    expect((await planned([orderSeq])).changes.map(({ sql }) => sql)).toEqual([OWN]);
  });

  test("it has the next name and comes second; alone it has the given name", async () => {
    const at = new Date("2026-01-31T23:59:59.999Z");
    const made = await planned([orderSeq]);
    const names = pathsOf(made, { name: "0099_x", format, at, folder: folderOf() });
    const [first, second] = [names.slice(0, names.length / 2), names.slice(names.length / 2)];
    expect(first.every((name, index) => name < second[index]!)).toBe(true);
    expect(second.every((name) => /0100[_-]x[_-]owners/.test(name))).toBe(true);
    await applyPlan(db, made);
    const alone = pathsOf(await planned([orderSeq]), { name: "x", format, at, folder: folderOf() });
    expect(alone).toHaveLength(first.length);
    expect(alone.every((name) => /x[_-]owners/.test(name))).toBe(true);
  });

  /** Both parts, each as one text. */
  async function filesOf(name: string): Promise<string[]> {
    const files = generateMigration(await planned([orderSeq]), { name, format, folder: folderOf() });
    return [false, true].map((second) =>
      files
        .filter(({ path }) => path.endsWith(".sql") && path.includes("owners") === second)
        .map(({ content }) => content)
        .join("\n-- the way back\n"),
    );
  }

  const BACK = /^-- (the way back|migrate:down|\+goose Down|Down Migration|The way back, .*)\n/m;
  const upOf = (text: string) => text.split(BACK)[0]!;
  const downOf = (text: string) => text.split(BACK)[2]!.replaceAll(/^-- (?=alter)/gm, "");
  const pathsOf = (...given: Parameters<typeof generateMigration>) =>
    generateMigration(...given)
      .map(({ path }) => path)
      .filter((path) => path.endsWith(".sql"));
});

/** The sequences that a source declares. */
function declarationsIn(source: string): SequenceLike[] {
  const names = [...source.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
  const body = source.replace(/^import .*$/m, "").replaceAll(/^export /gm, "");
  const make = new Function("pgSchema", "pgSequence", `${body}; return [${names.join(", ")}];`) as (
    ...given: unknown[]
  ) => object[];
  return make(pgSchema, pgSequence).filter((each): each is SequenceLike => "seqName" in each);
}
