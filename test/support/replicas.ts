import { bind, type Database } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect } from "vitest";
import { type Server, startServer } from "../server/server.js";

export interface Node {
  readonly url: string;
  readonly client: postgres.Sql;
  readonly db: Database;
  connect(options?: postgres.Options<{}>): postgres.Sql;
}

export interface Replicas {
  readonly source: Node;
  readonly target: Node;
  /**
   * Publishes all tables of the source, subscribes the target to them, and waits until the rows that there are have
   * arrived.
   */
  replicate(): Promise<void>;
  /** Waits until everything that was committed on the source is on the target. */
  caughtUp(): Promise<void>;
  /** Ends the replication. */
  cutOver(): Promise<void>;
}

const NAME = "nextval_upgrade";

/** Two servers of their own, for logical replication from one to the other. Call it once, at the top of a file. */
export function useReplicas(): Replicas {
  const servers: Server[] = [];
  const clients: postgres.Sql[] = [];
  let nodes: Node[] = [];

  const connectTo = (url: string, options: postgres.Options<{}> = {}) => {
    const client = postgres(url, { onnotice: () => {}, ...options });
    clients.push(client);
    return client;
  };

  const replicas: Replicas = {
    get source() {
      return nodes[0]!;
    },
    get target() {
      return nodes[1]!;
    },
    async replicate() {
      const { hostname, port, username, password } = new URL(this.source.url);
      await this.source.client.unsafe(`create publication ${NAME} for all tables`);
      await this.target.client.unsafe(
        `create subscription ${NAME}
          connection 'host=${hostname} port=${port} user=${username} password=${password} dbname=postgres'
          publication ${NAME}`,
      );
      const unready = () => this.target.client`select from pg_subscription_rel where srsubstate <> 'r'`;
      await expect.poll(unready, { timeout: 20_000 }).toHaveLength(0);
    },
    async caughtUp() {
      const [{ lsn } = { lsn: "" }] = await this.source.client<
        { lsn: string }[]
      >`select pg_current_wal_lsn()::text as lsn`;
      const behind = () => this.source.client`
        select from pg_replication_slots where slot_name = ${NAME} and confirmed_flush_lsn < ${lsn}::pg_lsn`;
      await expect.poll(behind, { timeout: 20_000 }).toHaveLength(0);
    },
    async cutOver() {
      await this.caughtUp();
      await this.target.client.unsafe(`drop subscription ${NAME}`);
      await this.source.client.unsafe(`drop publication ${NAME}`);
    },
  };

  beforeAll(async () => {
    servers.push(...(await Promise.all([0, 1].map(() => startServer({ settings: { wal_level: "logical" } })))));
    nodes = servers.map(({ url }) => {
      const client = connectTo(url);
      return { url, client, db: bind(client), connect: (options) => connectTo(url, options) };
    });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
    await Promise.all(servers.map((server) => server.stop()));
  });

  return replicas;
}
