import type { MigrationFormat } from "./generate-migration.js";

/** Every format of `generate`; the compiler sees to it that none is missing. */
export const FORMATS = Object.keys({
  sql: true,
  dbmate: true,
  flyway: true,
  goose: true,
  "node-pg-migrate": true,
} satisfies Record<MigrationFormat, true>) as MigrationFormat[];

export const DEFAULT_FORMAT: MigrationFormat = "sql";
