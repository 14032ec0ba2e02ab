import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { library } from "../../library";

const entry = fileURLToPath(new URL("../sandbox/program.ts", import.meta.url));

/** The script that runs before a program in its worker: the library and a handle. It defines `playground`. */
export async function sandboxScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    globalName: "playground",
    target: "es2022",
    alias: Object.fromEntries(library.map(({ name, code }) => [name, code])),
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
