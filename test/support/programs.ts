import { mkdtemp, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterAll } from "vitest";
import { madePGlite } from "./pglite.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Modules find the files beside them as their sources do, although they have become part of a program elsewhere. */
const addresses: Plugin = {
  name: "addresses of sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.m?ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};

/**
 * Compiles programs for a bare Node, whose start takes a fifth of the time that it takes with tsx; `nextval` is its
 * source, as in tests. They are removed when the tests of the file are done. Call it once, at the top.
 *
 * ```ts
 * const compile = usePrograms();
 *
 * test("runs", async () => {
 *   const [program] = await compile(new URL("./program.ts", import.meta.url));
 * });
 * ```
 */
export function usePrograms(): Compile {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });
  return async (...sources) => {
    // From there the packages are found that are installed here.
    const folder = await mkdtemp(`${root}node_modules/.nextval-programs-`);
    folders.push(folder);
    await build({
      entryPoints: sources.map((source) => fileURLToPath(source)),
      outdir: folder,
      entryNames: "[name]",
      outExtension: { ".js": ".mjs" },
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      tsconfig: `${root}tsconfig.json`,
      plugins: [addresses, madePGlite],
      logLevel: "silent",
    });
    const compiled = (source: URL) => `${folder}/${basename(fileURLToPath(source)).replace(/\.m?ts$/, ".mjs")}`;
    return sources.map(compiled) as { [Index in keyof typeof sources]: string };
  };
}

/** Gives the paths of the compiled programs, in the order of their sources. */
type Compile = <Sources extends readonly URL[]>(...sources: Sources) => Promise<{ [Index in keyof Sources]: string }>;
