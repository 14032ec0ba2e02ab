import { sql as drizzleSql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import knexOf from "knex";
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import * as nextval from "nextval";
import * as allocate from "nextval/allocate";
import * as catalog from "nextval/catalog";
import { fromDrizzle, toDrizzle } from "nextval/drizzle";
import { toKnex } from "nextval/knex";
import { fromKysely, toKysely } from "nextval/kysely";
import * as operate from "nextval/operate";
import { describe, expect, test } from "vitest";
import { workflowCommand } from "../../lib/cli/terminal/annotation.js";
import { printable, printableJson, printableLine, withoutCommands } from "../../lib/cli/terminal/escape.js";
import { rememberUrlSecrets, maskUrls, redact, redactThrown } from "../../lib/cli/terminal/redact.js";
import { isPlaceOfValue } from "../../lib/drivers/postgres-js/invalidated.js";
import { kindOf } from "../../lib/handle/rules/first-words.js";
import { writeValues } from "../../lib/handle/values/write-values.js";
import { MOST, slowdown } from "../support/linear.js";

type Sql = nextval.Sql;
const { pgSchema, pgSequence, sql } = nextval;
const seq = pgSequence("order_seq");
const knex = knexOf({ client: "pg" });
const kysely = new Kysely<{ orders: { note: string } }>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Repeated, with an end that no rule expects. */
const PUMPS = [
  ..."\"'-$ \n\\/?:@a9%=.{",
  '"a',
  "$a",
  "$1 = ",
  "$<",
  "$<a>",
  "--",
  "--\n",
  "/*",
  "*/",
  "''",
  "\\'",
  "E'",
  "'\n--",
  "#\u200d",
  "\n\u200d:",
  "a://",
  "?=",
  "a:",
  "\ud83d\ude42",
  "\u0301",
  "\ud800",
];

/** A database whose only sequence has this comment. */
function state(comment: string): catalog.DatabaseState {
  const { mode: _mode, feeds: _feeds, blocks: _blocks, ...options } = nextval.resolveOptions(seq);
  const sequence = { schema: "public", seqName: "order_seq", options: { ...options, comment }, definedBy: "user" };
  const known = { feeds: [], isReferenced: false, namedIn: [], lastValue: 1n, isCalled: true, missingPrivileges: [] };
  const places = {
    inspected: null,
    defaultSchema: "public",
    searchPath: ["public"],
    pathNames: [],
    schemas: ["public"],
  };
  const others = { serverVersion: 180000, otherSequences: [], taken: [], keys: [] };
  return { ...places, ...others, sequences: [{ ...sequence, ...known }] } as unknown as catalog.DatabaseState;
}

const tried = (run: (text: string) => unknown) => (text: string) => {
  try {
    return run(text);
  } catch {
    return undefined;
  }
};

const written = (fragment: Sql) => writeValues(fragment, { parameter: (text) => text });

/** Every public function that accepts text, and those of the command that see text from outside. */
const TAKES_TEXT: Readonly<Record<string, (text: string) => unknown>> = {
  "sql: a value": (text) => sql`select ${text}`.text,
  "sql: an array": (text) => sql`select ${[text]}`.text,
  "sql: a value in JSON": (text) => sql`select ${{ a: text }}`.text,
  "sql.json": (text) => written(sql`select ${sql.json([text, { [text]: text }])}`),
  "sql: values for the driver": (text) => written(sql`select ${text}, ${[[text], [text]]}, ${{ [text]: text }}`),
  "sql: an empty array after a text": (text) => written(sql`select ${sql.raw(text)} ${[]} ${sql.raw(text)}`),
  "sql: what ends a transaction": kindOf,
  "sql.raw": (text) => sql`select ${sql.raw(text)} where ${1}`.text,
  "sql.identifier": (text) => sql`select ${sql.identifier(text)}`.text,
  "sql.literal": (text) => sql`comment on table t is ${sql.literal(text)}`.text,
  "sql.literal in a template": (text) => sql`do ${sql.literal(text)} ${sql.empty}`.strings,
  "sql.insert: a column": (text) => sql`insert into t ${sql.insert({ [text]: 1 })}`.text,
  "sql.insert: a value": (text) => sql`insert into t ${sql.insert({ a: text })}`.text,
  "sql.insert: many columns": (text) =>
    sql.insert([objectOf(text), Object.fromEntries(Object.entries(objectOf(text)).reverse())]),
  "sql.set": (text) => sql`update t set ${sql.set({ [text]: 1 })}`.text,
  "sql.join": (text) => sql`select ${sql.join([...text].slice(0, 5000))}`.text,
  "sql.and": (text) => sql`${sql.and(...[...text].slice(0, 3000).map((each) => sql`${each} = ${each}`))}`.text,
  "sql.or": (text) => sql.or(sql.raw(text), sql.raw(text)).text,
  "sql.insert: overriding": (text) => sql.insert({ a: 1 }, { columns: ["a"], overriding: text as never }),
  "sql.named": (text) => sql.named({ a: 1 }).parse(text).text,
  "sql.named: a placeholder": (text) =>
    sql.named({ a: 1, orderSeq: seq }).parse(`select $<setval(orderSeq, ${text})>`).text,
  "sql.named: a binding": (text) => sql.named({ [text]: 1 })`select $<a>`.text,
  as: (text) => nextval.nextval(seq).as(text).text,
  pgSequence: (text) => pgSequence(text as never),
  "pgSequence: an option": (text) => pgSequence("s", { maxValue: text as never }),
  "pgSequence: as": (text) => pgSequence("s", { as: text as never }),
  "pgSequence: a comment": (text) => nextval.commentOnSequence(pgSequence("s", { comment: text })).text,
  pgSchema: (text) => pgSchema(text as never),
  nextval: (text) => nextval.nextval({ seqName: text, schema: undefined, seqOptions: undefined }),
  currval: (text) => nextval.currval({ seqName: text, schema: undefined, seqOptions: undefined }),
  setval: (text) => nextval.setval(seq, text),
  resolveOptions: (text) => nextval.resolveOptions({ seqName: text, schema: text, seqOptions: { startWith: text } }),
  restartSequence: (text) => nextval.restartSequence(seq, text),
  alterSequence: (text) => nextval.alterSequence(seq, { maxValue: text }),
  "alterSequence: restart": (text) => nextval.alterSequence(seq, { restart: text }),
  "generatedAsIdentity: a name": (text) => nextval.generatedAsIdentity("always", { name: text }).text,
  addIdentity: (text) => nextval.addIdentity({ schema: text, table: text, column: text }, "always").text,
  alterIdentity: (text) => nextval.alterIdentity({ table: text, column: text }, { restart: text }).text,
  dropIdentity: (text) => nextval.dropIdentity({ table: text, column: text }).text,
  generatedAsIdentity: (text) => nextval.generatedAsIdentity("always", { maxValue: text }),
  createSequence: (text) => nextval.createSequence({ seqName: text, schema: undefined, seqOptions: undefined }),
  createSchema: (text) => nextval.createSchema(text),
  dropSequence: (text) => nextval.dropSequence({ seqName: text, schema: undefined, seqOptions: undefined }),
  renameSequence: (text) => nextval.renameSequence(seq, text),
  setSequenceSchema: (text) => nextval.setSequenceSchema(seq, text),
  setSequenceOwnedBy: (text) => nextval.setSequenceOwnedBy(seq, { table: text, column: text }),
  commentOnSequence: (text) => nextval.commentOnSequence(seq, text).text,
  setSequenceLogged: (text) => nextval.setSequenceLogged(seq, text as never),
  grantOnSequence: (text) => nextval.grantOnSequence(seq, "usage", text),
  "grantOnSequence: a fragment": (text) => nextval.grantOnSequence(seq, "usage", sql.raw(text)),
  grantOnAllSequences: (text) => nextval.grantOnAllSequences(text, "usage", text).text,
  revokeOnAllSequences: (text) => nextval.revokeOnAllSequences([text], "usage", [text]).text,
  grantOnFutureSequences: (text) =>
    nextval.grantOnFutureSequences({ schemas: text, createdBy: text }, "usage", text).text,
  revokeOnFutureSequences: (text) => nextval.revokeOnFutureSequences({ createdBy: [text] }, "usage", text).text,
  setSequenceOwner: (text) => nextval.setSequenceOwner(seq, text as "x").text,
  revokeOnSequence: (text) => nextval.revokeOnSequence(seq, text as never, "app"),
  embed: (text) => nextval.embed(sql as never, sql.literal(text)),
  toKnex: (text) => toKnex(knex, sql`select ${sql.raw(text)}, ${1}`).toString(),
  "toKnex: many values": (text) => toKnex(knex, sql.join([...text].slice(0, 3000))),
  toDrizzle: (text) => new PgDialect().sqlToQuery(toDrizzle(sql`select ${text}, ${sql.literal(text)}`)),
  fromDrizzle: (text) => fromDrizzle(drizzleSql`select ${text}, ${drizzleSql.raw(text)}`).text,
  toKysely: (text) => toKysely(sql`select ${sql.literal(text)}`).compile(kysely),
  fromKysely: (text) => fromKysely(kysely.selectFrom("orders").select("note").where("note", "=", text)).text,
  planChanges: (text) => catalog.planChanges([pgSequence("order_seq", { comment: "x" })], state(text)),
  generateMigration: (text) =>
    catalog.generateMigration(catalog.planChanges([pgSequence("order_seq", { comment: text })], state("x")), {
      name: "x",
      format: "goose",
    }),
  "generateMigration: a name": (text) =>
    catalog.generateMigration(catalog.planChanges([pgSequence("order_seq", { comment: "y" })], state("x")), {
      name: text,
      format: "sql",
    }),
  pullDeclarations: (text) => catalog.pullDeclarations(state(text)),
  gaplessCounter: (text) => allocate.gaplessCounter(text, { startWith: text, schema: text as never }),
  "gaplessCounter: a start": (text) => allocate.gaplessCounter("a", { startWith: text }),
  stride: (text) => allocate.stride(seq, { nodes: text as never, node: 1 } as never),
  toJson: (text) => operate.toJson({ text }),
  toPrometheus: (text) =>
    operate.toPrometheus({
      database: text,
      sampledAt: new Date(0),
      level: "ok",
      sequences: [{ sequence: { schema: text, name: text }, level: "ok", problems: [], columns: [], used: 1 }],
    } as never),
  isPlaceOfValue: (text) => isPlaceOfValue(`${text}\n${text}\n.`),
  "isPlaceOfValue, in its last line": isPlaceOfValue,
  printable,
  printableLine,
  printableJson,
  withoutCommands,
  workflowCommand: (text) => workflowCommand({ level: "error", title: text, message: text, at: undefined }),
  redact: (text) => redact(text),
  redactThrown,
  maskUrls,
  keepSecretsOf: (text) => rememberUrlSecrets(`x${text.slice(0, 5)}`),
};

/** Those that refuse any text here, such as a name instead of a sequence: it is in the message. */
const REFUSING = new Set(
  [
    "sql.named: a binding",
    "sql.insert: overriding",
    "grantOnSequence: a fragment",
    "sql: an empty array after a text",
    "pgSequence: an option",
    "pgSequence: as",
    "nextval",
    "currval",
    "createSequence",
    "dropSequence",
  ].concat([
    "alterSequence",
    "generatedAsIdentity",
    "setSequenceLogged",
    "revokeOnSequence",
    "stride",
    "gaplessCounter",
  ]),
);

/** Functions that are not attacked, and why. */
const OTHERS: Readonly<Record<string, string>> = {
  NextvalError: "a class of errors",
  sql: "driven by its parts",
  lastval: "takes nothing",
  bind: "takes a client; the errors of its server are in test/database/errors.test.ts",
  applyPlan: "takes a plan, which has its text from plan",
  inspectSequences: "takes a handle",
  sequenceStatus: "takes a handle",
  usageRates: "takes numbers",
  planResync: "takes a handle",
  applyResync: "takes a handle",
  ResyncError: "takes a report",
  planTransfer: "takes handles",
  applyTransfer: "takes handles",
  TransferError: "takes a report",
  WidenError: "takes a report",
  planWiden: "takes a handle",
  applyWiden: "takes a plan, which has its text from planWiden",
  widenFiles: "takes a plan, which has its text from planWiden",
  allocator: "takes a handle and a sequence",
  blockAllocator: "takes a handle and a sequence",
  checkStrides: "takes handles",
};

let texts = 0;

function objectOf(text: string): Record<string, number> {
  return Object.fromEntries(
    [...text].filter((_, index) => index % 8 === 0).map((character, index) => [`${character}${index}`, index]),
  );
}

test("every public function is attacked, or excluded with a reason", () => {
  const driven = new Set(Object.keys(TAKES_TEXT).map((name) => name.split(":")[0]));
  const names = [nextval, catalog, operate].flatMap((module) => Object.keys(module));
  expect(names.filter((name) => !driven.has(name) && !Object.hasOwn(OTHERS, name))).toEqual([]);
});

describe.each(Object.entries(TAKES_TEXT))("%s", (name, run) => {
  if (!REFUSING.has(name)) {
    test("accepts text", () => {
      run("1");
    });
  }

  test("needs time in proportion to the length of a hostile text", () => {
    const slow = PUMPS.map((pump) => ({
      pump,
      // Each text is another one, because some functions remember what they have read.
      slowdown: slowdown(tried(run), (repetitions) => `${pump.repeat(repetitions)}\n\x01${texts++}`),
    }));
    expect(slow.filter((each) => each.slowdown > MOST)).toEqual([]);
  });
});

test("a number of millions of digits is refused immediately, with a short message", () => {
  const digits = "9".repeat(4_000_000);
  const huge = 10n ** 100_000n;
  for (const refused of [
    () => nextval.setval(seq, digits),
    () => nextval.setval(seq, `${digits}x`),
    () => nextval.setval(seq, huge),
    () => nextval.restartSequence(seq, digits),
    () => pgSequence("s", { maxValue: digits as never }),
    () => pgSequence("s", { startWith: huge as never }),
    () => nextval.alterSequence(seq, { cache: digits }),
    () => nextval.generatedAsIdentity("always", { increment: `-${digits}` }),
    () => allocate.gaplessCounter("a", { startWith: digits }),
    () => sql.named({ seq }).parse(`select $<setval(seq, ${digits})>`),
    () => pgSequence(digits as never),
  ]) {
    const start = process.cpuUsage();
    let message = "";
    try {
      refused();
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe("");
    expect(message.length).toBeLessThan(1000);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  }
});
