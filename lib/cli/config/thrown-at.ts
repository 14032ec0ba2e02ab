import { fileURLToPath } from "node:url";
import { shownPath } from "../terminal/relative-path.js";

/** The folder of this installed library. A file of the user caused the errors that the library throws. */
const LIBRARY = fileURLToPath(new URL("../..", import.meta.url));

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
    if (/^(node:|<)/.test(path) || /(^|[\\/])node_modules[\\/]/.test(shown) || path.startsWith(LIBRARY)) continue;
    return `${shown}:${number}`;
  }
  return undefined;
}
