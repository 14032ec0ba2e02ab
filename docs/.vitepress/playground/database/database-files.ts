import emptyDatabase from "virtual:playground/empty-database";
import bundle from "virtual:playground/pglite-data";
import pglite from "virtual:playground/pglite-wasm";

/** The files of PostgreSQL. The page loads them, because the frame of the database can load nothing. */
export interface DatabaseFiles {
  readonly pglite: ArrayBuffer;
  readonly bundle: ArrayBuffer;
  readonly empty: ArrayBuffer;
}

export const addresses = [pglite, bundle, emptyDatabase].map((path) => new URL(path, location.href).href);

export async function loadFiles(): Promise<DatabaseFiles> {
  const load = async (address: string) => (await fetch(address)).arrayBuffer();
  const files = await Promise.all([load(pglite), load(bundle), load(emptyDatabase)]);
  return { pglite: files[0], bundle: files[1], empty: files[2] };
}
