import type { StateOptions } from "../../catalog/index.js";
import { storedIdentifier } from "../../internal.js";
import type { IntegerRange } from "../../server/integer-limits.js";
import { columnOf, quotedOf, refuseFor, type SequenceName, shownName } from "../../server/names.js";
import {
  valueAfterRow,
  collisionOf,
  DECLARE_BLOCKS,
  isBeside,
  furthestOf,
  type ColumnExtremes,
  holdingsOf,
  takenBy,
  whyBetterHere,
} from "../arithmetic/collision.js";
import { nextUnbounded } from "../arithmetic/position.js";
import { hintFor, neverComparableReason } from "../columns/comparability.js";
import type { Extreme } from "../columns/extremes-query.js";
import { type FedColumn, rangeWithin } from "../columns/fed-columns.js";
import type { Unknown } from "../columns/unknown-value.js";
import type { ResyncOptions } from "./resync-report.js";

/** The advice if no value is left after the rows. */
export const WIDEN_FIRST = "Widen the sequence and its column first.";

/** The position of a sequence, and the values in its columns. */
export interface SequenceSnapshot {
  /** The connected role. */
  readonly role: string;
  readonly sequence: SequenceName;
  readonly options: Pick<StateOptions, "startWith" | "increment" | "minValue" | "maxValue" | "cycle" | "cache">;
  readonly lastValue: bigint | null;
  readonly isCalled: boolean | null;
  /** Why its value is unknown although the role may read it. */
  readonly unknown: Unknown | undefined;
  readonly columns: readonly { readonly column: FedColumn; readonly extreme: Extreme }[];
}

export interface MoveOptions {
  readonly allowBackwards: boolean;
  readonly emptyCaches: boolean;
}

export function moveOptionsOf({ allowBackwards = false, emptyCaches = false }: ResyncOptions): MoveOptions {
  return { allowBackwards, emptyCaches };
}

/** The decision for a sequence: move it, skip it for a reason, or do nothing because its position is right. */
export type Decision =
  | {
      readonly kind: "move";
      readonly column: FedColumn | null;
      readonly extreme: bigint | null;
      readonly from: bigint;
      readonly to: bigint;
    }
  | { readonly kind: "skip"; readonly reason: string; readonly hint?: string }
  | { readonly kind: "none" };

/** Decides whether a sequence moves. Throws if it should move and cannot. */
export function decide(snapshot: SequenceSnapshot, { allowBackwards, emptyCaches }: MoveOptions): Decision {
  const { role, sequence, options, lastValue, isCalled, unknown, columns } = snapshot;
  const { increment, minValue, maxValue, startWith, cache } = options;
  const counted = columns.filter(({ column }) => neverComparableReason(column) === undefined);
  const range = rangeWithin(
    options,
    columns.map(({ column }) => column),
  );
  // With a narrower column it ends there, unless it was set past the column and starts over from its own end.
  if (options.cycle && range.least === minValue && range.greatest === maxValue) return decideCycle(snapshot, range);
  const [first] = columns;
  if (counted.length === 0) {
    if (first === undefined) return { kind: "skip", reason: "it feeds no column" };
    const reason = `${neverComparableReason(first.column)}`;
    const hint = hintFor(first.column, reason);
    return { kind: "skip", reason: `${columnOf(first.column)}: ${reason}`, ...(hint === undefined ? {} : { hint }) };
  }
  if (unknown !== undefined) refuseFor(sequence, unknown.reason, unknown.code, unknown);
  if (lastValue === null || isCalled === null) {
    refuseFor(sequence, `${shownName(role)} may not read its value`, "PERMISSION_DENIED", {
      hint: "Let its owner grant SELECT.",
      fix: `grant select on sequence ${quotedOf(sequence)} to ${nameOf(role)}`,
    });
  }
  const holdings = counted.map(({ column, extreme }) => holdingOf(snapshot, column, extreme));
  const next = nextUnbounded({ last: lastValue, called: isCalled }, options);
  const collision = collisionOf(next, increment, range, holdings);
  const furthest = furthestOf(holdings, increment);
  const column = furthest?.column ?? null;
  const extreme = furthest?.row ?? null;
  const move = (to: bigint): Decision => ({ kind: "move", column, extreme, from: next, to });
  if (collision !== undefined && !collision.betterHere) {
    const { last, after } = collision;
    if (after !== undefined) return move(after);
    const end = increment > 0n ? range.greatest : range.least;
    const problem = `${columnOf(collision.furthest)} goes to ${last}, and no value is left after that, up to ${end}`;
    refuseFor(sequence, problem, "SEQUENCE_OUT_OF_BOUNDS", { hint: WIDEN_FIRST });
  }
  // A column that cannot be compared may need the values further on.
  if (allowBackwards && collision === undefined && counted.length === columns.length) {
    const target = furthest === undefined ? startWith : valueAfterRow(furthest.value, next, increment, range);
    if (target !== undefined && (increment > 0n ? next > target : next < target)) return move(target);
  }
  if (emptyCaches && cache > 1n && next >= minValue && next <= maxValue) return move(next);
  if (collision === undefined) return besideSteps(snapshot, next) ?? { kind: "none" };
  const { free, meets, first: taken } = collision;
  const reason = `${free} values are free before it meets ${taken} in ${columnOf(meets)}, ${whyBetterHere(collision)}`;
  return { kind: "skip", reason };
}

/** Names a key that programs fill, if it has rows between the steps ahead: as blocks, they would be in the way. */
function besideSteps({ options: { increment }, columns }: SequenceSnapshot, next: bigint): Decision | undefined {
  for (const { column, extreme } of columns) {
    if ("unknown" in extreme || !isBeside(extreme.beyond, next, increment)) continue;
    if (!column.unique || column.way !== "owned") continue;
    const reason = `${columnOf(column)} goes to ${extreme.beyond}, which is between its steps`;
    return { kind: "skip", reason, hint: DECLARE_BLOCKS };
  }
  return undefined;
}

/**
 * Decides for a sequence that cycles. It continues on its own, unless a key has its next value: then it moves past the
 * last row.
 */
function decideCycle({ options, lastValue, isCalled, columns }: SequenceSnapshot, range: IntegerRange): Decision {
  const holdings = holdingsOf(columns);
  const skip = (reason: string, hint?: string): Decision => {
    return { kind: "skip", reason: `it cycles, ${reason}`, ...(hint === undefined ? {} : { hint }) };
  };
  if (lastValue === null || isCalled === null) return skip("and its value may not be read");
  const next = nextUnbounded({ last: lastValue, called: isCalled }, options);
  const [taken] = takenBy(next, holdings);
  if (taken === undefined) return skip("and so comes back behind its column by itself");
  const furthest = furthestOf(holdings, options.increment);
  const to = furthest && valueAfterRow(furthest.value, next, options.increment, range);
  if (furthest === undefined || to === undefined) {
    return skip(
      `and ${columnOf(taken)} has both its next value ${next} and its last one`,
      "Delete the rows in its way.",
    );
  }
  return { kind: "move", column: furthest.column, extreme: furthest.row, from: next, to };
}

function holdingOf({ sequence, role }: SequenceSnapshot, column: FedColumn, extreme: Extreme): ColumnExtremes {
  if (!("unknown" in extreme)) return { column, ...extreme };
  if (!column.mayRead) {
    refuseFor(sequence, `${shownName(role)} may not read ${columnOf(column)}`, "PERMISSION_DENIED", {
      hint: "Let the owner of the table grant SELECT.",
      fix: `grant select (${nameOf(column.column)}) on ${nameOf(column.schema, column.table)} to ${nameOf(role)}`,
    });
  }
  const code = column.rowSecurity ? "PERMISSION_DENIED" : "COLUMN_NOT_COMPARED";
  const problem = `${columnOf(column)} was not compared: ${extreme.unknown}`;
  refuseFor(sequence, problem, code, { hint: hintFor(column, extreme.unknown) });
}

/** A quoted name, for a statement. */
function nameOf(...parts: [string, ...string[]]): string {
  return storedIdentifier(...parts).text;
}
