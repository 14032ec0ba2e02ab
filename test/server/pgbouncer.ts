import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian has it among the programs of the system, which are not on the path of every user. */
const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` };

/** The version of the command `pgbouncer`, such as `1.18.0`; undefined if it is not installed. */
export const pgBouncerVersion: string | undefined = findVersion();

export interface PgBouncer {
  /** Leads to the same database as the given address, through PgBouncer. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode before the server at `address`, with `connections` connections to it. It ends
 * with this process, however that ends.
 */
export async function startPgBouncer(address: string, connections: number): Promise<PgBouncer> {
  const server = new URL(address);
  const [user, password] = [server.username, server.password].map(decodeURIComponent);
  const isRoot = userInfo().uid === 0;
  // PgBouncer refuses to run as root, and has to enter the folder as another user.
  const folder = await mkdtemp(join(isRoot ? "/tmp" : tmpdir(), "nextval-pgbouncer-"));
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  const secret = password ? ` password=${quoted(password)}` : "";
  await writeFile(
    file,
    `[databases]
* = host=${server.hostname} port=${server.port || "5432"} user=${quoted(user)}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 1000
`,
  );
  const asNobody = isRoot ? ["-u", "nobody"] : [];
  await chmod(folder, 0o755);
  // The shell sees the end of its input when this process is gone, and ends PgBouncer then.
  const shell = spawn("sh", ["-c", '"$@" & read -r _; kill $!; wait', "sh", "pgbouncer", "-q", ...asNobody, file], {
    env,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let log = "";
  shell.stderr.on("data", (text) => (log += String(text)));
  const ended = new Promise<void>((resolve) => shell.on("exit", () => resolve()));
  const stop = async () => {
    shell.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 10_000; !(await answers(port)); await sleep(20)) {
    if (Date.now() < deadline) continue;
    await stop();
    throw new Error(`PgBouncer did not listen on port ${port} within 10 s.\n${log}`);
  }
  server.host = `127.0.0.1:${port}`;
  return { url: server.href, stop };
}

/** As a value in a line of `[databases]`. */
function quoted(text = ""): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function findVersion(): string | undefined {
  try {
    const output = execFileSync("pgbouncer", ["--version"], { env, encoding: "utf8" });
    return /\d+\.\d+(\.\d+)?/.exec(output)?.[0];
  } catch {
    return undefined;
  }
}

/** Below the range from which systems take the ports of outgoing connections. */
async function freePort(): Promise<number> {
  for (;;) {
    const candidate = 15_000 + Math.floor(Math.random() * 15_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(candidate, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return candidate;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
