import { spawn } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { DRIVERS, overDriver } from "../support/command/driver.js";
import { type Project, useProjects } from "../support/command/project.js";
import { type Finished, startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";
import { HAS_LONG_FILES, withLong } from "../support/effort.js";
import { RUNTIME } from "../support/runtime.js";

const database = useDatabase();
const newProject = useProjects();

/** As a shell writes it. */
const runtime = [RUNTIME.program, ...RUNTIME.args].map((word) => `"${word}"`).join(" ");

let project: Project;

beforeEach(async () => {
  await database.client`drop schema public cascade`;
  await database.client`create schema public`;
  await database.client`create sequence order_seq`;
  project = await newProject({
    "nextval.config.cjs": `module.exports = { declarations: "s.cjs", url: "${database.url}", lockTimeout: 60000 };`,
  });
  await declare(
    `exports.newSeq = pgSequence("new_seq"); exports.orderSeq = pgSequence("order_seq", { startWith: 7 });`,
  );
});

/** Writes the declarations in CommonJS: loading the compiler takes a third of the time of a command. */
async function declare(code: string): Promise<void> {
  await project.write({ "s.cjs": `const { pgSequence } = require("nextval"); ${code}` });
}

async function sequences(): Promise<string[]> {
  const rows = await database.client<{ sequencename: string }[]>`select sequencename from pg_sequences order by 1`;
  return rows.map(({ sequencename }) => sequencename);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** The database as a question names it. */
function target(): string {
  const { host, username } = new URL(database.url);
  return `${database.name} at ${host} as ${username}`;
}

/**
 * Runs `nextval` on its own terminal, which is as wide as COLUMNS says. Types the keys when a question appears, each
 * after an event.
 */
async function onTerminal(
  args: string,
  keys: string | readonly string[],
  env: Record<string, string> = {},
  event: () => Promise<void> = async () => {},
): Promise<Finished> {
  const words = overDriver(args.split(" ")).join(" ");
  const size = env["COLUMNS"] === undefined ? "" : `stty cols ${env["COLUMNS"]}; `;
  const command = `${size}${runtime} "${project.folder}/node_modules/nextval/dist/lib/cli/main.js" ${words}`;
  const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...outside } = process.env;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: project.folder,
    env: { ...outside, TERM: "xterm", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let stdout = "";
  let asked = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (!text.includes("[y/N]")) return;
    const answer = typeof keys === "string" ? keys : (keys[asked++] ?? "");
    void event().then(() => child.stdin.write(answer));
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stdout, stderr: "" };
}

// `script` of other systems takes other arguments.
describe.runIf(process.platform === "linux")("on a terminal", () => {
  test.each(["YES\n"])("push asks, and %j is a yes", async (answer) => {
    const { status, stdout } = await onTerminal("push", answer);
    expect(stdout).toContain(`Apply these 2 changes to ${target()}? [y/N] `);
    expect(stdout).toContain("Applied 2 changes.");
    expect(status).toBe(0);
    expect(await sequences()).toEqual(["new_seq", "order_seq"]);
  });

  test.each(withLong(["\x04"], ["yellow\n"]))("%j is a no", async (answer) => {
    const { status, stdout } = await onTerminal("push", answer);
    expect(stdout).toContain("Nothing was changed.");
    expect(status).toBe(3);
    expect(await sequences()).toEqual(["order_seq"]);
  });

  test("push asks whether the dot in a name is intended", async () => {
    await database.client`create schema if not exists billing`;
    await declare(`exports.s = pgSequence("billing.order_seq");`);
    for (const [answers, status] of withLong<[string[], number]>([[["y\n", "n\n", "y\n"], 0]], [[["n\n"], 3]])) {
      const result = await onTerminal("push", answers);
      expect(result.stdout).toContain('Create "billing.order_seq", with the dot in its name? [y/N] ');
      expect(result.status).toBe(status);
    }
    expect(await sequences()).toEqual(["billing.order_seq", "order_seq"]);
    await database.client`drop schema billing`;
  });

  test.each(withLong<[string, string[]]>([["y", ["sales_order_seq"]]], [["n", ["order_seq", "sales_order_seq"]]]))(
    "push asks whether a new sequence is an old one, and %j is an answer",
    async (answer, expected) => {
      await declare(`exports.s = pgSequence("sales_order_seq");`);
      const { status, stdout } = await onTerminal("push", [`${answer}\n`, "y\n"]);
      expect(stdout.match(/Is sales_order_seq the new name of public\.order_seq, /g)).toHaveLength(1);
      expect(stdout).toContain("Otherwise sales_order_seq begins at 1. [y/N] ");
      expect(status).toBe(0);
      expect(await sequences()).toEqual(expected);
    },
  );

  test("push stops if a second sequence of a column is not intended", async () => {
    await database.client`create table orders (id serial)`;
    await declare(`exports.s = pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } });`);
    const { status, stdout } = await onTerminal("push", ["n\n"]);
    expect(stdout).toContain("Is order_seq really a second sequence beside it?");
    expect([status, stdout]).toEqual([3, expect.stringContaining("Nothing was changed.")]);
  });

  test("Ctrl-C at the question ends the command", async () => {
    const { status, stdout } = await onTerminal("push", "\x03");
    expect(stdout).toContain("Interrupted.");
    expect(status).toBe(130);
    expect(await sequences()).toEqual(["order_seq"]);
  });

  test("what widen asks breaks at words, not within them", async () => {
    await database.client`create table orders (id serial primary key)`;
    const { status, stdout } = await onTerminal("widen public.orders.id --apply", "n\r", { COLUMNS: "80" });
    expect(status).toBe(3);
    const shown = stdout.replaceAll("\u001b[33m", "").replaceAll("\u001b[39m", "").split("\r\n");
    // The question has the name of the test's database, which is long.
    expect(shown.filter((line) => line.length > 80 && !line.startsWith("Run "))).toEqual([]);
    expect(shown).toContain("Warning: The new columns come last in their tables, so statements without a list");
    expect(shown).toContain("  of columns see another order.");
  });

  test("resync asks, and reports what it did if that differs from the plan", async () => {
    await database.client.unsafe(`
      create table orders (id serial primary key); insert into orders select from generate_series(1, 3);
      insert into orders values (50)`);
    if (HAS_LONG_FILES) expect((await onTerminal("resync", "y\n")).stdout).toContain("Moved 1 sequence.");
    await database.client`insert into orders values (70)`;
    const { stdout, status } = await onTerminal("resync", "y\n", {}, async () => {
      await database.client`insert into orders values (90)`;
    });
    expect(status).toBe(0);
    expect(stdout).toContain(`Move 1 sequence of ${target()}? [y/N] `);
    expect(stdout).toContain("Moved 1 sequence:");
    expect(stdout.match(/restart with \d+/g)).toEqual(["restart with 71", "restart with 91"]);
  });

  test("progress clears its line, and names the work", async () => {
    await database.client.unsafe(`
      create table orders (id serial primary key); insert into orders values (50)`);
    const { stdout } = await onTerminal("resync --yes", "");
    const shown = stdout.split("\r\u001b[K").slice(1, -1);
    expect(shown.map((line) => line.replace(/[█░]+/, "-").replace(/[^]*\n/, ""))).toEqual(
      expect.arrayContaining(["reading columns - 0/1", "reading columns - 1/1", "moving sequences - 0/1"]),
    );
  });

  test("there are colors, but not with NO_COLOR", async () => {
    // eslint-disable-next-line no-control-regex
    const colour = /\x1b\[\d+m/;
    expect((await onTerminal("diff", "")).stdout).toMatch(colour);
    if (HAS_LONG_FILES) expect((await onTerminal("diff", "", { NO_COLOR: "1" })).stdout).not.toMatch(colour);
  });
});

test("there are no colors without a terminal", async () => {
  const { stdout } = await project.runSharedWith(["diff"], { CI: "1", TERM: "xterm" });
  expect(stdout).toContain("create new_seq");
  expect(stdout).not.toContain("\x1b");
});

test("a reader that closes early is not an error", async () => {
  const main = `${project.folder}/node_modules/nextval/dist/lib/cli/main.js`;
  const piped = `${runtime} "${main}" diff | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await startProcess("bash", ["-c", piped], { cwd: project.folder, env: {} }).finished;
  expect([stdout, stderr]).toEqual(["0\n", ""]);
});

test("what watches ends when its reader has gone", async () => {
  const main = `${project.folder}/node_modules/nextval/dist/lib/cli/main.js`;
  const piped = `${runtime} "${main}" status --watch 1 --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await startProcess("bash", ["-c", piped], { cwd: project.folder, env: {} }).finished;
  expect([stdout, stderr]).toEqual(["{0\n", ""]);
});

test("output that cannot be written is an error, also on a disk that takes only a part of it", async () => {
  const main = `${project.folder}/node_modules/nextval/dist/lib/cli/main.js`;
  // The file may have 4 kB, and would have 10.
  const declared = Array.from({ length: 200 }, (_, index) => `create sequence many_${index}`).join(";");
  await database.client.unsafe(declared);
  const full = `ulimit -f 4; trap '' XFSZ; ${runtime} "${main}" pull > pulled.ts; echo "$?"`;
  const { stdout, stderr } = await startProcess("bash", ["-c", full], { cwd: project.folder, env: {} }).finished;
  expect(stdout).toBe("2\n");
  expect(stderr).toMatch(/^The command is done \(exit code 0\), but its output could not be written: /);
});

describe("signals", () => {
  const waiting = async () => {
    const rows = await database.client`
      select from pg_stat_activity where datname = ${database.name} and wait_event_type = 'Lock'`;
    return rows.length > 0;
  };

  test.each([
    ["SIGINT", 130, DRIVERS[0]],
    ["SIGTERM", 143, DRIVERS[1]],
  ] as const)("%s cancels what waits for a lock, and nothing is half done", async (signal, expected, driver) => {
    const holder = await database.connect({ max: 1 }).reserve();
    await holder`begin`;
    await holder`alter sequence order_seq cache 5`;
    const { process: child, finished } = project.start(["push", "--yes", "--driver", driver]);
    await until(waiting);
    const before = Date.now();
    child.kill(signal);
    expect(await finished).toMatchObject({ status: expected, stderr: "\nInterrupted.\n" });
    expect(Date.now() - before).toBeLessThan(5000);
    await until(async () => !(await waiting()));
    await holder`rollback`;
    holder.release();
    expect(await sequences()).toEqual(["order_seq"]);
  });

  test.each(withLong(DRIVERS.slice(0, 1), DRIVERS.slice(1)))(
    "a resync over %s says what it moved before",
    async (driver) => {
      await database.client.unsafe(`
      create table a (id serial primary key); insert into a values (50);
      create table b (id serial primary key); insert into b values (50)`);
      const holder = await database.connect({ max: 1 }).reserve();
      await holder`begin`;
      await holder`select nextval('b_id_seq')`;
      const { process: child, finished } = project.start(["resync", "--yes", "--driver", driver]);
      await until(waiting);
      child.kill("SIGINT");
      const { status, stdout, stderr } = await finished;
      await holder`rollback`;
      holder.release();
      expect([status, stdout]).toEqual([130, ""]);
      expect(stderr).toMatch(/^Moved 1 sequence:\npublic\.a_id_seq: .*moves to 51\n .*;\n\nInterrupted\.\n$/);
    },
  );
});
