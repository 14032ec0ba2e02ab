import { inspect, type SequenceState, type StateOptions } from "../catalog/index.js";
import { type Handle, NextvalError, sql } from "../index.js";
import { type Extreme, incomparable, type Progress, readExtremes } from "./extremes.js";
import { type FedColumn, groupBySequence, readFedColumns } from "./fed-columns.js";
import { countFrom, rangeOf } from "./grid.js";
import { type ColumnHealth, type Health, type SequenceHealth, severityOf, worstOf } from "./health.js";
import { keyOf, nameOf } from "./names.js";
import { problemsOf } from "./problems.js";
import { readDocument } from "../catalog/read-document.js";

export interface StatusOptions {
  /** Look at the sequences of these schemas only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /** The share used from which a sequence is a warning, above 0 and up to 1. Default: 0.75. */
  readonly warnAt?: number | undefined;
  /** The share used from which it is critical, from `warnAt` to 1. Default: 0.9. */
  readonly criticalAt?: number | undefined;
  /**
   * Which columns to compare with their sequences: those with an index that gives their extreme at once, or all of
   * them, which reads whole tables. Default: `"indexed"`.
   */
  readonly columns?: "indexed" | "all" | undefined;
  /** Told before and after every hundred columns. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * What is wrong, or soon will be, with the sequences of a database: those of identity columns and SERIAL, and all
 * others.
 *
 * ```ts
 * const health = await status(db);
 * health.sequences[0]?.problems[0]?.message;
 * // public.orders_id_seq: its next value is 7, and public.orders.id already goes to 9000; inserts fail with 23505 until ...
 * ```
 *
 * It reads only, and takes no lock but that of a `select`. However many sequences there are, it takes at most six
 * statements, and one for every hundred columns that are compared. What is inserted meanwhile gives no false alarm, as
 * a sequence is read after its columns. A column that fails or may not be read is said to be not compared; one that is
 * locked against reading holds it up for as long as the connection's `lock_timeout` and `statement_timeout` allow.
 *
 * Throws `INVALID_OPTIONS`. Sources: "System Catalogs", `pg_sequence`, `pg_depend`, `pg_attrdef`; "CREATE SEQUENCE".
 */
export async function status(db: Pick<Handle, "query">, options: StatusOptions = {}): Promise<Health> {
  const { schemas, columns: chosen = "indexed", onProgress } = options;
  const thresholds = thresholdsOf(options);
  if (chosen !== "indexed" && chosen !== "all") {
    throw new NextvalError("INVALID_OPTIONS", `status takes columns as "indexed" or "all", not ${String(chosen)}`);
  }
  // Only values of another increment need to know where the sequence stands before the columns are read.
  const { user, columns } = await readFedColumns(db, schemas);
  const before = columns.some(isStrided) ? (await inspect(db, { schemas })).sequences : [];
  const positions = new Map(before.map((sequence) => [keyOf(sequence), sequence.lastValue ?? undefined]));
  const reasons = new Map(columns.map((column) => [column, whyNot(column, chosen)]));
  const extremes = await readExtremes(
    db,
    columns.filter((column) => reasons.get(column) === undefined),
    (column) => (isStrided(column) ? positions.get(keyOf(column.sequence)) : undefined),
    onProgress,
  );
  // From here on the sequences are at or past everything that was committed when the columns were read.
  const { sequences } = await inspect(db, { schemas });
  const { at } = await readDocument<{ at: string }>(db, timeQuery);

  const fed = groupBySequence(columns);
  const rows = sequences.map((sequence): SequenceHealth => {
    const own = fed.get(keyOf(sequence)) ?? [];
    const seen = own.map((column) => columnHealthOf(column, extremes.get(column), reasons.get(column)));
    return healthOf(sequence, own, seen, { user, ...thresholds });
  });
  rows.sort(
    (one, other) =>
      severityOf(other.level) - severityOf(one.level) ||
      (other.used ?? 1) - (one.used ?? 1) ||
      (nameOf(one) < nameOf(other) ? -1 : 1),
  );
  return { sampledAt: new Date(Number(at)), level: worstOf(rows.map(({ level }) => level)), sequences: rows };
}

/** Milliseconds since 1970, by the clock of the server. */
const timeQuery = sql`
  select json_build_object('at', floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text)::text as document`;

interface Thresholds {
  readonly warnAt: number;
  readonly criticalAt: number;
}

function thresholdsOf({ warnAt, criticalAt }: StatusOptions): Thresholds {
  const critical = criticalAt ?? Math.max(0.9, warnAt ?? 0);
  const warn = warnAt ?? Math.min(0.75, critical);
  if (!(warn > 0 && warn <= critical && critical <= 1)) {
    const given = `warnAt ${String(warnAt)} and criticalAt ${String(criticalAt)}`;
    throw new NextvalError("INVALID_OPTIONS", `status takes 0 < warnAt <= criticalAt <= 1, not ${given}`);
  }
  return { warnAt: warn, criticalAt: critical };
}

function whyNot(column: FedColumn, chosen: "indexed" | "all"): string | undefined {
  const reason = incomparable(column);
  if (reason !== undefined || chosen === "all" || column.indexed) return reason;
  return 'it has no index that gives its extreme at once; columns: "all" reads it all the same';
}

/** Whether it leaves values out between its own, which others may give. */
function isStrided({ increment }: FedColumn): boolean {
  return increment !== 1n && increment !== -1n;
}

function columnHealthOf(column: FedColumn, extreme: Extreme | undefined, reason: string | undefined): ColumnHealth {
  const { schema, table, type, unique } = column;
  const notCompared = reason ?? (extreme === undefined || "unknown" in extreme ? (extreme?.unknown ?? null) : null);
  const value = extreme === undefined || "unknown" in extreme ? null : extreme.value;
  return { schema, table, column: column.column, type, unique, extreme: value, notCompared };
}

function healthOf(
  sequence: SequenceState,
  fed: readonly FedColumn[],
  columns: readonly ColumnHealth[],
  context: Thresholds & { readonly user: string },
): SequenceHealth {
  const { schema, seqName, lastValue, isCalled, options } = sequence;
  const { increment, cache, cycle, minValue, maxValue } = options;
  const takers = fed.filter(({ plain }) => plain);
  const range = rangeOf(options, takers);
  const cycles = cycle && range.least === minValue && range.greatest === maxValue;
  const nextValue = lastValue === null || isCalled === null ? null : nextOf(options, lastValue, isCalled);
  const left = nextValue === null ? null : countFrom(nextValue, range, increment);
  const measured = {
    schema,
    seqName,
    lastValue,
    nextValue,
    end: increment > 0n ? range.greatest : range.least,
    used:
      left === null
        ? null
        : shareUsed(left, countFrom(increment > 0n ? range.least : range.greatest, range, increment)),
    left,
    cycles,
    increment,
    cache,
    columns,
  };
  const problems = problemsOf(measured, { ...context, sequence, fed, range });
  return { ...measured, level: worstOf(problems.map(({ level }) => level)), problems };
}

function nextOf({ increment, minValue, maxValue, cycle }: StateOptions, last: bigint, isCalled: boolean): bigint {
  const next = isCalled ? last + increment : last;
  if (!cycle || (next >= minValue && next <= maxValue)) return next;
  return increment > 0n ? minValue : maxValue;
}

/** Rounded down to twelve digits, so that it is 1 only where nothing is left. */
function shareUsed(left: bigint, total: bigint): number {
  return total <= left ? (left === 0n ? 1 : 0) : Number(((total - left) * 10n ** 12n) / total) / 1e12;
}
