import type { PGliteOptions } from "@electric-sql/pglite";

export function startingWith(path: string): PGliteOptions;
export { PGlite } from "@electric-sql/pglite";
