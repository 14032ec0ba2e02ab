import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Project, projectIn } from "./project.js";

/** node-postgres with its dependencies. */
export const PG = [
  "pg",
  ...["connection-string", "pool", "protocol", "types", "int8"].map((name) => `pg-${name}`),
  ...["array", "bytea", "date", "interval"].map((name) => `postgres-${name}`),
  "pgpass",
  "split2",
  "xtend",
];

const INSTALLED = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/**
 * Makes a project outside of this repository, which finds the built library, its dependencies and the given packages,
 * and nothing else that is installed here. It is removed after the test.
 */
export async function standalone(library: string, packages: readonly string[]): Promise<Project> {
  const folder = await mkdtemp(`${tmpdir()}/nextval-standalone-`);
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ["dist", "package.json"]) {
    await cp(`${library}/${name}`, `${folder}/node_modules/nextval/${name}`, { recursive: true });
  }
  await link(folder, [...(await dependencies()), ...packages]);
  const project = projectIn(folder);
  await project.write({ "package.json": `{ "private": true }` });
  return project;
}

/** Makes packages that are installed here available in a folder. */
export async function link(folder: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    await mkdir(dirname(`${folder}/node_modules/${name}`), { recursive: true });
    await symlink(`${INSTALLED}/${name}`, `${folder}/node_modules/${name}`);
  }
}

/** The packages that come with nextval. */
export async function dependencies(): Promise<string[]> {
  const manifest = JSON.parse(await readFile(`${INSTALLED}/../package.json`, "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  // Of tinyglobby; the others have none.
  return [...Object.keys(manifest.dependencies), "fdir", "picomatch"];
}
