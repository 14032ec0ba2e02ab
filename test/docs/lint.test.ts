import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test, vi } from "vitest";
import { useDatabase } from "../support/database.js";

// Packages may have to be installed.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const database = useDatabase();
const folder = fileURLToPath(new URL("../../examples/lint/", import.meta.url));

beforeAll(async () => {
  if (!existsSync(`${folder}node_modules`)) {
    await promisify(execFile)("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund"]);
  }
  await database.client.unsafe(`
    create sequence order_seq;
    create schema billing;
    create sequence billing.invoice_seq;
    create table orders (
      id bigint primary key, note text, tenant integer not null default 1, tags text[], details jsonb
    );`);
});

/** Runs a program of the example's packages. It fails, because it reports what it finds. */
async function report(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, DATABASE_URL: database.url };
  const run = promisify(execFile)("npx", ["--no-install", ...args], { cwd: folder, env });
  return run.then(
    () => expect.fail("nothing was reported"),
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) =>
      stdout.startsWith("[") || stdout.startsWith("{") ? stdout : expect.fail(stdout + stderr),
  );
}

interface Reports {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string; readonly line: number; readonly message: string }[];
}

let eslint: Promise<string> | undefined;

/** Returns the reports of ESLint for a file: the line that it stands in, the rule and the first line of the message. */
async function lint(file: string): Promise<string[]> {
  eslint ??= report("eslint", "--format", "json");
  const reports = JSON.parse(await eslint) as readonly Reports[];
  const lines = (await readFile(`${folder}${file}`, "utf8")).split("\n");
  return reports
    .find(({ filePath }) => filePath.endsWith(file))!
    .messages.map(
      ({ ruleId, line, message }) =>
        `${lines[line - 1]!.trim()} // ${ruleId.replace(/^.*\//, "")}: ${message.split("\n")[0]}`,
    );
}

test("ESLint describes templates on the server, and looks up sequences by their types", async () => {
  const sql = (statement: string, problem: string) => `${statement} // check-sql: ${problem}`;
  const sequence = (statement: string, name: string) =>
    `${statement} // sequence-exists: The database has no sequence ${name}.`;
  await expect(lint("shop.ts")).resolves.toEqual([
    sql("await db`select idd from orders`;", 'Invalid Query: column "idd" does not exist'),
    sql("await db`select id from order`;", 'Invalid Query: syntax error at or near "order"'),
    sql(
      "await db`select id from orders where tenant = ${note}`;",
      "Invalid Query: operator does not exist: integer = text",
    ),
    sql("await db<{ id: string }>`select id from orders`;", "Query has incorrect type annotation."),
    sql(
      "await db.query(sql`select id from orders where note = ${nextval(orderSeq)}`);",
      "Invalid Query: operator does not exist: text = bigint",
    ),
    sequence("await db.nextval(oderSeq);", "oder_seq"),
    sequence("await db`insert into orders (id) values (${nextval(billSeq)})`;", "billing.bill_seq"),
    sequence("await db`select last_value from ${oderSeq}`;", "oder_seq"),
  ]);
});

const FORGOTTEN = [
  "db`insert into orders (id) values (${nextval(orderSeq)})`;",
  "db.query(sql`delete from orders`);",
  "tx`delete from orders`;",
  "db`select 1`.one();",
  "db.nextval(orderSeq);",
  "db.begin(async (inner) => inner`delete from orders`);",
  "db`insert into orders (note) values (${note})`;",
  "notes.map((note) => db`insert into orders (note) values (${note})`);",
];

test("ESLint finds templates that are never awaited", async () => {
  const reports = await lint("unawaited.ts");
  const linesOf = (rule: string) =>
    reports.filter((each) => each.includes(` // ${rule}: `)).map((each) => each.replace(/ \/\/ .*$/, ""));
  expect(linesOf("no-floating-promises")).toEqual(FORGOTTEN);
  // It needs no types, and sees bare templates only, but those of `sql`, too.
  expect(linesOf("no-unused-expressions")).toEqual([
    FORGOTTEN[0],
    FORGOTTEN[2],
    FORGOTTEN[6],
    "sql`delete from orders`;",
  ]);
});

test("oxlint finds the same with types", async () => {
  const lines = (await readFile(`${folder}unawaited.ts`, "utf8")).split("\n");
  const { diagnostics } = JSON.parse(await report("oxlint", "--type-aware", "--format", "json", "unawaited.ts")) as {
    readonly diagnostics: readonly { readonly labels: readonly { readonly span: { readonly line: number } }[] }[];
  };
  expect(diagnostics.map(({ labels }) => lines[labels[0]!.span.line - 1]!.trim())).toEqual(FORGOTTEN);
});
