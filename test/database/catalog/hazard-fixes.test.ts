import { bind, type Database, pgSchema, type SequenceOptions } from "nextval";
import { type Hazard, type HazardCode, inspectSequences, planChanges, type PlanOptions } from "nextval/catalog";
import { beforeAll, describe, expect, test } from "vitest";
import { ALLOWABLE_CODES, BLOCKED_CODES } from "../../../lib/catalog/plan/hazards/hazard-codes.js";
import { MAX_MESSAGE } from "../../../lib/server/naming.js";
import { serverVersion, useDatabase } from "../../support/database.js";

interface Case {
  readonly code: HazardCode;
  readonly what: string;
  /** Run in a schema of its own, with longer names. The sequence is called s, and a table t. */
  readonly setup: string;
  /** The options of the declaration, whose column is `t.id` if it is owned. */
  readonly options?: SequenceOptions;
  readonly owned?: true;
  /** The name of the declaration, if it is not that of the sequence. */
  readonly name?: string;
  readonly plan?: PlanOptions;
  /** Whether SQL helps before the plan is applied. Default: false. */
  readonly cured?: true;
}

/** Names of 30 characters, as long as they usually are. */
const SEQUENCE = "customer_invoice_positions_seq";
const TABLE = "customer_invoice_positions_new";
const RENAMED = "customer_invoices_positions_seq";

const FED = "create sequence s; create table t (id bigint primary key default nextval('s'))";

const CASES: readonly Case[] = [
  { code: "CACHE_BREAKS_ORDER", what: "a column", setup: FED, options: { cache: 10 } },
  {
    code: "CACHE_BREAKS_ORDER",
    what: "many columns",
    setup: `create sequence s; create table t (a bigint default nextval('s'), b bigint default nextval('s'),
      c bigint default nextval('s'), d bigint default nextval('s'))`,
    options: { cache: 10 },
  },
  { code: "CACHE_STALLS_SERVER", what: "long", setup: FED, options: { cache: 100_000 } },
  { code: "CACHE_STALLS_SERVER", what: "too long", setup: FED, options: { cache: 2_000_000_000 } },
  {
    code: "CURRENT_VALUE_EXCLUDED",
    what: "a bound",
    setup: `${FED}; select setval('s', 200)`,
    options: { maxValue: 100 },
  },
  { code: "CYCLE_REPEATS_KEYS", what: "a key", setup: FED, options: { cycle: true } },
  {
    code: "CYCLE_REPEATS_KEYS",
    what: "a key of several columns",
    setup: "create sequence s; create table t (id bigint default nextval('s'), n int, primary key (n, id))",
    options: { cycle: true },
  },
  { code: "DROPS_SEQUENCE", what: "prune", setup: "create sequence s", name: "other", plan: { prune: true } },
  { code: "ENDS_SEQUENCE", what: "a bound", setup: `${FED}; select setval('s', 100)`, options: { maxValue: 100 } },
  { code: "INCREMENT_CHANGED", what: "larger", setup: FED, options: { increment: 10 } },
  {
    code: "INCREMENT_CHANGED",
    what: "turned",
    setup: FED,
    options: { increment: -1, minValue: -5, maxValue: 100, startWith: 1 },
  },
  {
    code: "KEY_HAS_ROWS",
    what: "a new sequence",
    setup: "create table t (id bigint primary key); insert into t values (1)",
    owned: true,
  },
  {
    code: "LOCKS_INSERTS",
    what: "many rows",
    setup: `${FED}; insert into t select generate_series(1, 100001); select pg_stat_force_next_flush()`,
    options: { maxValue: 2 ** 50 },
  },
  {
    code: "NAMED_IN_TEXT",
    what: "two defaults",
    setup: `create sequence s; create table t (id bigint default nextval('schema.s'::text), n bigint default nextval('schema.s'::text))`,
    name: RENAMED,
    plan: { renames: { s: RENAMED } },
    cured: true,
  },
  {
    code: "NAMED_IN_TEXT",
    what: "a function",
    setup: `create sequence s; create function next_number() returns bigint language sql as 'select nextval(''schema.s'')'`,
    name: RENAMED,
    plan: { renames: { s: RENAMED } },
  },
  { code: "NAME_TAKEN", what: "a table", setup: "create table s (id int)" },
  {
    code: "NAME_REUSED",
    what: "a swap",
    setup: `create sequence s; create sequence ${RENAMED}`,
    plan: { renames: { [RENAMED]: "s", s: RENAMED } },
  },
  { code: "NARROWER_TYPE", what: "integer", setup: "create sequence s", options: { as: "integer" } },
  ...["smallint", "integer", "numeric(3,0)", "numeric(5,2)", "varchar(4)"].map((type): Case => ({
    code: "WIDER_THAN_COLUMN",
    what: type,
    setup: `create sequence s maxvalue 9; create table t (id ${type} default nextval('s'))`,
    cured: true,
  })),
  {
    code: "WIDER_THAN_COLUMN",
    what: "two columns of other types",
    setup:
      "create sequence s maxvalue 9; create table t (id int default nextval('s'), n smallint default nextval('s'))",
    cured: true,
  },
  {
    code: "WIDER_THAN_COLUMN",
    what: "a view on it",
    setup:
      "create sequence s maxvalue 9; create table t (id int default nextval('s')); create view v as select id from t",
  },
  {
    code: "WIDER_THAN_COLUMN",
    what: "a new owner",
    setup: "create table t (id int primary key)",
    owned: true,
    cured: true,
  },
  { code: "WIDER_THAN_COLUMN", what: "a real", setup: "create table t (id real primary key)", owned: true },
  {
    code: "WIDER_THAN_COLUMN",
    what: "a check",
    setup: "create sequence s maxvalue 9; create table t (id bigint default nextval('s') check (id < 10))",
  },
  { code: "NEEDS_POSTGRES_15", what: "14", setup: "create sequence s", options: { unlogged: true } },
  { code: "UNLOGGED_STARTS_OVER", what: "the sequence", setup: "create sequence s", options: { unlogged: true } },
  {
    code: "UNLOGGED_STARTS_OVER",
    what: "of a logged table",
    setup: "create table t (id bigint primary key)",
    owned: true,
    options: { unlogged: true },
  },
  { code: "LOGGED_FROM_CHECKPOINT", what: "the sequence", setup: "create unlogged sequence s" },
];

const database = useDatabase();
let db: Database;
let version = 0;

const named = (setup: string, schema = "") =>
  setup.replaceAll("schema.", `${schema}.`).replaceAll(/\bs\b/g, SEQUENCE).replaceAll(/\bt\b/g, TABLE);

async function hazardsOf({ options = {}, owned, name = "s", plan = {} }: Case, schema: string): Promise<Hazard[]> {
  const state = await inspectSequences(db, { schemas: [schema] });
  const declare = (name: string) =>
    pgSchema(schema).sequence(named(name), {
      ...(options as {}),
      ...(owned ? { ownedBy: { table: TABLE, column: "id" } } : {}),
    });
  const declared = Object.keys(plan.renames ?? {}).length > 1 ? [declare(name), declare(RENAMED)] : [declare(name)];
  const renames = Object.entries(plan.renames ?? {}).map(([from, to]) => [
    `${schema}.${named(from)}`,
    `${schema}.${named(to)}`,
  ]);
  const made = planChanges(
    declared,
    { ...state, serverVersion: version },
    { ...plan, renames: Object.fromEntries(renames) },
  );
  return made.changes.flatMap(({ hazards }) => hazards);
}

describe("every fix of a hazard ends it", () => {
  beforeAll(async () => {
    db = bind(database.client);
  });

  test.each(CASES.map((each, index) => [each.code, each.what, index] as const))(
    "%s: %s",
    async (code, _what, index) => {
      const given = CASES[index]!;
      const real = await serverVersion(database.client);
      version = code === "NEEDS_POSTGRES_15" ? 140_000 : (await inspectSequences(db, { schemas: [] })).serverVersion;
      if (given.setup.includes("unlogged") && real < 15) return;
      const schema = `fix_${index}`;
      const setup =
        real < 15 ? given.setup.replace("select pg_stat_force_next_flush()", "select pg_sleep(1)") : given.setup;
      await database.client.unsafe(
        `create schema ${schema}; set search_path to ${schema}; ${named(setup, schema)}; reset search_path`,
      );
      const hazard = (await hazardsOf(given, schema)).find((each) => each.code === code);
      expect(hazard).toBeDefined();
      expect(hazard?.hint).toMatch(/^[A-Z].*\.$/);
      for (const text of [hazard?.message, hazard?.hint]) {
        // Numbers rarely have more than ten digits.
        expect(text?.replaceAll(/\d{10,}/g, "1234567890").length, text).toBeLessThanOrEqual(MAX_MESSAGE);
      }
      if (given.cured !== true) return expect(hazard).not.toHaveProperty("fix");
      expect(hazard?.fix).toMatch(/^alter [^]*[^;]$/);
      await database.client.unsafe(hazard?.fix ?? "");
      expect(await hazardsOf(given, schema)).toEqual([]);
    },
  );

  test("every code has a case", () => {
    expect(new Set(CASES.map(({ code }) => code))).toEqual(new Set([...ALLOWABLE_CODES, ...BLOCKED_CODES]));
  });
});
