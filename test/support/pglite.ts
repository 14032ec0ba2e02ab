import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PGlite, PGliteOptions } from "@electric-sql/pglite";
import type { Plugin } from "esbuild";
import { startingWith } from "./made-pglite.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { version } = createRequire(import.meta.url)(join(root, "node_modules/@electric-sql/pglite/package.json")) as {
  version: string;
};
/** An empty database, because initdb takes seconds. Git ignores it, and `npm ci` removes it. */
const TEMPLATE = join(root, `node_modules/.nextval-templates/pglite-${version}-4MB.tar`);

/** Starts a PGlite with an empty database. */
export async function startPGlite(options?: PGliteOptions): Promise<PGlite> {
  await withTemplate();
  const { PGlite } = await import("@electric-sql/pglite");
  return PGlite.create({ ...startingWith(TEMPLATE), ...options });
}

/** Makes the variables of a process whose programs were bundled with `madePGlite`. */
export async function withTemplate(): Promise<{ readonly NEXTVAL_PGLITE: string }> {
  if (!existsSync(TEMPLATE)) await makeTemplate();
  return { NEXTVAL_PGLITE: TEMPLATE };
}

const STAND_IN = fileURLToPath(new URL("./made-pglite.mjs", import.meta.url));

/** For the bundler: each `new PGlite()` begins with that database. */
export const madePGlite: Plugin = {
  name: "a database that is made",
  setup({ onResolve }) {
    onResolve({ filter: /^@electric-sql\/pglite$/ }, ({ importer }) =>
      importer === STAND_IN ? undefined : { path: STAND_IN },
    );
  },
};

async function makeTemplate(): Promise<void> {
  const { PGlite } = await import("@electric-sql/pglite");
  const made = await PGlite.create();
  const dump = await made.dumpDataDir("none");
  const unfinished = `${TEMPLATE}.${process.pid}`;
  await mkdir(join(TEMPLATE, ".."), { recursive: true });
  const files = Buffer.from(await dump.arrayBuffer());
  // Most of the time of a start is spent on clearing memory.
  files.write("4MB  ", files.indexOf("shared_buffers = 128MB") + "shared_buffers = ".length);
  await writeFile(unfinished, files);
  await rename(unfinished, TEMPLATE);
  await made.close();
}
