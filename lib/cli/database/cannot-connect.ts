import { CommandError } from "../terminal/command-error.js";
import { redact, redactThrown } from "../terminal/redact.js";
import { shownAddress } from "../terminal/shown-address.js";
import { CONNECT_TIMEOUT_S } from "./client.js";
import type { DatabaseUrl, Host } from "./database-url.js";

/** Formats the address of a server: `db.example.com:5432`, `[::1]:5432`, or the path of a socket. */
export function shownHost(address: Host): string {
  const { host, port } = address;
  return host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : shownAddress(address);
}

export function cannotConnect({ database, hosts, password }: DatabaseUrl, error: unknown): CommandError {
  const address = hosts.map(shownHost).join(", ");
  const isWithout = password === undefined && needsPassword(error);
  const reason = isWithout ? "the server asks for a password" : reasonOf(error);
  const hint = isWithout ? "Put it into the url, or into PGPASSWORD." : hintOf(error);
  return new CommandError(`Cannot connect to the database ${redactThrown(database)} at ${address}: ${reason}`, {
    hint,
    cause: error,
  });
}

function needsPassword(error: unknown): boolean {
  const { code, message = "" } = error as { code?: string; message?: string };
  // node-postgres refuses to send an empty password.
  return code === "28P01" || message.endsWith("password must be a non-empty string");
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
