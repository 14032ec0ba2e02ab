/** The migration tools whose files `generateMigration` writes. `"sql"` is a pair of plain files. */
export const MIGRATION_FORMATS = [
  "sql",
  "atlas",
  "dbmate",
  "drizzle",
  "flyway",
  "goose",
  "graphile-migrate",
  "knex",
  "kysely",
  "node-pg-migrate",
  "prisma",
  "umzug",
] as const;

/** A migration tool whose files {@link generateMigration} writes; `"sql"` is a pair of plain files. */
export type MigrationFormat = (typeof MIGRATION_FORMATS)[number];

export const DEFAULT_FORMAT: MigrationFormat = "sql";

/** The kinds of modules that `generateMigration` writes for Knex, Kysely and Umzug. */
export const MODULE_EXTENSIONS = ["ts", "js", "mjs", "cjs"] as const;

/** The kind of a module of {@link generateMigration}: `ts`, `js` and `mjs` are ES modules, `cjs` is CommonJS. */
export type ModuleExtension = (typeof MODULE_EXTENSIONS)[number];

/**
 * The migration tools that `widenFiles` writes for. The backfill and the indexes cannot run in a transaction, which SQL
 * files for node-pg-migrate cannot say.
 */
export const WIDEN_FORMATS = ["sql", "dbmate", "flyway", "goose"] as const;

/** A migration tool that {@link widenFiles} writes for. `"sql"` is plain files, for psql and golang-migrate. */
export type WidenFormat = (typeof WIDEN_FORMATS)[number];
