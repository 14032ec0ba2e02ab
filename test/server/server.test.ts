import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { serverPackage } from "./package.mjs";
import { descendantsOf, stillRunning, waitUntilGone } from "./processes.mjs";
import { type Server, type ServerOptions, startServer } from "./server.js";

/** Everything that a server puts on the disk goes here, so that a test can see that nothing is left of it. */
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "nextval-test-"));
  // The server's user has to pass through it.
  await chmod(temporary, 0o755);
  vi.stubEnv("TMPDIR", temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

async function filesLeft(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => !name.startsWith("tsx-"));
}

async function processesOf(supervisor: number): Promise<number[]> {
  return [supervisor, ...(await descendantsOf(supervisor)).map(({ pid }) => pid)];
}

describe("a server", () => {
  async function start(options?: ServerOptions): Promise<Server> {
    const server = await startServer(options);
    onTestFinished(() => server.stop());
    return server;
  }

  function connect(server: Server): postgres.Sql {
    const client = postgres(server.url, { onnotice: () => {} });
    onTestFinished(() => client.end({ timeout: 1 }));
    return client;
  }

  test("is of the version of its package, in UTF8 and UTC whatever the machine has", async () => {
    const { major } = await serverPackage();
    const client = connect(await start());
    const [row] = await client`
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

  test("takes settings, before the defaults", async () => {
    const client = connect(await start({ settings: { fsync: "on", work_mem: "8MB" } }));
    const [row] = await client`select current_setting('fsync') as fsync, current_setting('work_mem') as memory`;
    expect(row).toEqual({ fsync: "on", memory: "8MB" });
  });

  test("says what PostgreSQL said when it does not start, and leaves nothing", async () => {
    await expect(start({ settings: { no_such_setting: "1" } })).rejects.toThrow(
      'unrecognized configuration parameter "no_such_setting"',
    );
    // The supervisor has said so before it cleans up.
    await expect.poll(filesLeft, { timeout: 10_000 }).toEqual([]);
  });

  test("lives beside others", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.port).not.toBe(other.port);
    expect(one.folder).not.toBe(other.folder);
    expect(await connect(one)`select 1 as n`).toEqual(await connect(other)`select 1 as n`);
  });

  test("leaves no process and no file when it is stopped, and may be stopped twice", async () => {
    const server = await start();
    await connect(server)`select 1`;
    const processes = await processesOf(server.supervisor);
    expect(processes.length).toBeGreaterThan(3);
    await server.stop();
    await server.stop();
    expect(await stillRunning(processes)).toEqual([]);
    expect(await filesLeft()).toEqual([]);
    await expect(server.crash()).rejects.toThrow("the server has been stopped");
  });

  test("keeps what was committed, and nothing else, through a crash", async () => {
    const server = await start();
    const client = connect(server);
    await client`create table note (text text)`;
    await client`insert into note values ('committed')`;
    const open = await client.reserve();
    await open`begin`;
    await open`insert into note values ('open')`;

    const [, ...processes] = await processesOf(server.supervisor);
    await server.crash();
    expect(await stillRunning(processes)).toEqual([]);
    await expect(client`select 1`).rejects.toThrow();
    await server.start();

    expect(await connect(server)`select text from note`).toEqual([{ text: "committed" }]);
    // The same client finds it too, on the same port.
    expect(await client`select text from note`).toEqual([{ text: "committed" }]);
  });

  test("can crash many times, and be started when it runs and crashed when it does not", async () => {
    const server = await start();
    await connect(server)`create table note (round int)`;
    for (const round of [1, 2, 3]) {
      await server.crash();
      await server.crash();
      await server.start();
      await server.start();
      await connect(server)`insert into note values (${round})`;
    }
    expect(await connect(server)`select count(*)::int as rounds from note`).toEqual([{ rounds: 3 }]);
  });

  test("leaves nothing when it is stopped after a crash", async () => {
    const server = await start();
    const processes = await processesOf(server.supervisor);
    await server.crash();
    await server.stop();
    expect(await stillRunning(processes)).toEqual([]);
    expect(await filesLeft()).toEqual([]);
  });
});

describe("nothing is left of a server when its program", () => {
  function run(...args: string[]): ChildProcess {
    const program = spawn(
      process.execPath,
      ["--import", "tsx", fileURLToPath(new URL("./hold-server.ts", import.meta.url)), ...args],
      // A process group of its own, as a shell gives to each command.
      { detached: true, stdio: ["ignore", "pipe", "ignore"] },
    );
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
    await waitUntilGone(processes, 10_000);
    expect(await stillRunning(processes)).toEqual([]);
    expect(await filesLeft()).toEqual([]);
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
    await waitUntilGone([supervisor], 10_000);
    expect(await stillRunning([supervisor])).toEqual([]);
    expect(await filesLeft()).toEqual([]);
  });

  // Moments of a start that takes some 600 ms: before the supervisor listens, in initdb, while PostgreSQL starts.
  test.each([0, 100, 200, 300, 450, 600])("is killed %i ms into the start", async (milliseconds) => {
    const program = run("forever");
    await once(program.stdout!, "data");
    await sleep(milliseconds);
    const started = (await descendantsOf(program.pid!)).map(({ pid }) => pid);
    program.kill("SIGKILL");
    // What they still start counts too.
    const seen = new Set(started);
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(10)) {
      for (const pid of (await Promise.all(started.map(processesOf))).flat()) seen.add(pid);
      if ((await stillRunning(started)).length === 0) break;
    }
    expect(await stillRunning([...seen])).toEqual([]);
    expect(await filesLeft()).toEqual([]);
  });
});
