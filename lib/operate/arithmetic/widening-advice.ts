import type { SequenceState } from "../../catalog/index.js";
import type { Advice } from "../../internal.js";
import { widenColumn } from "../../server/column-type.js";
import { type IntegerRange, limitsOf } from "../../server/integer-limits.js";
import { quotedOf, sequenceNameOf } from "../../server/names.js";
import { limitsOfStored, usableRange } from "../../server/usable-range.js";
import type { FedColumn } from "../columns/fed-columns.js";

/** How to get more values from a sequence. */
export interface Widening extends Advice {
  /** The range that the fix leads to, or the old one if there is no fix. */
  readonly range: IntegerRange;
}

/**
 * Returns how to get more values from a sequence: by changing the sequence, its columns, or both.
 *
 * @param range - the range that fits the sequence and its columns
 */
export function wideningAdvice(sequence: SequenceState, fed: readonly FedColumn[], range: IntegerRange): Widening {
  const isUp = sequence.options.increment > 0n;
  const end = isUp ? range.greatest : range.least;
  const narrow = fed.filter((column) => column.plain && endsAt(limitsOfStored(column), end, isUp));
  const { minValue, maxValue, as } = sequence.options;
  // The server widens the sequence of an identity column together with the column.
  const withColumn = sequence.definedBy === "identity" && narrow.length > 0;
  const isNarrow = (isUp ? maxValue : minValue) === end && !withColumn;
  if (
    narrow.some((column) => column.baseType === "bigint" && castOf(column) === undefined) ||
    (isNarrow && endsAt(limitsOf("bigint"), end, isUp))
  ) {
    return { hint: "Start a new range of keys: no integer type holds more than bigint.", range };
  }
  const columns = narrow.map(columnWideningAdvice);
  const bound = isUp ? "maxvalue" : "minvalue";
  const type = endsAt(limitsOf(as), end, isUp) ? " as bigint" : "";
  const alter = isNarrow ? [`alter sequence ${quotedOf(sequenceNameOf(sequence))}${type} no ${bound}`] : [];
  const stuck = columns.find(({ fix }) => fix === undefined);
  if (stuck !== undefined) return { hint: stuck.hint, range };
  const own = type === "" ? `Raise its ${isUp ? "maxValue" : "minValue"}` : "Widen the sequence";
  const declared = alsoDeclared(sequence);
  return {
    hint:
      columns.length === 0
        ? `${own}${declared}`
        : isNarrow
          ? `Widen the sequence and its column${declared}`
          : columns[0]?.hint,
    fix: [...columns.map(({ fix }) => fix as string), ...alter].join("; "),
    range: usableRange(
      { minValue, maxValue, ...(isNarrow || withColumn ? limitsOfBound(type === "" ? as : "bigint", isUp) : {}) },
      fed.filter((column) => column.plain && !endsAt(limitsOfStored(column), end, isUp)),
    ),
  };
}

function limitsOfBound(type: "smallint" | "integer" | "bigint", isUp: boolean) {
  const { least, greatest } = limitsOf(type);
  return isUp ? { maxValue: greatest } : { minValue: least };
}

/** Returns how to make a column hold larger values. */
export function columnWideningAdvice(
  fed: Pick<FedColumn, "schema" | "table" | "column" | "baseType" | "castType" | "kind" | "fixedType">,
): Advice {
  const { kind, fixedType } = fed;
  const cast = castOf(fed);
  if (cast !== undefined) return { hint: `Set a default without the cast to ${cast}.` };
  if (kind === "view") {
    return { hint: "Widen the column of the table that the view selects from, and create the view again." };
  }
  if (fixedType) {
    return { hint: "Drop the views and other objects that use the column, and widen it or that of its parent." };
  }
  return {
    hint:
      kind === "foreign table"
        ? "Widen the column where its rows are, and then here."
        : "Widen the column, for which the server rewrites the table under an exclusive lock.",
    fix: widenColumn(fed),
  };
}

/** Returns the cast of the default if it holds less than the column; undefined if it does not. */
export function castOf({ baseType, castType }: Pick<FedColumn, "baseType" | "castType">): string | undefined {
  if (castType === null) return undefined;
  const [own, cast] = [limitsOf(baseType), limitsOf(castType)];
  return cast !== undefined && (own === undefined || own.greatest > cast.greatest) ? castType : undefined;
}

function endsAt(limits: IntegerRange | undefined, end: bigint, isUp: boolean): boolean {
  return limits !== undefined && (isUp ? limits.greatest : limits.least) === end;
}

/**
 * Ends a hint whose SQL changes an option. `planChanges` compares options with the declaration, so the next push would
 * undo it. Sequences of columns and extensions have no declaration.
 */
export function alsoDeclared({ definedBy }: SequenceState): string {
  return definedBy === "user" ? ", also in its declaration if it has one, or the next push undoes it." : ".";
}
