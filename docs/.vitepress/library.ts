import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Manifest;

/** What the package exports, by what a program writes after `from`, as files of the built package. */
export const library = Object.entries(manifest.exports).flatMap(([subpath, files]) =>
  typeof files === "string"
    ? []
    : [{ name: manifest.name + subpath.slice(1), code: root + files.default, types: root + files.types }],
);

if (!existsSync(`${root}dist`)) throw new Error("The site shows the built package: run `npm run build` first.");
