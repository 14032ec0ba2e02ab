/**
 * The process that owns one embedded PostgreSQL server, started by server.ts. It is a separate process, so it outlives
 * the process that asked for the server. When the IPC channel closes, by `stop()` or because that process was killed,
 * it ends the server and removes its folder. It is JavaScript because Node 20 cannot run TypeScript.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runnableBinaries } from "./binaries.mjs";
import { enterable, fastFolder } from "./fast-folder.mjs";
import { serverPackage } from "./package.mjs";
import { descendantsOf, waitUntilGone } from "./processes.mjs";
import { serverUser } from "./server-user.mjs";
import { copyTemplate, keepTemplate } from "./template.mjs";

/** @typedef {import("./protocol.js").Reply} Reply */
/** @typedef {import("./protocol.js").Request} Request */
/** @typedef {import("./processes.mjs").Process} Process */

/** Generous, because a busy machine is not a failure. It only prevents a hanging server from staying forever. */
const PATIENCE = 60_000;
const PORTS_TO_TRY = 10;
/** A standby accepts connections that read. Without the hyphen up to PostgreSQL 13. */
const READY = /database system is ready to accept (?:read[- ]only )?connections/;

/**
 * Each test has backends of its own, and the first plan of a long query touches 50 megabytes of new memory: in large
 * pages, and kept, that takes half of the processor's time. Only the C library of GNU reads it.
 */
const MEMORY = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456";

/** @type {Record<string, string>} */
const settings = {
  listen_addresses: "127.0.0.1",
  // Without a socket file in /tmp that could be left.
  unix_socket_directories: "",
  max_connections: "100",
  TimeZone: "UTC",
  // Nothing here lives long enough to need it.
  autovacuum: "off",
  // A killed server loses nothing by this, only a machine without power does. full_page_writes stays on: a page is
  // written in two pieces, and SIGKILL may come between them.
  fsync: "off",
  ...JSON.parse(process.argv[2] ?? "{}"),
};

/** @type {import("./server-user.mjs").ServerUser | undefined} */
let user;
/** The folder of PostgreSQL's programs. */
let native = "";
let password = randomBytes(16).toString("hex");
let folder = "";
let port = 0;
let started = false;
let ending = false;
/** The last output of initdb and PostgreSQL, shown only if something fails. */
let log = "";

/** @type {Promise<unknown>} */
let lastInTurn = Promise.resolve();

/**
 * One thing at a time, in the order asked for: a server is never removed while it is still starting.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function inTurn(work) {
  const result = lastInTurn.then(work);
  lastInTurn = result.catch(() => {});
  return result;
}

/**
 * @param {Reply} reply
 * @returns {Promise<void>} resolves also when nobody is left to hear it
 */
function send(reply) {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(reply, undefined, undefined, () => resolve());
    else resolve();
  });
}

/** @param {unknown} reason */
function describe(reason) {
  const message = reason instanceof Error ? reason.message : String(reason ?? "The process ended.");
  return log ? `${message}\n${log}` : message;
}

/**
 * Runs one of PostgreSQL's programs, in a folder that its user can enter.
 *
 * @param {"initdb" | "postgres"} name
 * @param {readonly string[]} args
 */
function spawnProgram(name, args) {
  const child = spawn(join(native, "bin", name), args, {
    ...user,
    cwd: folder,
    env: { GLIBC_TUNABLES: MEMORY, ...process.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", remember);
  child.stderr.on("data", remember);
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { child, ended };
}

async function initdbFlags() {
  const { major } = await serverPackage();
  return [
    "--no-sync",
    // In megabytes, because a folder is copied with its log. The usual size if the disk has to be waited for, for each
    // segment.
    ...(settings.fsync === "on" ? [] : ["--wal-segsize=1"]),
    "--encoding=UTF8",
    "--locale=C",
    // Otherwise it would be a language of this machine, which another machine that gets the folder may not have.
    "--lc-messages=C",
    // The builtin provider, new in 17, has C.UTF-8 on every machine. Older servers have C, in which only ASCII letters
    // have an upper case.
    ...(major < 17 ? [] : ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
    // Each connection costs 4096 rounds of hashing otherwise. New in 16.
    ...(major < 16 ? [] : ["--set=scram_iterations=1"]),
  ];
}

/** @param {unknown} message */
function remember(message) {
  log = `${log}${String(message)}`.slice(-10_000);
}

/**
 * A free port below the range from which systems take the ports of outgoing connections. A client that tries again and
 * again to reach a crashed server can otherwise be given the server's own port, and end up connected to itself.
 *
 * @returns {Promise<number>}
 */
async function freePort() {
  for (;;) {
    const candidate = 15_000 + Math.floor(Math.random() * 15_000);
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(candidate, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return candidate;
  }
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {string} task
 * @returns {Promise<T>}
 */
async function patiently(work, task) {
  const timer = new AbortController();
  const timeout = sleep(PATIENCE, undefined, { signal: timer.signal }).then(async () => {
    await kill();
    throw new Error(`${task} was not done after ${PATIENCE / 1000} s.`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    timer.abort();
    timeout.catch(() => {});
  }
}

async function initialise() {
  user = await serverUser();
  native = await runnableBinaries(await serverPackage(), user);
  // Not in memory if the disk has to be waited for.
  const places = [settings.fsync === "on" ? tmpdir() : await fastFolder(), "/tmp", "/var/tmp"];
  folder = await mkdtemp(join(await enterable(user, places), "nextval-postgres-"));
  const flags = await initdbFlags();
  const known = await patiently(copyTemplate(folder, flags, user), "The copy of a data folder");
  if (known !== undefined) {
    password = known;
    return;
  }
  await patiently(initdb(flags), "initdb");
  await keepTemplate(folder, flags, password);
}

/** @param {readonly string[]} flags */
async function initdb(flags) {
  const file = passwordFile();
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) for (const path of [file, folder]) await chown(path, user.uid, user.gid);
  const places = [`--pgdata=${folder}`, `--pwfile=${file}`];
  const { ended } = spawnProgram("initdb", [...places, "--auth=password", "--username=postgres", ...flags]);
  const code = await ended;
  await rm(file);
  if (code !== 0) throw new Error(`initdb ended with code ${code}.`);
}

/** Beside the data folder, which has to be empty for initdb. */
function passwordFile() {
  return `${folder}.password`;
}

async function start() {
  if ((await descendantsOf(process.pid)).length > 0) return;
  log = "";
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { child, ended } = spawnProgram("postgres", ["-D", folder, "-p", String(port), ...flags]);
  const ready = new Promise((resolve) => {
    child.stderr.on("data", () => READY.test(log) && resolve(undefined));
  });
  const failed = ended.then((code) => Promise.reject(new Error(`PostgreSQL ended with code ${code}.`)));
  await patiently(Promise.race([ready, failed]), "The start of PostgreSQL");
  started = true;
}

async function open() {
  // Files of this process are also for the server's user, if this process is root.
  process.umask(0o022);
  await initialise();
  for (let attempt = 1; !ending; attempt++) {
    port = await freePort();
    try {
      await start();
      break;
    } catch (error) {
      // Another process may have taken the port since it was found free.
      if (attempt === PORTS_TO_TRY || !log.includes("could not bind")) throw error;
    }
  }
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, port, folder, supervisor: process.pid };
}

/** Kills what runs below this process: the postmaster with its backends, or initdb. */
async function kill() {
  let processes = await descendantsOf(process.pid);
  // A postmaster that stands still starts no new backends between the listing and the killing.
  for (const { pid } of processes.filter(isOwnChild)) signal(pid, "SIGSTOP");
  for (let attempt = 0; attempt < 100 && processes.some((each) => isOwnChild(each) && isMoving(each)); attempt++) {
    await sleep(5);
    processes = await descendantsOf(process.pid);
  }
  // Backends first, so none of them finds its postmaster dead and exits in a more orderly way than intended.
  const pids = processes.map(({ pid }) => pid).reverse();
  for (const pid of pids) signal(pid, "SIGKILL");
  if (!(await waitUntilGone(pids, PATIENCE))) throw new Error(`Processes ${pids.join(", ")} survived SIGKILL.`);
}

/** @param {Process} each */
function isMoving({ state }) {
  return state !== "T" && state !== "Z";
}

/** @param {Process} each */
function isOwnChild({ parent }) {
  return parent === process.pid;
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended on its own.
  }
}

async function close() {
  // The shared memory of a killed server outlives it, until the next start on the same folder finds and frees it.
  if (started) await start().catch(() => {});
  const pids = (await descendantsOf(process.pid)).filter(isOwnChild).map(({ pid }) => pid);
  // The immediate shutdown, without a checkpoint: the data is about to go anyway.
  for (const pid of pids) signal(pid, "SIGQUIT");
  if (!(await waitUntilGone(pids, 10_000))) await kill();
  if (!folder) return;
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await rm(passwordFile(), { force: true });
}

/** @param {number} exitCode */
async function end(exitCode) {
  if (ending) return;
  ending = true;
  try {
    await inTurn(close);
  } catch {
    exitCode = 1;
  }
  process.exit(exitCode);
}

const commands = { crash: kill, start };

process.on("disconnect", () => void end(0));
process.on("uncaughtException", (error) => void send({ id: 0, error: describe(error) }).then(() => end(1)));
process.on("message", (/** @type {Request} */ { id, command }) => {
  inTurn(commands[command]).then(
    () => send({ id }),
    (error) => send({ id, error: describe(error) }),
  );
});

// Ctrl-C is for the process that uses the server: it first ends its connections, and then lets go of this process.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => void end(0));
process.on("SIGTERM", () => void end(0));
// The parent of this process may be gone before the handler above is installed.
if (!process.connected) process.exit();
inTurn(open).then(
  (address) => send({ id: 0, address }),
  (error) => send({ id: 0, error: describe(error) }).then(() => end(1)),
);
