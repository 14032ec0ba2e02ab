import type postgres from "postgres";
import { bind } from "../../index.js";
import { type Client, CONNECT_TIMEOUT_S, type Target } from "./client.js";

/** Opens a client of postgres.js. */
export function openPostgresJs(driver: typeof postgres, target: Target): Client {
  const { host, port, database, user, password, tls, prepare, server } = target;
  const client = driver({
    max: 1,
    onnotice: () => {},
    // The driver would query types with operators that a schema of the search_path could replace.
    fetch_types: false,
    connect_timeout: CONNECT_TIMEOUT_S,
    ...(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : listOf(host, port)),
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ssl: tls,
    prepare,
    connection: server,
  });
  return { db: bind(client), end: (milliseconds) => client.end({ timeout: milliseconds / 1000 }) };
}

/**
 * The driver accepts lists, although its types do not say so. In a single text it would cut an IPv6 address at its
 * colons.
 */
function listOf(host: string, port: number): { host: string; port: number } {
  const lists: unknown = { host: [host], port: [port] };
  return lists as { host: string; port: number };
}
