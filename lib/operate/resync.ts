import { type Database, NextvalError, sql, type Transaction } from "../index.js";
import { type ExtremeDocument, extremeOf, toExtreme } from "./extreme-of.js";
import { incomparable, type Progress } from "./extremes.js";
import type { FedColumn } from "./fed-columns.js";
import { look } from "./look.js";
import { type ColumnName, quotedOf, type SequenceName } from "./names.js";
import { readDocument } from "../catalog/read-document.js";
import { type Decision, decide, type Situation, type Wishes } from "./resync-decision.js";
import { explain } from "./resync-error.js";
import { isLostOnStandby } from "./unreadable.js";

export interface ResyncOptions {
  /** Only say what would be done. It takes no lock but that of a `select`. Default: false. */
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
   * How long to wait for the lock of a sequence, in milliseconds, from 0 to 2147483647. Default: 5000. 0 waits forever.
   */
  readonly lockTimeout?: number | undefined;
  /**
   * Told before and after every hundred columns that are read, and then before and after each sequence that is moved.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A sequence that was moved, or would be. */
export interface ResyncMove {
  readonly sequence: SequenceName;
  /** The column that goes furthest; null where all are empty. */
  readonly column: ColumnName | null;
  /** The greatest of its values in the columns, the smallest where the sequence descends; null where there is none. */
  readonly extreme: bigint | null;
  /** The value that would have come next. */
  readonly from: bigint;
  /** The value that comes next. */
  readonly to: bigint;
  /** The statement that does it. */
  readonly sql: string;
}

/** A sequence that could not be moved, and is as it was. */
export interface ResyncFailure {
  readonly sequence: SequenceName;
  /** A `NextvalError`, or what the server said. */
  readonly error: Error;
}

/** A sequence that was left alone although it feeds a column. */
export interface ResyncSkip {
  readonly sequence: SequenceName;
  readonly reason: string;
}

export interface ResyncReport {
  readonly dryRun: boolean;
  readonly moves: readonly ResyncMove[];
  readonly failures: readonly ResyncFailure[];
  readonly skips: readonly ResyncSkip[];
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
 * transaction by itself. That waits, for at most `lockTimeout`, until the transactions that drew from the sequence have
 * ended, and then holds the sequence (SHARE ROW EXCLUSIVE) while it reads the columns again and restarts it: an instant
 * where a column has an index, else as long as it takes to read the table. Whoever draws from the sequence meanwhile
 * waits, and gets a value behind. Everybody else goes on: the table is locked only as a `select` does it. So it counts
 * what is committed when it looks, and all that was drawn from the sequence, but not rows with keys of their own whose
 * import is not committed yet: commit it first.
 *
 * It restarts by ALTER SEQUENCE and not by `setval`, as only that makes other connections forget the values that they
 * reserved with a `cache`. So it takes the owner of the sequence, who may also read the columns.
 *
 * What fails is reported, and leaves that sequence as it was; the others are done. The errors are `LOCK_TIMEOUT`,
 * `PERMISSION_DENIED`, `READ_ONLY`, `SEQUENCE_OUT_OF_BOUNDS` where no value behind the column is within the bounds
 * of the sequence and its columns, `COLUMN_NOT_COMPARED` where a column could not be read, or what the server said.
 * Throws `INVALID_OPTIONS`. Source: "ALTER SEQUENCE"; `nextval_internal` and `init_sequence` in `sequence.c`.
 */
export async function resync(
  db: Pick<Database, "begin" | "query">,
  options: ResyncOptions = {},
): Promise<ResyncReport> {
  const { dryRun = false, allowBackwards = false, emptyCaches = false, lockTimeout = 5000, onProgress } = options;
  if (!Number.isSafeInteger(lockTimeout) || lockTimeout < 0 || lockTimeout > 2_147_483_647) {
    const problem = `resync takes a lockTimeout from 0 to 2147483647 milliseconds, not ${String(lockTimeout)}`;
    throw new NextvalError("INVALID_OPTIONS", problem);
  }
  if (typeof db.begin !== "function") {
    const problem = "resync takes a pool or a session, not a transaction: each sequence is moved in one of its own";
    throw new NextvalError("INVALID_OPTIONS", problem);
  }
  const wishes = { allowBackwards, emptyCaches };
  const moves: ResyncMove[] = [];
  const failures: ResyncFailure[] = [];
  const skips: ResyncSkip[] = [];

  const candidates: { readonly situation: Situation; readonly move: ResyncMove }[] = [];
  for (const situation of await situations(db, options)) {
    const { sequence } = situation;
    try {
      const decision = decide(situation, wishes);
      if (decision.kind === "skip") skips.push({ sequence, reason: decision.reason });
      if (decision.kind === "move") candidates.push({ situation, move: moveOf(sequence, decision) });
    } catch (error) {
      failures.push({ sequence, error: error as Error });
    }
  }
  if (dryRun) return { dryRun, moves: candidates.map(({ move }) => move), failures, skips };

  for (const [done, { situation }] of candidates.entries()) {
    onProgress?.({ done, total: candidates.length });
    const { sequence, columns } = situation;
    try {
      const move = await db.begin("isolation level read committed read write", (tx) =>
        moveSafely(
          tx,
          sequence,
          columns.map(({ column }) => column),
          wishes,
          lockTimeout,
        ),
      );
      if (move !== undefined) moves.push(move);
    } catch (error) {
      failures.push({ sequence, error: await explain(db, error, situation, lockTimeout) });
    }
  }
  if (candidates.length > 0) onProgress?.({ done: candidates.length, total: candidates.length });
  return { dryRun, moves, failures, skips };
}

/** Every sequence that feeds a column, as it stands. */
async function situations(db: Pick<Database, "query">, { schemas, onProgress }: ResyncOptions): Promise<Situation[]> {
  const { looked } = await look(db, schemas, incomparable, onProgress);
  return looked
    .filter(({ columns }) => columns.length > 0)
    .map(({ sequence: state, columns }) => {
      const { schema, seqName, options, lastValue, isCalled } = state;
      const lostOnStandby = isLostOnStandby(state);
      return { sequence: { schema, seqName }, options, lastValue, isCalled, lostOnStandby, columns };
    });
}

/** The letters of "next": with it, and the sequence's id, an advisory lock is held while a sequence is moved. */
const LOCK = 0x6e657874;

/** Decides again, with the sequence held, and moves it. Undefined where that is no longer needed. */
async function moveSafely(
  tx: Transaction,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  wishes: Wishes,
  lockTimeout: number,
): Promise<ResyncMove | undefined> {
  const name = sql.identifier(sequence.schema, sequence.seqName);
  const id = sql`${quotedOf(sequence)}::regclass`;
  await tx`select set_config('lock_timeout', ${`${lockTimeout}`}, true)`;
  // Another resync of the same sequence would wait for this one, and this one for it.
  await tx`select pg_catalog.pg_advisory_xact_lock(${LOCK}::int, ${id}::oid::int)`;
  // The tables before the sequence: whoever empties a table and then fills it takes them in this order.
  for (const { schema, table, column } of columns) {
    await tx`select count(value) from (select ${sql.identifier(column)} as value from ${sql.identifier(schema, table)} limit 0) none`;
  }
  // The server has no statement that only locks a sequence. Reading it so keeps others from altering it until this
  // transaction ends; altering it to what it is already then keeps them from drawing.
  await tx`select pg_catalog.pg_sequence_last_value(${id})`;
  const { cycle } = await readDocument<{ cycle: boolean }>(
    tx,
    sql`select json_build_object('cycle', seqcycle)::text from pg_catalog.pg_sequence where seqrelid = ${id}`,
  );
  await tx`alter sequence ${name} ${cycle ? sql`cycle` : sql`no cycle`}`;
  const decision = decide(await lookAgain(tx, sequence, columns), wishes);
  if (decision.kind !== "move") return undefined;
  const move = moveOf(sequence, decision);
  await tx.query(sql.raw(move.sql));
  return move;
}

interface Document {
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly last: string;
  readonly called: boolean;
  readonly extremes: readonly (ExtremeDocument | null)[];
}

async function lookAgain(tx: Transaction, sequence: SequenceName, columns: readonly FedColumn[]): Promise<Situation> {
  const name = sql.identifier(sequence.schema, sequence.seqName);
  const extremes = columns.map((column) => (incomparable(column) === undefined ? extremeOf(column) : sql`null`));
  const row = await readDocument<Document>(
    tx,
    sql`
      select json_build_object(
        'start', s.seqstart::text, 'increment', s.seqincrement::text, 'min', s.seqmin::text, 'max', s.seqmax::text,
        'cache', s.seqcache::text, 'cycle', s.seqcycle, 'last', v.last_value::text, 'called', v.is_called,
        'extremes', array_to_json(array[${sql.join(extremes)}]::json[])
      )::text
      from pg_catalog.pg_sequence s, ${name} v
      where s.seqrelid = ${quotedOf(sequence)}::regclass`,
  );
  return {
    sequence,
    options: {
      startWith: BigInt(row.start),
      increment: BigInt(row.increment),
      minValue: BigInt(row.min),
      maxValue: BigInt(row.max),
      cache: BigInt(row.cache),
      cycle: row.cycle,
    },
    lastValue: BigInt(row.last),
    isCalled: row.called,
    lostOnStandby: false,
    columns: columns.map((column, index) => {
      const extremes = row.extremes[index] ?? null;
      return { column, extreme: extremes === null ? { unknown: "it was not read" } : toExtreme(extremes) };
    }),
  };
}

function moveOf(sequence: SequenceName, decision: Decision & { readonly kind: "move" }): ResyncMove {
  const { column: fed, extreme, from, to } = decision;
  const column = fed === null ? null : { schema: fed.schema, table: fed.table, column: fed.column };
  return { sequence, column, extreme, from, to, sql: `alter sequence ${quotedOf(sequence)} restart with ${to}` };
}
