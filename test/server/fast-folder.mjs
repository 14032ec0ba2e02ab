import { access, constants, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { succeedsAs } from "./server-user.mjs";

/** A file system in memory, and how many bytes of it have to be free. */
const MEMORY = "/dev/shm";
const ROOM = 2 ** 31;

/**
 * Returns the folder for data of tests: in memory if there is space, or `TMPDIR` if that is set. PostgreSQL creates a
 * thousand files for a server and a few hundred for a database.
 *
 * @returns {Promise<string>}
 */
export async function fastFolder() {
  if (process.env.TMPDIR !== undefined) return tmpdir();
  return (await memoryFolder()) ?? tmpdir();
}

/**
 * Returns the first folder that the server's user can enter. Others may not be able to enter a `TMPDIR` of root.
 *
 * @param {import("./server-user.mjs").ServerUser | undefined} user
 * @param {readonly string[]} folders
 * @returns {Promise<string>}
 */
export async function enterable(user, folders) {
  for (const folder of folders) {
    if (user === undefined || (await succeedsAs(user, "sh", ["-c", 'cd -- "$1"', "sh", folder]))) return folder;
  }
  throw new Error(
    `User ${user?.uid}, as which PostgreSQL would run, can enter none of these folders: ${folders.join(", ")}`,
  );
}

/** @returns {Promise<string | undefined>} */
async function memoryFolder() {
  try {
    await access(MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize < ROOM ? undefined : MEMORY;
  } catch {
    return undefined;
  }
}
