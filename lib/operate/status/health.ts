import type { ColumnName, SequenceName } from "../../server/names.js";

/** How bad it is: `"critical"` now or very soon, `"warning"` sooner or later, `"ok"` not at all. */
export type HealthLevel = "ok" | "warning" | "critical";

/**
 * What is wrong with a sequence, or worth knowing:
 *
 * - `EXHAUSTED` (critical): no value is left within its bounds and those of its columns;
 * - `NEARLY_EXHAUSTED` (warning or critical by the thresholds): not many are left;
 * - `COLUMN_EXCEEDED` (critical): the next value does not fit a column, and the insert fails with 22003;
 * - `COLUMN_NARROWER` (ok): a column holds less than the sequence gives, so that it ends before the sequence does;
 * - `BEHIND_COLUMN`: a column has values that the sequence is still to give: critical where it takes each only once, as
 *   inserts fail with 23505; a warning elsewhere, as values come a second time, and where more values are free before the
 *   first than are left behind the last, so that the sequence is better off where it is;
 * - `NOT_COMPARED`: a column was not compared, so that the sequence may be behind it: a warning where the column takes each
 *   value only once and could be compared, but the connected role may not read it, row level security may hide rows from
 *   it, or reading it failed; ok where there is only no index, or nothing to compare;
 * - `USAGE_MISSING` (warning, as the role may never do it): a role may insert into the table, but not draw the default;
 * - `UNLOGGED` (warning): it starts over after a crash of the server, and its table does not;
 * - `CACHE_LOST` (ok): each connection loses what it has reserved and not used;
 * - `UNREADABLE` (warning): the connected role may not read its value, or a standby has none, as it is unlogged.
 */
export type HealthCode =
  | "EXHAUSTED"
  | "NEARLY_EXHAUSTED"
  | "COLUMN_EXCEEDED"
  | "COLUMN_NARROWER"
  | "BEHIND_COLUMN"
  | "NOT_COMPARED"
  | "USAGE_MISSING"
  | "UNLOGGED"
  | "CACHE_LOST"
  | "UNREADABLE";

export interface HealthProblem {
  readonly code: HealthCode;
  readonly level: HealthLevel;
  /** A sentence that names the sequence, says what happens, and what cures it. */
  readonly message: string;
}

/** A column that takes its values from a sequence. */
export interface ColumnHealth extends ColumnName {
  /** As the server writes it: `integer`, `numeric(10,0)`. */
  readonly type: string;
  /** Whether the column alone is a primary key or unique. */
  readonly unique: boolean;
  /**
   * The greatest of its values that the sequence can give, the smallest where it descends: within the bounds of the
   * sequence and in step with it. Null where there is none, or where it was not compared.
   */
  readonly extreme: bigint | null;
  /** The first of them that the sequence meets from its next value on; null where there is none. */
  readonly ahead: bigint | null;
  /** Why it was not compared with the sequence; null where it was. */
  readonly notCompared: string | null;
}

export interface SequenceHealth {
  readonly sequence: SequenceName;
  /** That of the worst problem. */
  readonly level: HealthLevel;
  /** Worst first. */
  readonly problems: readonly HealthProblem[];
  /** As in the sequence's own row; null where it may not be read. */
  readonly lastValue: bigint | null;
  /** What comes next if nothing stops it, which may lie beyond the end; null where it may not be read. */
  readonly nextValue: bigint | null;
  /**
   * Where it ends: the smaller of its own bound and what its columns hold; the greater where it descends. Where rows lie
   * ahead that it cannot move behind without loss, before the first of them.
   */
  readonly end: bigint;
  /**
   * The share of its range that lies behind it, from 0 to 1; null where it may not be read. The range is that between
   * its bounds, or those of its columns where they are narrower.
   */
  readonly used: number | null;
  /** How many values it has to give before it ends, or starts over; null where it may not be read. */
  readonly left: bigint | null;
  /** Whether it starts over at its end. With a narrower column it never gets there. */
  readonly cycles: boolean;
  readonly increment: bigint;
  readonly cache: bigint;
  readonly columns: readonly ColumnHealth[];
}

/** The health of the sequences of a database at a moment. */
export interface Health {
  /** By the clock of the server. */
  readonly sampledAt: Date;
  /** That of the worst sequence. */
  readonly level: HealthLevel;
  /** Worst first. */
  readonly sequences: readonly SequenceHealth[];
}

const LEVELS: readonly HealthLevel[] = ["ok", "warning", "critical"];

/** 0, 1 or 2: the greater the worse. */
export function severityOf(level: HealthLevel): number {
  return LEVELS.indexOf(level);
}

export function worstOf(levels: readonly HealthLevel[]): HealthLevel {
  return LEVELS[Math.max(0, ...levels.map(severityOf))] ?? "ok";
}
