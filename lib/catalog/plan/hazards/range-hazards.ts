import { shownNameOf } from "../../../server/names.js";
import type { SequenceState, StateOptions } from "../../inspect/state.js";
import { alterText } from "../alter-text.js";
import type { Hazard } from "../change.js";
import { differences } from "../option-changes.js";
import type { Target } from "../target.js";
import { hazardsFor } from "./make-hazard.js";

/** Returns the hazards of new bounds for the current value: the server refuses them, or no value is left. */
export function hazardsOfRange(target: Target, state: SequenceState, restarts: boolean): Hazard[] {
  const { lastValue: now, options: before } = state;
  const { options: after } = target;
  if (now === null) return mayEnd(target, before);
  const lastValue = restarts ? after.startWith : now;
  if (lastValue < after.minValue || lastValue > after.maxValue) return currentValueExcluded(target, state, lastValue);
  const bound = after.increment > 0n ? `maxValue ${after.maxValue}` : `minValue ${after.minValue}`;
  const needed = drawnByInsert(state);
  const left = valuesLeft(after, lastValue, state.isCalled);
  return hazardsFor(shownNameOf(target.declared))(
    "ENDS_SEQUENCE",
    !after.cycle && left < needed && (before.cycle || valuesLeft(before, now, state.isCalled) > left),
    `at ${lastValue}, ${left === 0n ? "no value is left" : `an insert takes more than the ${left} left`} ` +
      `up to ${bound}: inserts that draw from it fail with 2200H`,
    { hint: "Declare wider bounds, or cycle." },
  );
}

/** Returns how many values an insert of one row takes at most. */
export function drawnByInsert({ feeds }: SequenceState): bigint {
  const counts = new Map<string, bigint>();
  for (const { schema, table, byDefault } of feeds) {
    const key = JSON.stringify([schema, table]);
    if (byDefault) counts.set(key, (counts.get(key) ?? 0n) + 1n);
  }
  return [...counts.values()].reduce((most, count) => (count > most ? count : most), 1n);
}

/** Returns the hazard for a current value that the role may not read, because it may be the last one. */
function mayEnd(target: Target, before: StateOptions): Hazard[] {
  const { options: after } = target;
  const isSooner = after.increment > 0n ? after.maxValue < before.maxValue : after.minValue > before.minValue;
  return hazardsFor(shownNameOf(target.declared))(
    "ENDS_SEQUENCE",
    !after.cycle && (before.cycle || isSooner),
    "it may have no value left, because its current value may not be read: inserts then fail with 2200H",
    { hint: "Plan as a role that has SELECT on it." },
  );
}

function currentValueExcluded(target: Target, state: SequenceState, lastValue: bigint): Hazard[] {
  const { options: after } = target;
  const [bound, verb] =
    lastValue < after.minValue ? (["minValue", "below"] as const) : (["maxValue", "above"] as const);
  const hint =
    `Declare a ${bound} that includes it. ` +
    `If no row has a value of the new range, the fix restarts it at ${after.startWith}.`;
  // The bounds and the restart are possible only together. The sequence has its old name until the plan is applied.
  const fix = alterText(state, { ...differences(state.options, after), restart: true });
  return hazardsFor(shownNameOf(target.declared))(
    "CURRENT_VALUE_EXCLUDED",
    true,
    `its current value ${lastValue} is ${verb} the new ${bound} ${after[bound]}, which the server refuses`,
    { hint, fix, blocked: true },
  );
}

/** Returns how many values are left up to the end of the range. */
function valuesLeft(
  { increment, minValue, maxValue }: StateOptions,
  lastValue: bigint,
  isCalled: SequenceState["isCalled"],
): bigint {
  const distance = increment > 0n ? maxValue - lastValue : lastValue - minValue;
  const steps = distance / (increment > 0n ? increment : -increment);
  return isCalled === false ? steps + 1n : steps;
}
