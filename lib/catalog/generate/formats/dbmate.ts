import { linesOf, type MigrationFile, type Script, timestampOf } from "./migration-script.js";

/**
 * One file; each part begins at a marker at the beginning of a line. The version is what the file's name begins with.
 * Source: dbmate's README, "Creating Migrations", and its `migration.go`.
 */
export function dbmate(script: Script): MigrationFile[] {
  const content = `-- migrate:up\n${linesOf(script.up)}\n-- migrate:down\n${linesOf(script.down)}`;
  return [{ path: `${timestampOf(script)}_${script.name}.sql`, content }];
}
