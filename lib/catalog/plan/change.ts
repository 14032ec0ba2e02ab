import type { SequenceLike } from "../../index.js";
import type { SequenceState } from "../inspect/state.js";
import type { HazardCode } from "./hazards/hazard-codes.js";

/** A reason why a change of {@link planChanges} may hurt. */
export interface Hazard {
  /** What may happen, for programs and for `allow` of `applyPlan`. */
  readonly code: HazardCode;
  /** What happens, in a sentence that begins with the name of the sequence. */
  readonly message: string;
  /** What to do, in a sentence. */
  readonly hint?: string;
  /**
   * SQL to run before the plan is applied. The next plan then does not have the hazard. Statements have `; ` between
   * them, and none has one at its end. Absent if no SQL helps.
   */
  readonly fix?: string;
  /**
   * Whether the server would refuse the change now, or could not be stopped afterwards. `applyPlan` never runs such a
   * plan.
   */
  readonly blocked: boolean;
}

/**
 * The restart in a change of {@link planChanges}. It moves a sequence to its new start, because no value was drawn from
 * the sequence.
 */
export interface Restart {
  /** The statement with which `applyPlan` locks the sequence before. It changes nothing. */
  readonly lock: string;
  /** The OID of the sequence. */
  readonly oid: string | undefined;
  /** Its current value as long as none was drawn. `applyPlan` refuses the plan if that has changed. */
  readonly from: bigint;
  /**
   * The change without the restart, for databases where values may have been drawn; null if the server may refuse it
   * there. Migrations use it.
   */
  readonly without: string | null;
}

/** One step from the state of the database to the declarations, in a plan of {@link planChanges}. */
export interface Change {
  /** What the step does. `"move"` is to another schema, and `"own"` sets the owning column. */
  readonly kind: "create schema" | "create" | "rename" | "move" | "alter" | "own" | "comment" | "drop";
  /** The name of the sequence as declared, or as in the database if it is dropped. For `create schema`, the schema. */
  readonly subject: string;
  /** One statement, in lower case, without a semicolon. */
  readonly sql: string;
  /**
   * The statement that undoes the change; null if there is none. Undoing a drop does not restore the value, comment and
   * privileges. Undoing a restart leaves the current value, unless the old bounds or direction may not fit it.
   */
  readonly inverse: string | null;
  /** Why the step may hurt; empty if nothing is known against it. */
  readonly hazards: readonly Hazard[];
  /** Absent if the change does not restart the sequence. */
  readonly restart?: Restart;
}

/**
 * A difference that waits for a table, in a plan of {@link planChanges}. For `"own"` it is an owner that does not exist
 * yet; once its table exists, a new plan has it as a change. For `"identity"` it is an identity column that does not
 * exist, has another type, or has a sequence of another name. A plan never makes that change itself.
 */
export interface Pending {
  /** `"own"` for an owner that does not exist yet, `"identity"` for an identity column. */
  readonly kind: "own" | "identity";
  /** The name of the sequence as declared. */
  readonly subject: string;
  /** The statement that makes the change once the table and its column exist, without a semicolon. */
  readonly sql: string;
  /** The statement that undoes the change. */
  readonly inverse: string;
  /** A sentence that names the sequence, and the missing table or column. */
  readonly message: string;
  /** What else to know before the statement is run, such as the names that a missing table may have now; or null. */
  readonly warning: string | null;
  /** Advice for the migration of the table. */
  readonly hint: string;
}

/** A question of {@link planChanges} that only a person can answer, by `renames` or `new` of its options. */
export interface Question {
  /** The name of the sequence as declared. */
  readonly subject: string;
  /** The name of the sequence in the database that it may be, as `renames` takes it. */
  readonly oldName: string;
  /**
   * The meaning of "yes". `"rename"`: the sequence is renamed, and "no" is `new`. `"new"`: it cannot be renamed,
   * because the name is taken or the sequence belongs to an identity column.
   */
  readonly yes: "rename" | "new";
  /** The question, in a sentence or two. */
  readonly message: string;
  /** The meaning of "no", in a sentence. */
  readonly otherwise: string;
}

/**
 * The steps from the state of a database to the declarations, in order. {@link planChanges} makes it, and
 * {@link applyPlan} applies it.
 */
export interface Plan {
  /** The changes that can be made now. `changes` and `pending` are both empty exactly if nothing differs. */
  readonly changes: readonly Change[];
  /** The differences that have to wait for a table or column that does not exist yet. */
  readonly pending: readonly Pending[];
  /** Questions that only a person can answer, such as whether a new sequence is an old one under a new name. */
  readonly questions: readonly Question[];
  /**
   * The declarations that the plan was made of. `applyPlan` uses them to check that the plan still holds, and that it
   * had the intended result.
   */
  readonly declared: readonly SequenceLike[];
  /** The declarations, each with the schema that its name resolved to. */
  readonly resolved: readonly SequenceLike[];
  /** The options that `planChanges` was called with. */
  readonly options: PlanOptions;
  /** The schemas that were inspected; null for all of them. */
  readonly inspected: readonly string[] | null;
  /** The sequences that are declared or dropped, as they were in the database. */
  readonly found: readonly SequenceState[];
}

/** Options of {@link planChanges}. */
export interface PlanOptions {
  /**
   * Whether to drop sequences that are not declared, unless they belong to a column or feed one. Covers the schemas of
   * the declarations, those of `schemas`, and those that `inspectSequences` was asked for by name. Default: false.
   */
  readonly prune?: boolean | undefined;
  /** Sequences that `prune` never drops, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
  /** Schemas that `prune` covers even if no sequence is declared there. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * Maps old names to new names, also in another schema. A new name is that of a declaration.
   *
   * ```ts
   * planChanges(declared, await inspectSequences(db), {
   *   renames: { order_seq: "sales_order_seq", "public.invoice_seq": "billing.invoice_seq" },
   * });
   * // alter sequence "public"."order_seq" rename to "sales_order_seq"
   * ```
   */
  readonly renames?: Readonly<Record<string, string>> | undefined;
  /**
   * The names of declarations that are new sequences, not old ones under a new name. This is the answer "no" to
   * `questions`.
   */
  readonly new?: readonly string[] | undefined;
}
