import type { ResolvedOptions } from "nextval";
import type { HealthCode, HealthLevel, SequenceHealth } from "nextval/operate";
import { type Door, isFar } from "./build-schema.js";

/** What the oracle saw of a door: see `oracle-functions.ts`. */
export interface Seen {
  readonly sequences: readonly string[];
  readonly near: readonly string[];
  readonly cut: boolean;
  readonly taken: readonly string[];
  readonly unfit: readonly string[];
}

/** A door with what the oracle saw of it. */
export interface Witnessed extends Seen {
  readonly door: Door;
}

/** Inserts fail with these if a value is there already. */
const DUPLICATE = ["23505", "23P01"];
const ENDED = "2200H";
const DOES_NOT_FIT = ["22003", "22001"];

/** Reasons for not comparing that no reader can change. */
const NATURAL = /^(its default |it is of type |the owner of the table, |the trigger )/;

/**
 * Compares what status says of a sequence with what its doors do. Returns a sentence for each contradiction. The rules
 * are in test/property/status.test.ts.
 *
 * @param isComplete - whether status compared all columns that it can
 */
export function contradictionsOf(
  { nextValue, increment, problems, columns, left }: SequenceHealth,
  { minValue, maxValue, cycle }: Pick<ResolvedOptions, "minValue" | "maxValue" | "cycle">,
  doors: readonly Witnessed[],
  isComplete: boolean,
): string[] {
  if (nextValue === null) return ["its position is not known"];
  const has = (code: HealthCode, level?: HealthLevel) =>
    problems.some((each) => each.code === code && (level === undefined || each.level === level));
  const sign = increment > 0n ? 1n : -1n;
  const start = increment > 0n ? minValue : maxValue;
  const isReached = (value: bigint) =>
    ((value - nextValue) * sign >= 0n && (value - nextValue) % increment === 0n) ||
    (cycle && (value - start) % increment === 0n);
  const found: string[] = [];
  let isMet = false;
  let doesFail = false;
  let isUnknown = false;

  for (const { door, near, cut, taken, unfit } of doors) {
    const place = `${door.relation}.${door.column}`;
    const say = (text: string) => void found.push(`${place}: ${text}`);
    const [column] = door.listed.flatMap((listed) =>
      columns.filter(({ table, column }) => column === door.column && table === listed),
    );
    const isCompared = column !== undefined && column.notCompared === null;
    const says = (code: HealthCode, level?: HealthLevel, words = "") =>
      problems.some(
        (each) =>
          each.code === code &&
          each.message.includes(words) &&
          (level === undefined || each.level === level) &&
          each.columns.some(({ table, column }) => column === door.column && door.listed.includes(table)),
      );
    const isNamed =
      column === undefined ? has("NOT_ATTACHED") || has("DRAWN_ELSEWHERE") : !isCompared && says("NOT_COMPARED");
    if (!isCompared && !isNamed && !cycle) say("it was not compared, silently");
    if (isComplete && column?.notCompared && !NATURAL.test(column.notCompared))
      say(`it was not compared: ${column.notCompared}`);

    // Status names the trigger, and knows nothing of the values that it sets; nor of rounding, once resync was far.
    const isSet = door.isReplaced && isCompared && says("NOT_COMPARED", "ok", "may set");
    if (isSet || (door.rounds && isFar(nextValue))) {
      isUnknown = true;
      continue;
    }
    const isSaid = (code: HealthCode, level?: HealthLevel) => (isCompared ? says(code, level) : isNamed);
    const [first = "ok"] = near;
    const last = near.at(-1) ?? "ok";
    // What an index computes of a value may itself not fit. Status names the index, and says that it evaluates none.
    const mayNotFit = isCompared && says("NOT_COMPARED", "ok", "computes something of");
    const succeeded = BigInt(Math.max(0, near.length - 1));
    if (cut || [...DUPLICATE, ENDED, ...DOES_NOT_FIT].includes(first)) doesFail = true;
    if (DUPLICATE.includes(first)) {
      const isSure = door.key === "sure" || (door.key === "shared" && !cycle);
      if (!isSaid("BEHIND_COLUMN", isSure ? "critical" : undefined) && (isSure || !says("NOT_COMPARED"))) {
        say(`the next insert fails with ${first}, silently`);
      }
    } else if (first === ENDED) {
      if (!has("EXHAUSTED", "critical") && !has("COLUMN_EXCEEDED", "critical")) say("no value is left, silently");
    } else if (DOES_NOT_FIT.includes(first) && !isSaid("COLUMN_EXCEEDED", "critical") && !mayNotFit) {
      say(`the next value does not fit (${first}), silently`);
    }
    if (DUPLICATE.includes(last) && succeeded > 0n && !cycle && !isSaid("BEHIND_COLUMN") && !says("NOT_COMPARED")) {
      say(`one of the next inserts fails with ${last}, silently`);
    }
    const isEnd = last === ENDED || (DOES_NOT_FIT.includes(last) && !mayNotFit);
    if (isEnd && isCompared && left !== null && left > succeeded) {
      say(`${succeeded} values are left, not ${left}`);
    }

    const met = taken.map(BigInt).filter(isReached);
    if (met.length > 0) isMet = true;
    if (!isCompared) continue;
    const next = nearest(met, nextValue, sign);
    // What an index on an expression of the column refuses is only named.
    const isExact = next !== undefined && !says("NOT_COMPARED");
    if (isExact && (column.ahead === null || isBetween(next, nextValue, column.ahead, sign))) {
      say(`an insert fails with ${next}, and ahead is ${column.ahead}`);
    }
    if (column.unique && column.ahead !== null && !met.includes(column.ahead) && !unfit.includes(`${column.ahead}`)) {
      say(`no insert fails with ${column.ahead}, which is ahead`);
    }
  }

  if (doors.length > 0 && !isUnknown) {
    if (has("BEHIND_COLUMN", "critical") && !isMet && !doesFail)
      found.push("BEHIND_COLUMN is critical, and no insert fails");
    if ((has("EXHAUSTED") || has("COLUMN_EXCEEDED")) && !doesFail)
      found.push("no value is left, and the next insert succeeds");
  }
  return found;
}

/** Returns the first of the values in the direction of the sequence; those that it has passed come last. */
function nearest(values: readonly bigint[], next: bigint, sign: bigint): bigint | undefined {
  const coming = values.filter((value) => (value - next) * sign >= 0n);
  return (coming.length > 0 ? coming : values).reduce<bigint | undefined>(
    (first, value) => (first === undefined || (value - first) * sign < 0n ? value : first),
    undefined,
  );
}

/** Whether a value comes after `from` and before `to`. */
function isBetween(value: bigint, from: bigint, to: bigint, sign: bigint): boolean {
  return (value - from) * sign >= 0n && (to - value) * sign > 0n;
}
