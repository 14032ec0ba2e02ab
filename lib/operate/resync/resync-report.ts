import type { ColumnName, SequenceName } from "../../server/column-names.js";

/** A sequence that was moved, or would be. */
export interface ResyncMove {
  readonly sequence: SequenceName;
  /** The column that goes furthest; null where all are empty. */
  readonly column: ColumnName | null;
  /** The greatest of its values in the columns, the smallest where the sequence descends; null where there is none. */
  readonly extreme: bigint | null;
  /** The value that would have come next. */
  readonly from: bigint;
  /** The value that comes next. */
  readonly to: bigint;
  /** The statement that does it. */
  readonly sql: string;
}

/** A sequence that could not be moved, and is as it was. */
export interface ResyncFailure {
  readonly sequence: SequenceName;
  /** A `NextvalError`, or what the server said. */
  readonly error: Error;
}

/** A sequence that was left alone although it feeds a column. */
export interface ResyncSkip {
  readonly sequence: SequenceName;
  readonly reason: string;
}

export interface ResyncReport {
  readonly dryRun: boolean;
  readonly moves: readonly ResyncMove[];
  readonly failures: readonly ResyncFailure[];
  readonly skips: readonly ResyncSkip[];
}
