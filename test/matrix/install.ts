import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm } from "./npm.js";

/** Git ignores it, `npm install` leaves it alone, and `npm ci` empties it. */
const FOLDER = fileURLToPath(new URL("../../node_modules/.nextval-matrix/", import.meta.url));

/** Packages in a folder of their own. */
export interface Installed {
  /** Where the packages are. */
  readonly modules: string;
  /** The version of the first package. */
  readonly version: string;
}

/**
 * Installs packages into a folder of this name, without running their scripts. Packages that an earlier run has
 * installed are kept, even if there is a newer version by now.
 *
 * @param packages as `npm install` takes them, with versions
 * @param finish does what the scripts of the packages would do
 */
export async function install(
  name: string,
  packages: () => Promise<readonly [string, ...string[]]>,
  finish: (modules: string) => Promise<void> = async () => {},
): Promise<Installed> {
  const project = join(FOLDER, name);
  const there = await readInstalled(project);
  if (there !== undefined) return there;

  const wanted = await packages();
  // Beside the place, and then moved there in one step: an installation that was interrupted is never taken for a whole
  // one.
  const partial = `${project}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeFile(join(partial, "package.json"), '{ "private": true }\n');
  await npm("install", "--prefix", partial, "--ignore-scripts", "--no-audit", "--no-fund", ...wanted);
  const modules = join(partial, "node_modules");
  await finish(modules);
  const main = wanted[0].replace(/@[^@]*$/, "");
  const { version } = await readJson<{ version: string }>(join(modules, main, "package.json"));
  await writeFile(join(partial, "installed.json"), JSON.stringify({ version }));
  await rm(project, { recursive: true, force: true });
  await rename(partial, project);
  return { modules: join(project, "node_modules"), version };
}

async function readInstalled(project: string): Promise<Installed | undefined> {
  try {
    const { version } = await readJson<{ version: string }>(join(project, "installed.json"));
    return { modules: join(project, "node_modules"), version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}

/** All versions of a package, the oldest first. */
export async function versionsOf(name: string): Promise<string[]> {
  return JSON.parse(await npm("view", name, "versions", "--json")) as string[];
}
