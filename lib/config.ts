import type { MigrationFormat } from "./catalog/index.js";
import type { AllowableCode } from "./catalog/plan/hazards/hazard-codes.js";
import type { SequenceLike } from "./index.js";

/** What `nextval.config.ts` says; every part can be given as a flag instead, and flags win. */
export interface Config {
  /**
   * The files that export the declarations, as names or globs relative to the configuration; sequences may stand there, too.
   * Such a file exports sequences and schemas, of this library or of Drizzle, and nothing else.
   */
  readonly declarations?: string | readonly (string | SequenceLike)[] | undefined;
  /** Look at these schemas of the database only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /** `postgresql://user:password@host:5432/database`. Default: the variable `DATABASE_URL`. */
  readonly url?: string | undefined;
  /** New names by old ones, as `plan` takes them: `{ order_seq: "sales_order_seq" }`. */
  readonly renames?: Readonly<Record<string, string>> | undefined;
  /** Drop what is not declared, as `plan` does. Default: false. */
  readonly prune?: boolean | undefined;
  /** The hazards that `push` accepts. */
  readonly allow?: readonly AllowableCode[] | undefined;
  /** How many milliseconds a command waits for a lock. Default: 5000. */
  readonly lockTimeout?: number | undefined;
  /** How many milliseconds each statement that reads may take; 0 is without a limit. Default: what the server says. */
  readonly statementTimeout?: number | undefined;
  /** The folder that `generate` writes to, relative to the configuration. Default: `migrations`. */
  readonly out?: string | undefined;
  /** The migrations that `generate` writes. */
  readonly format?: MigrationFormat | undefined;
}

/**
 * The configuration of the command `nextval`, with its types checked. `nextval.config.ts` in the working folder:
 *
 * ```ts
 * import { defineConfig } from "nextval/config";
 *
 * export default defineConfig({ declarations: "src/sequences.ts", schemas: ["public", "billing"] });
 * ```
 */
export function defineConfig(config: Config): Config {
  return config;
}
