import { execFile } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { expect } from "vitest";
import { cuttable, type CuttableServer } from "./cut.js";
import { type Server, startServer } from "./server.js";

const run = promisify(execFile);

/** The primary keeps its log until the standby has it. */
const SETTINGS = { wal_keep_size: "256" };

/** Each server has one of its own, which also says in which process it runs. */
const OWN_FILE = "postmaster.pid";

export interface Failover {
  /** Leads to the primary. */
  readonly admin: postgres.Sql;
  /** A client that finds whichever of the two servers takes writes. */
  connect(): postgres.Sql;
  /** From now on the standby gets nothing more of the primary's log. */
  holdLog(): void;
  /** Kills the primary, loses what is on the way, and makes the standby the primary. */
  failOver(): Promise<void>;
  /** Ends both servers, also after a failure. */
  stop(): Promise<void>;
}

/**
 * Two servers: a primary, and a standby that gets its log as it is written. The standby starts from a copy of the
 * primary's files, made while it is down. Source: "Log-Shipping Standby Servers" and "File System Level Backup".
 */
export async function startFailover({ synchronous }: { synchronous: boolean }): Promise<Failover> {
  const servers: Server[] = [];
  const clients: postgres.Sql[] = [];
  let link: CuttableServer | undefined;
  const stop = async () => {
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
    await link?.close();
    await Promise.all(servers.map((server) => server.stop()));
  };
  const connect = (url: string, options: postgres.Options<{}> = {}) => {
    const client = postgres(url, { max: 1, connect_timeout: 5, backoff: () => 0.02, onnotice: () => {}, ...options });
    clients.push(client);
    return client;
  };

  try {
    const primary = await startServer({ settings: SETTINGS });
    servers.push(primary);
    link = await cuttable(primary.url);
    const log = link;
    const standby = await startServer({ settings: { ...SETTINGS, primary_conninfo: conninfo(log.url) } });
    servers.push(standby);
    await Promise.all([primary.crash(), standby.crash()]);
    await copyFiles(primary.folder, standby.folder);
    await writeFile(join(standby.folder, "standby.signal"), "", { mode: 0o666 });
    await Promise.all([primary.start(), standby.start()]);

    const admin = connect(primary.url);
    if (synchronous) {
      await admin`alter system set synchronous_standby_names = '*'`;
      await admin`select pg_reload_conf()`;
    }
    const standbys = () => admin`select state, sync_state as sync from pg_stat_replication`;
    const expected = { state: "streaming", sync: synchronous ? "sync" : "async" };
    await expect.poll(standbys, { timeout: 20_000 }).toEqual([expected]);

    const onBoth = primary.url.replace(/(127\.0\.0\.1:)\d+/, `$&,$1${standby.port}`);
    return {
      admin,
      connect: () => connect(onBoth, { target_session_attrs: "primary", fetch_types: false }),
      holdLog: () => log.hold(),
      async failOver() {
        log.refuse();
        await primary.crash();
        log.cut();
        // With the primary's password, which came with its files.
        const promoter = connect(primary.url.replace(`:${primary.port}/`, `:${standby.port}/`));
        expect(await promoter`select pg_promote() as promoted`).toEqual([{ promoted: true }]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function conninfo(link: string): string {
  const { hostname, port, username, password } = new URL(link);
  return `host=${hostname} port=${port} user=${username} password=${password}`;
}

async function copyFiles(from: string, to: string): Promise<void> {
  const others = async (folder: string) =>
    (await readdir(folder)).filter((name) => name !== OWN_FILE).map((name) => join(folder, name));
  await Promise.all((await others(to)).map((path) => rm(path, { recursive: true })));
  await run("cp", ["-Rp", ...(await others(from)), to]);
}
