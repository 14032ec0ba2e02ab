import { linesOf, type MigrationFile, type MigrationScript } from "./migration-script.js";

/**
 * Writes one file of SQL. Each part begins with a comment. The name begins with the milliseconds since 1970, and has
 * dashes instead of underscores, as its `create` makes it. Source: node-pg-migrate's "Migrations" and its
 * `sqlMigration.ts`.
 */
export function nodePgMigrate({ name, at, up, down }: MigrationScript): MigrationFile[] {
  const content = `-- Up Migration\n${linesOf(up)}\n-- Down Migration\n${linesOf(down)}`;
  return [{ path: `${at.getTime()}_${name.replaceAll(/_+/g, "-")}.sql`, content }];
}
