import { bind, type Database, nextval, pgSequence } from "nextval";
import { applyPlan, type HazardCode, inspectSequences, planChanges } from "nextval/catalog";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";
import { longTest } from "../../support/long-test.js";

let server: Server;
let client: postgres.Sql;
let db: Database;

beforeAll(async () => {
  server = await startServer({ settings: { fsync: "on" } });
  connect();
});
afterAll(async () => {
  await client?.end({ timeout: 1 });
  await server?.stop();
});

function connect(): void {
  client = postgres(server.url, { max: 1, onnotice: () => {} });
  db = bind(client);
}

async function crash(): Promise<void> {
  await client.end({ timeout: 1 });
  await server.crash();
  await server.start();
  connect();
}

const logged = pgSequence("order_seq");
const unlogged = pgSequence("order_seq", { unlogged: true });

async function push(sequence: typeof logged | typeof unlogged, hazards: readonly HazardCode[]): Promise<void> {
  const made = planChanges([sequence], await inspectSequences(db));
  expect(made.changes.flatMap((change) => change.hazards.map(({ code }) => code))).toEqual(hazards);
  await applyPlan(db, made, { allow: hazards });
}

async function insert(): Promise<bigint> {
  const [row] = await db<{ id: bigint }>`insert into orders values (${nextval(logged)}) returning id`;
  return row?.id ?? 0n;
}

longTest(
  "an unlogged sequence repeats values after a crash, and so may one that was set logged just before",
  async () => {
    const { serverVersion } = await inspectSequences(db);
    await db`create table orders (id bigint)`;
    if (serverVersion < 150_000) {
      const made = planChanges([unlogged], await inspectSequences(db));
      expect(made.changes[0]?.hazards).toMatchObject([{ code: "NEEDS_POSTGRES_15", blocked: true }]);
      await expect(client.unsafe(made.changes[0]!.sql)).rejects.toMatchObject({ code: "0A000" });
      return;
    }
    await push(logged, []);
    await push(unlogged, ["UNLOGGED_STARTS_OVER"]);
    const first = await insert();
    await crash();
    expect(await insert()).toBe(first);

    await push(logged, ["LOGGED_FROM_CHECKPOINT"]);
    const later = await insert();
    await crash();
    expect(await insert()).toBe(later);
  },
);

test("changes that the server is too old for are blocked", async () => {
  const state = await inspectSequences(db);
  const [change] = planChanges([pgSequence("new_seq", { unlogged: true })], {
    ...state,
    serverVersion: 140_005,
  }).changes;
  expect(change?.hazards).toEqual([
    {
      code: "NEEDS_POSTGRES_15",
      message: "new_seq: unlogged sequences need PostgreSQL 15, and the server has version 14",
      hint: "Declare it without unlogged.",
      blocked: true,
    },
  ]);
});
