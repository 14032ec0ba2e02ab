import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { library } from "../../library";

/** The script of a worker that can load nothing, in one text. It defines `playground`. */
export async function scriptOf(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../${file}`, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    globalName: "playground",
    target: "es2022",
    alias: Object.fromEntries(library.map(({ name, code }) => [name, code])),
    // Addresses that PGlite makes, and does not use.
    define: { "import.meta.url": '"https://localhost/"' },
    // It warns that the bare imports of our own chunks do nothing, which is true.
    logLevel: "error",
    plugins: [
      {
        name: "of PGlite only what is used",
        setup({ onResolve, resolve }) {
          onResolve({ filter: /./ }, async ({ path, pluginData, ...options }) => {
            const isOfPGlite = path === "@electric-sql/pglite" || /pglite[/\\]dist/.test(options.importer);
            if (!isOfPGlite || pluginData === "resolving") return undefined;
            if (isBuiltin(path)) return { path, external: true, sideEffects: false };
            const resolved = await resolve(path, { ...options, pluginData: "resolving" });
            return { ...resolved, sideEffects: false };
          });
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? "";
}
