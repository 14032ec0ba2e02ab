import { throwCommandError } from "../terminal/command-error.js";
import { applyParameter, type Wish } from "./url-parameters.js";

/** The parts of a database URL. */
export interface DatabaseUrl {
  /** The hosts; empty if the URL names none. The driver then uses PGHOST, or localhost. */
  readonly hosts: readonly Host[];
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly wish: Wish;
}

export interface Host {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number | undefined;
}

/**
 * Reads a URL as libpq does, including URLs of Prisma and node-postgres. Fails with the reason if the command cannot do
 * what it asks for. Source: "Database Connection Control Functions", section "Connection URIs".
 */
export function readUrl(url: string, from: string): DatabaseUrl {
  const parts = partsOf(url);
  if (parts === undefined) {
    return throwCommandError(
      `${from} is not a url such as postgresql://user@host:5432/database`,
      "Percent-encode the special characters in its parts, such as @ as %40.",
    );
  }
  const wish: Wish = { server: {} };
  for (const [name, value] of parts.parameters) {
    const problem = applyParameter(wish, name, value);
    if (problem !== undefined) throwCommandError(`${from} has ${name}, ${problem[0]}`, problem[1]);
  }
  const hosts = wish.host === undefined ? parts.hosts : hostsOf(wish.host, wish.port ?? "");
  const isSeveral = hosts.length > 1;
  if (isSeveral && hosts.some(({ host }) => host.startsWith("/"))) {
    throwCommandError(`${from} has several hosts with a socket among them`, "Give the one to connect to.");
  }
  return {
    hosts:
      wish.host === undefined && wish.port !== undefined
        ? hosts.map(({ host }) => ({ host, port: portOf(wish.port) }))
        : hosts,
    database: wish.database ?? parts.database,
    user: wish.user ?? parts.user,
    password: wish.password ?? parts.password,
    wish,
  };
}

interface Parts {
  readonly hosts: readonly Host[];
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly parameters: URLSearchParams;
}

/**
 * Splits a URL. Returns undefined if it may be misread: an unencoded @, # or / in a password would make a host or a
 * database of the rest, and a message would show it.
 */
function partsOf(url: string): Parts | undefined {
  const [, authority, path, query] = /^postgres(?:ql)?:\/\/([^/?#]*)([^?#]*)(.*)$/s.exec(url) ?? [];
  if (authority === undefined || path === undefined || query === undefined) return undefined;
  const ats = authority.split("@").length - 1;
  if (/[@#]/.test(path + query) || path.lastIndexOf("/") > 0) return undefined;
  const at = authority.lastIndexOf("@");
  const list = authority.slice(at + 1);
  // The first of several hosts begins after an @, which then has to be the only one.
  if (ats > 1 && authority.includes(",")) return undefined;
  const [, user, password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(at, 0))) ?? [];
  const hosts = list === "" ? [] : list.split(",").map(hostOf);
  if (!hosts.every((host) => host !== undefined && isHost(host))) return undefined;
  try {
    return {
      hosts: hosts as Host[],
      database: decoded(path.slice(1)),
      user: decoded(user),
      password: decoded(password),
      parameters: new URLSearchParams(query),
    };
  } catch {
    return undefined;
  }
}

/** Whether a host is valid, as URL decides it. A folder is that of a socket. */
function isHost({ host }: Host): boolean {
  return host.startsWith("/") || URL.canParse(`postgres://${host.includes(":") ? `[${host}]` : host}/`);
}

/** Reads `host:port`. Both parts are optional, and an IPv6 address is in brackets. */
function hostOf(text: string): Host | undefined {
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  try {
    const host = bracketed ?? decodeURIComponent(name ?? "");
    if (bracketed === undefined && name === undefined) return undefined;
    return { host: host === "" ? "localhost" : host, port: portOf(port) };
  } catch {
    return undefined;
  }
}

/** Combines the parameters `host` and `port`: a port for each host, or one for all. */
function hostsOf(hosts: string, ports: string): Host[] {
  const each = ports.split(",");
  return hosts.split(",").map((host, index) => ({ host, port: portOf(each.length === 1 ? each[0] : each[index]) }));
}

function portOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : decodeURIComponent(text);
}
