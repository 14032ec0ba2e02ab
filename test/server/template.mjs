import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serverPackage } from "./package.mjs";

const run = promisify(execFile);

/** The result of initdb, kept to be copied in half the time. Git ignores it, and `npm ci` empties it. */
const TEMPLATES = fileURLToPath(new URL("../../node_modules/.nextval-templates/", import.meta.url));

/**
 * One for each package of PostgreSQL and each set of flags.
 *
 * @param {readonly string[]} flags
 */
async function templateFor(flags) {
  const { version } = await serverPackage();
  return join(TEMPLATES, `${version}-${createHash("sha256").update(flags.join(" ")).digest("hex").slice(0, 8)}`);
}

/**
 * Fills an empty folder as initdb would with these flags.
 *
 * @param {string} folder
 * @param {readonly string[]} flags
 * @param {import("./server-user.mjs").ServerUser | undefined} user
 * @returns {Promise<string | undefined>} the password of its superuser; undefined if there is no template, or it cannot
 *   be copied
 */
export async function copyTemplate(folder, flags, user) {
  try {
    const template = await templateFor(flags);
    const password = await readFile(join(template, "password"), "utf8");
    await run("cp", ["-Rp", `${template}/data/.`, folder]);
    // On another machine the owner has another number, or does not exist.
    if (user !== undefined) await run("chown", ["-R", `${user.uid}:${user.gid}`, folder]);
    return password;
  } catch {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return undefined;
  }
}

/**
 * Keeps the result of initdb, unless another process was faster. It does not matter if that fails.
 *
 * @param {string} folder
 * @param {readonly string[]} flags
 * @param {string} password
 */
export async function keepTemplate(folder, flags, password) {
  let unfinished;
  try {
    const template = await templateFor(flags);
    await mkdir(TEMPLATES, { recursive: true });
    unfinished = await mkdtemp(join(TEMPLATES, "unfinished-"));
    await run("cp", ["-Rp", folder, join(unfinished, "data")]);
    await writeFile(join(unfinished, "password"), password);
    await rename(unfinished, template);
  } catch {
    if (unfinished !== undefined) await rm(unfinished, { recursive: true, force: true });
  }
}
