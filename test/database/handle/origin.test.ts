import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bind, createSequence, type Database, nextval, pgSequence, sql } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const missingSeq = pgSequence("missing_seq");
let client: postgres.Sql;
let db: Database;

beforeAll(async () => {
  client = postgres(database.url, { onnotice: () => {} });
  db = bind(client);
  await db.query(createSequence(orderSeq));
});
afterAll(() => client.end({ timeout: 1 }));

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

/** What fails, and where the stack of its error has to lead: the lines of its own, below. */
const failing: Record<string, (handle: Pick<Database, "query" | "one" | "cursor"> & Database) => PromiseLike<unknown>> =
  {
    "a template": (of) => of`select * from missing`,
    "a template whose value cannot be written": (of) => of`select ${"\ud800"}`,
    "a template whose column breaks its promise": (of) =>
      of`select id from (select ${nextval(orderSeq).as("id")}) as x right join (select 1) as y on false`,
    "a template that is refused": (of) => of`copy orders from stdin`,
    "a template that a cursor reads": (of) => drain(of`select * from missing`.cursor(5)),
    "a template that has to return one row": (of) => of`select * from missing`.one(),
    "a template that may return one row": (of) => of`select * from missing`.maybeOne(),
    "a fragment": (of) => of.query(sql`select * from missing`),
    "a fragment that has to return one row": (of) => of.one(sql`select * from missing`),
    "a fragment that a cursor reads": (of) => drain(of.cursor(sql`select * from missing`)),
    "the text of a scope": (of) => of.query(sql.named({}).parse("select * from missing")),
    "the template of a scope": (of) => of.query(sql.named({ n: 5 })`select $<n> from missing`),
    "a statement of the library": (of) => of.query(createSequence(orderSeq)),
    text: (of) => of.query(sql.raw("select * from missing")),
    nextval: async (of) => await of.nextval(missingSeq),
    "nextval, called in one tick": async (of) => await Promise.all([1, 2].map(() => of.nextval(missingSeq))),
    nextvals: async (of) => await of.nextvals(missingSeq, 5),
    setval: async (of) => await of.setval(missingSeq, 5),
    end: () => Promise.resolve(),
  };

const source = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\n");
const lineOf = (name: string) =>
  source.findIndex((line) => line.trimStart().replaceAll('"', "").startsWith(`${name}:`)) + 1;
const names = Object.keys(failing);

async function errorOf(run: () => PromiseLike<unknown>): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  return expect.fail("nothing has failed");
}

function linesIn({ stack = "" }: Error): number[] {
  return [...stack.matchAll(/origin\.test\.ts:(\d+)/g)].map(([, line]) => Number(line));
}

describe.each(names.slice(0, -1))("the error of %s", (name) => {
  const run = failing[name] as (typeof failing)["text"];
  const [from, to] = [lineOf(name), lineOf(names[names.indexOf(name) + 1] as string)];
  const isOwn = (line: number) => line >= from && line < to;

  test("has the line of the program, each time", async () => {
    for (let time = 0; time < 3; time++) {
      expect(linesIn(await errorOf(() => run(db))).filter(isOwn)).toHaveLength(1);
    }
  });

  test("has it in a transaction, once", async () => {
    const error = await errorOf(() => db.begin((tx) => run(tx as never)));
    expect(linesIn(error).filter(isOwn)).toHaveLength(1);
  });
});

test("what the session remembers has the line that asks for it", async () => {
  for (const ask of ["currval", "lastval"] as const) {
    const error = await errorOf(() => db.session(async (session) => await session[ask](missingSeq)));
    expect(linesIn(error).length).toBeGreaterThan(0);
  }
});

longTest("an error that many statements fail with has one line", async () => {
  const other = postgres(database.url, { max: 1 });
  await bind(other)`select 1`;
  const error = await errorOf(() =>
    bind(other).begin(async (tx) => {
      await errorOf(() => tx`select pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())`);
      for (let time = 0; time < 20; time++) await errorOf(() => tx`select 1`);
      await tx`select 1`;
    }),
  );
  expect(linesIn(error).length).toBeLessThan(5);
  await other.end({ timeout: 1 });
});

test("an error of the program's own stays as it is", async () => {
  const reason = new Error("stop");
  const { stack } = reason;
  expect(await errorOf(() => db.with({ signal: AbortSignal.abort(reason) })`select 1`)).toBe(reason);
  expect(reason.stack).toBe(stack);
});

test("what the program has set for its stacks stays as it is", async () => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const error = await errorOf(() => db`select * from missing where ${1} = 1`);
    expect(linesIn(error)).toHaveLength(1);
    expect(Error.stackTraceLimit).toBe(0);
  } finally {
    Error.stackTraceLimit = limit;
  }
});
