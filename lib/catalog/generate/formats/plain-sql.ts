import { linesOf, type MigrationFile, type MigrationScript } from "./migration-script.js";
import { nextName } from "./next-name.js";

/**
 * Writes two files of plain SQL, for psql and golang-migrate. They have the next number of the folder, unless the name
 * begins with one.
 */
export function sql({ name, at, up, down, folder }: MigrationScript): MigrationFile[] {
  const others = folder.files.filter((file) => /^[^/]+\.sql$/.test(file));
  const numbered = /^\d/.test(name) ? name : nextName(others, name, at, "number");
  return [
    { path: `${numbered}.up.sql`, content: linesOf(up) },
    { path: `${numbered}.down.sql`, content: linesOf(down) },
  ];
}
