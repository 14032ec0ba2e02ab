import type { SequenceLike } from "../../index.js";
import type { SequenceState } from "../inspect/state.js";
import type { HazardCode } from "./hazards/hazard-codes.js";

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

/**
 * An owner that cannot be set yet, because its table or column does not exist. Everything else about the sequence can be done;
 * once the table exists, a new plan has the change.
 */
export interface Pending {
  readonly kind: "own";
  /** The sequence as declared. */
  readonly subject: string;
  /** The statement to run once the table and its column exist, without a semicolon. */
  readonly sql: string;
  /** The statement that undoes it. */
  readonly inverse: string;
  /** A sentence that names the sequence, and what does not exist. */
  readonly message: string;
  /** What the table or column may be called by now, in a sentence; null if nothing looks like it. */
  readonly warning: string | null;
  /** What to heed when the column is created: a serial or identity column does not use this sequence. */
  readonly hint: string;
}

/** What only a person can say about a sequence of a plan. `renames` or `new` of the plan's options is the answer. */
export interface Question {
  /** The sequence as declared. */
  readonly subject: string;
  /** The sequence of the database that it may be, as `renames` takes it. */
  readonly oldName: string;
  /**
   * What "yes" means: the sequence is renamed, and "no" is `new`; or it is `new`, if it cannot be renamed because the name is
   * taken, or because the sequence belongs to an identity column.
   */
  readonly yes: "rename" | "new";
  /** The question, in a sentence or two. */
  readonly message: string;
  /** What "no" means, in a sentence. */
  readonly otherwise: string;
}

/** What leads from the state of a database to the declarations, in the order in which it has to be done. */
export interface Plan {
  /** What can be done now. Empty, together with `pending`, exactly when nothing differs. */
  readonly changes: readonly Change[];
  /** What differs, and has to wait for a table or column that does not exist yet. */
  readonly pending: readonly Pending[];
  /** What only a person can say, such as whether a new sequence is an old one under a new name. */
  readonly questions: readonly Question[];
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
  /**
   * Drop what is not declared, unless it belongs to a column or feeds one. This covers the schemas of the declarations, those of
   * `schemas`, and those that `inspect` was asked for by name.
   */
  readonly prune?: boolean | undefined;
  /** Schemas that `prune` covers even if no sequence is declared there. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * New names by old ones, in another schema, too: `{ order_seq: "sales_order_seq", "public.invoice_seq": "billing.invoice_seq" }`.
   * A new name is that of a declaration.
   */
  readonly renames?: Readonly<Record<string, string>> | undefined;
  /** The declarations that are sequences of their own, not other ones under a new name: the answer "no" to `questions`. */
  readonly new?: readonly string[] | undefined;
}
