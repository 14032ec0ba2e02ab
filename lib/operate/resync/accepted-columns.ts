import type { AcceptedFindings } from "../accepted-findings.js";
import { notComparableReason } from "../columns/comparability.js";
import type { Extreme } from "../columns/extremes-query.js";
import type { FedColumn } from "../columns/fed-columns.js";
import type { HEALTH_CODES } from "../finding-codes.js";

/**
 * Leaves out columns whose rows are accepted: those in `BEHIND_COLUMN`, and those in `NOT_COMPARED` that were not
 * compared. `reason` is why the first of them is accepted. Rows that are accepted in `BETWEEN_STEPS` are not mentioned.
 */
export function withoutAccepted<Column extends { readonly column: FedColumn; readonly extreme?: Extreme }>(
  columns: readonly Column[],
  { reasonFor }: Pick<AcceptedFindings<(typeof HEALTH_CODES)[number]>, "reasonFor">,
): { readonly columns: Column[]; readonly reason: string | undefined } {
  const reasons = columns.map(({ column, extreme }) => {
    const behind = reasonFor("BEHIND_COLUMN", column.sequence, column);
    const isUnknown = notComparableReason(column) !== undefined || (extreme !== undefined && "unknown" in extreme);
    return behind ?? (isUnknown ? reasonFor("NOT_COMPARED", column.sequence, column) : undefined);
  });
  return {
    columns: columns
      .filter((_, index) => reasons[index] === undefined)
      .map((each) => {
        const { column, extreme } = each;
        if (extreme === undefined || "unknown" in extreme || extreme.beyond === null) return each;
        const between = reasonFor("BETWEEN_STEPS", column.sequence, column);
        return between === undefined ? each : { ...each, extreme: { ...extreme, beyond: null } };
      }),
    reason: reasons.find((reason) => reason !== undefined),
  };
}
