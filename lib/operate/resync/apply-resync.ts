import type { Transaction } from "../../index.js";
import { optionsOf } from "../../internal.js";
import { checkLockTimeout, DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { sequenceKeyOf } from "../../server/names.js";
import { acceptedFindings } from "../accepted-findings.js";
import { type FedColumn, groupBySequence, readFedColumns } from "../columns/fed-columns.js";
import { declaredFeeds } from "../declared-feeds.js";
import { HEALTH_CODES } from "../finding-codes.js";
import type { JsonOf } from "../to-json.js";
import { withoutAccepted } from "./accepted-columns.js";
import { moveOptionsOf } from "./decide.js";
import { explainFailure } from "./explain-failure.js";
import { planOf } from "./given-plan.js";
import { moveForwards } from "./move-forwards.js";
import { moveWithRetries } from "./move-value.js";
import { isBackwards, readBackwards, whyNotBack } from "./not-moved-back.js";
import { isTransaction, refuseInTransaction } from "./resync-handle.js";
import {
  type ApplyResyncOptions,
  ResyncError,
  type ResyncHandle,
  type ResyncMove,
  type ResyncPlan,
  type ResyncReport,
  type ResyncSkip,
} from "./resync-report.js";

/**
 * Moves the sequences of a plan, each if that is still needed. Reads no other sequence.
 *
 * ```ts
 * const { moves } = await applyResync(db, await planResync(db));
 * ```
 *
 * **While others work.** Each sequence is moved in its own transaction. That transaction waits until the transactions
 * that drew from the sequence have ended. It then locks the sequence (SHARE ROW EXCLUSIVE), reads the columns once
 * more, and restarts it. This takes an instant if a column has an index, and otherwise as long as reading the table. If
 * all have one, it gives up after 20 s, because a table may run a function of its owner that does not return.
 *
 * Sessions that call `nextval` on the sequence wait while it is locked, **and while `applyResync` waits for the lock**.
 * Then they get a value past the rows. So `applyResync` backs off: it waits for 200 ms, pauses for 200 ms, waits for
 * 400 ms, and so on until `lockTimeout` is over. With 5000, no session waits for more than 1.6 s at a stretch. Tables
 * are locked only as `select` locks them. Rows of an import that is not committed yet do not count: commit it first.
 *
 * It uses ALTER SEQUENCE and not `setval`, because only ALTER SEQUENCE makes other connections forget the values that
 * they reserved with a `cache`. So it has to run as the owner of the sequence, who must also be able to read the
 * columns.
 *
 * **Without ownership** it moves a sequence that has no cache forwards, without a lock, if the role has UPDATE and
 * SELECT on it. It draws the values in between with `nextval`, which is safe while others draw. It uses `setval` only
 * to skip more than a million values, because nobody draws that many during one statement.
 *
 * **In a transaction of the caller** it does the same, also as the owner, after a savepoint for each sequence:
 *
 * ```ts
 * await db.begin(async (tx) => {
 *   await tx`insert into orders select * from old_orders`;
 *   await applyResync(tx, await planResync(tx));
 * });
 * ```
 *
 * - No session waits in `nextval`, and others draw past the imported rows before they are committed.
 * - A rollback does not move a sequence back. Its values are skipped, and none comes twice. ALTER SEQUENCE would lock
 *   it until the end of the transaction, and after a rollback values that the transaction has drawn would come again.
 * - A sequence with a cache fails with `TRANSACTION_NOT_ALLOWED`: only ALTER SEQUENCE empties the caches of other
 *   sessions. Resync it on the pool after the commit. A move that uses more than half of the values that are left also
 *   fails, because a rollback would not return them.
 * - Drawing changes `currval` and `lastval` of the session. `setval` does not.
 * - Await it before the next statement: one that runs meanwhile is rolled back with a sequence that fails.
 * - Until the transaction ends it holds the locks of `nextval` on the sequences and of `select` on the tables; for a
 *   superuser also SHARE UPDATE EXCLUSIVE on tables of other roles. Transfers to the database, and other resyncs of a
 *   sequence that was set, wait for an advisory lock. It waits as long as the `lock_timeout` of the transaction says,
 *   whatever `lockTimeout` is.
 * - Under REPEATABLE READ it does not see rows that others committed after the transaction began.
 * - The settings of the transaction, such as `search_path`, are the same before and after, also if it fails.
 *
 * Throws `RESYNC_INCOMPLETE` (a `ResyncError`) if a sequence of the plan could not be moved, or if the plan has
 * failures. The failed sequences are unchanged, the others are moved, and `error.report` has both. The errors in its
 * `failures` are:
 *
 * - `LOCK_TIMEOUT`, `DEADLOCK`, `PERMISSION_DENIED`, `READ_ONLY`, or the server's own error;
 * - `TRANSACTION_NOT_ALLOWED`: a sequence with a cache, in a transaction of the caller;
 * - `SEQUENCE_OUT_OF_BOUNDS`: no value past the column is within the bounds of the sequence and its columns;
 * - `COLUMN_NOT_COMPARED`: a column could not be read;
 * - `PLAN_OUTDATED`: another sequence has its name now.
 *
 * Throws `INVALID_ARGUMENT`. Source: "ALTER SEQUENCE"; `nextval_internal` and `init_sequence` in `sequence.c`.
 */
export async function applyResync(
  db: ResyncHandle,
  given: ResyncPlan | JsonOf<ResyncPlan>,
  options?: ApplyResyncOptions,
): Promise<ResyncReport> {
  const { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS, onProgress } = optionsOf("applyResync", options, [
    "lockTimeout",
    "onProgress",
  ]);
  checkLockTimeout("applyResync", lockTimeout);
  const plan = planOf(given);
  const isCallers = isTransaction("applyResync", db);
  if (isCallers) refuseInTransaction("applyResync", plan.options);
  const acceptance = acceptedFindings("applyResync", plan.options.accepted, HEALTH_CODES);
  const report = { moves: [] as ResyncMove[], failures: [...plan.failures], skips: [...plan.skips] };
  const { role, fed } = await readFed(db, plan);
  const states = await readBackwards(db, plan);
  for (const [done, planned] of plan.moves.entries()) {
    const { sequence } = planned;
    onProgress?.({ done, total: plan.moves.length });
    const all = fed.get(sequenceKeyOf(sequence))?.map((column) => ({ column }));
    const columns = all && withoutAccepted(all, acceptance).columns.map(({ column }) => column);
    if (all === undefined || columns === undefined || columns.length === 0) {
      report.skips.push({ sequence, reason: "it feeds no column any more" });
      continue;
    }
    try {
      // A move that was planned forwards never goes backwards, whatever the columns hold now.
      const mayTurnBack = columns.some(({ increment }) => isBackwards(planned, increment));
      const state = mayTurnBack ? states.get(sequenceKeyOf(sequence)) : undefined;
      const notBack = state && whyNotBack(state);
      const mayGoBack = state !== undefined && notBack === undefined && columns.length === all.length;
      const moveOptions = moveOptionsOf({ ...plan.options, allowBackwards: mayGoBack });
      const forwards = (tx: Transaction) => moveForwards(tx, sequence, columns, plan.options, { role, isCallers });
      let outcome: ResyncMove | ResyncSkip | undefined;
      // After a savepoint, a sequence that fails does not end the transaction of the caller.
      if (!("begin" in db)) outcome = await db.savepoint(forwards);
      else if (columns.every(({ mayAlter }) => mayAlter)) {
        outcome = await moveWithRetries(db, sequence, columns, moveOptions, plan.options, lockTimeout);
      } else {
        outcome = await db.begin("isolation level read committed read write", async (tx) => {
          await setLockTimeout(tx, lockTimeout);
          return forwards(tx);
        });
      }
      if (outcome === undefined) {
        if (notBack !== undefined) report.skips.push({ sequence, ...notBack });
      } else if ("sql" in outcome) report.moves.push(outcome);
      else report.skips.push(outcome);
    } catch (error) {
      const waited = isCallers ? "the lock_timeout of the transaction" : `${lockTimeout} ms`;
      report.failures.push({ sequence, error: await explainFailure(db, error, sequence, columns, waited) });
    }
  }
  if (plan.moves.length > 0) onProgress?.({ done: plan.moves.length, total: plan.moves.length });
  if (report.failures.length > 0) throw new ResyncError(report);
  return report;
}

/** Reads the connected role, and the columns that the planned sequences feed now, by sequence. */
async function readFed(
  db: ResyncHandle,
  plan: ResyncPlan,
): Promise<{ role: string; fed: ReadonlyMap<string, readonly FedColumn[]> }> {
  if (plan.moves.length === 0) return { role: "", fed: new Map() };
  const schemas = [...new Set(plan.moves.map(({ sequence }) => sequence.schema))];
  const known = { sequences: plan.moves.map(({ sequence: { schema, name } }) => ({ schema, seqName: name })) };
  const feeds = declaredFeeds("applyResync", plan.options, { ...known, searchPath: [] });
  const { user, columns } = await readFedColumns(db, schemas, plan.options, feeds);
  return { role: user, fed: groupBySequence(columns) };
}
