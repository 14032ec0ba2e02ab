import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkRole } from "../server/global-setup.js";
import { reachServer } from "../server/server.js";
import { buildCopy } from "../support/command/build-copy.js";
import { type Combination, nameOf } from "./combination.js";
import { databasesOn } from "./databases.js";
import { playHour } from "./hour.js";
import { installPnpm } from "./pnpm.js";

const run = promisify(execFile);

/** Plays the first hour in each combination, and says which fail; false if one does. */
export async function playAll(combinations: readonly Combination[]): Promise<boolean> {
  const begin = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "nextval-packed-"));
  const server = await reachServer();
  let isWell = true;
  try {
    await checkRole(server.url);
    const machine = {
      tarball: await pack(folder),
      pnpm: combinations.some(({ manager }) => manager === "pnpm") ? await installPnpm() : undefined,
    };
    for (const combination of combinations) {
      const databases = await databasesOn(server.url);
      process.stdout.write(`First hour with ${nameOf(combination)}:`);
      try {
        await playHour(combination, machine, databases, (step, seconds) =>
          process.stdout.write(` ${step} ${seconds.toFixed(1)} s,`),
        );
        process.stdout.write(" well.\n");
      } catch (error) {
        isWell = false;
        process.stdout.write(` FAILED.\n${(error as Error).message}\n`);
      } finally {
        await databases.drop();
      }
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  process.stdout.write(`First hour: ${((performance.now() - begin) / 1000).toFixed(0)} s.\n`);
  return isWell;
}

/** The package as it would be published. */
async function pack(folder: string): Promise<string> {
  const built = await buildCopy();
  try {
    await run("npm", ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder], { cwd: built });
    const [name] = await readdir(folder);
    return join(folder, name as string);
  } finally {
    await rm(built, { recursive: true });
  }
}
