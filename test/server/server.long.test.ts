import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { usePrograms } from "../support/programs.js";
import { fastFolder } from "./fast-folder.mjs";
import { serverPackage } from "./package.mjs";
import { descendantsOf, stillRunning, waitUntilGone } from "./processes.mjs";
import { type Server, startServer } from "./server.js";

const compile = usePrograms();

/** All files of a server go here, so a test can check that none is left. */
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(await fastFolder(), "nextval-test-"));
  // The server's user has to pass through it.
  await chmod(temporary, 0o755);
  vi.stubEnv("TMPDIR", temporary);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

async function processesOf(supervisor: number): Promise<number[]> {
  return [supervisor, ...(await descendantsOf(supervisor)).map(({ pid }) => pid)];
}

test("a server that does not start reports PostgreSQL's output, and leaves nothing", async () => {
  await expect(startServer({ settings: { no_such_setting: "1" } })).rejects.toThrow(
    'unrecognized configuration parameter "no_such_setting"',
  );
  // The supervisor has reported it before it cleans up.
  await expect.poll(() => readdir(temporary), { timeout: 60_000 }).toEqual([]);
});

describe("two servers that are started at the same time", () => {
  let plain: Server;
  let set: Server;

  beforeAll(async () => {
    [plain, set] = await Promise.all([startServer(), startServer({ settings: { fsync: "on", work_mem: "8MB" } })]);
    return () => Promise.all([plain.stop(), set.stop()]);
  });

  function connect(server: Server): postgres.Sql {
    const client = postgres(server.url, { onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    return client;
  }

  test("run beside each other", async () => {
    expect(plain.port).not.toBe(set.port);
    expect(plain.folder).not.toBe(set.folder);
    expect(await connect(plain)`select 1 as n`).toEqual(await connect(set)`select 1 as n`);
  });

  test("are of the version of their package, in UTF8 and UTC whatever the machine has", async () => {
    const { major } = await serverPackage();
    const [row] = await connect(plain)`
      select current_setting('server_version_num')::int / 10000 as version,
             current_setting('server_encoding') as encoding,
             current_setting('TimeZone') as zone,
             current_setting('max_connections') as connections,
             upper('é') as upper`;
    expect(row).toEqual({
      version: major,
      encoding: "UTF8",
      zone: "UTC",
      connections: "100",
      // The locale C of a server before 17 knows ASCII only.
      upper: major < 17 ? "é" : "É",
    });
  });

  test("accept settings, which override the defaults", async () => {
    const [row] = await connect(set)`select current_setting('fsync') as fsync, current_setting('work_mem') as memory`;
    expect(row).toEqual({ fsync: "on", memory: "8MB" });
  });

  test("keep committed data, and nothing else, through a crash", async () => {
    const client = connect(plain);
    await client`create table note (text text)`;
    await client`insert into note values ('committed')`;
    const open = await client.reserve();
    await open`begin`;
    await open`insert into note values ('open')`;

    const [, ...processes] = await processesOf(plain.supervisor);
    await plain.crash();
    expect(await stillRunning(processes)).toEqual([]);
    await expect(client`select 1`).rejects.toThrow();
    await plain.start();

    expect(await connect(plain)`select text from note`).toEqual([{ text: "committed" }]);
    // The same client finds it too, on the same port.
    expect(await client`select text from note`).toEqual([{ text: "committed" }]);
  });

  test("can crash many times; starting a running one or crashing a stopped one does nothing", async () => {
    await connect(plain)`create table crash (round int)`;
    for (const round of [1, 2, 3]) {
      await plain.crash();
      await plain.crash();
      await plain.start();
      await plain.start();
      await connect(plain)`insert into crash values (${round})`;
    }
    expect(await connect(plain)`select count(*)::int as rounds from crash`).toEqual([{ rounds: 3 }]);
  });

  test("leave no process and no file when they are stopped, also after a crash, and may be stopped twice", async () => {
    await connect(set)`select 1`;
    for (const server of [plain, set]) {
      const processes = await processesOf(server.supervisor);
      expect(processes.length).toBeGreaterThan(3);
      if (server === plain) await server.crash();
      expect(existsSync(server.folder)).toBe(true);
      await server.stop();
      await server.stop();
      expect(await stillRunning(processes)).toEqual([]);
      expect(existsSync(server.folder)).toBe(false);
      await expect(server.crash()).rejects.toThrow("the server has been stopped");
    }
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe("nothing is left of a server when its program", () => {
  let holdServer: string;
  beforeAll(async () => {
    [holdServer] = await compile(new URL("./hold-server.ts", import.meta.url));
  });

  function run(...args: string[]): ChildProcess {
    const program = spawn(process.execPath, [holdServer, ...args], {
      // A separate process group, as a shell gives to each command.
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void program.kill("SIGKILL"));
    return program;
  }

  async function serverOf(program: ChildProcess): Promise<Server> {
    for await (const line of createInterface({ input: program.stdout! })) {
      if (line !== "starting") return JSON.parse(line);
    }
    throw new Error(`The program ended with code ${program.exitCode} before its server had started.`);
  }

  async function expectNothingLeft(processes: number[]): Promise<void> {
    expect(processes.length).toBeGreaterThan(3);
    await waitUntilGone(processes, 60_000);
    expect(await stillRunning(processes)).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  }

  test.each([
    ["is killed", "SIGKILL", "program"],
    ["is asked to end", "SIGTERM", "program"],
    ["is interrupted by Ctrl-C", "SIGINT", "group"],
    ["is killed with its process group", "SIGKILL", "group"],
  ] as const)("%s", async (_, signal, target) => {
    const program = run("forever");
    const { url, supervisor } = await serverOf(program);
    const client = postgres(url, { onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    await client`select 1`;
    const processes = await processesOf(supervisor);
    process.kill(target === "group" ? -program.pid! : program.pid!, signal);
    await expectNothingLeft(processes);
  });

  test.each([
    ["ends without stopping it", "end", 0],
    ["fails", "throw", 1],
  ] as const)("%s", async (_, way, exitCode) => {
    const program = run(way);
    const ended = once(program, "exit");
    const { supervisor } = await serverOf(program);
    const [code] = await ended;
    expect(code).toBe(exitCode);
    await waitUntilGone([supervisor], 60_000);
    expect(await stillRunning([supervisor])).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });

  // Moments of a start that takes some 600 ms: before the supervisor listens, in initdb or the copy of what it has made
  // once, while PostgreSQL starts.
  test.each([0, 200, 450])("is killed %i ms into the start", async (milliseconds) => {
    const program = run("forever");
    await once(program.stdout!, "data");
    await sleep(milliseconds);
    const started = (await descendantsOf(program.pid!)).map(({ pid }) => pid);
    program.kill("SIGKILL");
    // Processes that they still start also count.
    const seen = new Set(started);
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(10)) {
      for (const pid of (await Promise.all(started.map(processesOf))).flat()) seen.add(pid);
      if ((await stillRunning(started)).length === 0) break;
    }
    expect(await stillRunning([...seen])).toEqual([]);
    // A supervisor that was started after the list was made may still be at it.
    await expect.poll(() => readdir(temporary), { timeout: 60_000 }).toEqual([]);
  });
});
