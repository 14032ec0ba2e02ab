import { type Database, NextvalError, type Transaction } from "../../index.js";
import type { ColumnName, SequenceName } from "../../server/name-shapes.js";
import type { AcceptedFinding } from "../accepted-findings.js";
import type { HEALTH_CODES } from "../finding-codes.js";
import type { FeedOptions, Progress, SequenceFeed, Trust } from "../reading-options.js";

/** A pool or a session, whose own transactions move sequences, or a transaction of the caller. */
export type ResyncHandle = Pick<Database, "begin"> | Pick<Transaction, "query" | "savepoint">;

/** Options of a resync: which sequences {@link planResync} compares, and which it moves. */
export interface ResyncOptions extends Trust, FeedOptions {
  /** The schemas whose sequences are compared. Each has to exist. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /** The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * The findings of `sequenceStatus` that are accepted. Rows of a column with `BEHIND_COLUMN` move no sequence, a
   * column with `NOT_COMPARED` and a sequence with `UNREADABLE` are no failures. `skips` has the reason.
   */
  readonly accepted?: readonly AcceptedFinding<(typeof HEALTH_CODES)[number]>[] | undefined;
  /**
   * Whether to move sequences back that are further than their columns need. Sequences of empty tables go back to their
   * start. A sequence stays if other code may draw from it, such as a trigger, because what that fills is unknown. A
   * value that was drawn and is not in a table yet may then come twice. Default: false.
   */
  readonly allowBackwards?: boolean | undefined;
  /**
   * Whether to restart sequences with a cache at their next value even if they are not behind. Connections then forget
   * the values that they reserved before the import, and those values are lost. Default: false.
   */
  readonly emptyCaches?: boolean | undefined;
}

/** Options of {@link planResync}. */
export interface PlanResyncOptions extends ResyncOptions {
  /** Called before and after the columns of each statement, up to a hundred columns. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of {@link applyResync}. */
export interface ApplyResyncOptions {
  /** How long to try to lock a sequence, in milliseconds, from 0 to 2147483647. Default: 5000; 0 tries forever. */
  readonly lockTimeout?: number | undefined;
  /** Called before and after each sequence. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A sequence that {@link applyResync} has moved, or would move. */
export interface ResyncMove {
  /** The name of the sequence. */
  readonly sequence: SequenceName;
  /** The column with the furthest value; null if all columns are empty. */
  readonly column: ColumnName | null;
  /** The greatest value of the sequence in the columns, or the smallest if it descends; null if there is none. */
  readonly extreme: bigint | null;
  /** The value that `nextval` would have returned next. */
  readonly from: bigint;
  /** The value that `nextval` returns next. */
  readonly to: bigint;
  /** The statement that moves the sequence. */
  readonly sql: string;
}

/** A sequence that {@link applyResync} could not move, and that is unchanged. */
export interface ResyncFailure {
  /** The name of the sequence. */
  readonly sequence: SequenceName;
  /** A `NextvalError`, or the server's error. */
  readonly error: Error;
}

/** A sequence that {@link planResync} or {@link applyResync} leaves unchanged. */
export interface ResyncSkip {
  /** The name of the sequence. */
  readonly sequence: SequenceName;
  /** Why it was left unchanged, in a sentence. */
  readonly reason: string;
  /** What to do about it, in a sentence. Absent if it is as it should be. */
  readonly hint?: string;
}

/**
 * The result of {@link planResync}. It is plain data, so you can read it first, or keep it as JSON with {@link toJson}.
 */
export interface ResyncPlan {
  /** The sequences that would be moved. */
  readonly moves: readonly ResyncMove[];
  /** The sequences for which the plan cannot decide, because a column could not be compared or has no value left. */
  readonly failures: readonly ResyncFailure[];
  /** The sequences that stay unchanged for a reason. */
  readonly skips: readonly ResyncSkip[];
  /** The patterns of `exclude` that match nothing, and the feeds whose column does not exist. They may be mistyped. */
  readonly unmatched: { readonly exclude: readonly string[]; readonly feeds: readonly SequenceFeed[] };
  /** The options of the plan. `applyResync` decides by them again, under a lock. `feeds` has what is declared. */
  readonly options: ResyncOptions;
}

/** The result of {@link applyResync}. */
export interface ResyncReport {
  /** The sequences that were moved. A planned move that was no longer needed is left out. */
  readonly moves: readonly ResyncMove[];
  /** The failures of the plan, and the moves that failed. */
  readonly failures: readonly ResyncFailure[];
  /** The sequences that stay unchanged for a reason. */
  readonly skips: readonly ResyncSkip[];
}

/**
 * The error `RESYNC_INCOMPLETE`: some sequences could not be moved. The others were.
 *
 * ```ts
 * try {
 *   await applyResync(db, await planResync(db));
 * } catch (error) {
 *   if (error instanceof ResyncError) {
 *     for (const { sequence, error: reason } of error.report.failures) console.log(sequence.name, reason.message);
 *   }
 * }
 * ```
 */
export class ResyncError extends NextvalError {
  /** The sequences that were moved, and those that were not. */
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
