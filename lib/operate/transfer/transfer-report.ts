import { type Integer, NextvalError } from "../../index.js";
import type { SequenceName } from "../../server/name-shapes.js";
import type { AcceptedFinding, Unmatched } from "../accepted-findings.js";
import type { AcceptableTransferCode, AcceptedTransferProblem, TransferProblem } from "./transfer-problem.js";

/** Options of {@link planTransfer}. */
export interface PlanTransferOptions {
  /** The schemas whose sequences are carried. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /** The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * The problems that are known and accepted, each with a reason. Their sequences are left out of the transfer, and are
   * in `accepted` of the report.
   */
  readonly accepted?: readonly AcceptedFinding<AcceptableTransferCode>[] | undefined;
  /**
   * How many values each sequence of the target skips, from 0 to 2^63-1. Default: 1000, which is 1000 times the
   * increment.
   *
   * Values that are drawn from the source after it was read then do no harm. At most half of the values that remain are
   * skipped, until the end of the sequence or of a column that it feeds. The report says if fewer are skipped than
   * asked for.
   */
  readonly margin?: Integer | undefined;
  /**
   * Maps names on the source to names on the target, of sequences that are called differently there. A name without a
   * schema is in the default schema. Its parts may be in double quotes, as in SQL.
   *
   * ```ts
   * await planTransfer(source, target, {
   *   renames: { order_seq: "sales.order_seq", a_seq: "b_seq", b_seq: "a_seq" },
   * });
   * ```
   */
  readonly renames?: Readonly<Record<string, string>> | undefined;
}

/** Options of {@link applyTransfer}. */
export interface ApplyTransferOptions {
  /**
   * How long to wait for each lock on the target, in milliseconds, from 0 to 2147483647. Default: 5000; 0 waits
   * forever.
   */
  readonly lockTimeout?: number | undefined;
}

/**
 * A sequence of a transfer, in the plan of {@link planTransfer} and the report of {@link applyTransfer}. Each value is
 * the one that `nextval` returns next; null if none is left.
 */
export interface TransferredSequence {
  /** Its name on the source. */
  readonly sequence: SequenceName;
  /** Its name on the target, which differs if it is renamed. */
  readonly target: SequenceName;
  /** The next value on the source. */
  readonly from: bigint | null;
  /** The next value on the target before the transfer. */
  readonly before: bigint | null;
  /** The next value on the target after the transfer. */
  readonly to: bigint | null;
  /** How many values are skipped. It is fewer than asked for if the end is near. */
  readonly margin: bigint;
  /** Whether the transfer sets the target. It does not if the target is far enough. */
  readonly moves: boolean;
  /** Notes about this sequence for the operator, in sentences. */
  readonly notes: readonly string[];
}

/** The result of {@link applyTransfer}. */
export interface TransferReport {
  /** The sequences, sorted by schema and name. */
  readonly sequences: readonly TransferredSequence[];
  /** PostgreSQL's own way to do this if a side is version 19 or later, and else null. */
  readonly hint: string | null;
  /** The accepted problems. Their sequences are left out. */
  readonly accepted: readonly AcceptedTransferProblem[];
  /** The entries of `exclude` and `accepted` that match nothing, and so may be mistyped or no longer needed. */
  readonly unmatched: Unmatched<AcceptableTransferCode>;
}

/** The result of {@link planTransfer}. It is plain data, so you can keep it as JSON with {@link toJson}. */
export interface TransferPlan extends TransferReport {
  /** The options of the plan, which `applyTransfer` uses. */
  readonly options: PlanTransferOptions;
}

/**
 * The error `TRANSFER_REFUSED`, with every reason against the transfer, or `TRANSFER_INCOMPLETE`: sequences of the
 * target are not at the values that they were set to.
 *
 * ```ts
 * try {
 *   await applyTransfer(source, target, await planTransfer(source, target));
 * } catch (error) {
 *   if (error instanceof TransferError) for (const { message, fix } of error.problems) console.log(message, fix);
 * }
 * ```
 */
export class TransferError extends NextvalError {
  /** The reasons, each with the side on which it can be solved. */
  readonly problems: readonly TransferProblem[];
  /** The sequences that were found, and those that were set; no sequences if the transfer was refused. */
  readonly report: TransferReport;

  constructor(
    code: "TRANSFER_REFUSED" | "TRANSFER_INCOMPLETE",
    problems: readonly TransferProblem[],
    report: TransferReport,
  ) {
    const what = code === "TRANSFER_REFUSED" ? "nothing was transferred" : "another session has changed the target";
    super(code, `${what}:\n${problems.map(({ message }) => message).join("\n")}`);
    this.problems = problems;
    this.report = report;
  }
}
