import type { ColumnName, SequenceName } from "../../server/name-shapes.js";
import type { Unmatched } from "../accepted-findings.js";
import type { HEALTH_CODES } from "../finding-codes.js";
import type { SequenceFeed } from "../reading-options.js";

/**
 * The severity of a problem of {@link sequenceStatus}: `"critical"` now or very soon, `"warning"` sooner or later,
 * `"ok"` if it is only information.
 */
export type HealthLevel = "ok" | "warning" | "critical";

/**
 * The code of a problem of a sequence, or of something worth knowing, as {@link sequenceStatus} reports it. The page
 * "Problems" of the documentation has the fix of each.
 *
 * - `EXHAUSTED` (critical): no value is left within its bounds and those of its columns.
 * - `NEARLY_EXHAUSTED` (warning or critical, by the thresholds): few values are left.
 * - `COLUMN_EXCEEDED` (critical): the next value does not fit a column, so the insert fails with 22003.
 * - `COLUMN_NARROWER` (ok): a column holds less than the sequence can return, so it ends before the sequence does.
 * - `REFERENCE_NARROWER`: a foreign key refers to a column of the sequence, and its own column holds less. Rows that
 *   refer to later values fail with 22003. A warning or critical by the thresholds, for the used share of that column;
 *   else ok.
 * - `IDS_BURNED` (a warning, or ok if other code may draw from the sequence): at least a quarter of the range is used
 *   up, and that is more than 20 values for each row that the columns have had, as far as the server has counted.
 *   Upserts draw a value even if they insert nothing.
 * - `BEHIND_COLUMN`: a column has values that the sequence is still to return.
 *   - Critical if inserts fail with 23505 soon. The column holds each value only once, possibly only for the same
 *     values of the other columns of its key. Fewer than 10,000 values are free before the first of them, or the used
 *     share of the values before it is critical.
 *   - A warning if that is far away, or if values come a second time. Also if it depends on a key with a condition or
 *     an expression, on a key that only partitions have, or on a table behind a view, because these are not evaluated.
 *   - Ok if the sequence should stay: more values are free before the first row than follow the last one, or at least
 *     2^32.
 *   - A sequence that cycles has this problem only while a key has its next value: critical if the column by itself is
 *     the key, else ok.
 * - `BETWEEN_STEPS`: a column has rows past the next value, between the steps of the sequence. If programs make blocks
 *   of ids of its values, inserts will fail with 23505. A warning for a key that no default fills, else ok, because
 *   other writers may have those steps.
 * - `NOT_COMPARED`: a column was not compared, so the sequence may be behind it. A warning if the column holds each
 *   value only once and could be compared, but the connected role may not read it, row level security may hide rows
 *   from it, or reading it failed. Ok if there is only no index, or nothing to compare, or if a key computes something
 *   of the column, so it may refuse values that are not there, or if a trigger may set the column to other values.
 * - `NOT_ATTACHED` (ok): no column owns the sequence, no default of a column leads to it, and no declaration says what
 *   it feeds, so nothing was compared. Programs, triggers or functions draw from it.
 * - `DRAWN_ELSEWHERE` (ok): the sequence feeds columns, and functions, views or rules may also draw from it. What these
 *   fill is not known, so it was not compared.
 * - `USAGE_MISSING` (warning, because the role may never insert): a role may insert into the table, but lacks USAGE on
 *   the sequence of its default.
 * - `UNLOGGED` (warning): the sequence starts over after a crash of the server, and its table does not.
 * - `CACHE_LOST` (ok): each connection loses the values that it has reserved and not used.
 * - `UNREADABLE` (warning): the connected role may not read its value, or the server is a standby, which has no value
 *   of an unlogged sequence.
 */
export type HealthCode = (typeof HEALTH_CODES)[number];

/** A problem of a sequence, or something worth knowing about it, as {@link sequenceStatus} reports it. */
export interface HealthProblem {
  /** What is wrong, for programs. */
  readonly code: HealthCode;
  /** How bad it is. */
  readonly level: HealthLevel;
  /** What is wrong, in a sentence that begins with the name of the sequence. It names some of `columns` at most. */
  readonly message: string;
  /** What to do, in a sentence. */
  readonly hint?: string;
  /**
   * SQL that solves the problem, as it is. Statements have `; ` between them, and none has one at its end. Absent if no
   * SQL does, or if it depends on what the rows mean.
   */
  readonly fix?: string;
  /** The columns that it is about; empty if it is about the sequence itself. */
  readonly columns: readonly ColumnName[];
}

/** A column that takes its values from a sequence, as {@link sequenceStatus} compared it. */
export interface ColumnHealth extends ColumnName {
  /** The type as the server writes it: `integer`, `numeric(10,0)`. */
  readonly type: string;
  /** Whether the column by itself is a primary key or unique. */
  readonly unique: boolean;
  /**
   * The greatest value in the column that the sequence can return, or the smallest if it descends. It is within the
   * bounds of the sequence and on one of its steps, or in one of its blocks. Null if there is none, or if the column
   * was not compared.
   */
  readonly extreme: bigint | null;
  /**
   * The first value in the column that the sequence meets from its next value on, or the value of the block that it is
   * in; null if there is none.
   */
  readonly ahead: bigint | null;
  /**
   * The furthest value in the column from the last value on, on a step or between the steps. Null if there is none, if
   * the steps are of 1, or if programs make blocks of ids.
   */
  readonly beyond: bigint | null;
  /** Why the column was not compared with its sequence; null if it was. */
  readonly notCompared: string | null;
}

/**
 * A problem that `accepted` of the options of {@link sequenceStatus} covers. It does not count for the level of its
 * sequence.
 */
export interface AcceptedProblem extends HealthProblem {
  /** Why it is accepted. */
  readonly reason: string;
}

/** The health of one sequence, as {@link sequenceStatus} returns it. */
export interface SequenceHealth {
  /** The name of the sequence. */
  readonly sequence: SequenceName;
  /** The level of the worst problem. */
  readonly level: HealthLevel;
  /** Worst first. */
  readonly problems: readonly HealthProblem[];
  /** The problems that are accepted, worst first. */
  readonly accepted: readonly AcceptedProblem[];
  /** The last value in the sequence's own row; null if the role may not read it. */
  readonly lastValue: bigint | null;
  /** The value that would come next, which may be past the end; null if the role may not read it. */
  readonly nextValue: bigint | null;
  /**
   * The last value that the sequence can use: its own bound or that of its columns, whichever comes first. If rows are
   * ahead that it cannot move past without loss, it is the value before the first of them.
   */
  readonly end: bigint;
  /**
   * The used share of its range, from 0 to 1; null if the role may not read the value. The range is that between its
   * bounds, or those of its columns if they are narrower.
   */
  readonly used: number | null;
  /** How many values are left before it ends or starts over; null if the role may not read the value. */
  readonly left: bigint | null;
  /**
   * About how many rows its columns have had, including deleted ones, by the server's statistics; null if that is
   * unknown. A row with two of its values counts twice.
   */
  readonly rows: bigint | null;
  /** How many of these rows were inserted since the statistics began; null if that is unknown. */
  readonly inserts: bigint | null;
  /** Whether it starts over at its end. With a narrower column it never reaches that end. */
  readonly cycles: boolean;
  /** The difference between two values. */
  readonly increment: bigint;
  /** How many values a session reserves in one step. */
  readonly cache: bigint;
  /** The columns that take their values from the sequence. */
  readonly columns: readonly ColumnHealth[];
}

/** The health of the sequences of a database at one time, as {@link sequenceStatus} returns it. */
export interface Health {
  /** The name of the database. */
  readonly database: string;
  /** The time of the sample, by the clock of the server. */
  readonly sampledAt: Date;
  /** The level of the worst sequence. */
  readonly level: HealthLevel;
  /** Worst first. */
  readonly sequences: readonly SequenceHealth[];
  /** How many sequences `exclude` leaves out. */
  readonly excluded: number;
  /**
   * The entries of `exclude` and `accepted` that match nothing, and the feeds whose column does not exist. They may be
   * mistyped or no longer needed.
   */
  readonly unmatched: Unmatched<HealthCode> & { readonly feeds: readonly SequenceFeed[] };
}

/** The levels, the worst last. */
export const LEVELS: readonly HealthLevel[] = ["ok", "warning", "critical"];

/** Returns 0, 1 or 2: the greater, the worse. */
export function severityOf(level: HealthLevel): number {
  return LEVELS.indexOf(level);
}

export function worstOf(levels: readonly HealthLevel[]): HealthLevel {
  return LEVELS[Math.max(0, ...levels.map(severityOf))] ?? "ok";
}
