import type { SequenceState } from "../../catalog/index.js";
import { NextvalError } from "../../index.js";
import { optionsOf } from "../../internal.js";
import { excluded, mayMatchIn } from "../../server/name-patterns.js";
import { sequenceNameOf } from "../../server/names.js";
import { acceptedFindings } from "../accepted-findings.js";
import { wideningAdvice } from "../arithmetic/widening-advice.js";
import { notComparableReason } from "../columns/comparability.js";
import { rangeWithin } from "../columns/fed-columns.js";
import { surveySequences, type SurveyedSequence } from "../columns/survey.js";
import { whyUnknown } from "../columns/unknown-value.js";
import { feedsWithin } from "../declared-feeds.js";
import { HEALTH_CODES } from "../finding-codes.js";
import { withoutAccepted } from "./accepted-columns.js";
import { decide, moveOptionsOf, WIDEN_FIRST } from "./decide.js";
import { checkForwards, forwardMoveOf } from "./move-forwards.js";
import { moveOf, skipOf } from "./move-value.js";
import { isBackwards, whyNotBack } from "./not-moved-back.js";
import { isTransaction, refuseInTransaction } from "./resync-handle.js";
import type {
  PlanResyncOptions,
  ResyncFailure,
  ResyncHandle,
  ResyncMove,
  ResyncPlan,
  ResyncSkip,
} from "./resync-report.js";

/**
 * Finds sequences that would return values which a column already has, as after an import or a restore. Plans to move
 * them past these values. Changes nothing; `applyResync` does.
 *
 * ```ts
 * const plan = await planResync(db);
 * plan.moves.map(({ sql }) => sql); // ['alter sequence "public"."orders_id_seq" restart with 9001']
 * await applyResync(db, plan);
 * ```
 *
 * It compares the sequences that feed a column: those of identity and SERIAL columns, those that a column owns, and
 * those that a default draws from. `declarations` and `feeds` name the columns that programs fill. A sequence for which
 * no column is known is in `skips`.
 *
 * **What decides.** Only values that a sequence can still return count: rows from its next value on, in steps of its
 * increment, up to its bounds. If a column or a partition has such a row, the plan moves the sequence to the first step
 * past the last of these rows. Gaps do not stop it: a sequence at 1 with rows 100 to 500 moves to 501.
 *
 * The exception is a sequence with many free values before the first row: more than after the last one, or at least
 * 2^32. For example, it was set to the negative half of its range, or has a region of its own beside other servers. It
 * stays, and `skips` says so. Rows between the steps are ignored, because other writers own them, unless `blocks` says
 * that programs make blocks of ids of each value (`blockAllocator`).
 *
 * A sequence that is far enough is left unchanged. So is the sequence of an empty table, unless `allowBackwards` is
 * set. A sequence that cycles moves only if a key has its next value.
 *
 * In a transaction of the caller it also sees the rows that the transaction has not committed yet. A sequence is then
 * planned to be moved without a lock; see `applyResync`.
 *
 * Takes the same locks as `sequenceStatus`. Throws `INVALID_ARGUMENT`, also for `allowBackwards` and `emptyCaches` in a
 * transaction, because a rollback would not undo them.
 */
export async function planResync(db: ResyncHandle, options?: PlanResyncOptions): Promise<ResyncPlan> {
  const { onProgress, ...wanted } = optionsOf("planResync", options, [
    "schemas",
    "exclude",
    "accepted",
    "allowBackwards",
    "emptyCaches",
    "onProgress",
    "views",
    "trustOwners",
    "declarations",
    "feeds",
  ]);
  const isCallers = isTransaction("planResync", db);
  if (isCallers) refuseInTransaction("planResync", wanted);
  const exclusion = excluded("planResync", wanted.exclude);
  const acceptance = acceptedFindings("planResync", wanted.accepted, HEALTH_CODES);
  const { exclude: _exclude, accepted: _accepted, ...extent } = wanted;
  const choice = { whyNot: notComparableReason };
  const {
    user: role,
    surveyed,
    feeds,
  } = await surveySequences("planResync", db, { ...extent, isExcluded: exclusion.has }, choice, onProgress);
  const plan = {
    moves: [] as ResyncMove[],
    failures: [] as ResyncFailure[],
    skips: [] as ResyncSkip[],
    unmatched: {
      exclude: exclusion.unmatched().filter(mayMatchIn(wanted.schemas)),
      feeds: feedsWithin(feeds.unmatched, wanted.schemas),
    },
    // A plan can be kept as JSON, which declarations cannot.
    options: { ...wanted, declarations: undefined, feeds: feeds.exact },
  };
  for (const { sequence: state, columns: all } of surveyed) {
    const { options, lastValue, isCalled } = state;
    const sequence = sequenceNameOf(state);
    if (all.length === 0) {
      const known = acceptance.reasonFor("NOT_ATTACHED", sequence, null);
      if (known === undefined) plan.skips.push({ sequence, ...UNATTACHED });
      continue;
    }
    const { columns, reason } = withoutAccepted(all, acceptance);
    const unread = lastValue === null ? acceptance.reasonFor("UNREADABLE", sequence, null) : undefined;
    if (columns.length === 0 || unread !== undefined) {
      plan.skips.push({ sequence, reason: `accepted: ${unread ?? reason}` });
      continue;
    }
    const unknown = whyUnknown(state);
    try {
      // The rows of an accepted column may need the values further on.
      const moveOptions = moveOptionsOf(reason === undefined ? wanted : { ...wanted, allowBackwards: false });
      const snapshot = { role, sequence, options, lastValue, isCalled, unknown, columns };
      const decision = decide(snapshot, moveOptions);
      if (decision.kind !== "move") {
        const skip = skipOf(sequence, decision);
        if (skip !== undefined) plan.skips.push(skip);
        continue;
      }
      const notBack = isBackwards(decision, options.increment) ? whyNotBack(state) : undefined;
      if (notBack !== undefined) {
        plan.skips.push({ sequence, ...notBack });
      } else if (!isCallers && columns.every(({ column }) => column.mayAlter)) {
        plan.moves.push(moveOf(sequence, decision));
      } else {
        checkForwards(decision, snapshot, { role, isCallers });
        plan.moves.push(forwardMoveOf(sequence, decision));
      }
    } catch (error) {
      plan.failures.push({ sequence, error: withFix(error as Error, state, columns) });
    }
  }
  return plan;
}

/** Any column may have its values, so an import may have put rows in its way. */
const UNATTACHED = {
  reason: "no column is known that it feeds",
  hint: "Name its column in feeds of the declaration or the configuration.",
};

/** Adds the SQL that makes room after the rows, which then move the sequence. */
function withFix(error: Error, state: SequenceState, columns: SurveyedSequence["columns"]): Error {
  if (!(error instanceof NextvalError) || error.hint !== WIDEN_FIRST) return error;
  const fed = columns.map(({ column }) => column);
  const { hint, fix } = wideningAdvice(state, fed, rangeWithin(state.options, fed));
  return new NextvalError(error.code, error.message, { sequence: error.sequence, hint, fix });
}
