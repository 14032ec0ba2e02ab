import type { SequenceState, StateOptions } from "../inspect/state.js";
import { alterText, type OptionChanges } from "./alter-text.js";
import type { Change } from "./change.js";
import type { Target } from "./target.js";

/**
 * Whether no value can have been drawn from a sequence: it is at its start, no table that it feeds has rows, and no
 * code, such as of a trigger, names it. That code may fill any table.
 */
export function isUndrawn({ isCalled, lastValue, options, feeds, namedIn }: SequenceState): boolean {
  if (isCalled !== false || lastValue !== options.startWith || namedIn.length > 0) return false;
  return feeds.every(({ hasRows }) => !hasRows);
}

/** Whether a plan moves a sequence to its declared start: the start changes, and no value was drawn. */
export function movesToStart({ options: after }: Target, found: SequenceState): boolean {
  return after.startWith !== found.options.startWith && isUndrawn(found);
}

/**
 * Writes a change and the one that undoes it, with a restart if the sequence moves to its start. Values may have been
 * drawn when the change is undone. So undoing restarts only if the server may refuse it otherwise.
 */
export function restarting(
  target: Target,
  found: SequenceState,
  forth: OptionChanges,
  back: OptionChanges,
): Pick<Change, "sql" | "inverse" | "restart"> {
  const { schema, seqName, options: after } = target;
  const { options: before } = found;
  const then = { schema, seqName, options: before };
  const now = { schema, seqName, options: after };
  if (!movesToStart(target, found)) return { sql: alterText(then, forth), inverse: alterText(now, back) };
  const turns = before.increment < 0n !== after.increment < 0n;
  const isPossibleWithout = !turns && isWithin(before.startWith, after);
  const canUndoWithout = !turns && isWithin(after.startWith, before);
  return {
    sql: alterText(then, { ...forth, restart: true }),
    inverse: alterText(now, { ...back, restart: !canUndoWithout }),
    restart: {
      // The server has no statement that only locks a sequence.
      lock: alterText(then, { cycle: before.cycle }),
      oid: found.oid,
      from: before.startWith,
      without: isPossibleWithout ? alterText(then, forth) : null,
    },
  };
}

function isWithin(value: bigint, { minValue, maxValue }: StateOptions): boolean {
  return value >= minValue && value <= maxValue;
}
