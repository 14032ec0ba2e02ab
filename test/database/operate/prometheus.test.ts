import { spawnSync } from "node:child_process";
import { bind, NextvalError } from "nextval";
import { type Health, sequenceStatus, toPrometheus, usageRates } from "nextval/operate";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
let before: Health;
let health: Health;

beforeAll(async () => {
  const db = bind(database.client);
  await database.client.unsafe(`
    create table orders (id serial primary key); insert into orders (id) values (40);
    create table logs (id bigserial primary key); create sequence loose_seq as smallint;
    select setval('loose_seq', 30000)`);
  before = await sequenceStatus(db);
  await database.client.unsafe("insert into logs select from generate_series(1, 500)");
  health = await sequenceStatus(db);
});

const linesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));

test("a sequence has its limit, what is left and its rate, and totals count by level", () => {
  const seconds = (health.sampledAt.getTime() - before.sampledAt.getTime()) / 1000;
  const text = toPrometheus(health, { rates: usageRates(before, health), durationSeconds: 0.25 });
  const labels = (name: string) => `{datname="${database.name}",schemaname="public",sequencename="${name}"}`;
  expect(linesOf(text, "nextval_up")).toEqual(["nextval_up 1"]);
  expect(linesOf(text, "nextval_status_duration_seconds")).toEqual(["nextval_status_duration_seconds 0.25"]);
  expect(linesOf(text, "nextval_status_timestamp_seconds")).toEqual([
    `nextval_status_timestamp_seconds{datname="${database.name}"} ${health.sampledAt.getTime() / 1000}`,
  ]);
  expect(linesOf(text, "nextval_sequences{")).toEqual([
    `nextval_sequences{datname="${database.name}",level="ok"} 1`,
    `nextval_sequences{datname="${database.name}",level="warning"} 0`,
    `nextval_sequences{datname="${database.name}",level="critical"} 2`,
  ]);
  expect(text).toContain(`nextval_sequence_limit${labels("orders_id_seq")} 2147483647\n`);
  expect(text).toContain(`nextval_sequence_values_left${labels("loose_seq")} 2767\n`);
  const [, rate] = /values_per_second\{[^}]*"logs_id_seq"\} ([\d.e+-]+)/.exec(text) ?? [];
  expect(Number(rate)).toBeCloseTo(500 / seconds, 6);
});

test("a column has its table, its name and its type as labels", () => {
  const labels =
    `{datname="${database.name}",schemaname="public",sequencename="orders_id_seq",` +
    `tableschema="public",tablename="orders",columnname="id",type="integer"}`;
  const text = toPrometheus(health);
  expect(text).toContain(`nextval_column_extreme_value${labels} 40\n`);
  expect(text).toContain(`nextval_column_behind${labels} 1\n`);
  expect(text).toContain(`nextval_column_compared${labels} 1\n`);
});

test("only and top leave sequences out, but the totals count all", () => {
  const named = (text: string) =>
    linesOf(text, "nextval_sequence_level").map((line) => /sequencename="(\w+)"/.exec(line)?.[1]);
  const only = toPrometheus(health, { only: "problems" });
  expect(named(only).sort()).toEqual(["loose_seq", "orders_id_seq"]);
  const [worst] = health.sequences;
  expect(named(toPrometheus(health, { top: 1 }))).toEqual([worst?.sequence.name]);
  for (const text of [only, toPrometheus(health, { top: 0 })]) {
    expect(linesOf(text, "nextval_sequences{").at(-1)).toMatch(/level="critical"} 2$/);
  }
});

test("a status that could not be read is down", () => {
  expect(toPrometheus(null)).toBe(
    "# HELP nextval_up 1 if the status of the sequences could be read, else 0.\n" +
      "# TYPE nextval_up gauge\nnextval_up 0\n",
  );
});

test.each([
  [{ only: "all" }, 'toPrometheus takes only as "problems", not all'],
  [{ top: -1 }, "toPrometheus takes top as a number of sequences, not -1"],
  [{ durationSeconds: "1\nnextval_up 1" }, "toPrometheus takes durationSeconds as a number"],
  [{ topp: 1 }, "topp"],
])("%j is refused", (options, message) => {
  const error = (() => {
    try {
      return toPrometheus(health, options as never);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(NextvalError);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) });
});

const promtool = spawnSync("promtool", ["--version"]).error === undefined;

longTest.skipIf(!promtool)("promtool finds nothing to criticise (skipped if it is not installed)", () => {
  for (const text of [
    toPrometheus(health, { rates: usageRates(before, health), durationSeconds: 1 }),
    toPrometheus(null),
  ]) {
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
  }
});
