import type postgres from "postgres";
import { bind, type Database } from "../index.js";
import { CommandError, fail } from "./command-error.js";
import { cancellable } from "./interrupt.js";
import { reach } from "./reach.js";
import { keepSecretsOf, redact } from "./redact.js";
import type { Settings } from "./settings.js";

/** In seconds. */
const CONNECT_TIMEOUT = 10;
const END_TIMEOUT = 1;

/** Runs something with a connection that is closed afterwards, and that a signal cancels. */
export async function withDatabase<Result>(
  settings: Pick<Settings, "url" | "urlFrom">,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  const connect = await driverFor(settings);
  const client = connect();
  let process: number | undefined;
  const cancel = async () => {
    if (process !== undefined) await cancelBackend(connect(), process).catch(() => {});
    await client.end({ timeout: 0 });
  };
  return cancellable(cancel, async () => {
    try {
      process = await firstAnswer(client);
      return await use(bind(client));
    } finally {
      await client.end({ timeout: END_TIMEOUT });
    }
  });
}

async function driverFor({ url, urlFrom }: Pick<Settings, "url" | "urlFrom">): Promise<() => postgres.Sql> {
  keepSecretsOf(url);
  const driver = await import("postgres").catch((error: unknown) => {
    throw new CommandError("The driver is missing; install it: npm install postgres", { cause: error });
  });
  if (!isUrl(url)) {
    fail(
      `${urlFrom} is no url such as postgresql://user@host:5432/database; ` +
        "special characters in its parts have to be percent-encoded, such as %40 for @",
    );
  }
  // The driver would ask for types with operators that a schema of the search_path could replace.
  return () =>
    driver.default(url, { max: 1, onnotice: () => {}, fetch_types: false, connect_timeout: CONNECT_TIMEOUT });
}

/**
 * What the driver can read, and understands as it was meant: an @, # or / in a password that is not encoded would make a host or
 * a database of the rest, and a message would name it.
 */
function isUrl(url: string): boolean {
  const [, authority, path, rest] = /^postgres(?:ql)?:\/\/([^/?#]*)([^?#]*)(.*)$/s.exec(url) ?? [];
  if (authority === undefined || path === undefined || rest === undefined) return false;
  const [firstHost = "", ...furtherHosts] = authority.split(",");
  const ats = authority.split("@").length - 1;
  // Of several hosts, as the driver takes them, the first begins after the first @, which then has to be the only one.
  if (/[@#]/.test(path + rest) || path.lastIndexOf("/") > 0 || (ats > 1 && furtherHosts.length > 0)) return false;
  try {
    const { username, password } = new URL(`postgres://${firstHost}${path}${rest}`);
    decodeURIComponent(username + password + authority + path);
    return true;
  } catch {
    return false;
  }
}

/** The number of the server's process, or why there is none. */
async function firstAnswer(client: postgres.Sql): Promise<number> {
  const { host, port, path, database } = client.options;
  const ports = [...port];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: "CONNECT_TIMEOUT" })), CONNECT_TIMEOUT * 1000);
  });
  try {
    // Which of several hosts it is going to be, the driver alone knows.
    const [onlyHost = "localhost", another] = host;
    if (another === undefined) {
      await reach(path ? { path } : { host: onlyHost, port: ports[0] ?? 5432 }, CONNECT_TIMEOUT * 1000);
    }
    const rows = client<{ pid: number }[]>`select pg_catalog.pg_backend_pid() as pid`;
    const [row] = await Promise.race([rows, late]);
    return (row as { pid: number }).pid;
  } catch (error) {
    const address = path || host.map((each, index) => `${each}:${ports[index] ?? ports[0]}`).join(", ");
    throw new CommandError(`Cannot connect to the database ${database} at ${address}: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  CONNECT_TIMEOUT: `no answer within ${CONNECT_TIMEOUT} seconds`,
  CONNECTION_CLOSED: "the server closed the connection",
  CONNECTION_DESTROYED: "the connection was closed",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the server closed the connection",
  EAI_AGAIN: "the name of the host cannot be looked up",
  ENOENT: "there is no such socket",
  ENOTFOUND: "there is no host of that name",
};

function reasonOf(error: unknown): string {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const words = REASONS[code] ?? redact(message);
  return code === "" ? words : `${words} (${code})`.trim();
}

/** Stops what a process of the server is doing, such as waiting for a lock. */
async function cancelBackend(client: postgres.Sql, process: number): Promise<void> {
  try {
    await client`
      select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
      where pid operator(pg_catalog.=) ${process}::integer and datname operator(pg_catalog.=) pg_catalog.current_database()
        and usename operator(pg_catalog.=) current_user`;
  } finally {
    await client.end({ timeout: END_TIMEOUT });
  }
}
