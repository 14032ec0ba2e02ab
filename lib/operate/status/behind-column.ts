import { columnOf, quotedOf } from "../../server/names.js";
import type { HealthProblem } from "./health.js";
import { type Context, type Measured, problem } from "./problem-context.js";
import { wider } from "./widening-advice.js";

/** Reports columns with values that the sequence is still to return, and whether it should move past them. */
export function behind(measured: Measured, context: Context): HealthProblem[] {
  const { nextValue, increment, cycles, columns } = measured;
  const { collision, range } = context;
  // A sequence that cycles passes the rows of its column on its own.
  if (nextValue === null || cycles || collision === undefined) return [];
  const end = increment > 0n ? range.greatest : range.least;
  const cure =
    collision.behind === undefined
      ? `no value behind that is left up to ${end}; ${wider(measured, context)}; then run resync`
      : `run resync, or: alter sequence ${quotedOf(measured.sequence)} restart with ${collision.behind}`;
  return columns.flatMap((column): HealthProblem[] => {
    const { ahead, extreme, unique } = column;
    if (ahead === null) return [];
    const distance = (ahead - nextValue) / increment;
    const free = distance < 0n ? 0n : distance;
    const where = columnOf(column);
    if (collision.betterHere) {
      const consequence = unique ? "inserts then fail with 23505" : "values that are there then come a second time";
      const sentence = `its next value is ${nextValue}, and ${free} values are free before it meets ${ahead} in ${where}: ${consequence}; resync leaves it where it is, as ${collision.leftBehind} values are left behind ${collision.last}; in time, ${wider(measured, context)}; then run resync`;
      return [problem(measured, "BEHIND_COLUMN", "warning", sentence)];
    }
    const consequence = unique
      ? "inserts fail with 23505 where it meets a value that is there"
      : "values that are there come a second time";
    const when = free > 0n ? `, the first after ${free} more` : "";
    const sentence = `its next value is ${nextValue}, and ${where} already goes to ${extreme}: ${consequence}${when}; ${cure}`;
    return [problem(measured, "BEHIND_COLUMN", unique ? "critical" : "warning", sentence)];
  });
}
