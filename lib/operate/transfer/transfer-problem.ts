import type { SequenceState } from "../../catalog/index.js";
import { createSequence } from "../../index.js";
import { declareSequence } from "../../internal.js";
import type { SequenceName } from "../../server/name-shapes.js";
import { sequenceNameOf, shownNameOf } from "../../server/names.js";
import type { TRANSFER_CODES } from "../finding-codes.js";

/**
 * The code of a reason against a transfer, as {@link planTransfer} and {@link applyTransfer} report it:
 *
 * - `SCHEMA_MISSING`: a schema that was asked for is on neither side.
 * - `SEQUENCE_MISSING`: a sequence is only on one side.
 * - `OPTIONS_DIFFER`: type, bounds, increment or cycle differ.
 * - `POSITION_UNKNOWN`: the position cannot be read, for lack of SELECT or for another reason.
 * - `UPDATE_MISSING`: the role may not set the sequence of the target.
 * - `NAME_GIVEN_AWAY`: `renames` carries another sequence to the one of the same name.
 * - `MOVED_MEANWHILE`: another session has set the sequence of the target back or dropped it, or its position became
 *   unknown.
 */
export type TransferCode = "SCHEMA_MISSING" | (typeof TRANSFER_CODES)[number] | "NAME_GIVEN_AWAY" | "MOVED_MEANWHILE";

/**
 * A code that `accepted` of the options of {@link planTransfer} can have. The sequence is then left out of the
 * transfer.
 */
export type AcceptableTransferCode = (typeof TRANSFER_CODES)[number];

/** A reason against a transfer, or against its success, as {@link planTransfer} and {@link applyTransfer} report it. */
export interface TransferProblem {
  /** What is wrong, for programs. */
  readonly code: TransferCode;
  /** The sequence that it is about; null for a schema. */
  readonly sequence: SequenceName | null;
  /** The side on which it can be solved; null if on either. */
  readonly side: "source" | "target" | null;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to do, in a sentence. */
  readonly hint?: string;
  /** SQL that solves the problem on that side, as it is. Statements have `; ` between them. Absent if no SQL does. */
  readonly fix?: string;
}

/**
 * A problem that `accepted` of the options of {@link planTransfer} covers. Its sequence is left out of the transfer.
 */
export interface AcceptedTransferProblem extends TransferProblem {
  /** Why it is accepted. */
  readonly reason: string;
}

export function transferProblem(
  sequence: SequenceState,
  code: TransferCode,
  side: TransferProblem["side"],
  problem: string,
  { hint, fix }: { readonly hint?: string | undefined; readonly fix?: string | undefined },
): TransferProblem {
  return {
    code,
    sequence: sequenceNameOf(sequence),
    side,
    message: `${shownNameOf(sequence)}: ${problem}`,
    ...(hint === undefined ? {} : { hint }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Returns the statement that creates a sequence as it is on the other side; undefined if a column makes it. */
export function copyOf({ schema, seqName, definedBy, options }: SequenceState): string | undefined {
  if (definedBy !== "user") return undefined;
  const { ownedBy: _ownedBy, identity: _identity, comment: _comment, ...rest } = options;
  return createSequence(declareSequence(seqName, rest, schema)).text;
}
