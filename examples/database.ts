import postgres from "postgres";
import { reachServer } from "../test/server/server.js";

/**
 * Gives an example an empty schema to work in, as its `search_path`, and removes it afterwards, also when the example
 * throws: a client that is connected, and an address for clients of other libraries. The server is the one at `DATABASE_URL`; without that variable one is started for as long as it is needed.
 *
 * ```ts
 * await withDatabase("nextval_quickstart", async (client) => {
 *   await client`create sequence order_seq`;
 * });
 * ```
 */
export async function withDatabase<T>(
  schema: string,
  work: (client: postgres.Sql, url: string) => Promise<T>,
): Promise<T> {
  const server = await reachServer();
  try {
    const searchPath = `"${schema.replaceAll('"', '""')}"`;
    const url = new URL(server.url);
    url.searchParams.set("options", `-c search_path=${searchPath}`);
    const client = postgres(server.url, { onnotice: () => {}, connection: { search_path: searchPath } });
    try {
      await client`drop schema if exists ${client(schema)} cascade`;
      await client`create schema ${client(schema)}`;
      return await work(client, url.href);
    } finally {
      // Through a client of its own: the example may have ended its own, or left a transaction open.
      await client.end({ timeout: 1 });
      await dropSchema(server.url, schema);
    }
  } finally {
    await server.stop();
  }
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client`drop schema if exists ${client(schema)} cascade`;
  } finally {
    await client.end({ timeout: 1 });
  }
}
