import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { bind } from "../../drivers/pg/index.js";
import { type Client, CONNECT_TIMEOUT_S, type Target } from "./client.js";

/** Opens a pool of node-postgres with one connection, which it opens again if it is lost. */
export function openPg(driver: typeof pg, target: Target): Client {
  const { host, port, database, user, password, tls, server } = target;
  const { application_name: name, options, ...settings } = server;
  const pool = new driver.Pool({
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_S * 1000,
    host,
    port,
    database,
    user,
    // Otherwise the driver would look for a password itself, with a warning that this will not last.
    password: password ?? (() => ""),
    ssl: tls,
    ...(name === undefined ? {} : { application_name: name }),
    options: [...(options === undefined ? [] : [options]), ...Object.entries(settings).map(optionOf)].join(" "),
  });
  // The errors of a lost connection also reach the statements. Without a listener, they would end the process.
  pool.on("error", () => {});
  const clients = new Set<pg.PoolClient>();
  pool.on("connect", (client) => void clients.add(client));
  pool.on("remove", (client) => void clients.delete(client));
  return {
    db: bind(pool),
    async end(milliseconds) {
      await Promise.race([pool.end(), setTimeout(milliseconds, undefined, { ref: false })]);
      for (const client of clients) void (client as unknown as pg.Client).end();
    },
  };
}

/** Writes a setting as the server reads it from `options`. Source: "Database Connection Control Functions". */
function optionOf([name, value]: [name: string, value: string]): string {
  return `-c ${name}=${value}`.replaceAll(/[\\\s]/g, (each) => `\\${each}`).replace("\\ ", " ");
}
