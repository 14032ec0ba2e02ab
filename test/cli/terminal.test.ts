import { describe, expect, test } from "vitest";
import { useTerminal } from "../support/command/at-terminal.js";
import { type Driver, DRIVERS } from "../support/command/driver.js";
import { withLong } from "../support/effort.js";
import { longTest } from "../support/long-test.js";

const terminal = useTerminal();
const { database, declare, sequences, target, onTerminal, inShell, untilWaiting } = terminal;

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

  longTest("push asks whether the dot in a name is intended", async () => {
    await database.client`create schema if not exists billing`;
    await declare(`exports.s = pgSequence("billing.order_seq");`);
    for (const [answers, status] of [
      [["y\n", "n\n", "y\n"], 0],
      [["n\n"], 3],
    ] as const) {
      await database.client`drop sequence if exists "billing.order_seq"`;
      const result = await onTerminal("push", answers);
      expect(result.stdout).toContain('Create "billing.order_seq", with the dot in its name? [y/N] ');
      expect(result.status).toBe(status);
      expect(await sequences()).toEqual(status === 0 ? ["billing.order_seq", "order_seq"] : ["order_seq"]);
    }
    await database.client`drop schema billing`;
  });

  longTest("Ctrl-C at the question ends the command", async () => {
    const { status, stdout } = await onTerminal("push", "\x03");
    expect(stdout).toContain("Interrupted.");
    expect(status).toBe(130);
    expect(await sequences()).toEqual(["order_seq"]);
  });

  longTest("resync asks, and reports what it did if that differs from the plan", async () => {
    await database.client.unsafe(`
      create table orders (id serial primary key); insert into orders select from generate_series(1, 3);
      insert into orders values (50)`);
    expect((await onTerminal("resync", "y\n")).stdout).toContain("Moved 1 sequence.");
    await database.client`insert into orders values (70)`;
    const { stdout, status } = await onTerminal("resync", "y\n", {}, async () => {
      await database.client`insert into orders values (90)`;
    });
    expect(status).toBe(0);
    expect(stdout).toContain(`Move 1 sequence of ${target()}? [y/N] `);
    expect(stdout).toContain("Moved 1 sequence:");
    expect(stdout.match(/restart with \d+/g)).toEqual(["restart with 71", "restart with 91"]);
  });
});

test("there are no colors without a terminal", async () => {
  const { stdout } = await terminal.project.runSharedWith(["diff"], { CI: "1", TERM: "xterm" });
  expect(stdout).toContain("create new_seq");
  expect(stdout).not.toContain("\x1b");
});

test("a reader that closes early is not an error", async () => {
  const line = (nextval: string) => `${nextval} diff | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await inShell(line);
  expect([stdout, stderr]).toEqual(["0\n", ""]);
});

describe("signals", () => {
  test.each(withLong<[NodeJS.Signals, number, Driver]>([["SIGINT", 130, DRIVERS[0]]], [["SIGTERM", 143, DRIVERS[1]]]))(
    "%s cancels what waits for a lock, and nothing is half done",
    async (signal, expected, driver) => {
      const holder = await database.connect({ max: 1 }).reserve();
      await holder`begin`;
      await holder`alter sequence order_seq cache 5`;
      const { process: child, finished } = terminal.project.start(["push", "--yes", "--driver", driver]);
      await untilWaiting(true);
      const before = Date.now();
      child.kill(signal);
      expect(await finished).toMatchObject({ status: expected, stderr: "\nInterrupted.\n" });
      expect(Date.now() - before).toBeLessThan(5000);
      await untilWaiting(false);
      await holder`rollback`;
      holder.release();
      expect(await sequences()).toEqual(["order_seq"]);
    },
  );
});
