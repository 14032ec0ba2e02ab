import type { Advice } from "../../internal.js";
import { quotedOf, shownName } from "../../server/names.js";
import { beginOf } from "../../server/usable-range.js";
import { DECLARE_BLOCKS, isBeside, valueAfterRow } from "../arithmetic/collision.js";
import { alsoDeclared, wideningAdvice } from "../arithmetic/widening-advice.js";
import { type FedColumn, mayRefuse, takesOnce } from "../columns/fed-columns.js";
import type { Finding } from "./findings.js";
import type { HealthLevel } from "./health.js";
import { type Context, isExceeded, type Measurements } from "./problem-context.js";

/** This few values are drawn soon, at any speed. */
const SOON = 10_000n;

/** Reports columns with values that the sequence is still to return, and whether it should move past them. */
export function behind(measured: Measurements, context: Context): Finding[] {
  const { nextValue, increment, cycles, columns } = measured;
  const { collision, fed } = context;
  if (nextValue === null) return [];
  if (cycles) return taken(measured, context);
  if (collision === undefined) return [];
  const findings = columns.flatMap((column, index): (Finding & { readonly last: bigint })[] => {
    const { ahead, extreme } = column;
    const source = fed[index];
    if (ahead === null || extreme === null || source === undefined) return [];
    // The server refuses the next value before it looks for the value in a key.
    if (isExceeded(source, nextValue, context)) return [];
    const distance = (ahead - nextValue) / increment;
    const free = distance < 0n ? 0n : distance;
    const once = takesOnce(source);
    const found = { code: "BEHIND_COLUMN", column } as const;
    if (collision.betterHere) {
      // NEARLY_EXHAUSTED reports how many values are left before the rows.
      const say = (these: string) => `${free} values are free before ${ahead} in ${these}: then ${consequence(source)}`;
      return [{ ...found, level: "ok", kind: consequence(source), last: -ahead, say, ...endBefore(measured, context) }];
    }
    const isSoon = free < SOON || shareOf(ahead, measured, context) >= context.criticalAt;
    const level: HealthLevel = once && isSoon ? "critical" : "warning";
    const say = (these: string, areMany: boolean) =>
      `its next value is ${nextValue}, but ${these} ${areMany ? "go" : "goes"} to ${extreme}: ${consequence(source)}`;
    return [{ ...found, level, kind: consequence(source), last: extreme, say, ...adviceFor(measured, context) }];
  });
  // The first one is quoted if several become one problem.
  return findings.sort(({ last: one }, { last: other }) =>
    (one - other) * increment > 0n ? -1 : one === other ? 0 : 1,
  );
}

/**
 * Reports a sequence that cycles. It passes the rows of its column on its own, but only once the next value is free.
 */
function taken(measured: Measurements, context: Context): Finding[] {
  const { nextValue, columns } = measured;
  return columns.flatMap((column, index): Finding[] => {
    const source = context.fed[index];
    if (source === undefined || column.ahead !== nextValue) return [];
    const then = consequence(source);
    // The numbers of each day, or of each open order, come again by design.
    if (!mayRefuse(source)) return [];
    return [
      {
        code: "BEHIND_COLUMN",
        level: source.unique ? "critical" : "ok",
        column,
        kind: then,
        say: (these) => `its next value ${nextValue} is already in ${these}: ${then}`,
        ...(source.unique ? adviceFor(measured, context) : { hint: "It passes these rows by itself." }),
      },
    ];
  });
}

/** Reports rows between the steps, past the next value. Whether they are in the way is known to programs only. */
export function betweenSteps(measured: Measurements, { fed }: Context): Finding[] {
  const { nextValue, increment, cycles, columns } = measured;
  if (nextValue === null || cycles) return [];
  return columns.flatMap((column, index): Finding[] => {
    const source = fed[index];
    const { ahead, beyond } = column;
    // Otherwise the sequence moves past those on its steps first.
    if (source === undefined || ahead !== null || !isBeside(beyond, nextValue, increment)) return [];
    return [
      {
        code: "BETWEEN_STEPS",
        // The default of a table draws each id, so the rows between are those of other writers.
        level: column.unique && source.way === "owned" ? "warning" : "ok",
        column,
        say: (these, areMany) =>
          `its next value is ${nextValue}, and ${these} ${areMany ? "go" : "goes"} to ${beyond}, between its steps`,
        hint: DECLARE_BLOCKS,
      },
    ];
  });
}

function consequence(column: FedColumn): string {
  const { unique, key } = column;
  if (unique) return "inserts fail with 23505";
  // With a key of several columns, only some inserts fail.
  if (key !== null)
    return `inserts of the same ${key.others.map((each) => shownName(each)).join(" and ")} fail with 23505`;
  const perhaps = perhapsOf(column);
  return perhaps === undefined ? "values come twice" : `${perhaps} may refuse inserts with 23505`;
}

/** Returns the key whose condition, expression or table was not looked into; undefined if there is none. */
function perhapsOf({ partialKey, computedKey, kind }: FedColumn): string | undefined {
  if (kind === "view" || kind === "foreign table") return "a key of its table";
  const index = partialKey ?? computedKey;
  return index === null ? undefined : `the index ${shownName(index)}`;
}

function adviceFor(measured: Measurements, context: Context): Advice {
  const restart = (value: bigint) => `alter sequence ${quotedOf(measured.sequence)} restart with ${value}`;
  const { collision } = context;
  if (collision?.after !== undefined) {
    const free = collision.free === 0n ? "" : ` before ${collision.free} more values are drawn`;
    return { hint: `Run resync${free}, to move the sequence past the rows.`, fix: restart(collision.after) };
  }
  const { hint, fix, range } = wideningAdvice(context.sequence, context.fed, context.range);
  const last = collision?.last ?? measured.nextValue ?? 0n;
  const next = valueAfterRow(last, measured.nextValue ?? last, measured.increment, range);
  if (fix === undefined || next === undefined) return { hint };
  const [first = "", ...rest] = hint ?? "";
  const advice = `${first.toLowerCase()}${rest.join("")}`;
  return { hint: `No value is left after the rows: ${advice}`, fix: `${fix}; ${restart(next)}` };
}

/** Suggests a bound before the rows, which shows that they do not belong to this sequence. */
function endBefore(measured: Measurements, { sequence, collision }: Context): Advice {
  const { increment } = measured;
  const first = collision?.first ?? 0n;
  const bound = increment > 0n ? `maxvalue ${first - 1n}` : `minvalue ${first + 1n}`;
  return {
    hint: `If the rows are not its own, end it before them${alsoDeclared(sequence)}`,
    fix: `alter sequence ${quotedOf(measured.sequence)} ${bound}`,
  };
}

/** Returns the used share of the values before a row. */
function shareOf(row: bigint, { nextValue, increment }: Measurements, { sequence, range }: Context): number {
  const begin = beginOf(sequence.options.startWith, nextValue ?? row, increment, range);
  const total = (row - begin) / increment;
  return total <= 0n ? 1 : Number((((nextValue ?? row) - begin) * 10_000n) / increment / total) / 10_000;
}
