import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { npm } from "../matrix/npm.js";

/** Git ignores it, `npm install` leaves it alone, and `npm ci` empties it. */
const PLACE = fileURLToPath(new URL("../../node_modules/.nextval-pnpm/", import.meta.url));

/** The last version for Node.js 20. */
const PACKAGE = "pnpm@10";

/** A folder with the command `pnpm`, installed once. */
export async function installPnpm(): Promise<string> {
  const commands = `${PLACE}node_modules/.bin`;
  const isThere = await stat(`${commands}/pnpm`).then(
    () => true,
    () => false,
  );
  if (isThere) return commands;
  // Moved there in one step: an installation that was interrupted is never taken for a whole one.
  const partial = `${PLACE.slice(0, -1)}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeFile(`${partial}/package.json`, '{ "private": true }\n');
  await npm("install", "--prefix", partial, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", PACKAGE);
  await rename(partial, PLACE.slice(0, -1));
  return commands;
}
