/**
 * Makes `dist`: what package.json exports and the command, and nothing that these do not need.
 *
 * JavaScript is bundled, because a program loads a few files faster than many. The core comes first; the other entries
 * import it through its two doors, and share chunks among themselves. So a process never has two copies of a module.
 * The maps contain the sources, which the package therefore does not repeat. Declarations stay one file per module, so
 * that "go to definition" opens a short file with the name of its source.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

/** Begins the path of a door of the core, until the importing file has its place. */
const DOOR = "core:";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const { bin, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const exported = Object.values(exports).flatMap((target) => (typeof target === "string" ? [] : [target]));

rmSync(dist, { recursive: true, force: true });
declare(exported.map(({ types }) => join(root, types)));
const entries = [...exported.map((target) => target.default), ...Object.values(bin)].map(sourceOf);
const core = [sourceOf("./dist/lib/index.js"), sourceOf("./dist/lib/internal.js")];
await bundle(
  entries.filter((entry) => !core.includes(entry)),
  [throughDoors()],
);
await bundle(core);

/** Writes the declarations of these entries and of the modules that they mention. */
function declare(entries: readonly string[]): void {
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
  const needed = new Set(entries);
  // The loop also visits what is added while it runs.
  for (const file of needed) {
    const imports = readFileSync(file, "utf8").matchAll(/(?:^(?:im|ex)port .*from |\bimport\()"(\..+?)\.js"/gm);
    for (const [, path = ""] of imports) needed.add(join(dirname(file), `${path}.d.ts`));
  }
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !needed.has(file)) rmSync(file);
  }
}

function sourceOf(built: string): string {
  return join(root, built.replace("./dist/", "").replace(/\.js$/, ".ts"));
}

/** Leaves imports of the core as they are, for files outside of it. */
function throughDoors(): Plugin {
  return {
    name: "through the doors of the core",
    setup({ onResolve }) {
      onResolve({ filter: /\/(?:index|internal)\.js$/ }, ({ path, resolveDir }) => {
        const source = join(resolveDir, path.replace(/\.js$/, ".ts"));
        return core.includes(source) ? { path: DOOR + relative(root, source), external: true } : undefined;
      });
    },
  };
}

/** Writes the JavaScript of these entries, and maps for what is more than a list of exports. */
async function bundle(entryPoints: readonly string[], plugins: Plugin[] = []): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [...entryPoints],
    plugins,
    outbase: root,
    outdir: dist,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "neutral",
    format: "esm",
    target: "es2022",
    sourcemap: true,
    write: false,
    logLevel: "warning",
    // Not the paths of tsconfig.json, which are for tests.
    tsconfigRaw: {},
  });
  const empty = outputFiles.filter(({ path, text }) => path.endsWith(".map") && hasNoSources(text));
  const withoutMap = new Set(empty.map(({ path }) => path.slice(0, -".map".length)));
  for (const { path, text } of outputFiles.filter((file) => !empty.includes(file))) {
    mkdirSync(dirname(path), { recursive: true });
    const placed = text.replace(new RegExp(`"${DOOR}(.*?)\\.ts"`, "g"), (_, door: string) =>
      JSON.stringify(`${pathBetween(dirname(path), join(dist, door))}.js`),
    );
    writeFileSync(path, withoutMap.has(path) ? placed.replace(/\/\/# sourceMappingURL=.*\n$/, "") : placed);
  }
}

function pathBetween(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith(".") ? path : `./${path}`;
}

function hasNoSources(map: string): boolean {
  return (JSON.parse(map) as { sources: readonly string[] }).sources.length === 0;
}
