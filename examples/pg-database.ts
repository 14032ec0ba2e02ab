import { Pool } from "pg";

/**
 * Gives an example an empty schema to work in, as the `search_path` of its address, and removes it afterwards, also
 * when the example throws. The server is the one at `DATABASE_URL`. It is `database.ts` for examples that use
 * node-postgres, so that they can be copied to a project without postgres.js.
 *
 * ```ts
 * await withDatabase("nextval_kysely", async (url) => {
 *   const pool = new Pool({ connectionString: url });
 *   await pool.query("create sequence order_seq");
 *   await pool.end();
 * });
 * ```
 */
export async function withDatabase<T>(schema: string, work: (url: string) => Promise<T>): Promise<T> {
  const address = process.env["DATABASE_URL"];
  if (!address) {
    throw new Error("Set DATABASE_URL, or start a server for the example as well: npm run example NAME");
  }
  const name = `"${schema.replaceAll('"', '""')}"`;
  const url = new URL(address);
  url.searchParams.set("options", `-c search_path=${name}`);
  const pool = new Pool({ connectionString: address });
  try {
    await pool.query(`drop schema if exists ${name} cascade`);
    await pool.query(`create schema ${name}`);
    return await work(url.href);
  } finally {
    await pool.query(`drop schema if exists ${name} cascade`);
    await pool.end();
  }
}
