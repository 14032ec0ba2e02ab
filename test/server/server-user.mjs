import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** @typedef {{ readonly uid: number, readonly gid: number }} ServerUser */

/**
 * Returns the user that a server runs as if this process is root, because PostgreSQL refuses to run as root. It is
 * `postgres` if the machine has that user, else `nobody`. If this process is not root, it is undefined, and the server
 * runs as the same user.
 *
 * @returns {Promise<ServerUser | undefined>}
 */
export async function serverUser() {
  if (userInfo().uid !== 0) return undefined;
  return idsOf("postgres").catch(() => idsOf("nobody"));
}

/**
 * @param {string} name
 * @returns {Promise<ServerUser>}
 */
async function idsOf(name) {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
  );
  if (!uid || !gid) throw new Error(`The user ${name} has no id of its own.`);
  return { uid, gid };
}

/**
 * Whether this user can run a program to its end. Only an attempt shows the effect of parent folders, access lists and
 * mount options.
 *
 * @param {ServerUser | undefined} user
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<boolean>}
 */
export async function succeedsAs(user, command, args) {
  try {
    await run(command, args, { ...user, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}
