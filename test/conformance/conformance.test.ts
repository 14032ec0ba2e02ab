import { randomBytes } from "node:crypto";
import { bind, type Session, sql } from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../support/database.js";
import { runSteps } from "./steps.js";
import { outputOn, type Row, rowsOf } from "./tables.js";

/** Pages whose rows run in a transaction each, which is rolled back. */
const IN_TRANSACTION = ["create", "draw", "alter", "ownership", "identity", "privileges", "names", "migrate"];

/** Pages whose rows run outside a transaction, in a schema that is empty at first. */
const IN_SESSION = ["transactions", "sessions", "operate"];

const PAGES = new Map([...IN_TRANSACTION, ...IN_SESSION].map((page) => [page, rowsOf(`${page}.md`)]));
const rowsIn = (pages: readonly string[]) => pages.flatMap((page) => PAGES.get(page)!);

/** How long a row waits for a lock: in its own session, where it never has to, and in its second one, where it does. */
const MAX_WAIT_MS = 10_000;
const MAX_WAIT_ELSEWHERE_MS = 30;

/** Planning the same statements anew would take a third of the time. */
const CONNECTION = { plan_cache_mode: "force_generic_plan" };

/** Rows run at the same time in as many sessions. */
const WORKERS = 4;

const database = useDatabase();
const role = `nextval_reader_${randomBytes(4).toString("hex")}`;
const outputs = new Map<Row, string>();
let version: number;

/** Runs rows one after the other on a session whose `search_path` is one schema of its own. */
async function work(
  schema: string,
  queue: Row[],
  one: (row: Row, session: Session, other: Session) => Promise<string>,
) {
  const handle = (lock_timeout: number) =>
    bind(database.connect({ max: 1, connection: { ...CONNECTION, search_path: schema, lock_timeout } }));
  await handle(MAX_WAIT_MS).session((session) =>
    handle(MAX_WAIT_ELSEWHERE_MS).session(async (other) => {
      await session`create schema ${sql.identifier(schema)}`;
      await session`grant usage, create on schema ${sql.identifier(schema)} to ${sql.identifier(role)}`;
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        outputs.set(row, await one(row, session, other).catch((error: unknown) => `failed: ${String(error)}`));
      }
    }),
  );
}

const DONE = Symbol("rolled back");

async function inTransaction(row: Row, session: Session, schema: string): Promise<string> {
  let output = "";
  const ended = session.begin(async (handle) => {
    output = await runSteps(row.steps, { handle, schema, role });
    // oxlint-disable-next-line no-throw-literal
    throw DONE;
  });
  await ended.catch((error: unknown) => {
    if (error !== DONE) throw error;
  });
  return output;
}

async function inSession(row: Row, handle: Session, other: Session, schema: string): Promise<string> {
  const output = await runSteps(row.steps, { handle, other, schema, role });
  const name = sql.identifier(schema);
  await handle`drop schema ${name} cascade`;
  await handle`create schema ${name}`;
  await handle`grant usage, create on schema ${name} to ${sql.identifier(role)}`;
  for (const session of [handle, other]) {
    for (const state of ["reset all", "reset role", "discard sequences", "discard temp"]) {
      await session.query(sql.raw(state));
    }
  }
  return output;
}

beforeAll(async () => {
  version = await serverVersion(database.client);
  await database.client.unsafe(`create role ${role}`);
  const short = rowsIn(IN_TRANSACTION);
  const long = rowsIn(IN_SESSION);
  const workers = Array.from({ length: WORKERS }, async (_, index) => {
    const schema = `place_${index}`;
    await work(schema, short, (row, session) => inTransaction(row, session, schema));
    const other = `space_${index}`;
    await work(other, long, (row, session, second) => inSession(row, session, second, other));
  });
  await Promise.all(workers);
});

afterAll(async () => {
  await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
});

describe.each([...PAGES])("%s", (_page, rows) => {
  test.each(rows.map((row) => [`${row.section}: ${row.rule}`, row] as const))("%s", (_rule, row) => {
    expect({ steps: row.steps, gives: outputs.get(row) }).toEqual({ steps: row.steps, gives: outputOn(row, version) });
  });
});
