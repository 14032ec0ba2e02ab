import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { version } = createRequire(import.meta.url)(join(root, "node_modules/@electric-sql/pglite/package.json")) as {
  version: string;
};
/** An empty database, because initdb takes seconds. Git ignores it, and `npm ci` removes it. */
const TEMPLATE = join(root, `node_modules/.nextval-templates/pglite-${version}.tar`);

/** Starts a PGlite with an empty database. */
export async function startPGlite(): Promise<PGlite> {
  const template = await readFile(TEMPLATE).catch(() => undefined);
  if (template !== undefined) return PGlite.create({ loadDataDir: new Blob([template]) });
  const made = await PGlite.create();
  const dump = await made.dumpDataDir("none");
  const unfinished = `${TEMPLATE}.${process.pid}`;
  await mkdir(join(TEMPLATE, ".."), { recursive: true });
  await writeFile(unfinished, Buffer.from(await dump.arrayBuffer()));
  await rename(unfinished, TEMPLATE);
  return made;
}
