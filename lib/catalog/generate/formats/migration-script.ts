import type { ModuleExtension } from "../migration-formats.js";

/** A migration before it has a format. */
export interface MigrationScript {
  readonly name: string;
  readonly at: Date;
  readonly up: readonly Step[];
  readonly down: readonly Step[];
  readonly folder: MigrationFolder;
  readonly extension: ModuleExtension | undefined;
}

/** A statement with its semicolon, or only comments. Each comment and the statement are one line. */
export interface Step {
  readonly comments: readonly string[];
  readonly statement: string | null;
}

/** A file of a migration, as {@link generateMigration} returns it. The caller writes it. */
export interface MigrationFile {
  /** The path of the file within the folder of migrations, with `/`. */
  readonly path: string;
  /** The text of the file, which ends with a line break. */
  readonly content: string;
  /** The tool's own record of its migrations. If the folder has this file, write over it. */
  readonly replaces?: true;
}

/**
 * The folder that gets a migration: an option of {@link generateMigration}. Numbers continue its numbers, and records
 * of a tool its records.
 */
export interface MigrationFolder {
  /** The paths of its files, relative to the folder, with `/`. */
  readonly files: readonly string[];
  /** Reads one of these files as UTF-8. */
  readonly read: (file: string) => string;
  /** Returns a hash, as `createHash(algorithm).update(text).digest(encoding)` of `node:crypto` does. */
  readonly hash: (algorithm: "sha1" | "sha256", text: string, encoding: "base64" | "hex") => string;
}

/** Writes the lines of a part, with a blank line between the steps. */
export function linesOf(steps: readonly Step[], around: (statement: string) => string = (statement) => statement) {
  return steps
    .map(({ comments, statement }) =>
      [...comments.map((comment) => `-- ${comment}\n`), statement === null ? "" : `${around(statement)}\n`].join(""),
    )
    .join("\n");
}

/** Writes the way back as comments, for a tool that has none. */
export function wayBackOf(tool: string, down: readonly Step[]): string {
  const lines = down.flatMap(({ comments, statement }) => [...comments, ...(statement === null ? [] : [statement])]);
  return [`The way back, which ${tool} does not run:`, ...lines].map((line) => `-- ${line}\n`).join("");
}

/** The time in UTC, to the second: `20260131235959`. */
export function timestampOf({ at }: Pick<MigrationScript, "at">): string {
  return at.toISOString().replaceAll(/\D/g, "").slice(0, 14);
}
