import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { library, root } from "../../library";

const libraries = dirname(createRequire(import.meta.url).resolve("typescript"));

/** Where the compiler of the playground finds the package. */
const PACKAGE = "/node_modules/nextval";

/** Every declaration that a program of the playground can reach, by its path for the compiler. */
export function declarations(): Record<string, string> {
  const files: Record<string, string> = {
    [`${PACKAGE}/package.json`]: readFileSync(join(root, "package.json"), "utf8"),
    "/playground.d.ts": readFileSync(new URL("../compiler/globals.txt", import.meta.url), "utf8"),
  };
  addReferenced("lib.es2022.d.ts", files);
  const needed = new Set(
    library.filter(({ name }) => !/\/(drizzle|knex|kysely|pg|pglite)$/.test(name)).map(({ types }) => types),
  );
  // The loop also visits what is added while it runs.
  for (const file of needed) {
    const text = readFileSync(file, "utf8");
    files[join(PACKAGE, file.slice(root.length))] = text;
    for (const [, path = ""] of text.matchAll(/(?:\bfrom |\bimport\()"(\..+?)\.js"/g)) {
      const imported = join(dirname(file), `${path}.d.ts`);
      if (existsSync(imported)) needed.add(imported);
    }
  }
  return files;
}

/** Adds a file of TypeScript's own library, and those that it refers to. */
function addReferenced(name: string, files: Record<string, string>): void {
  if (files[`/${name}`] !== undefined) return;
  const text = readFileSync(join(libraries, name), "utf8");
  files[`/${name}`] = text;
  for (const [, other = ""] of text.matchAll(/^\/\/\/ <reference lib="(.+?)"/gm)) {
    addReferenced(`lib.${other}.d.ts`, files);
  }
}
