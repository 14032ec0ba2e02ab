import { columnOf, quotedOf } from "../../server/names.js";
import { beginOf } from "../../server/usable-range.js";
import { whyBetterHere } from "../arithmetic/collision.js";
import { type FedColumn, takesOnce } from "../columns/fed-columns.js";
import type { HealthLevel, HealthProblem } from "./health.js";
import { type Context, alsoDeclared, type Measured, problem } from "./problem-context.js";
import { wider } from "./widening-advice.js";

/** This few values are drawn soon, at any speed. */
const SOON = 10_000n;

/** Reports columns with values that the sequence is still to return, and whether it should move past them. */
export function behind(measured: Measured, context: Context): HealthProblem[] {
  const { nextValue, increment, cycles, columns } = measured;
  const { collision, fed } = context;
  if (nextValue === null) return [];
  if (cycles) return taken(measured, context);
  if (collision === undefined) return [];
  return columns.flatMap((column, index): HealthProblem[] => {
    const { ahead, extreme } = column;
    const source = fed[index];
    if (ahead === null || source === undefined) return [];
    const distance = (ahead - nextValue) / increment;
    const free = distance < 0n ? 0n : distance;
    const where = columnOf(column);
    if (collision.betterHere) {
      const sentence = `its next value is ${nextValue}, and ${free} values are free before it meets ${ahead} in ${where}: ${thenFails(source)}; resync leaves it where it is: that is ${whyBetterHere(collision)}; ${endBefore(measured, context)}`;
      // NEARLY_EXHAUSTED reports how many values are left before the rows.
      return [problem(measured, "BEHIND_COLUMN", "ok", sentence)];
    }
    const isSoon = free < SOON || shareOf(ahead, measured, context) >= context.criticalAt;
    const level: HealthLevel = takesOnce(source) && isSoon ? "critical" : "warning";
    const when = free > 0n ? `, the first after ${free} more` : "";
    const sentence = `its next value is ${nextValue}, and ${where} already goes to ${extreme}: ${fails(source)}${when}; ${cureOf(measured, context)}`;
    return [problem(measured, "BEHIND_COLUMN", level, sentence)];
  });
}

/**
 * Reports a sequence that cycles. It passes the rows of its column on its own, but only once the next value is free.
 */
function taken(measured: Measured, context: Context): HealthProblem[] {
  const { nextValue, columns } = measured;
  return columns.flatMap((column, index) => {
    if (context.fed[index]?.unique !== true || column.ahead !== nextValue) return [];
    const sentence = `its next value is ${nextValue}, which ${columnOf(column)} has: inserts fail with 23505 until it has gone past the values that are there; delete these rows, or ${cureOf(measured, context)}`;
    return [problem(measured, "BEHIND_COLUMN", "critical", sentence)];
  });
}

function fails(column: FedColumn): string {
  if (!takesOnce(column)) return "values that are there come a second time";
  return `inserts fail with 23505 where it meets a value that is there${besideOthers(column)}`;
}

function thenFails(column: FedColumn): string {
  if (!takesOnce(column)) return "values that are there then come a second time";
  return `inserts then fail with 23505${besideOthers(column)}`;
}

/** Describes which inserts fail if the key has several columns. */
function besideOthers({ unique, key }: FedColumn): string {
  return unique || key === null ? "" : ` beside the same ${key.others.join(" and ")}`;
}

function cureOf(measured: Measured, context: Context): string {
  const { collision, range } = context;
  const end = measured.increment > 0n ? range.greatest : range.least;
  return collision?.behind === undefined
    ? `no value behind that is left up to ${end}; ${wider(measured, context)}; then run resync`
    : `run resync, or: alter sequence ${quotedOf(measured.sequence)} restart with ${collision.behind}`;
}

/** Suggests a bound before the rows, which shows that they do not belong to this sequence. */
function endBefore(measured: Measured, { sequence, collision }: Context): string {
  const { increment } = measured;
  const first = collision?.first ?? 0n;
  const bound = increment > 0n ? `maxvalue ${first - 1n}` : `minvalue ${first + 1n}`;
  return `if those rows are not its own, end it before them${alsoDeclared(sequence)} with: alter sequence ${quotedOf(measured.sequence)} ${bound}`;
}

/** Returns the used share of the values before a row. */
function shareOf(row: bigint, { nextValue, increment }: Measured, { sequence, range }: Context): number {
  const begin = beginOf(sequence.options.startWith, nextValue ?? row, increment, range);
  const total = (row - begin) / increment;
  return total <= 0n ? 1 : Number((((nextValue ?? row) - begin) * 10_000n) / increment / total) / 10_000;
}
