import { bind, type Database } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { type Server, startServer } from "../server/server.js";

/** A server that writes to the disk, for the tests of one file, and what makes it crash. */
export function useCrashingServer(): {
  connect(): { client: postgres.Sql; db: Database };
  crashAndStart(): Promise<void>;
} {
  const clients: postgres.Sql[] = [];
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ settings: { fsync: "on" } });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
    await server.stop();
  });

  return {
    connect() {
      const client = postgres(server.url, { max: 1, onnotice: () => {} });
      clients.push(client);
      return { client, db: bind(client) };
    },
    async crashAndStart() {
      await server.crash();
      await server.start();
    },
  };
}
