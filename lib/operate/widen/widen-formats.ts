/**
 * The migration tools that `widenFiles` writes for. The backfill and the indexes cannot run in a transaction, which SQL
 * files for node-pg-migrate cannot say.
 */
export const WIDEN_FORMATS = ["sql", "dbmate", "flyway", "goose"] as const;

/** A migration tool that `widenFiles` writes for. `"sql"` is plain files, for psql and golang-migrate. */
export type WidenFormat = (typeof WIDEN_FORMATS)[number];
