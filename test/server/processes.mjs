import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string} state One letter: `T` is stopped, `Z` has ended and waits for its parent to notice.
 */

/**
 * Returns every process of this machine. On Linux it reads /proc, because slim container images have no `ps`.
 *
 * @returns {Promise<Process[]>}
 */
async function listProcesses() {
  if (process.platform === "linux") {
    return readProcesses((await readdir("/proc")).filter((name) => /^\d+$/.test(name)));
  }
  const ps = promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  const { stdout } = await ps;
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state = ""]) => ({ pid: Number(pid), parent: Number(parent), state: state.charAt(0) }))
    .filter(({ pid }) => pid !== ps.child.pid);
}

/**
 * Returns those of the processes that exist, from /proc.
 *
 * @param {readonly (number | string)[]} pids
 * @returns {Promise<Process[]>}
 */
async function readProcesses(pids) {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "latin1").catch(() => "")));
  return stats.filter(Boolean).map((stat) => {
    // The format is "pid (name) state parent ...". The name may contain blanks and parentheses.
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 2);
    return { pid: Number.parseInt(stat, 10), parent: Number(parent), state };
  });
}

/**
 * Returns the children of a process, their children, and so on; not `pid` itself.
 *
 * @param {number} pid
 * @returns {Promise<Process[]>}
 */
export async function descendantsOf(pid) {
  const all = await listProcesses();
  /** @param {number} parent @returns {Process[]} */
  const below = (parent) =>
    all.filter((each) => each.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

/**
 * Returns those of `pids` that have not ended. A process that has ended but that its parent has not reaped counts only
 * if this process is the parent, which reaps it in the next turn of the event loop. In a container whose first process
 * reaps nothing, the others stay listed forever.
 *
 * @param {readonly number[]} pids
 * @returns {Promise<number[]>}
 */
export async function stillRunning(pids) {
  const all = process.platform === "linux" ? await readProcesses(pids) : await listProcesses();
  return all
    .filter(({ pid, parent, state }) => pids.includes(pid) && (state !== "Z" || parent === process.pid))
    .map(({ pid }) => pid);
}

/**
 * @param {readonly number[]} pids
 * @param {number} milliseconds
 * @returns {Promise<boolean>} false if the time was up first
 */
export async function waitUntilGone(pids, milliseconds) {
  const deadline = Date.now() + milliseconds;
  while ((await stillRunning(pids)).length > 0) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}
