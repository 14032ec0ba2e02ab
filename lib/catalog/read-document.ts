import type { Handle, Sql } from "../index.js";

/** Reads one row of one JSON text, so that no parser, transform or naming of the client comes between. */
export async function readDocument<Document>(db: Pick<Handle, "query">, query: Sql): Promise<Document> {
  const [row] = await db.query(query);
  return JSON.parse(Object.values(row as object)[0] as string) as Document;
}
