import type { SequenceLike } from "../index.js";
import type { SequenceState } from "./state.js";

/** Why a change may hurt; each is explained in the README. */
export type HazardCode =
  | "CACHE_BREAKS_ORDER"
  | "CACHE_STALLS_SERVER"
  | "CURRENT_VALUE_EXCLUDED"
  | "CYCLE_REPEATS_KEYS"
  | "DROPS_SEQUENCE"
  | "ENDS_SEQUENCE"
  | "INCREMENT_CHANGED"
  | "KEY_HAS_ROWS"
  | "LOCKS_INSERTS"
  | "LOGGED_FROM_CHECKPOINT"
  | "NAMED_IN_TEXT"
  | "NAME_REUSED"
  | "NAME_TAKEN"
  | "NARROWER_TYPE"
  | "NEEDS_POSTGRES_15"
  | "UNLOGGED_STARTS_OVER"
  | "WIDER_THAN_COLUMN";

/** Why a change may hurt. */
export interface Hazard {
  readonly code: HazardCode;
  /** A sentence that names the sequence, what happens, and the cure where there is one. */
  readonly message: string;
  /** Whether the server would refuse the change as things are, or could not be stopped afterwards: such a plan is never applied. */
  readonly blocked: boolean;
}

/** One step from the state of the database to the declarations. */
export interface Change {
  readonly kind: "create schema" | "create" | "rename" | "move" | "alter" | "own" | "comment" | "drop";
  /** The sequence as declared, or as the database has it where it is dropped; the schema for `create schema`. */
  readonly subject: string;
  /** One statement, in lower case, without a semicolon. */
  readonly sql: string;
  /** The statement that undoes it; null where there is none. A drop is undone but for its value, comment and privileges. */
  readonly inverse: string | null;
  readonly hazards: readonly Hazard[];
}

/** What leads from the state of a database to the declarations, in the order in which it has to be done. */
export interface Plan {
  /** Empty exactly when nothing differs. */
  readonly changes: readonly Change[];
  /** What only a person can say, such as whether a new sequence is an old one under a new name. */
  readonly questions: readonly string[];
  /** What it was made of, so that `apply` can look whether it still holds, and whether it led to where it should. */
  readonly declared: readonly SequenceLike[];
  /** The declarations, each with the schema that its name led to. */
  readonly resolved: readonly SequenceLike[];
  readonly options: PlanOptions;
  readonly inspected: readonly string[] | null;
  /** The sequences that are declared or dropped, as the database had them. */
  readonly found: readonly SequenceState[];
}

/** What a plan may do beyond creating and changing. */
export interface PlanOptions {
  /** Drop what is not declared, in the schemas that the declarations name, unless it belongs to a column or feeds one. */
  readonly prune?: boolean | undefined;
  /**
   * New names by old ones, in another schema, too: `{ order_seq: "sales_order_seq", "public.invoice_seq": "billing.invoice_seq" }`.
   * A new name is that of a declaration.
   */
  readonly renames?: Readonly<Record<string, string>> | undefined;
}
