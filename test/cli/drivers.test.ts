import { readdir, readFile, rm } from "node:fs/promises";
import { describe, expect, inject, test, vi } from "vitest";
import type { CliCommand } from "../../lib/cli/commands/command.js";
import type { Flags } from "../../lib/cli/config/settings.js";
import { errorMessage } from "../../lib/cli/terminal/error-message.js";
import { DRIVERS, type Driver } from "../support/command/driver.js";
import { projectIn, type Project, useProjects } from "../support/command/project.js";
import { link, PG, standalone } from "../support/command/standalone.js";
import { startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";
import { HAS_LONG_FILES } from "../support/effort.js";

const database = useDatabase({ onnotice: () => {} });
const target = useDatabase({ onnotice: () => {} });
const newProject = useProjects();

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: CliCommand }>>> = {
  check: () => import("../../lib/cli/commands/check.js"),
  diff: () => import("../../lib/cli/commands/diff.js"),
  generate: () => import("../../lib/cli/commands/generate.js"),
  pull: () => import("../../lib/cli/commands/pull.js"),
  push: () => import("../../lib/cli/commands/push.js"),
  resync: () => import("../../lib/cli/commands/resync.js"),
  status: () => import("../../lib/cli/commands/status.js"),
  transfer: () => import("../../lib/cli/commands/transfer.js"),
};

/** Runs a command in this process: what it prints, and its exit code or its error. */
async function outcome(name: string, flags: Flags): Promise<string> {
  const printed: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed.push(String(text));
      return true;
    }),
  );
  try {
    const { command } = await COMMANDS[name]!();
    const ended = await command.run(flags).catch((error: unknown) => `${errorMessage(error)}\n`);
    return `$ ${name}\n${printed.join("")}${ended}\n`;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

async function empty(): Promise<void> {
  for (const { client } of [database, target]) {
    await client.unsafe(
      "drop schema public cascade; create schema public; create table orders (id serial primary key)",
    );
  }
  await database.client.unsafe(`
    create sequence ticket_seq as smallint; select setval('ticket_seq', 32000);
    insert into orders select n from generate_series(1, 500) n`);
}

/** What the commands print one after the other, from an empty database to a moved one. */
async function life(driver: Driver, project: Project): Promise<string> {
  await empty();
  const config = `${project.folder}/nextval.config.ts`;
  const flags: Flags = { config, url: database.url, driver };
  const migrations = `${project.folder}/migrations`;
  const holder = await database.connect({ max: 1 }).reserve();
  const locked = async (name: string, more: Flags) => {
    await holder`begin`;
    await holder`lock table orders`;
    const printed = await outcome(name, { ...flags, ...more });
    await holder`rollback`;
    return printed;
  };
  const only: Flags = { from: database.url, to: target.url, exclude: ["order_seq", "ticket_seq"] };
  const printed = [
    await outcome("diff", flags),
    await outcome("push", { ...flags, yes: true, allow: ["NARROWER_TYPE"] }),
    await outcome("check", { ...flags, json: true }),
    await outcome("pull", { ...flags, exclude: ["orders_*"] }),
    await outcome("status", { ...flags, schemas: ["none"] }),
    await locked("status", { lockTimeout: 20 }),
    await locked("status", { statementTimeout: 20 }),
    await locked("resync", { yes: true, lockTimeout: 20 }),
    await outcome("resync", { ...flags, yes: true }),
    await outcome("transfer", { ...flags, from: database.url, to: target.url }),
    await outcome("transfer", { ...flags, ...only }),
    await outcome("transfer", { ...flags, ...only, yes: true }),
  ];
  await database.client`drop sequence order_seq`;
  const readOnly = `${database.url}?default_transaction_read_only=on`;
  printed.push(await outcome("push", { ...flags, url: readOnly, yes: true }));
  printed.push(await outcome("generate", { ...flags, format: "sql", name: "order" }));
  for (const file of await readdir(migrations)) printed.push(await readFile(`${migrations}/${file}`, "utf8"));
  await rm(migrations, { recursive: true });
  holder.release();
  return printed.join("");
}

if (HAS_LONG_FILES)
  test("every command prints the same over every driver", async () => {
    const project = await newProject({
      "sequences.ts": `import { pgSequence } from "nextval";
      export const orderSeq = pgSequence("order_seq", { startWith: 100 });
      export const ticketSeq = pgSequence("ticket_seq", { as: "smallint" });`,
      "nextval.config.ts": `export default { declarations: "sequences.ts" };`,
    });
    const [first, ...others] = DRIVERS;
    const expected = await life(first, project);
    for (const driver of others) expect(await life(driver, project)).toBe(expected);
    // The commands have done their work, and failed as they should.
    for (const part of [
      "Applied 1 change.",
      'export const orderSeq = pgSequence("order_seq", { startWith: 100 });',
      "but public.orders.id goes to 500",
      "There is no schema none in the database",
      "public.orders.id could not be read: canceling statement due to lock timeout",
      "The server says: canceling statement due to statement timeout (57014)",
      "Moved 1 sequence of",
      "Nothing was changed: cannot ask whether to set 1 sequence, because this is not a terminal",
      "1 of 1 sequence set, and read again.",
      "cannot execute CREATE SEQUENCE in a read-only transaction",
      "order.up.sql",
    ]) {
      expect(expected).toContain(part);
    }
  });

describe("the driver", () => {
  const url = () => ["--url", database.url];
  /** The database has answered. */
  const NO_SCHEMA = "There is no schema none in the database\n  Hint: The database has the schema public.\n";

  test("is the one that the project has", async () => {
    const project = await standalone(inject("library"), PG);
    const [found, asked] = await Promise.all([
      project.run("status", ...url(), "--schemas", "none"),
      project.run("status", ...url(), "--driver", "postgres"),
    ]);
    expect(found).toEqual({ status: 2, stdout: "", stderr: NO_SCHEMA });
    expect(asked.stderr).toBe("The driver postgres is not installed\n  Hint: Run npm install postgres.\n");
  });

  if (HAS_LONG_FILES)
    test("is needed, and may be beside the working folder", async () => {
      const project = await standalone(inject("library"), []);
      const main = `${project.folder}/node_modules/nextval/dist/lib/cli/main.js`;
      const none = await startProcess(process.execPath, [main, "status", ...url()], { cwd: project.folder, env: {} })
        .finished;
      expect(none.stderr).toBe(
        "The driver is missing: neither postgres nor pg is installed\n" +
          "  Hint: Run npm install postgres, or npm install pg.\n",
      );
      await link(`${project.folder}/app`, PG);
      const broken = {
        "node_modules/postgres/package.json": `{ "main": "i.js" }`,
        "node_modules/postgres/i.js": "oops()",
      };
      await projectIn(`${project.folder}/broken`).write(broken);
      const [found, failed] = await Promise.all(
        ["app", "broken"].map((name) => {
          const cwd = `${project.folder}/${name}`;
          return startProcess(process.execPath, [main, "status", ...url(), "--schemas", "none"], { cwd, env: {} })
            .finished;
        }),
      );
      expect(found).toEqual({ status: 2, stdout: "", stderr: NO_SCHEMA });
      expect(failed?.stderr).toBe("The driver postgres cannot be loaded: oops is not defined\n");
    });
});
