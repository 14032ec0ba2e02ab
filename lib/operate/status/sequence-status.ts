import { NextvalError, sql } from "../../index.js";
import { optionsOf, shown } from "../../internal.js";
import type { IntegerRange } from "../../server/integer-limits.js";
import { excluded } from "../../server/name-patterns.js";
import { compareNames, sequenceKeyOf, type SequenceName, sequenceNameOf } from "../../server/names.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { beginOf, countValuesFrom } from "../../server/usable-range.js";
import { type AcceptedFinding, acceptedFindings, type AcceptedFindings, withinSchemas } from "../accepted-findings.js";
import { collisionOf, type ColumnExtremes, holdingsOf } from "../arithmetic/collision.js";
import { nextUnbounded, positionOf } from "../arithmetic/position.js";
import { skipReason } from "../columns/comparability.js";
import { rangeWithin, takesOnce } from "../columns/fed-columns.js";
import { surveySequences, type SurveyedSequence } from "../columns/survey.js";
import { feedsWithin } from "../declared-feeds.js";
import { HEALTH_CODES } from "../finding-codes.js";
import type { FeedOptions, Progress, Trust } from "../reading-options.js";
import { type ColumnHealth, type Health, type HealthCode, type SequenceHealth, severityOf, worstOf } from "./health.js";
import { countUnreadable } from "./missing-grants.js";
import type { Context } from "./problem-context.js";
import { problemsOf } from "./problems.js";

/** Options of {@link sequenceStatus}. */
export interface StatusOptions extends Trust, FeedOptions {
  /** The schemas whose sequences are reported. Each has to exist. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
  /**
   * The sequences to leave out, as `name` or `schema.name`. `*` stands for any characters: `"legacy_*"`, `"audit.*"`.
   */
  readonly exclude?: readonly string[] | undefined;
  /**
   * The findings that are known and accepted, each with a reason. They do not count for the level, and are in
   * `accepted` of their sequence.
   *
   * ```ts
   * await sequenceStatus(db, {
   *   accepted: [{ code: "COLUMN_NARROWER", sequence: "shared_seq", column: "audit.*", reason: "ends in 2090" }],
   * });
   * ```
   */
  readonly accepted?: readonly AcceptedFinding<HealthCode>[] | undefined;
  /** The used share from which a sequence is a warning, above 0 and up to 1. Default: 0.75. */
  readonly warnAt?: number | undefined;
  /** The used share from which a sequence is critical, from `warnAt` to 1. Default: 0.9. */
  readonly criticalAt?: number | undefined;
  /**
   * Which columns to compare with their sequences. `"indexed"`: those whose extreme an index has ready. `"all"`: all of
   * them, which reads whole tables. Default: `"indexed"`.
   */
  readonly columns?: "indexed" | "all" | undefined;
  /** Called before and after the columns of each statement, up to a hundred columns. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Reports the problems of the sequences of a database, current and coming, worst first.
 *
 * ```ts
 * const health = await sequenceStatus(db);
 * health.sequences[0]?.problems[0];
 * // { code: "BEHIND_COLUMN", level: "critical",
 * //   message: "public.orders_id_seq: its next value is 7, but public.orders.id goes to 9000: " +
 * //     "inserts fail with 23505",
 * //   hint: "Run resync, to move the sequence past the rows.",
 * //   fix: 'alter sequence "public"."orders_id_seq" restart with 9001', columns: [...] }
 * ```
 *
 * It covers the sequences of identity and SERIAL columns, and all others. `declarations` and `feeds` name the columns
 * that programs fill, which are compared like columns that own their sequence. A problem of several columns is one
 * problem, with all of them in `columns`.
 *
 * **Whether a sequence is behind** depends on the values that it can still return, as for `planResync`: rows from its
 * next value on, in steps of its increment, up to its bounds. If there is such a row, inserts fail sooner or later, and
 * the sequence should move past the last of them: critical if it gets there soon, else a warning. Rows beyond the
 * bounds, and those of other writers between the steps, do no harm.
 *
 * The exception is a sequence with many free values before the first row: more than after the last one, or at least
 * 2^32. For example, it was set to the negative half of a full column, or has a region of its own beside other servers.
 * It should stay, and ends before the first row. Programs that make several keys of each value, as `blockAllocator`
 * does, put them between the steps: `blocks` of a declaration or of `feeds` makes them count.
 *
 * It only reads, in read-only transactions unless `db` is a transaction, and takes the locks of a `select`. A superuser
 * also takes SHARE UPDATE EXCLUSIVE on tables of other roles, without waiting, because reading runs their owners' code
 * unless the tables are locked. It takes at most seven reads, and one more for each hundred columns that are compared.
 *
 * Concurrent inserts cause no false alarm, because the position of a sequence is read after its rows. A column that
 * fails or may not be read is the problem `NOT_COMPARED`, because its sequence may be behind. Tables that are locked
 * against reading are read last, within the connection's `lock_timeout` in total. In a transaction of the caller,
 * `sequenceStatus` waits for a lock like any statement.
 *
 * Throws `INVALID_ARGUMENT`. Sources: "System Catalogs", `pg_sequence`, `pg_depend`, `pg_attrdef`; "CREATE SEQUENCE".
 */
export async function sequenceStatus(db: Source, options?: StatusOptions): Promise<Health> {
  const {
    schemas,
    exclude,
    accepted,
    columns: chosen = "indexed",
    views,
    trustOwners,
    declarations,
    feeds,
    onProgress,
    ...rest
  } = optionsOf("sequenceStatus", options, [
    "schemas",
    "exclude",
    "accepted",
    "columns",
    "views",
    "trustOwners",
    "declarations",
    "feeds",
    "onProgress",
    "warnAt",
    "criticalAt",
  ]);
  const thresholds = thresholdsOf(rest);
  if (chosen !== "indexed" && chosen !== "all") {
    throw new NextvalError(
      "INVALID_ARGUMENT",
      `sequenceStatus takes columns as "indexed" or "all", not ${shown(chosen)}`,
    );
  }
  const exclusion = excluded("sequenceStatus", exclude);
  const acceptance = acceptedFindings("sequenceStatus", accepted, HEALTH_CODES);
  const left = new Set<string>();
  const isExcluded = (sequence: SequenceName) => {
    const isMatch = exclusion.has(sequence);
    if (isMatch) left.add(sequenceKeyOf(sequence));
    return isMatch;
  };
  const survey = await surveySequences(
    "sequenceStatus",
    db,
    { schemas, isExcluded, views, trustOwners, declarations, feeds },
    { whyNot: (column) => skipReason(column, chosen), cheaply: chosen === "indexed" },
    onProgress,
  );
  const { at, database } = await readDocument<{ at: string; database: string }>(db, sampleQuery);

  const { user, surveyed } = survey;
  const unreadable = countUnreadable(surveyed);
  const rows = surveyed.map((each) => healthOf(each, { user, unreadable, ...thresholds }, acceptance));
  rows.sort(
    (one, other) =>
      severityOf(other.level) - severityOf(one.level) ||
      (other.used ?? 1) - (one.used ?? 1) ||
      compareNames(one.sequence, other.sequence),
  );
  const unmatched = { exclude: exclusion.unmatched(), accepted: acceptance.unmatched() };
  return {
    database,
    sampledAt: new Date(Number(at)),
    level: worstOf(rows.map(({ level }) => level)),
    sequences: rows,
    excluded: left.size,
    unmatched: { ...withinSchemas(unmatched, schemas), feeds: feedsWithin(survey.feeds.unmatched, schemas) },
  };
}

/** The database, and the time in milliseconds since 1970 by the clock of the server. */
const sampleQuery = sql`
  select json_build_object(
    'database', current_database(),
    'at', floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text
  )::text as document`;

interface Thresholds {
  readonly warnAt: number;
  readonly criticalAt: number;
}

function thresholdsOf({ warnAt, criticalAt }: StatusOptions): Thresholds {
  const critical = criticalAt ?? Math.max(0.9, warnAt ?? 0);
  const warn = warnAt ?? Math.min(0.75, critical);
  if (!(warn > 0 && warn <= critical && critical <= 1)) {
    const given = `warnAt ${String(warnAt)} and criticalAt ${String(criticalAt)}`;
    throw new NextvalError("INVALID_ARGUMENT", `sequenceStatus takes 0 < warnAt <= criticalAt <= 1, not ${given}`);
  }
  return { warnAt: warn, criticalAt: critical };
}

function columnHealthOf({ column: fed, extreme }: SurveyedSequence["columns"][number]): ColumnHealth {
  const { schema, table, column, type, unique } = fed;
  const name = { schema, table, column, type, unique };
  if ("unknown" in extreme) {
    return { ...name, extreme: null, ahead: null, beyond: null, notCompared: extreme.unknown };
  }
  return { ...name, extreme: extreme.row, ahead: extreme.ahead, beyond: extreme.beyond, notCompared: null };
}

function healthOf(
  { sequence, columns: surveyed }: SurveyedSequence,
  context: Thresholds & Pick<Context, "user" | "unreadable">,
  acceptance: AcceptedFindings<HealthCode>,
): SequenceHealth {
  const { lastValue, options } = sequence;
  const { increment, cache, cycle, minValue, maxValue } = options;
  const fed = surveyed.map(({ column }) => column);
  const range = rangeWithin(options, fed);
  const cycles = cycle && range.least === minValue && range.greatest === maxValue;
  const position = positionOf(sequence);
  const nextValue = position === undefined ? null : nextUnbounded(position, options);
  const holdings = holdingsOf(surveyed);
  const reach = cycles || nextValue === null ? range : reachOf(nextValue, increment, range, holdings);
  const left = nextValue === null ? null : countValuesFrom(nextValue, reach, increment);
  // Before rows that do not belong to it, only the part of the range that it was set to counts.
  const startWith = reach === range ? undefined : options.startWith;
  const begin = beginOf(startWith, nextValue, increment, range);
  const measured = {
    sequence: sequenceNameOf(sequence),
    lastValue,
    nextValue,
    end: increment > 0n ? reach.greatest : reach.least,
    used: left === null ? null : shareUsed(left, countValuesFrom(begin, reach, increment)),
    left,
    rows: totalOf(fed.map(({ rows }) => rows)),
    inserts: totalOf(fed.map(({ inserts }) => inserts)),
    cycles,
    increment,
    cache,
    columns: surveyed.map(columnHealthOf),
  };
  const collision = nextValue === null ? undefined : collisionOf(nextValue, increment, range, holdings);
  const found = problemsOf(measured, { ...context, sequence, fed, collision, range }, acceptance);
  return { ...measured, level: worstOf(found.problems.map(({ level }) => level)), ...found };
}

/** Returns the sum; null if there is none, or if a part of it is unknown. */
function totalOf(counts: readonly (bigint | null)[]): bigint | null {
  return counts.length === 0
    ? null
    : counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0n);
}

/** Returns the range, up to the first row of a unique column if the sequence cannot move past such rows. */
function reachOf(
  next: bigint,
  increment: bigint,
  range: IntegerRange,
  holdings: readonly ColumnExtremes[],
): IntegerRange {
  const once = holdings.filter(({ column }) => takesOnce(column));
  const collision = collisionOf(next, increment, range, once);
  if (collision === undefined || (collision.after !== undefined && !collision.betterHere)) return range;
  const { first } = collision;
  // The range may end before: that of a column that cannot hold the row of another one.
  if (increment > 0n) return first > range.greatest ? range : { ...range, greatest: first - 1n };
  return first < range.least ? range : { ...range, least: first + 1n };
}

/** Rounded down to twelve digits, so it is 1 only if no value is left. */
function shareUsed(left: bigint, total: bigint): number {
  return total <= left ? (left === 0n ? 1 : 0) : Number(((total - left) * 10n ** 12n) / total) / 1e12;
}
