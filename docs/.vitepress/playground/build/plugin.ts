import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { transform } from "esbuild";
import type { Plugin } from "vite";
import { declarations } from "./declarations";
import { scriptOf } from "./sandbox-script";

const require = createRequire(import.meta.url);
const pglite = dirname(require.resolve("@electric-sql/pglite"));
const cache = fileURLToPath(new URL("../../cache/playground", import.meta.url));

/** The modules that are made when the site is built, by name, and the code of each. */
const MODULES: Record<string, () => Promise<string>> = {
  "virtual:playground/declarations": async () => `export default ${JSON.stringify(declarations())}`,
  "virtual:playground/sandbox": async () => `export default ${JSON.stringify(await scriptOf("sandbox/program.ts"))}`,
  "virtual:playground/database": async () =>
    `export default ${JSON.stringify(await scriptOf("database/database.worker.ts"))}`,
  "virtual:playground/pglite-wasm": async () => addressOf(join(pglite, "pglite.wasm")),
  "virtual:playground/initdb-wasm": async () => addressOf(join(pglite, "initdb.wasm")),
  "virtual:playground/pglite-data": async () => addressOf(join(pglite, "pglite.data")),
  "virtual:playground/compiler": async () => addressOf(await compiler()),
  "virtual:playground/empty-database": async () => addressOf(await emptyDatabase()),
};

/** Makes what the playground needs beside its own code. It is made once for all bundles. */
export function playground(): Plugin {
  return {
    name: "playground",
    resolveId: (id) => (id in MODULES ? `\0${id}` : undefined),
    load: (id) => {
      const name = id.slice(1);
      return id.startsWith("\0") && MODULES[name] !== undefined ? (made[name] ??= MODULES[name]()) : undefined;
    },
  };
}

const made: Record<string, Promise<string>> = {};

/** The code of a module that exports the address of a file. */
function addressOf(file: string): string {
  return `export { default } from ${JSON.stringify(`${file}?url`)}`;
}

/** TypeScript as a module, without what only readers of its source need. */
async function compiler(): Promise<string> {
  const { version } = require("typescript/package.json") as { version: string };
  return keep(`typescript-${version}.js`, async () => {
    const source = readFileSync(require.resolve("typescript"), "utf8");
    const { code } = await transform(source, { minify: true, target: "es2022", legalComments: "none" });
    return `${code}\nexport default ts;\n`;
  });
}

/** The files of an empty database: making them takes seconds, which no visitor has to wait. */
async function emptyDatabase(): Promise<string> {
  const manifest = join(pglite, "../package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return keep(`empty-database-${version}.bin`, async () => {
    const database = await PGlite.create();
    const files = await database.dumpDataDir("gzip");
    await database.close();
    return new Uint8Array(await files.arrayBuffer());
  });
}

/** Returns the path of a file of the cache, which is made if it is missing. */
async function keep(name: string, make: () => Promise<string | Uint8Array>): Promise<string> {
  const file = join(cache, name);
  if (!existsSync(file)) {
    const content = await make();
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, content);
  }
  return file;
}
