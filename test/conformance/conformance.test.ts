import { randomBytes } from "node:crypto";
import { bind } from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../support/database.js";
import { createSchema, type Ground, IN_SESSION, IN_TRANSACTION, runInSession, runInTransaction } from "./run-row.js";
import { outputOn, type Row, rowsOf } from "./tables.js";

const PAGES = new Map([...IN_TRANSACTION, ...IN_SESSION].map((page) => [page, rowsOf(`${page}.md`)]));
const rowsIn = (pages: readonly string[]) => pages.flatMap((page) => PAGES.get(page)!);

/** How long a row waits for a lock: in its own session, where it never has to, and in its second one, where it does. */
const MAX_WAIT_MS = 10_000;
const MAX_WAIT_ELSEWHERE_MS = 30;

/** Planning the same statements anew would take a third of the time. */
const CONNECTION = { plan_cache_mode: "force_generic_plan" };

const database = useDatabase();
const role = `nextval_reader_${randomBytes(4).toString("hex")}`;
const outputs = new Map<Row, string>();
let version: number;

/** Runs rows one after the other on a session whose `search_path` is one schema of its own. */
async function work(schema: string, rows: readonly Row[], run: (steps: string, ground: Ground) => Promise<string>) {
  const handle = (lock_timeout: number) =>
    bind(database.connect({ max: 1, connection: { ...CONNECTION, search_path: schema, lock_timeout } }));
  await handle(MAX_WAIT_MS).session((session) =>
    handle(MAX_WAIT_ELSEWHERE_MS).session(async (other) => {
      const ground = { schema, role, session, other };
      await createSchema(ground);
      for (const row of rows) {
        outputs.set(row, await run(row.steps, ground).catch((error: unknown) => `failed: ${String(error)}`));
      }
    }),
  );
}

beforeAll(async () => {
  version = await serverVersion(database.client);
  await database.client.unsafe(`create role ${role}`);
  // Not at the same time: the first statements of each session cost the server as much as a hundred rows.
  await work("place", rowsIn(IN_TRANSACTION), runInTransaction);
  await work("space", rowsIn(IN_SESSION), runInSession);
});

afterAll(async () => {
  await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
});

describe.each([...PAGES])("%s", (_page, rows) => {
  test.each(rows.map((row) => [`${row.section}: ${row.rule}`, row] as const))("%s", (_rule, row) => {
    expect({ steps: row.steps, gives: outputs.get(row) }).toEqual({ steps: row.steps, gives: outputOn(row, version) });
  });
});
