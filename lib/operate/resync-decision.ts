import type { StateOptions } from "../catalog/index.js";
import { fail } from "../catalog/name.js";
import { type Extreme, naturallyIncomparable } from "./extremes.js";
import type { FedColumn } from "./fed-columns.js";
import { firstBehind } from "./grid.js";
import { columnOf, type SequenceName } from "./names.js";

/** Where a sequence stands, and what its columns hold. */
export interface Situation {
  readonly sequence: SequenceName;
  readonly options: Pick<StateOptions, "startWith" | "increment" | "minValue" | "maxValue" | "cycle" | "cache">;
  readonly lastValue: bigint | null;
  readonly isCalled: boolean | null;
  readonly columns: readonly { readonly column: FedColumn; readonly extreme: Extreme }[];
}

export interface Wishes {
  readonly allowBackwards: boolean;
  readonly emptyCaches: boolean;
}

/** What to do with a sequence: move it, leave it for a reason, or nothing, as it is where it should be. */
export type Decision =
  | {
      readonly kind: "move";
      readonly column: FedColumn | null;
      readonly extreme: bigint | null;
      readonly from: bigint;
      readonly to: bigint;
    }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "none" };

/** Throws where it should be moved, and cannot be. */
export function decide(situation: Situation, { allowBackwards, emptyCaches }: Wishes): Decision {
  const { sequence, options, lastValue, isCalled, columns } = situation;
  const { increment, minValue, maxValue, startWith, cache } = options;
  if (options.cycle) return { kind: "skip", reason: "it cycles, and so comes back behind its column by itself" };
  const counted = columns.filter(({ column }) => naturallyIncomparable(column) === undefined);
  const [first] = columns;
  if (counted.length === 0) {
    const reason = first === undefined ? "it feeds no column" : naturallyIncomparable(first.column);
    return { kind: "skip", reason: first === undefined ? `${reason}` : `${columnOf(first.column)}: ${reason}` };
  }
  if (lastValue === null || isCalled === null) {
    fail(sequence, "its value may not be read; run resync as its owner", "PERMISSION_DENIED");
  }
  const furthest = furthestOf(sequence, increment, counted);
  const extreme = furthest?.value ?? null;
  const column = furthest?.column ?? null;
  const next = isCalled ? lastValue + increment : lastValue;
  const target = extreme === null ? startWith : firstBehind(extreme, options);
  const isBehind = extreme !== null && (increment > 0n ? next <= extreme : next >= extreme);
  if (isBehind && target === undefined) {
    const [bound, value] = increment > 0n ? ["maxValue", maxValue] : ["minValue", minValue];
    const where = column === null ? "its column" : columnOf(column);
    const problem = `${where} goes to ${extreme}, and no value behind that is within ${bound} ${value}; nothing was set: widen the sequence first`;
    fail(sequence, problem, "SEQUENCE_OUT_OF_BOUNDS");
  }
  // A column that cannot be counted may need what is further.
  const isAhead = target !== undefined && (increment > 0n ? next > target : next < target);
  if (target !== undefined && (isBehind || (allowBackwards && isAhead && counted.length === columns.length))) {
    return { kind: "move", column, extreme, from: next, to: target };
  }
  if (emptyCaches && cache > 1n && next >= minValue && next <= maxValue) {
    return { kind: "move", column, extreme, from: next, to: next };
  }
  return { kind: "none" };
}

function furthestOf(sequence: SequenceName, increment: bigint, columns: Situation["columns"]) {
  let furthest: { readonly column: FedColumn; readonly value: bigint } | undefined;
  for (const { column, extreme } of columns) {
    if ("unknown" in extreme) {
      const code = column.mayRead && !column.rowSecurity ? "COLUMN_NOT_COMPARED" : "PERMISSION_DENIED";
      fail(sequence, `${columnOf(column)} is not known: ${extreme.unknown}; nothing was set`, code);
    }
    const { value } = extreme;
    if (value === null) continue;
    const isFurther = furthest === undefined || (increment > 0n ? value > furthest.value : value < furthest.value);
    if (isFurther) furthest = { column, value };
  }
  return furthest;
}
