import { readFileSync } from "node:fs";
import { withoutSecrets } from "../terminal/redact.js";

/** The settings that the parameters of a URL ask for. */
export interface Wish {
  host?: string;
  port?: string;
  user?: string;
  password?: string;
  database?: string;
  /** How to use TLS. Without it and without `authorities`: not at all. */
  ssl?: false | "prefer" | "require" | "verify-ca" | "verify-full";
  /** The parameter that asks for TLS, such as `sslmode=require`, for messages. */
  sslFrom?: string;
  /** Who has to have signed the certificate: an authority that the system trusts, or one of this file. */
  authorities?: "system" | Buffer;
  /** Prisma's option for a certificate that has to be valid, if TLS is asked for. */
  isStrict?: boolean;
  prepare?: boolean;
  sessionAttributes?: SessionAttributes | undefined;
  /** Settings of the server, such as `search_path`. */
  readonly server: Record<string, string>;
}

const SESSION_ATTRIBUTES = ["read-write", "read-only", "primary", "standby", "prefer-standby"] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

/** Why a parameter cannot be applied, as the end of a sentence, and what to do. */
type Refusal = readonly [problem: string, hint?: string];

/** Applies a parameter, or returns why it cannot. A parameter that clients do not know is a setting of the server. */
export function applyParameter(wish: Wish, name: string, value: string): Refusal | undefined {
  const apply = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  if (apply === undefined) wish.server[name] = value;
  return apply?.(wish, value, name);
}

type Apply = (wish: Wish, value: string, name: string) => Refusal | undefined;

const to =
  (key: "host" | "user" | "password" | "database"): Apply =>
  (wish, value) => {
    if (value !== "") wish[key] = value;
    return undefined;
  };

/** For parameters of a pool, or of settings that the command makes itself. */
const ignore: Apply = () => undefined;

const refuse =
  (...refusal: Refusal): Apply =>
  () =>
    refusal;

/** Accepts all values that do not need a feature that the command lacks. */
const unlessRequired =
  (what: string): Apply =>
  (_wish, value) =>
    value === "require" ? [`and the command connects without ${what}`, TAKE_OUT] : undefined;

const TAKE_OUT = "Take it out of the url.";
const NO_CERTIFICATE = refuse("and the command connects without a client certificate", TAKE_OUT);
const NO_FILE = refuse("and the command does not read that file", "Write host, user and database into the url.");

/** Quotes a value, which may be a password in the wrong place. */
function shown(value: string): string {
  return JSON.stringify(withoutSecrets(value));
}

const SSL_MODES: Readonly<Record<string, Wish["ssl"]>> = {
  disable: false,
  false: false,
  "0": false,
  // libpq would first try without TLS.
  allow: "prefer",
  prefer: "prefer",
  require: "require",
  "no-verify": "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
  true: "verify-full",
  "1": "verify-full",
};

const ssl: Apply = (wish, value, name) => {
  if (!Object.hasOwn(SSL_MODES, value)) {
    return [`which has to be disable, allow, prefer, require, verify-ca or verify-full, not ${shown(value)}`];
  }
  const mode = SSL_MODES[value];
  // libpq refuses a weaker mode beside them: anybody can get such a certificate for another host.
  if (wish.authorities === "system" && mode !== false) {
    wish.ssl = "verify-full";
    return undefined;
  }
  if (mode !== undefined) wish.ssl = mode;
  wish.sslFrom = `${name}=${value}`;
  return undefined;
};

const rootCertificate: Apply = (wish, value) => {
  if (value === "system") {
    wish.ssl = "verify-full";
    wish.authorities = "system";
    wish.sslFrom = "sslrootcert=system";
    return undefined;
  }
  try {
    wish.authorities = readFileSync(value);
  } catch {
    return [`and its file ${shown(value)} cannot be read`];
  }
  if (wish.ssl === false) delete wish.ssl;
  wish.sslFrom ??= "sslrootcert";
  return undefined;
};

const PARAMETERS: Readonly<Record<string, Apply>> = {
  // Parameters of libpq. Source: "Parameter Key Words".
  host: to("host"),
  port(wish, value) {
    if (!/^\d{1,5}(,\d{1,5})*$/.test(value)) return [`which has to be a number for each host, not ${shown(value)}`];
    wish.port = value;
    return undefined;
  },
  user: to("user"),
  password: to("password"),
  dbname: to("database"),
  // As node-postgres calls it. The server would take it as the name of the database, whatever the path says.
  database: to("database"),
  sslmode: ssl,
  ssl,
  sslrootcert: rootCertificate,
  target_session_attrs(wish, value) {
    const known = SESSION_ATTRIBUTES.find((each) => each === value);
    wish.sessionAttributes = known;
    return known !== undefined || value === "any"
      ? undefined
      : [`which has to be any, ${SESSION_ATTRIBUTES.slice(0, -1).join(", ")} or prefer-standby, not ${shown(value)}`];
  },
  hostaddr: refuse("which the command does not know", "Give the address as host."),
  channel_binding: unlessRequired("channel binding"),
  gssencmode: unlessRequired("GSSAPI"),
  service: NO_FILE,
  servicefile: NO_FILE,
  passfile: NO_FILE,
  sslcert: NO_CERTIFICATE,
  sslkey: NO_CERTIFICATE,
  sslpassword: NO_CERTIFICATE,
  connect_timeout: ignore,
  keepalives: ignore,
  keepalives_idle: ignore,
  keepalives_interval: ignore,
  keepalives_count: ignore,
  tcp_user_timeout: ignore,
  load_balance_hosts: ignore,
  fallback_application_name: ignore,
  sslcompression: ignore,
  // Every server that accepts direct TLS also accepts a request for it.
  sslnegotiation: ignore,
  // Parameters of Prisma.
  schema(wish, value) {
    wish.server["search_path"] = `"${value.replaceAll('"', '""')}"`;
    return undefined;
  },
  pgbouncer(wish, value) {
    if (value === "true") wish.prepare = false;
    return undefined;
  },
  sslidentity: NO_CERTIFICATE,
  sslaccept(wish, value) {
    wish.isStrict = value === "strict";
    return undefined;
  },
  connection_limit: ignore,
  pool_timeout: ignore,
  socket_timeout: ignore,
  statement_cache_size: ignore,
  max_idle_connection_lifetime: ignore,
  max_connection_lifetime: ignore,
  // An object cannot carry it to the server.
  ["__proto__"]: refuse("which is not a setting of the server", TAKE_OUT),
  // Parameters of node-postgres and postgres.js.
  uselibpqcompat: ignore,
  prepare(wish, value) {
    if (value === "false") wish.prepare = false;
    return undefined;
  },
  max: ignore,
  idle_timeout: ignore,
  max_lifetime: ignore,
  max_pipeline: ignore,
  backoff: ignore,
  keep_alive: ignore,
  fetch_types: ignore,
};
