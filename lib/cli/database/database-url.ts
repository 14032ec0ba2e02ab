import { throwCommandError } from "../terminal/command-error.js";
import { applyVariables, osUser } from "./environment.js";
import { applyParameter, type Wish } from "./url-parameters.js";

/** The parts of a database URL. The environment has set what the URL leaves out. */
export interface DatabaseUrl {
  /** At least one host. */
  readonly hosts: readonly Host[];
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly wish: Wish;
}

export interface Host {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 5432;

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
  const { host = "localhost", port, ...environment } = applyVariables(wish);
  for (const [name, value] of parts.parameters) {
    const problem = applyParameter(wish, name, value);
    if (problem !== undefined) throwCommandError(`${from} has ${name}, ${problem[0]}`, problem[1]);
  }
  const hosts =
    wish.host === undefined && parts.hosts.length > 0
      ? parts.hosts.map((each) => ({ host: each.host, port: portOf(wish.port) ?? each.port ?? portOf(port) }))
      : hostsOf(wish.host ?? host, wish.port ?? port ?? "");
  if (hosts.length > 1 && hosts.some((each) => each.host.startsWith("/"))) {
    throwCommandError(`${from} has several hosts with a socket among them`, "Give the one to connect to.");
  }
  const user = wish.user ?? parts.user ?? environment.user ?? osUser();
  return {
    hosts: hosts.map((each) => ({ host: each.host, port: each.port ?? DEFAULT_PORT })),
    database: wish.database ?? parts.database ?? environment.database ?? user,
    user,
    password: wish.password ?? parts.password ?? environment.password,
    wish,
  };
}

interface GivenHost {
  readonly host: string;
  readonly port: number | undefined;
}

interface Parts {
  readonly hosts: readonly GivenHost[];
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
      hosts: hosts as GivenHost[],
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
function isHost({ host }: GivenHost): boolean {
  return host.startsWith("/") || URL.canParse(`postgres://${host.includes(":") ? `[${host}]` : host}/`);
}

/** Reads `host:port`. Both parts are optional, and an IPv6 address is in brackets. */
function hostOf(text: string): GivenHost | undefined {
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
function hostsOf(hosts: string, ports: string): GivenHost[] {
  const each = ports.split(",");
  return hosts.split(",").map((host, index) => ({ host, port: portOf(each.length === 1 ? each[0] : each[index]) }));
}

function portOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : decodeURIComponent(text);
}
