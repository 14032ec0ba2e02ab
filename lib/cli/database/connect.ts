import { checkServerIdentity } from "node:tls";
import type postgres from "postgres";
import { bind, type Database } from "../../index.js";
import { shownName } from "../../server/names.js";
import type { Settings } from "../config/settings.js";
import { CommandError } from "../terminal/command-error.js";
import { rememberUrlSecrets, redact, redactThrown } from "../terminal/redact.js";
import { type ShownText, text } from "../terminal/shown-text.js";
import { cancellable } from "../terminal/signals.js";
import { type DatabaseUrl, type Host, readUrl } from "./database-url.js";
import { reach } from "./probe.js";
import type { Wish } from "./url-parameters.js";

/** Both in seconds. */
const CONNECT_TIMEOUT_S = 10;
const END_TIMEOUT = 1;

/** Runs a function with a connection that is closed afterwards, and that a signal cancels. */
export async function withDatabase<Result>(
  { url, urlFrom }: Pick<Settings, "url" | "urlFrom">,
  use: (db: Database, target: ShownText) => Promise<Result>,
): Promise<Result> {
  rememberUrlSecrets(url);
  const driver = await import("postgres").catch((error: unknown) => {
    throw new CommandError("The driver is missing", { hint: "Run npm install postgres.", cause: error });
  });
  const wanted = readUrl(url, urlFrom);
  const options = await reachable(wanted, driver.default(optionsOf(wanted, wanted.hosts)).options);
  const client = driver.default(options);
  let process: number | undefined;
  const cancel = async () => {
    if (process !== undefined) await cancelBackend(driver.default(options), process).catch(() => {});
    await client.end({ timeout: 0 });
  };
  return cancellable(cancel, async () => {
    try {
      const { pid, ...session } = await firstAnswer(client);
      process = pid;
      return await use(bind(client), targetOf(session, addressOf(client.options)));
    } finally {
      await client.end({ timeout: END_TIMEOUT });
    }
  });
}

function optionsOf({ database, user, password, wish }: DatabaseUrl, hosts: readonly Host[]): postgres.Options<{}> {
  const [only, another] = hosts;
  const socket = another === undefined && only?.host.startsWith("/") === true ? only : undefined;
  const { ssl, isStrict, prepare, sessionAttributes, server } = wish;
  return {
    max: 1,
    onnotice: () => {},
    // The driver would query types with operators that a schema of the search_path could replace.
    fetch_types: false,
    connect_timeout: CONNECT_TIMEOUT_S,
    connection: server,
    ...(socket !== undefined
      ? { path: `${socket.host}/.s.PGSQL.${socket.port ?? 5432}` }
      : hosts.length > 0
        ? listOf(hosts)
        : {}),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    // A Unix socket does not use TLS.
    ...(socket !== undefined
      ? { ssl: false }
      : ssl === undefined
        ? {}
        : { ssl: checkingNames(isStrict === true && ssl === "require" ? "verify-full" : ssl, hosts) }),
    ...(prepare === undefined ? {} : { prepare }),
    ...(sessionAttributes === undefined ? {} : { target_session_attrs: sessionAttributes }),
  };
}

/**
 * With `verify-full`, the certificate must be for the host that the URL names. If that host is an address, the driver
 * alone would check the name localhost instead.
 */
function checkingNames(ssl: NonNullable<Wish["ssl"]>, hosts: readonly Host[]): NonNullable<Wish["ssl"]> {
  const options = ssl === "verify-full" ? {} : ssl;
  if (typeof options !== "object" || options.checkServerIdentity !== undefined || hosts.length === 0) return ssl;
  return {
    ...options,
    // It is unknown here which of several hosts this is. Each of them is accepted.
    checkServerIdentity: (_name, certificate) => {
      const problems = hosts.map(({ host }) => checkServerIdentity(host, certificate));
      return problems.includes(undefined) ? undefined : problems[0];
    },
  };
}

/**
 * The driver accepts lists, although its types do not say so. In a single text it would cut an IPv6 address at its
 * colons.
 */
function listOf(hosts: readonly Host[]): { host: string; port: number } {
  const lists: unknown = { host: hosts.map(({ host }) => host), port: hosts.map(({ port }) => port ?? 5432) };
  return lists as { host: string; port: number };
}

/**
 * Returns the options for the first host that answers, or for all that do if the driver has to choose by their
 * attributes.
 */
async function reachable(wanted: DatabaseUrl, asked: Address): Promise<postgres.Options<{}>> {
  const { ssl, sslFrom, sessionAttributes } = wanted.wish;
  const needsTls = ssl === undefined || ssl === false || ssl === "prefer" ? undefined : sslFrom;
  const answering: Host[] = [];
  let problem: unknown;
  for (const each of asked.path ? [undefined] : hostsOf(asked)) {
    const address = each === undefined ? { path: asked.path as string } : { host: each.host, port: each.port ?? 5432 };
    try {
      await reach(address, CONNECT_TIMEOUT_S * 1000, each === undefined ? undefined : needsTls);
      if (each === undefined) return optionsOf(wanted, wanted.hosts);
      answering.push(each);
      if (sessionAttributes === undefined) break;
    } catch (error) {
      problem = error;
    }
  }
  if (answering.length === 0) throw cannotConnect(asked, problem);
  return optionsOf(wanted, answering);
}

type Address = Pick<postgres.ParsedOptions, "host" | "port" | "path" | "database">;

function hostsOf({ host, port }: Address): Host[] {
  const ports = [...port];
  return host.map((each, index) => ({ host: each, port: ports[index] ?? ports[0] }));
}

/** Formats an address: `db.example.com:5432`, `[::1]:5432`, or the path of a socket. */
function addressOf(address: Address): string {
  if (address.path) return address.path;
  return hostsOf(address)
    .map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)
    .join(", ");
}

interface Session {
  readonly database: string;
  readonly user: string;
}

/** Names the database that may be changed: `shop at db.example.com:5432 as deploy`. */
function targetOf({ database, user }: Session, address: string): ShownText {
  return text`${shownName(database)} at ${address} as ${shownName(user)}`;
}

/** Reads the database and the user of the session, and the number of the server's process. */
async function firstAnswer(client: postgres.Sql): Promise<Session & { pid: number }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: "CONNECT_TIMEOUT" })), CONNECT_TIMEOUT_S * 1000);
  });
  try {
    const rows = client<(Session & { pid: number })[]>`
      select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_database() as database, current_user as user`;
    const [row] = await Promise.race([rows, late]);
    return row as Session & { pid: number };
  } catch (error) {
    throw cannotConnect(client.options, error);
  } finally {
    clearTimeout(timer);
  }
}

function cannotConnect(address: Address, error: unknown): CommandError {
  return new CommandError(
    `Cannot connect to the database ${redactThrown(address.database)} at ${addressOf(address)}: ${reasonOf(error)}`,
    { hint: hintOf(error), cause: error },
  );
}

const UNKNOWN_AUTHORITY = "no authority that is trusted here has signed the server's certificate";
const GIVE_ROOT = "Give its root certificate with sslrootcert=FILE.";

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CONNECT_TIMEOUT: `no answer within ${CONNECT_TIMEOUT_S} seconds`,
  CONNECTION_CLOSED: "the server closed the connection",
  CONNECTION_DESTROYED: "the connection was closed",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the server closed the connection",
  EAI_AGAIN: "the name of the host cannot be looked up",
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host",
  ENOENT: "there is no such socket",
  ENOTFOUND: "there is no host of that name",
};

const HINTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: GIVE_ROOT,
  SELF_SIGNED_CERT_IN_CHAIN: GIVE_ROOT,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: GIVE_ROOT,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: GIVE_ROOT,
  ERR_TLS_CERT_ALTNAME_INVALID: "Give sslmode=verify-ca to not compare hosts.",
};

function hintOf(error: unknown): string | undefined {
  const { code = "", hint } = error as { code?: string; hint?: string };
  return HINTS[code] ?? (hint === undefined ? undefined : redact(hint));
}

function reasonOf(error: unknown): string {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const words = REASONS[code] ?? redact(message);
  return code === "" ? words : `${words} (${code})`.trim();
}

/** Cancels the statement of a server process, which may be waiting for a lock. */
async function cancelBackend(client: postgres.Sql, process: number): Promise<void> {
  try {
    await client`
      select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
      where pid operator(pg_catalog.=) ${process}::integer
        and datname operator(pg_catalog.=) pg_catalog.current_database()
        and usename operator(pg_catalog.=) current_user`;
  } finally {
    await client.end({ timeout: END_TIMEOUT });
  }
}
