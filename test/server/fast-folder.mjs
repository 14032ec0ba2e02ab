import { access, constants, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";

/** A file system in memory, and how many bytes of it have to be free. */
const MEMORY = "/dev/shm";
const ROOM = 2 ** 31;

/**
 * Where data of tests goes: into memory where there is room, as PostgreSQL creates a thousand files for a server and a few
 * hundred for a database; to `TMPDIR` where that is set.
 *
 * @returns {Promise<string>}
 */
export async function fastFolder() {
  if (process.env.TMPDIR !== undefined) return tmpdir();
  try {
    await access(MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize < ROOM ? tmpdir() : MEMORY;
  } catch {
    return tmpdir();
  }
}
