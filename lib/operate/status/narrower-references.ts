import { shortType } from "../../server/column-type.js";
import { type IntegerRange, limitsOf, refusalBy } from "../../server/integer-limits.js";
import { columnOf } from "../../server/names.js";
import { columnWideningAdvice } from "../arithmetic/widening-advice.js";
import { percent } from "../figures.js";
import type { Finding } from "./findings.js";
import type { HealthLevel } from "./health.js";
import type { Context, Measurements } from "./problem-context.js";

/**
 * Reports foreign keys whose columns hold less than the sequence and its own columns. All of them have one level, that
 * of the fullest, so that a sequence has one line.
 */
export function referenceNarrower(measured: Measurements, context: Context): Finding[] {
  const { increment, nextValue } = measured;
  const { range } = context;
  const isUp = increment > 0n;
  const findings = context.fed
    .filter(({ plain }) => plain)
    .flatMap((key) =>
      key.references.flatMap((column) => {
        const limits = limitsOf(column.baseType);
        if (limits === undefined) return [];
        const end = isUp ? limits.greatest : limits.least;
        if (isUp ? end >= range.greatest : end <= range.least) return [];
        const share = nextValue === null ? null : shareOf(nextValue, limits, range, isUp);
        return [{ key, column, end, share }];
      }),
    )
    .sort((one, other) => (one.share !== other.share ? (other.share ?? 0) - (one.share ?? 0) : 0));
  const [fullest] = findings;
  const level = fullest === undefined ? "ok" : levelOf(fullest.share, context);
  return findings.map(({ key, column, end, share }): Finding => {
    const type = shortType(column.type);
    const refusal = refusalBy(column.baseType);
    return {
      code: "REFERENCE_NARROWER",
      level,
      column,
      say: (these, areMany) =>
        share === 1
          ? `its next value ${nextValue} does not fit the foreign key${areMany ? "s" : ""} ${these} (${type}): ` +
            `inserts fail with ${refusal}`
          : `${these} (${type}) ${areMany ? "refer" : "refers"} to ${columnOf(key)} but only up to ${end}` +
            (share === null ? "" : `: ${percent(share)} is used`),
      ...columnWideningAdvice({ ...column, castType: null }),
    };
  });
}

/** Returns the used share of a column that holds less than its key; 1 if the next value does not fit. */
function shareOf(next: bigint, limits: IntegerRange, range: IntegerRange, isUp: boolean): number {
  const [begin, end, sign] = isUp
    ? [limits.least > range.least ? limits.least : range.least, limits.greatest, 1n]
    : [limits.greatest < range.greatest ? limits.greatest : range.greatest, limits.least, -1n];
  const [used, total] = [(next - begin) * sign, (end - begin) * sign + 1n];
  if (total <= 0n || used >= total) return 1;
  return used <= 0n ? 0 : Number((used * 10n ** 12n) / total) / 1e12;
}

function levelOf(share: number | null, { warnAt, criticalAt }: Context): HealthLevel {
  if (share === null) return "ok";
  return share >= criticalAt ? "critical" : share >= warnAt ? "warning" : "ok";
}
