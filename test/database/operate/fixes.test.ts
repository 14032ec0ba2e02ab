import { bind, type Database } from "nextval";
import { type HealthCode, type HealthProblem, type SequenceHealth, sequenceStatus } from "nextval/operate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HEALTH_CODES } from "../../../lib/operate/finding-codes.js";
import { MAX_MESSAGE } from "../../../lib/server/names.js";
import { serverVersion, useDatabase } from "../../support/database.js";

interface Case {
  readonly code: HealthCode;
  readonly what: string;
  /** Run in a schema of its own, with longer names. The sequence in question is called s, and its table t. */
  readonly setup: string;
  /** The role that looks. Default: the owner of everything. */
  readonly as?: string;
  /** Whether SQL solves it. Default: true. */
  readonly cured?: boolean;
  /** The first version of the server that has it. */
  readonly since?: number;
}

/** A role that may use the schemas, and no more. */
const READER = "nextval_fix_reader";
const WRITER = "nextval_fix_writer";

const CASES: readonly Case[] = [
  {
    code: "EXHAUSTED",
    what: "a bound",
    setup: "create sequence s maxvalue 5; select setval('s', 5)",
  },
  {
    code: "EXHAUSTED",
    what: "a lower bound",
    setup: "create sequence s increment -1 minvalue -5; select setval('s', -5)",
  },
  {
    code: "EXHAUSTED",
    what: "its type, and that of its column",
    setup:
      "create table t (id smallserial primary key); alter sequence t_id_seq rename to s; select setval('s', 32767)",
  },
  {
    code: "EXHAUSTED",
    what: "an identity column",
    setup: `create table t (id int generated always as identity (sequence name s) primary key);
      select setval('s', 2147483647)`,
  },
  {
    code: "EXHAUSTED",
    what: "bigint",
    setup: "create sequence s; select setval('s', 9223372036854775807)",
    cured: false,
  },
  {
    code: "DRAWN_ELSEWHERE",
    what: "a function",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      create function draw() returns bigint language plpgsql as $$ begin return nextval('s'); end $$`,
    cured: false,
  },
  {
    code: "NEARLY_EXHAUSTED",
    what: "a column, and a sequence that goes on",
    setup:
      "create sequence s; create table t (id int primary key default nextval('s')); select setval('s', 2000000000)",
  },
  {
    code: "NEARLY_EXHAUSTED",
    what: "a sequence that starts over in a key",
    setup:
      "create sequence s maxvalue 100 cycle; create table t (id int primary key default nextval('s')); " +
      "select setval('s', 95)",
  },
  ...["smallint", "integer", "numeric(3,0)", "numeric(5,2)", "varchar(4)"].flatMap((type): Case[] => [
    {
      code: "COLUMN_EXCEEDED",
      what: type,
      setup: `create sequence s; select setval('s', 4000000000);
        create table t (id ${type} default nextval('s'), n int)`,
    },
    {
      code: "COLUMN_NARROWER",
      what: type,
      setup: `create sequence s; create table t (id ${type} default nextval('s'), n int)`,
    },
  ]),
  {
    code: "COLUMN_NARROWER",
    what: "many columns",
    setup: `create sequence s; create table t (a int default nextval('s'), b int default nextval('s'),
      c int default nextval('s'),
      d int default nextval('s'), e int default nextval('s'))`,
  },
  {
    code: "COLUMN_NARROWER",
    what: "a partitioned table",
    setup: `create sequence s; create table t (id int default nextval('s'), at int) partition by range (at);
      create table t1 partition of t for values from (0) to (9)`,
  },
  ...Object.entries({
    "a view on it": "create view v as select id from t",
    "a policy": "create policy p on t using (id > 0)",
    "a trigger": `create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger f after update of id on t for each row execute function f()`,
    "a function": "create function f() returns bigint begin atomic select max(id) from t; end",
    "a generated column": "alter table t add g int generated always as (id + 1) stored",
  }).map(([what, more]): Case => ({
    code: "COLUMN_NARROWER",
    what,
    setup: `create sequence s; create table t (id int default nextval('s')); ${more}`,
    cured: false,
  })),
  {
    code: "COLUMN_NARROWER",
    what: "an inherited column",
    setup: `create sequence s; create table p (id int); create table t () inherits (p);
      alter table t alter id set default nextval('s')`,
    cured: false,
  },
  {
    code: "COLUMN_NARROWER",
    what: "a partition key",
    setup: "create sequence s; create table t (id int default nextval('s')) partition by range (id)",
    cured: false,
  },
  {
    code: "REFERENCE_NARROWER",
    what: "two foreign keys",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      create table u (order_id int references t, other_id smallint references t); select setval('s', 2000000000)`,
  },
  {
    code: "REFERENCE_NARROWER",
    what: "a view on the column",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      create table u (order_id int references t); create view v as select order_id from u`,
    cured: false,
  },
  {
    code: "IDS_BURNED",
    what: "upserts",
    setup: `create sequence s maxvalue 100000; create table t (id int primary key default nextval('s'), k int unique);
      insert into t (k) select n % 7 from generate_series(1, 40000) n on conflict do nothing; analyze t`,
    cured: false,
  },
  {
    code: "BEHIND_COLUMN",
    what: "a key",
    setup:
      "create table t (id bigserial primary key); alter sequence t_id_seq rename to s; insert into t values (1), (500)",
  },
  {
    code: "BEHIND_COLUMN",
    what: "several keys",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      create table u (id bigint primary key default nextval('s')); insert into t values (50);
      insert into u values (60)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "a column that is no key, downwards",
    setup: `create sequence s increment -2; create table t (id bigint default nextval('s')); create index on t (id);
      insert into t values (-51)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "a key of several columns",
    setup: `create sequence s; create table t (tenant int, id bigint default nextval('s'), primary key (tenant, id));
      insert into t values (1, 7), (2, 9)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "no value is left after the rows",
    setup: `create table t (id int generated by default as identity (sequence name s maxvalue 3) primary key);
      insert into t values (1), (2), (3)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "no value is left in the type of an identity column",
    setup: `create table t (id int generated by default as identity (sequence name s) primary key);
      select setval('s', 2147483646); insert into t values (2147483647)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "no value is left in sequence and column",
    setup: `create table t (id serial primary key); alter sequence t_id_seq rename to s;
      select setval('s', 2147483640); insert into t values (2147483641), (2147483647)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "the end of bigint",
    setup: `create table t (id bigserial primary key); alter sequence t_id_seq rename to s;
      select setval('s', 9223372036854775807, false); insert into t values (9223372036854775807)`,
    cured: false,
  },
  {
    code: "BEHIND_COLUMN",
    what: "a region of another server",
    setup: `create table t (id bigserial primary key); alter sequence t_id_seq rename to s;
      insert into t values (9000000000000000000)`,
  },
  {
    code: "BEHIND_COLUMN",
    what: "a sequence that cycles",
    setup: `create sequence s maxvalue 100 cycle; create table t (id int primary key default nextval('s'));
      insert into t values (1), (2)`,
  },
  {
    code: "BETWEEN_STEPS",
    what: "a key that programs fill",
    setup: `create sequence s increment 20; create table t (id bigint primary key); alter sequence s owned by t.id;
      insert into t values (50)`,
    cured: false,
  },
  {
    code: "NOT_COMPARED",
    what: "no privilege",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      grant select on s to ${READER}`,
    as: READER,
  },
  {
    code: "NOT_COMPARED",
    what: "row security",
    setup: `create sequence s; create table t (id bigint primary key default nextval('s'));
      grant select on s, t to ${READER};
      alter table t enable row level security`,
    as: READER,
    cured: false,
  },
  {
    code: "NOT_COMPARED",
    what: "no index",
    setup: "create sequence s; create table t (id bigint default nextval('s'))",
    cured: false,
  },
  { code: "NOT_ATTACHED", what: "only programs draw", setup: "create sequence s", cured: false },
  {
    code: "USAGE_MISSING",
    what: "two roles",
    setup: `create sequence s; create table t (id bigint default nextval('s')); grant insert on t to ${WRITER}, public`,
  },
  {
    code: "UNLOGGED",
    what: "two tables",
    setup: `create unlogged sequence s; create table t (id bigint default nextval('s'));
      create table u (id bigint default nextval('s'))`,
    since: 15,
  },
  { code: "CACHE_LOST", what: "a cache", setup: "create sequence s cache 20" },
  { code: "UNREADABLE", what: "no privilege", setup: "create sequence s", as: READER },
];

/** Names of 30 characters, as long as they usually are. */
const SEQUENCE = "customer_invoice_positions_seq";
const TABLE = "customer_invoice_positions_new";
const named = (setup: string) =>
  setup.replaceAll(/\bs\b/g, SEQUENCE).replaceAll(/\bt\b/g, TABLE).replaceAll("t_id_seq", `${TABLE}_id_seq`);

const database = useDatabase();
let db: Database;
let version = 0;

/** Reads each schema as each role that has a case there. */
async function look(): Promise<Map<string, SequenceHealth>> {
  const found = new Map<string, SequenceHealth>();
  for (const role of [undefined, READER]) {
    const schemas = CASES.flatMap(({ as, since = 0 }, index) =>
      as === role && since <= version ? [`fix_${index}`] : [],
    );
    const health = await db.session(async (session) => {
      if (role === undefined) return sequenceStatus(session, { schemas });
      await session`set role nextval_fix_reader`;
      const health = await sequenceStatus(session, { schemas });
      await session`reset role`;
      return health;
    });
    for (const each of health.sequences) found.set(each.sequence.schema, each);
  }
  return found;
}

const dropRoles = `drop role if exists ${READER}, ${WRITER}`;

describe("every fix of a problem solves it", () => {
  let before: Map<string, SequenceHealth>;
  let after: Map<string, SequenceHealth>;
  const problemOf = (found: Map<string, SequenceHealth>, index: number, code: HealthCode): HealthProblem | undefined =>
    found.get(`fix_${index}`)?.problems.find((each) => each.code === code);

  beforeAll(async () => {
    db = bind(database.client);
    version = await serverVersion(database.client);
    await database.client.unsafe(`${dropRoles}; create role ${READER}; create role ${WRITER}`);
    for (const [index, { setup, since = 0 }] of CASES.entries()) {
      const schema = `fix_${index}`;
      if (since <= version) {
        await database.client.unsafe(`create schema ${schema}; grant usage on schema ${schema} to public;
          set search_path to ${schema}; ${named(setup)}; reset search_path`);
      }
    }
    before = await look();
    for (const [index, { code }] of CASES.entries()) {
      const fix = problemOf(before, index, code)?.fix;
      if (fix !== undefined) await database.client.unsafe(fix);
    }
    after = await look();
  });

  afterAll(async () => {
    await database.client.unsafe(`drop owned by ${READER}, ${WRITER}; ${dropRoles}`);
  });

  test.each(CASES.map((each, index) => [each.code, each.what, index] as const))("%s: %s", (code, _what, index) => {
    const { cured = true, since = 0 } = CASES[index]!;
    if (since > version) return expect(before.has(`fix_${index}`)).toBe(false);
    const problem = problemOf(before, index, code);
    expect(problem).toBeDefined();
    expect(problem?.hint).toMatch(/^[A-Z].*\.$|: alter sequence /);
    expect(problem?.message.startsWith(`fix_${index}.${SEQUENCE}: `)).toBe(true);
    if (cured) {
      expect(problem?.fix).toMatch(/^(alter|grant) [^]*[^;]$/);
      expect(problemOf(after, index, code)).toBeUndefined();
      expect(after.get(`fix_${index}`)?.problems.filter(({ level }) => level !== "ok")).toEqual([]);
    } else expect(problem).not.toHaveProperty("fix");
  });

  test("every code has a case", () => {
    expect(new Set(CASES.map(({ code }) => code))).toEqual(new Set(HEALTH_CODES));
  });

  test("no message or hint is long", () => {
    const texts = [...before.values()].flatMap(({ problems }) =>
      problems.flatMap(({ message, hint = "" }) => [message, hint]),
    );
    // Numbers rarely have more than ten digits.
    const usual = texts.map((text) => text.replaceAll(/\d{10,}/g, "1234567890"));
    expect(usual.filter((text) => text.length > MAX_MESSAGE)).toEqual([]);
  });
});
