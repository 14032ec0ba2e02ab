import { linesOf, type MigrationFile, type MigrationScript } from "./migration-script.js";

/** Writes two files of plain SQL, for psql, and for golang-migrate if the name begins with a number. */
export function sql({ name, up, down }: MigrationScript): MigrationFile[] {
  return [
    { path: `${name}.up.sql`, content: linesOf(up) },
    { path: `${name}.down.sql`, content: linesOf(down) },
  ];
}
