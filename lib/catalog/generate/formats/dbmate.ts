import { linesOf, type MigrationFile, type MigrationScript, timestampOf } from "./migration-script.js";

/**
 * Writes one file. Each part begins with a marker at the start of a line. The file name begins with the version.
 * Source: dbmate's README, "Creating Migrations", and its `migration.go`.
 */
export function dbmate(script: MigrationScript): MigrationFile[] {
  const content = `-- migrate:up\n${linesOf(script.up)}\n-- migrate:down\n${linesOf(script.down)}`;
  return [{ path: `${timestampOf(script)}_${script.name}.sql`, content }];
}
