import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { succeedsAs } from "./server-user.mjs";

const run = promisify(execFile);

/** @typedef {import("./server-user.mjs").ServerUser} ServerUser */

/** Folders for copies; the first usable one is taken. Only root can write to the first, on most systems. */
export const PLACES = process.env.NEXTVAL_TEST_COPIES
  ? [process.env.NEXTVAL_TEST_COPIES]
  : ["/var/cache/nextval-servers", "/var/tmp/nextval-servers", "/tmp/nextval-servers"];

/** The prefix of an unfinished copy's name; the id of the process that makes it follows. */
const UNFINISHED = "unfinished-";

/**
 * Returns a folder with PostgreSQL's programs that the server's user can run: the one that npm has installed, or a copy
 * of it. Root may have installed it in a folder that no other user can enter, such as its home.
 *
 * The copy is made once and kept. It is used only from a folder that belongs to root and that no other user can write
 * to. Every file must have the size, time, mode and owner that were recorded when it was made.
 *
 * @param {{ readonly native: string, readonly version: string }} installed
 * @param {ServerUser | undefined} user
 * @param {readonly string[]} places
 * @returns {Promise<string>}
 */
export async function runnableBinaries({ native, version }, user, places = PLACES) {
  if (user === undefined || (await isRunnable(native, user))) return native;
  const name = `${version}-${await fingerprintOf(native)}`;
  /** @type {string[]} */
  const reasons = [];
  for (const place of places) {
    try {
      await makeTrusted(place);
      const copy = await copyIn(place, name, native);
      if (await isRunnable(copy, user)) return copy;
      reasons.push(`${copy} cannot be run by user ${user.uid}, for example because it is mounted with noexec.`);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `User ${user.uid} cannot run ${native}/bin/postgres, and PostgreSQL refuses to run as root. ` +
      `No copy could be made: ${reasons.join(" ")} Set NEXTVAL_TEST_COPIES to a folder that only root can write to.`,
  );
}

/**
 * @param {string} native
 * @param {ServerUser} user
 */
function isRunnable(native, user) {
  return succeedsAs(user, join(native, "bin", "postgres"), ["--version"]);
}

/**
 * Creates a folder, or uses the existing one, if no user except root can change its content.
 *
 * @param {string} folder
 */
async function makeTrusted(folder) {
  try {
    await mkdir(folder);
    await chmod(folder, 0o755);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  const { uid, mode } = await lstat(folder);
  // A link of root may lead anywhere, and its mode allows everything.
  if (uid !== 0 || (mode & 0o022) !== 0) {
    throw new Error(`${folder} is not used because other users than root can write to it.`);
  }
  for (let parent = dirname(await realpath(folder)); ; parent = dirname(parent)) {
    const { uid, mode } = await lstat(parent);
    // In a sticky folder, such as /tmp, users cannot rename files of others.
    if (uid !== 0 || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) {
      throw new Error(`${folder} is not used because other users than root can rename what is in ${parent}.`);
    }
    if (parent === dirname(parent)) return;
  }
}

/**
 * @param {string} place
 * @param {string} name
 * @param {string} native
 * @returns {Promise<string>} the folder of the copy that is like `native`
 */
async function copyIn(place, name, native) {
  await removeUnfinished(place);
  const copy = join(place, name);
  if (!(await isWhole(copy))) await make(copy, native);
  return join(copy, "native");
}

/**
 * @param {string} copy
 * @param {string} native
 */
async function make(copy, native) {
  const unfinished = await mkdtemp(join(dirname(copy), `${UNFINISHED}${process.pid}-`));
  try {
    const inside = join(unfinished, "native");
    await run("cp", ["-RP", native, inside]);
    await run("chmod", ["-R", "u=rwX,go=rX", unfinished]);
    await writeFile(join(unfinished, "record"), await listing(inside));
    await install(unfinished, copy);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/**
 * Moves a copy to its place in one step. Another process may have been faster, and its server may run from there
 * already.
 *
 * @param {string} unfinished
 * @param {string} copy
 */
async function install(unfinished, copy) {
  try {
    await rename(unfinished, copy);
  } catch (error) {
    if (await isWhole(copy)) return;
    const damaged = `${unfinished}-damaged`;
    await rename(copy, damaged).catch(() => Promise.reject(error));
    await rename(unfinished, copy);
    await rm(damaged, { recursive: true, force: true });
  }
}

/**
 * Whether the copy exists with its recorded files: programs that clean temporary folders remove old files.
 *
 * @param {string} copy
 */
async function isWhole(copy) {
  try {
    return (await readFile(join(copy, "record"), "utf8")) === (await listing(join(copy, "native")));
  } catch {
    return false;
  }
}

/**
 * Removes unfinished copies of killed processes.
 *
 * @param {string} place
 */
async function removeUnfinished(place) {
  for (const name of await readdir(place)) {
    const pid = name.startsWith(UNFINISHED) && Number.parseInt(name.slice(UNFINISHED.length), 10);
    if (pid && !isRunning(pid)) await rm(join(place, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Names a copy after its content, so all installations of one version share a copy.
 *
 * @param {string} native
 */
async function fingerprintOf(native) {
  const lines = await entriesOf(native, (stats) => (stats.isDirectory() ? "" : `${stats.size}`));
  return createHash("sha256").update(lines).digest("hex").slice(0, 12);
}

/**
 * Returns a line for each file and folder with the properties that change when it is changed.
 *
 * @param {string} folder
 */
function listing(folder) {
  return entriesOf(folder, (stats) => {
    const { uid, mode, size, mtimeMs } = stats;
    return `${uid} ${mode.toString(8)} ${stats.isDirectory() ? "" : `${size} ${mtimeMs}`}`;
  });
}

/**
 * @param {string} folder
 * @param {(stats: import("node:fs").Stats) => string} describe
 */
async function entriesOf(folder, describe) {
  const names = [".", ...(await readdir(folder, { recursive: true })).sort()];
  const lines = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const stats = await lstat(path);
      if (stats.isSymbolicLink()) return `${name} -> ${await readlink(path)}\n`;
      return `${name} ${describe(stats)}\n`;
    }),
  );
  return lines.join("");
}
