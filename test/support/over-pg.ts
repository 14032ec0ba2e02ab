/**
 * The public names of `nextval`, with a `bind` that takes a client of postgres.js as always, but runs over
 * node-postgres: on a pool of its own with the options of the client. `npm run test:matrix -- pg` puts it in the place
 * of `nextval`, so the tests of what stands on a handle run over this driver unchanged. A client that reports its
 * statements to a test stays one of postgres.js.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig, Pool } from "pg";
import { bind as bindPg } from "../../lib/drivers/pg/index.js";
import { bind as bindPostgresJs, type PostgresClient } from "../../lib/drivers/postgres-js/bind.js";
import type { BindOptions, Database } from "../../lib/index.js";

// oxlint-disable-next-line import/export -- its bind is replaced below
export * from "../../lib/index.js";

interface Options {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly user: string;
  readonly pass: string;
  readonly database: string;
  readonly max: number;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly debug: unknown;
  readonly onnotice?: (notice: unknown) => void;
}

/** A pool for each client, however often it is bound. */
const pools = new WeakMap<object, Pool>();

export function bind(client: PostgresClient, options?: BindOptions): Database {
  // Refuses what `bind` refuses.
  const own = bindPostgresJs(client, options);
  if (typeof (client.options as unknown as Options).debug === "function") return own;
  let pool = pools.get(client);
  if (pool === undefined) {
    pool = openPool(client.options as unknown as Options);
    pools.set(client, pool);
    endTogether(client as PostgresClient & Endable, pool);
  }
  return bindPg(pool, options);
}

function openPool({ host, port, user, pass, database, max, connection, onnotice }: Options): Pool {
  const { application_name: name, options = "", ...settings } = connection;
  // A listener for `connect` would be taken for one that may set another role.
  class Reporting extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      this.on("notice", (notice) => onnotice?.(notice));
    }
  }
  const pool = new Pool({
    Client: Reporting,
    host: host[0],
    port: port[0],
    user,
    password: pass,
    database,
    max,
    application_name: String(name),
    options: [String(options), ...Object.entries(settings).map(optionOf)].join(" "),
    // Some tests never end their client. The server ends the connections when it drops the database.
    idleTimeoutMillis: 500,
    allowExitOnIdle: true,
  });
  pool.on("error", () => {});
  return pool;
}

interface Endable {
  end(options?: { timeout?: number }): Promise<void>;
}

/** How long the end of a client waits for that of its pool, which waits for what still runs. */
const END_MS = 1000;

/** Ends the pool with its client: a server may have room for few connections. */
function endTogether(client: Endable, pool: Pool): void {
  const end = client.end.bind(client);
  let ended: Promise<unknown> | undefined;
  client.end = async (options) => {
    await Promise.all([end(options), (ended ??= Promise.race([pool.end(), sleep(END_MS)]))]);
  };
}

function optionOf([name, value]: [string, unknown]): string {
  return `-c ${name}=${String(value).replaceAll(/[\\\s]/g, "\\$&")}`;
}
