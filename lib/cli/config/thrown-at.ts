import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { shownPath } from "../terminal/relative-path.js";

const PACKAGE = dirname(createRequire(import.meta.url).resolve("nextval/package.json"));
/**
 * The code of this library. A file of the user caused the errors that the library throws. It runs from `dist`, but
 * Deno, and Node with `--enable-source-maps`, name its sources in stacks.
 */
const LIBRARY = ["dist", "lib"].map((folder) => join(PACKAGE, folder) + sep);

/**
 * Returns the place in a file of the user that an error comes from, such as `src/sequences.ts:12`. Undefined if its
 * stack names none. The column is left out, because the loader compiles the file.
 */
export function thrownAt(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  if (typeof stack !== "string") return undefined;
  for (const line of stack.split("\n")) {
    const [, number] = /:(\d+):\d+\)?$/.exec(line) ?? [];
    if (number === undefined || !/^\s+at /.test(line)) continue;
    const where = line.slice(
      Math.max(line.lastIndexOf("("), line.indexOf("at ") + 2) + 1,
      line.lastIndexOf(`:${number}:`),
    );
    const file = where.replace(/^async /, "");
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    const shown = shownPath(path);
    // Only the part of a path below the working folder counts.
    if (/^(node:|ext:|<)/.test(path) || /(^|[\\/])node_modules[\\/]/.test(shown)) continue;
    if (LIBRARY.some((folder) => path.startsWith(folder))) continue;
    return `${shown}:${number}`;
  }
  return undefined;
}
