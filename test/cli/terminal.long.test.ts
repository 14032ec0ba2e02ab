import { beforeEach, describe, expect, test } from "vitest";
import { useTerminal } from "../support/command/at-terminal.js";
import { DRIVERS } from "../support/command/driver.js";
import { useDatabase } from "../support/database.js";

const terminal = useTerminal();
const other = useDatabase();
const { database, declare, sequences, onTerminal, inShell, untilWaiting } = terminal;

beforeEach(async () => {
  await other.client.unsafe("drop schema public cascade; create schema public");
});

// `script` of other systems takes other arguments.
describe.runIf(process.platform === "linux")("on a terminal", () => {
  test.each([
    ["y", ["sales_order_seq"]],
    ["n", ["order_seq", "sales_order_seq"]],
  ])("push asks whether a new sequence is an old one, and %j is an answer", async (answer, expected) => {
    await declare(`exports.s = pgSequence("sales_order_seq");`);
    const { status, stdout } = await onTerminal("push", [`${answer}\n`, "y\n"]);
    expect(stdout.match(/Is sales_order_seq the new name of public\.order_seq, /g)).toHaveLength(1);
    expect(stdout).toContain("Otherwise sales_order_seq begins at 1. [y/N] ");
    expect(status).toBe(0);
    expect(await sequences()).toEqual(expected);
  });

  test("push stops if a second sequence of a column is not intended", async () => {
    await database.client`create table orders (id serial)`;
    await declare(`exports.s = pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } });`);
    const { status, stdout } = await onTerminal("push", ["n\n"]);
    expect(stdout).toContain("Is order_seq really a second sequence beside it?");
    expect([status, stdout]).toEqual([3, expect.stringContaining("Nothing was changed.")]);
  });

  test.each([
    ["y\n", 0, "1 of 1 sequence set, and read again.", 1001],
    ["n\n", 3, "Nothing was changed.", 1],
  ])("transfer shows what it would set, and %j is an answer", async (answer, expected, end, position) => {
    await database.client`select nextval('order_seq')`;
    await other.client`create sequence order_seq`;
    const { status, stdout } = await onTerminal(`transfer --from ${database.url} --to ${other.url}`, answer);
    const { host, username } = new URL(other.url);
    const shown = stdout.split("\r\n");
    expect(shown).toContain("public.order_seq  source 2  target 1  -> 1002");
    expect(stdout).toContain(`Set 1 sequence of ${other.name} at ${host} as ${username}? [y/N] `);
    expect([status, shown.at(-2)]).toEqual([expected, end]);
    expect(stdout).not.toContain("would be set");
    expect(await other.client`select last_value::int as position from order_seq`).toEqual([{ position }]);
  });

  test("transfer shows what it set if that differs from what it asked about", async () => {
    await database.client`select nextval('order_seq')`;
    await other.client`create sequence order_seq`;
    const draw = async () => void (await database.client`select nextval('order_seq')`);
    const { stdout } = await onTerminal(`transfer --from ${database.url} --to ${other.url}`, "y\n", {}, draw);
    expect(stdout.match(/-> \d+/g)).toEqual(["-> 1002", "-> 1003"]);
    expect(stdout.split("\r\n").at(-2)).toBe("1 of 1 sequence set, and read again.");
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
    expect((await onTerminal("diff", "", { NO_COLOR: "1" })).stdout).not.toMatch(colour);
  });
});

test("what watches ends when its reader has gone", async () => {
  const line = (nextval: string) => `${nextval} status --watch 1 --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await inShell(line);
  expect([stdout, stderr]).toEqual(["{0\n", ""]);
});

test("output that cannot be written is an error, also on a disk that takes only a part of it", async () => {
  // The file may have 4 kB, and would have 10.
  const declared = Array.from({ length: 200 }, (_, index) => `create sequence many_${index}`).join(";");
  await database.client.unsafe(declared);
  const line = (nextval: string) => `ulimit -f 4; trap '' XFSZ; ${nextval} pull > pulled.ts; echo "$?"`;
  const { stdout, stderr } = await inShell(line);
  expect(stdout).toBe("2\n");
  expect(stderr).toMatch(/^The command is done \(exit code 0\), but its output could not be written: /);
});

describe("signals", () => {
  test.each(DRIVERS)("a resync over %s says what it moved before", async (driver) => {
    await database.client.unsafe(`
      create table a (id serial primary key); insert into a values (50);
      create table b (id serial primary key); insert into b values (50)`);
    const holder = await database.connect({ max: 1 }).reserve();
    await holder`begin`;
    await holder`select nextval('b_id_seq')`;
    const { process: child, finished } = terminal.project.start(["resync", "--yes", "--driver", driver]);
    await untilWaiting(true);
    child.kill("SIGINT");
    const { status, stdout, stderr } = await finished;
    await holder`rollback`;
    holder.release();
    expect([status, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(/^Moved 1 sequence:\npublic\.a_id_seq: .*moves to 51\n .*;\n\nInterrupted\.\n$/);
  });
});
