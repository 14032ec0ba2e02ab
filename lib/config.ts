import type { MigrationFormat } from "./catalog/index.js";
import type { AllowableCode } from "./catalog/plan/hazards/hazard-codes.js";
import type { ACCEPTABLE_CODES } from "./operate/finding-codes.js";
import type { AcceptedFinding, SequenceFeed } from "./operate/index.js";
import type { SequenceLike } from "./index.js";

/**
 * The options of `nextval.config.ts`, which {@link defineConfig} checks. A flag of the command wins over its option.
 */
export interface Config {
  /**
   * The files that export the declarations, as names or globs relative to the configuration. Sequences can also be
   * listed directly. A file of declarations exports sequences and schemas, of this library or of Drizzle. Other exports
   * are left out; `--verbose` lists them.
   */
  readonly declarations?: string | readonly (string | SequenceLike)[] | undefined;
  /** The schemas of the database to look at. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * The sequences that `pull`, `status`, `resync` and `transfer` leave out, and that `prune` never drops, as `name` or
   * `schema.name`. `*` stands for any characters: `["legacy_*", "audit.*"]`.
   */
  readonly exclude?: readonly string[] | undefined;
  /**
   * The findings of `status` and `transfer` that are known and accepted, each with a reason. They do not count for the
   * exit code.
   */
  readonly accepted?: readonly AcceptedFinding<(typeof ACCEPTABLE_CODES)[number]>[] | undefined;
  /** The used share from which `status` reports a warning, above 0 and up to 1. Default: 0.75. */
  readonly warnAt?: number | undefined;
  /** The used share from which `status` reports a sequence as critical, from `warnAt` to 1. Default: 0.9. */
  readonly criticalAt?: number | undefined;
  /** The level from which `status` exits with 1. With `--prometheus` it exits with 0. Default: `"critical"`. */
  readonly failAt?: "warning" | "critical" | undefined;
  /**
   * The columns that programs fill from sequences, so `status` and `resync` compare them. A declaration can say it in
   * `feeds`; this is for sequences that have none.
   */
  readonly feeds?: readonly SequenceFeed[] | undefined;
  /** `postgresql://user:password@host:5432/database`. Default: the variable `DATABASE_URL`. */
  readonly url?: string | undefined;
  /** The driver of the command. Default: `postgres` if it is installed, else `pg`. */
  readonly driver?: "postgres" | "pg" | undefined;
  /** Maps old names to new names, as `planChanges` takes them: `{ order_seq: "sales_order_seq" }`. */
  readonly renames?: Readonly<Record<string, string>> | undefined;
  /** Whether to drop sequences that are not declared, as `planChanges` does. Default: false. */
  readonly prune?: boolean | undefined;
  /**
   * Whether `pull` also declares the sequences of identity columns, so that `check` compares them. Default: false.
   */
  readonly identity?: boolean | undefined;
  /** The hazards that `push` accepts. */
  readonly allow?: readonly AllowableCode[] | undefined;
  /** How long a command other than `widen` waits for a lock, in milliseconds; 0 waits forever. Default: 5000. */
  readonly lockTimeout?: number | undefined;
  /** How long each reading statement may take, in milliseconds; 0 is no limit. Default: the server's own setting. */
  readonly statementTimeout?: number | undefined;
  /** The folder that the command `generate` writes to, relative to the configuration. Default: `migrations`. */
  readonly out?: string | undefined;
  /** The format of the migrations of `generate`, and of `widen` if it has that format. Default: `"sql"`. */
  readonly format?: MigrationFormat | undefined;
}

/**
 * Defines the configuration of the `nextval` command, with its types checked.
 *
 * ```ts
 * // nextval.config.ts, in the working folder
 * import { defineConfig } from "nextval/config";
 *
 * export default defineConfig({ declarations: "src/sequences.ts", schemas: ["public", "billing"] });
 * ```
 */
export function defineConfig(config: Config): Config {
  return config;
}
