import { linesOf, type MigrationFile, type MigrationScript, timestampOf } from "./migration-script.js";

/**
 * Writes a versioned migration, and the undo migration of the same version. `${...}` would be a placeholder anywhere in
 * the text. Source: Flyway's "Migrations" and "Placeholders".
 */
export function flyway(script: MigrationScript): MigrationFile[] {
  const rest = `${timestampOf(script)}__${script.name}.sql`;
  return [
    { path: `V${rest}`, content: linesOf(script.up) },
    { path: `U${rest}`, content: linesOf(script.down) },
  ];
}
