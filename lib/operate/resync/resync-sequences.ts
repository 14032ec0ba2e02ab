import { type Database, NextvalError } from "../../index.js";
import { incomparable, type Progress } from "../columns/read-extremes.js";
import { type FedColumn, groupBySequence, readFedColumns, type Trust } from "../columns/fed-columns.js";
import { look } from "../columns/survey.js";
import { keyOf } from "../../server/column-names.js";
import { optionsOf } from "../../option-object.js";
import { decide, type Wishes } from "./decide.js";
import { explain } from "./explain-failure.js";
import { moveOf, moveSafely } from "./move-value.js";
import type { ResyncFailure, ResyncMove, ResyncReport, ResyncSkip } from "./resync-report.js";
import { whyUnknown } from "../columns/unknown-value.js";

export interface ResyncOptions extends Trust {
  /** Only say what would be done, with the locks that `status` takes. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Look at the sequences of these schemas only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * Also move sequences back that are further than their columns need; those of empty tables to their start. A value
   * that was drawn and is not in a table yet may then come twice. Default: false.
   */
  readonly allowBackwards?: boolean | undefined;
  /**
   * Also restart those with a cache that are not behind, where they are, so that no connection goes on with values that
   * it reserved before the import. What they had reserved is lost. Default: false.
   */
  readonly emptyCaches?: boolean | undefined;
  /**
   * What a dry run gave: move what it would move, each if that is still needed, and look at no other sequence again. Its
   * failures and skips are in the report, too. Give it with the same options. Default: look at all.
   */
  readonly plan?: ResyncReport | undefined;
  /**
   * How long to try to get the lock of a sequence, in milliseconds, from 0 to 2147483647. Default: 5000. 0 tries forever.
   */
  readonly lockTimeout?: number | undefined;
  /**
   * Told before and after the columns of each statement, up to a hundred, and then before and after each sequence that is
   * moved.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Puts every sequence that feeds a column behind what the column holds: those of identity columns and SERIAL, those
 * that a column owns, and those that a default draws from. For use after an import or a restore.
 *
 * ```ts
 * const { moves } = await resync(db, { dryRun: true });
 * moves.map(({ sql }) => sql); // ['alter sequence "public"."orders_id_seq" restart with 9001']
 * await resync(db);
 * ```
 *
 * **What counts** is what the sequence can still give, here as for `status`: rows from its next value on, in steps of its
 * increment, up to its bounds. Where there is one, the next value becomes the first of these steps that lies behind the
 * last of them: in all columns that it feeds, and in all partitions. So it goes also where some values are free before
 * the first row, as after an import with holes. Only where more values are free before the first row than would be left
 * behind the last it is where it should be, and is left there: it was set to a free part of its range, such as the
 * negative half, and `skips` says so. Rows between the steps count for nothing, as they are those of other writers; so
 * they are where programs make several keys of each value, as `blockAllocator` does.
 *
 * A sequence that is far enough is left alone, and so is that of an empty table, unless `allowBackwards` says otherwise.
 * One that cycles is always left alone.
 *
 * **While others work.** It reads first, without a lock of its own, and then moves each sequence that is behind, in a
 * transaction by itself. That waits until the transactions that drew from the sequence have ended, and then holds the
 * sequence (SHARE ROW EXCLUSIVE) while it reads the columns once more and restarts it: an instant where a column has an
 * index, else as long as it takes to read the table. Whoever draws from the sequence while it is held, **or waited for**,
 * waits as well, and gets a value behind. So it waits for 200 ms only where a transaction that drew stays open, lets
 * others through for 200 ms, and tries again, each time for twice as long, until `lockTimeout` is over: with 5000, nobody
 * waits for more than 1.6 s at a stretch because of it. Everybody else goes on: the table is locked only as a `select`
 * does it. So it counts what is committed when it looks, and all that was drawn from the sequence, but not rows with keys
 * of their own whose import is not committed yet: commit it first.
 *
 * It restarts by ALTER SEQUENCE and not by `setval`, as only that makes other connections forget the values that they
 * reserved with a `cache`. So it takes the owner of the sequence, who may also read the columns.
 *
 * What fails is reported, and leaves that sequence as it was; the others are done. The errors are `LOCK_TIMEOUT`,
 * `PERMISSION_DENIED`, `READ_ONLY`, `SEQUENCE_OUT_OF_BOUNDS` where no value behind the column is within the bounds
 * of the sequence and its columns, `COLUMN_NOT_COMPARED` where a column could not be read, or what the server said.
 * Throws `INVALID_OPTIONS`. Source: "ALTER SEQUENCE"; `nextval_internal` and `init_sequence` in `sequence.c`.
 */
export async function resync(db: Pick<Database, "begin">, options?: ResyncOptions): Promise<ResyncReport> {
  const wanted = optionsOf("resync", options);
  const { dryRun = false, allowBackwards = false, emptyCaches = false, lockTimeout = 5000, plan, onProgress } = wanted;
  if (!Number.isSafeInteger(lockTimeout) || lockTimeout < 0 || lockTimeout > 2_147_483_647) {
    const problem = `resync takes a lockTimeout from 0 to 2147483647 milliseconds, not ${String(lockTimeout)}`;
    throw new NextvalError("INVALID_OPTIONS", problem);
  }
  if (typeof db.begin !== "function") {
    const problem = "resync takes a pool or a session, not a transaction: each sequence is moved in one of its own";
    throw new NextvalError("INVALID_OPTIONS", problem);
  }
  if (plan !== undefined && (dryRun || !Array.isArray(plan.moves))) {
    throw new NextvalError(
      "INVALID_OPTIONS",
      "resync takes the report of a dry run as plan, and none for another dry run",
    );
  }
  const wishes = { allowBackwards, emptyCaches };
  const found = plan === undefined ? await findMoves(db, wanted, wishes) : await findPlanned(db, plan, wanted);
  const { planned, failures, skips } = found;
  if (dryRun) return { dryRun, moves: planned.map(({ move }) => move), failures, skips };

  const moves: ResyncMove[] = [];
  for (const [done, each] of planned.entries()) {
    onProgress?.({ done, total: planned.length });
    const { columns } = each;
    const { sequence } = each.move;
    try {
      const move = await moveSafely(db, sequence, columns, wishes, wanted, lockTimeout);
      if (move !== undefined) moves.push(move);
    } catch (error) {
      failures.push({ sequence, error: await explain(db, error, sequence, columns, lockTimeout) });
    }
  }
  if (planned.length > 0) onProgress?.({ done: planned.length, total: planned.length });
  return { dryRun, moves, failures, skips };
}

/** What is to be done, with the columns to look at once more. */
interface Found {
  readonly planned: { readonly move: ResyncMove; readonly columns: readonly FedColumn[] }[];
  readonly failures: ResyncFailure[];
  readonly skips: ResyncSkip[];
}

/** Looks at every sequence that feeds a column. */
async function findMoves(
  db: Pick<Database, "begin">,
  { schemas, views, trustOwners, onProgress }: ResyncOptions,
  wishes: Wishes,
): Promise<Found> {
  const found: Found = { planned: [], failures: [], skips: [] };
  const { looked } = await look(db, { schemas, views, trustOwners }, incomparable, onProgress);
  for (const { sequence: state, columns } of looked) {
    if (columns.length === 0) continue;
    const { schema, seqName, options, lastValue, isCalled } = state;
    const sequence = { schema, seqName };
    const unknown = whyUnknown(state);
    try {
      const decision = decide({ sequence, options, lastValue, isCalled, unknown, columns }, wishes);
      if (decision.kind === "skip") found.skips.push({ sequence, reason: decision.reason });
      if (decision.kind === "move") {
        found.planned.push({ move: moveOf(sequence, decision), columns: columns.map(({ column }) => column) });
      }
    } catch (error) {
      found.failures.push({ sequence, error: error as Error });
    }
  }
  return found;
}

/** Takes a dry run at its word for all sequences but those that it would move. */
async function findPlanned(db: Pick<Database, "begin">, plan: ResyncReport, trust: Trust): Promise<Found> {
  const found: Found = { planned: [], failures: [...plan.failures], skips: [...plan.skips] };
  const { columns } = await readFedColumns(db, [...new Set(plan.moves.map(({ sequence }) => sequence.schema))], trust);
  const fed = groupBySequence(columns);
  for (const move of plan.moves) {
    const own = fed.get(keyOf(move.sequence));
    if (own === undefined) found.skips.push({ sequence: move.sequence, reason: "it feeds no column any more" });
    else found.planned.push({ move, columns: own });
  }
  return found;
}
