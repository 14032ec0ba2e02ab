/** A migration before it has a format. */
export interface MigrationScript {
  readonly name: string;
  readonly at: Date;
  readonly up: readonly Step[];
  readonly down: readonly Step[];
}

/** A statement with its semicolon, or only comments. Each comment and the statement are one line. */
export interface Step {
  readonly comments: readonly string[];
  readonly statement: string | null;
}

/** A file of a migration, as {@link generateMigration} returns it. The caller writes it. */
export interface MigrationFile {
  /** The name of the file, without a folder. */
  readonly path: string;
  /** The text of the file, which ends with a line break. */
  readonly content: string;
}

/** Writes the lines of a part, with a blank line between the steps. */
export function linesOf(steps: readonly Step[], around: (statement: string) => string = (statement) => statement) {
  return steps
    .map(({ comments, statement }) =>
      [...comments.map((comment) => `-- ${comment}\n`), statement === null ? "" : `${around(statement)}\n`].join(""),
    )
    .join("\n");
}

/** The time in UTC, to the second: `20260131235959`. */
export function timestampOf({ at }: MigrationScript): string {
  return at.toISOString().replaceAll(/\D/g, "").slice(0, 14);
}
