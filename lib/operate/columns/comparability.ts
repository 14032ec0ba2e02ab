import { isText, roundingStep } from "../../server/integer-limits.js";
import { tooManyLeading } from "./extremes-query.js";
import type { FedColumn } from "./fed-columns.js";

/** Types whose order is that of integers. Texts are read as numbers. */
const HOLDS_WHOLE_NUMBERS = /^(smallint|integer|bigint|numeric(\([^)]*\))?|real|double precision)$/;

/**
 * Returns why a column can never be compared with its sequence, whatever the role's privileges; undefined if it can.
 */
export function neverComparableReason(column: FedColumn): string | undefined {
  if (column.stranger !== null) return `the owner of the table, ${column.stranger}, may not draw from the sequence`;
  if (column.otherDefault !== null) return `its default is ${shortened(column.otherDefault)}`;
  if (column.setBy?.always === true) return `the trigger ${column.setBy.name} replaces what its default draws`;
  if (!isText(column.baseType) && !HOLDS_WHOLE_NUMBERS.test(column.baseType)) {
    return `it is of type ${column.type}, which has no greatest whole number`;
  }
  if (!column.plain) return "its default makes something else of the sequence's values";
  if (roundingStep(column.baseType) > 1n) {
    return (
      `it is of type ${column.type}, which rounds the sequence's values to multiples of ` +
      `${roundingStep(column.baseType)}`
    );
  }
  if (column.shut) {
    const kind = column.kind === "view" ? "a view" : "a foreign table";
    return `reading ${kind} runs code of its owner`;
  }
  return undefined;
}

/** Longer defaults are truncated in messages. */
const MAX_DEFAULT_LENGTH = 80;

function shortened(text: string): string {
  return text.length > MAX_DEFAULT_LENGTH ? `${text.slice(0, MAX_DEFAULT_LENGTH)}...` : text;
}

/** Returns why a column cannot be compared with its sequence; undefined if it can. */
export function notComparableReason(column: FedColumn): string | undefined {
  const reason = neverComparableReason(column);
  if (reason !== undefined) return reason;
  if (!column.mayRead) return "the role may not read it";
  if (column.rowSecurity) return "row security may hide rows";
  if (column.codeOf.length > 0) {
    const roles = column.codeOf.join(", ");
    return `reading runs code of role ${roles}, as the connected role`;
  }
  return undefined;
}

export const NO_INDEX = "it has no index that shows its last value";

/** The reason for a column whose table took too long, possibly because of a function of its owner. */
export const TOO_SLOW = "reading the ends of its index took too long";

/** Returns what to do about a column that was not compared; undefined if there is nothing, or if a grant would help. */
export function hintFor(column: FedColumn, reason: string): string | undefined {
  if (neverComparableReason({ ...column, shut: false }) !== undefined) return undefined;
  if (column.shut) return "Pass views: true to read it anyway.";
  if (!column.mayRead) return undefined;
  if (column.rowSecurity) {
    // FORCE ROW LEVEL SECURITY also applies to the owner.
    return column.ownerIsLimited
      ? "Connect as a role with BYPASSRLS."
      : "Connect as the owner of the table, or as a role with BYPASSRLS.";
  }
  if (column.codeOf.length > 0) return "Pass the role in trustOwners to allow it.";
  return reason === NO_INDEX || reason === TOO_SLOW || reason === tooManyLeading(column)
    ? 'Pass columns: "all" to read it anyway.'
    : undefined;
}

/** Returns why a column is not compared with its sequence; undefined if it is. */
export function skipReason(column: FedColumn, chosen: "indexed" | "all"): string | undefined {
  const reason = notComparableReason(column);
  const isCheap = column.indexed || (column.key?.leading ?? null) !== null;
  return reason ?? (chosen === "all" || isCheap ? undefined : NO_INDEX);
}

/** The reason for not reading a column if its sequence may not be read. */
export const UNREADABLE = "the value of its sequence may not be read";
