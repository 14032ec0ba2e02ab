import { NextvalError } from "../../index.js";
import type { Advice } from "../../internal.js";
import type { ColumnName } from "../../server/name-shapes.js";

/** A column to widen, and its table: what {@link planWiden} takes. */
export interface WidenTarget {
  /** Default: `public`. */
  readonly schema?: string | undefined;
  /** The name of the table, without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
}

/** Options of {@link planWiden}. */
export interface PlanWidenOptions {
  /**
   * How long the statements of a phase wait for each lock, in milliseconds, from 0 to 2147483647. Default: 400; 0 waits
   * forever. Other sessions wait behind it. Below the server's `deadlock_timeout`, no writer is ended by a deadlock.
   */
  readonly lockTimeout?: number | undefined;
  /**
   * Roles whose code may run as the connected role. Default: none.
   *
   * The phases write to tables, validate foreign keys and create views, which runs triggers, checks and functions of
   * indexes. All these tables, views and schemas, and everything that they use, have to belong to superusers, the role
   * that has logged in, or roles named here. If the connected role can become superuser, other roles also must not have
   * TRIGGER. If not, it also trusts the owner of the given table and the owner of the database.
   */
  readonly trustOwners?: readonly string[] | undefined;
}

/** Options of {@link applyWiden}. */
export interface ApplyWidenOptions {
  /** How often a phase is tried again after it did not get its locks. Default: 100. */
  readonly retries?: number | undefined;
  /** How long the backfill waits after each batch, in milliseconds. Default: 20. */
  readonly pause?: number | undefined;
  /** Whether to drop the old columns, which cannot be undone. Default: false. */
  readonly cleanUp?: boolean | undefined;
  /** Called before each phase, and after each batch of the backfill. */
  readonly onProgress?: ((progress: WidenProgress) => void) | undefined;
}

/** How far {@link applyWiden} is. */
export interface WidenProgress {
  /** The name of the phase. */
  readonly phase: string;
  /** Pages of 8 kB in a backfill, and 0 of 1 before any other phase. */
  readonly done: number;
  /** What `done` comes to at the end of the phase. */
  readonly total: number;
}

/**
 * What a phase of {@link planWiden} does: it adds the new columns, fills them, proves that no row is missing, builds
 * an index, swaps the columns, validates a constraint, or drops the old columns.
 */
export type WidenPhaseKind = "add" | "backfill" | "prove" | "index" | "swap" | "validate" | "clean-up";

/** A step from the narrow columns to the wide ones, as {@link planWiden} plans it. */
export interface WidenPhase {
  /** What it does. */
  readonly kind: WidenPhaseKind;
  /** A name of letters, digits and `_`, unique within the plan. */
  readonly name: string;
  /** What it does, what it locks, and what to know, a sentence each. */
  readonly notes: readonly string[];
  /** The statements, without semicolons at their ends. */
  readonly up: readonly string[];
  /** The statements that undo it. Empty if there is nothing to undo, or no way back. */
  readonly down: readonly string[];
  /** Whether the statements have to run in one transaction. If not, there is one, and it must run outside of one. */
  readonly isTransactional: boolean;
  /** Whether the database shows that it has run. */
  readonly isDone: boolean;
  /** What the phase works on, for those that `applyWiden` does not run as one statement. */
  readonly work?: WidenWork | undefined;
}

/** The table of a backfill with its pairs of columns, or the new index. {@link applyWiden} reads it. */
export interface WidenWork {
  /** The schema of the table or index. */
  readonly schema: string;
  /** The name of the table or index. */
  readonly name: string;
  /** The columns to copy from and to. */
  readonly columns: readonly { readonly from: string; readonly to: string }[];
}

/** The phases that widen a column, and the columns of foreign keys that point at it. {@link planWiden} returns it. */
export interface WidenPlan {
  /** The columns that become bigint, the given one first. */
  readonly columns: readonly ColumnName[];
  /** The phases, in their order. */
  readonly phases: readonly WidenPhase[];
  /** What the plan cannot see and the reader has to check, a sentence each. */
  readonly warnings: readonly string[];
  /** The `trustOwners` that it was made with. {@link applyWiden} trusts no other roles. */
  readonly trustOwners?: readonly string[] | undefined;
}

/** The result of {@link applyWiden}. */
export interface WidenReport {
  /** The names of the phases that it ran, in their order. */
  readonly ran: readonly string[];
}

/**
 * The error `WIDEN_INCOMPLETE`: a phase failed, and was rolled back. Its `cause` is the reason.
 *
 * ```ts
 * try {
 *   await applyWiden(db, await planWiden(db, { table: "orders", column: "id" }));
 * } catch (error) {
 *   if (error instanceof WidenError) console.log(`ran ${error.report.ran.join(", ")}, and not ${error.phase}`);
 * }
 * ```
 */
export class WidenError extends NextvalError {
  /** The phases that ran. They stay. */
  readonly report: WidenReport;
  /** The name of the phase that failed. */
  readonly phase: string;

  constructor(report: WidenReport, phase: string, cause: Error) {
    const { hint, fix } = cause as Advice;
    super("WIDEN_INCOMPLETE", cause.message, { hint, fix, cause });
    this.report = report;
    this.phase = phase;
  }
}
