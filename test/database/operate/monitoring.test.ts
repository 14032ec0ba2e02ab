import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bind } from "nextval";
import { sequenceStatus, toPrometheus, usageRates } from "nextval/operate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { useDatabase } from "../../support/database.js";
import { dropRoles } from "../../support/drop-roles.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
const folder = new URL("../../../monitoring/", import.meta.url);
const ROLE = "nextval_monitor";
let metrics: string;

beforeAll(async () => {
  await dropRoles(database.client, [ROLE]);
  await database.client.unsafe(`
    create schema billing; create table billing.invoices (id serial primary key, tenant text);
    alter table billing.invoices enable row level security;
    insert into billing.invoices (id) values (500);
    create table orders (id bigserial primary key); revoke create on schema public from public`);
  const db = bind(database.client);
  const before = await sequenceStatus(db);
  const after = await sequenceStatus(db);
  metrics = toPrometheus(after, { rates: usageRates(before, after), durationSeconds: 1 });
});

afterAll(() => dropRoles(database.client, [ROLE]));

/** The metrics and labels that exist, by name. */
function known(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = "", labels = ""] of metrics.matchAll(/^(nextval_\w+)(?:\{(.*)\})? /gm)) {
    const names = found.get(name) ?? found.set(name, new Set()).get(name)!;
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) names.add(label);
  }
  return found;
}

/** Checks that an expression uses metrics that exist, with labels that they have. */
function checkExpression(expression: string): void {
  const metricsThere = known();
  const used = [...expression.matchAll(/(nextval_\w+)(?:\{([^}]*)\})?/g)];
  expect(used.length).toBeGreaterThan(0);
  for (const [, name = "", selector = ""] of used) {
    expect([...metricsThere.keys()]).toContain(name);
    for (const [, label = ""] of selector.matchAll(/(\w+)\s*(?:=|!=|=~|!~)"/g)) {
      expect([...(metricsThere.get(name) ?? [])]).toContain(label);
    }
  }
}

test("the alerts and the dashboard use metrics and labels that exist", async () => {
  const alerts = parse(await readFile(new URL("alerts.yaml", folder), "utf8")) as {
    groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
  };
  const rules = alerts.groups.flatMap(({ rules }) => rules);
  expect(rules.length).toBeGreaterThanOrEqual(6);
  for (const { expr, annotations } of rules) {
    checkExpression(expr);
    const [, metric = ""] = /(nextval_\w+)/.exec(expr) ?? [];
    for (const [, label = ""] of Object.values(annotations)
      .join(" ")
      .matchAll(/\$labels\.(\w+)/g)) {
      if (label !== "instance") expect([...(known().get(metric) ?? [])]).toContain(label);
    }
  }
  const dashboard = JSON.parse(await readFile(new URL("grafana.json", folder), "utf8")) as {
    panels: { title: string; targets: { expr: string }[] }[];
    templating: { list: { query: string | { query: string } }[] };
  };
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(queries.length).toBeGreaterThanOrEqual(10);
  for (const query of queries) checkExpression(query);
  const variables = dashboard.templating.list.map(({ query }) => (typeof query === "string" ? query : query.query));
  expect(variables).toContain("label_values(nextval_sequences, datname)");
  expect(known().get("nextval_sequences")).toContain("datname");
});

test("the page lists every metric", async () => {
  const page = await readFile(new URL("../docs/operations/monitoring.md", folder), "utf8");
  for (const name of known().keys()) expect(page).toContain(`\`${name}\``);
});

const promtool = spawnSync("promtool", ["--version"]).error === undefined;

longTest.skipIf(!promtool)("the rules of the alerts pass their tests (skipped if promtool is not installed)", () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "alerts.test.yaml"], {
    cwd: fileURLToPath(folder),
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("SUCCESS");
});

test("status as the monitoring role is complete, and the role changes nothing", async () => {
  await database.client.unsafe(await readFile(new URL("role.sql", folder), "utf8"));
  await database.client.unsafe(`alter role ${ROLE} password 'secret'`);
  const client = database.connect({ max: 1, username: ROLE, password: "secret" });
  const shape = async (...given: Parameters<typeof sequenceStatus>) => {
    const { sequences } = await sequenceStatus(...given);
    return sequences.map(({ sequence, problems, columns }) => ({ sequence, problems, columns }));
  };
  const seen = await shape(bind(client));
  expect(seen).toEqual(await shape(bind(database.client)));
  expect(seen[0]?.problems[0]?.code).toBe("BEHIND_COLUMN");
  await expect(client`insert into orders default values`).rejects.toMatchObject({ code: "25006" });
  await client`set default_transaction_read_only = off`;
  for (const statement of [
    "insert into orders default values",
    "select nextval('orders_id_seq')",
    "delete from billing.invoices",
    "create table t ()",
    "create schema s",
    "alter sequence orders_id_seq restart",
  ]) {
    await expect(client.unsafe(statement), statement).rejects.toMatchObject({ code: "42501" });
  }
});
