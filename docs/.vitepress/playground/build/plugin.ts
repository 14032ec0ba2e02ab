import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
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

/**
 * The files of an empty database, because initdb takes seconds. Each megabyte and each recovery delays a visitor's
 * first run, so it has no templates to copy databases from, its WAL is in segments of 1 MB, and it was shut down.
 */
async function emptyDatabase(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(pglite, "../package.json"), "utf8")) as { version: string };
  return keep(`empty-database-${version}-small.bin`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "nextval-empty-database-"));
    try {
      const database = await PGlite.create({ dataDir: folder, initDbStartParams: ["--wal-segsize=1"] });
      await database.exec("update pg_database set datistemplate = false");
      for (const template of ["template0", "template1"]) await database.exec(`drop database ${template}`);
      await database.close();
      // The first segments have the shutdown. Those after them are old ones, renamed for later use.
      const segments = readdirSync(join(folder, "pg_wal")).filter((name) => /^[0-9A-F]{24}$/.test(name));
      for (const name of segments.sort().slice(2)) rmSync(join(folder, "pg_wal", name));
      return execFileSync("tar", ["--format=ustar", "-czf", "-", ...readdirSync(folder)], {
        cwd: folder,
        maxBuffer: 100_000_000,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
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
