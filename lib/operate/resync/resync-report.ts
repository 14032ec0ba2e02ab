import { NextvalError } from "../../index.js";
import type { ColumnName, SequenceName } from "../../server/names.js";
import type { Trust } from "../columns/fed-columns.js";
import type { Progress } from "../columns/read-extremes.js";

/** What `planResync` looks at, and what it moves. */
export interface ResyncOptions extends Trust {
  /** Look at the sequences of these schemas only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * Also move sequences back that are further than their columns need; those of empty tables to their start. A value that was drawn and
   * is not in a table yet may then come twice. Default: false.
   */
  readonly allowBackwards?: boolean | undefined;
  /**
   * Also restart sequences with a cache at their next value, although they are not behind. Connections then forget the values that they
   * reserved before the import, and those values are lost. Default: false.
   */
  readonly emptyCaches?: boolean | undefined;
}

/** What `planResync` tells its caller meanwhile. */
export interface PlanResyncOptions extends ResyncOptions {
  /** Called before and after the columns of each statement, up to a hundred columns. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface ApplyResyncOptions {
  /** How long to try to get the lock of a sequence, in milliseconds, from 0 to 2147483647. Default: 5000. 0 tries forever. */
  readonly lockTimeout?: number | undefined;
  /** Called before and after each sequence. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

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

/** What `planResync` found. Plain data, so it can be kept as JSON with `toJson`, and read before `applyResync` gets it. */
export interface ResyncPlan {
  /** The sequences that would be moved. */
  readonly moves: readonly ResyncMove[];
  /** The sequences for which the plan cannot tell, because a column could not be compared or has left no value. */
  readonly failures: readonly ResyncFailure[];
  /** The sequences that are left as they are, although they feed a column. */
  readonly skips: readonly ResyncSkip[];
  /** The options of the plan. `applyResync` decides by them again, under a lock. */
  readonly options: ResyncOptions;
}

/** What `applyResync` did. */
export interface ResyncReport {
  /** The sequences that were moved. A planned move that was no longer needed is left out. */
  readonly moves: readonly ResyncMove[];
  /** The failures of the plan, and the moves that failed. */
  readonly failures: readonly ResyncFailure[];
  readonly skips: readonly ResyncSkip[];
}

/** `RESYNC_INCOMPLETE`: some sequences could not be resynced. The others were. */
export class ResyncError extends NextvalError {
  /** What was done, and what was not. */
  readonly report: ResyncReport;

  constructor(report: ResyncReport) {
    const failed = report.failures.map(({ error }) => error.message);
    super(
      "RESYNC_INCOMPLETE",
      `${failed.length} sequence${failed.length === 1 ? " was" : "s were"} not resynced:\n${failed.join("\n")}`,
      {
        cause: report.failures[0]?.error,
      },
    );
    this.report = report;
  }
}
