/** The migration tools whose files `generateMigration` writes. `"sql"` is a pair of plain files. */
export const MIGRATION_FORMATS = ["sql", "dbmate", "flyway", "goose", "node-pg-migrate"] as const;

/** A migration tool whose files {@link generateMigration} writes; `"sql"` is a pair of plain files. */
export type MigrationFormat = (typeof MIGRATION_FORMATS)[number];

export const DEFAULT_FORMAT: MigrationFormat = "sql";
