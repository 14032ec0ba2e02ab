import type { SequenceState } from "../../catalog/index.js";
import type { IntegerRange } from "../../server/integer-limits.js";
import { limitsOfStored } from "../../server/usable-range.js";
import type { Collision } from "../arithmetic/collision.js";
import type { FedColumn } from "../columns/fed-columns.js";
import type { SequenceHealth } from "./health.js";

/** The measurements of a sequence, before it is judged. */
export type Measurements = Omit<SequenceHealth, "level" | "problems" | "accepted">;

/** The other facts that problems are derived from. */
export interface Context {
  readonly sequence: SequenceState;
  /** The columns that the sequence feeds, in the order of `columns` of the measurements. */
  readonly fed: readonly FedColumn[];
  /** The rows that the sequence meets; undefined if there are none, or if they are unknown. */
  readonly collision: Collision | undefined;
  /** The range that fits the sequence and its columns. */
  readonly range: IntegerRange;
  readonly warnAt: number;
  readonly criticalAt: number;
  /** The connected role. */
  readonly user: string;
  /** How many tables and sequences the connected role may not read. */
  readonly unreadable: number;
}

/** Whether a column, or a narrower cast in its default, can store a value. */
export function holds(column: FedColumn, value: bigint): boolean {
  const limits = limitsOfStored(column);
  return limits === undefined || (value >= limits.least && value <= limits.greatest);
}

/**
 * Whether inserts fail because the next value does not fit a column. A value that the sequence itself cannot return
 * does not exceed a column.
 */
export function isExceeded(column: FedColumn, nextValue: bigint, { sequence }: Pick<Context, "sequence">): boolean {
  const { minValue, maxValue } = sequence.options;
  return nextValue >= minValue && nextValue <= maxValue && column.plain && !holds(column, nextValue);
}
