import postgres from "postgres";

/**
 * Gives an example an empty schema to work in, as its `search_path`, and removes it afterwards, also when the example
 * throws: a client that is connected, and an address for clients of other libraries. The server is the one at
 * `DATABASE_URL`.
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
  const address = process.env["DATABASE_URL"];
  if (!address) {
    throw new Error("Set DATABASE_URL, or start a server for the example as well: npm run example NAME");
  }
  const searchPath = `"${schema.replaceAll('"', '""')}"`;
  const url = new URL(address);
  url.searchParams.set("options", `-c search_path=${searchPath}`);
  const client = postgres(address, { onnotice: () => {}, connection: { search_path: searchPath } });
  try {
    await client`drop schema if exists ${client(schema)} cascade`;
    await client`create schema ${client(schema)}`;
    return await work(client, url.href);
  } finally {
    // Through a client of its own: the example may have ended its own, or left a transaction open.
    await client.end({ timeout: 1 });
    await dropSchema(address, schema);
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
