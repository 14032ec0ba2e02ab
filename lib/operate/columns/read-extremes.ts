import { NextvalError, sql } from "../../index.js";
import { limitTime } from "../../server/lock-timeout.js";
import { columnOf, sequenceKeyOf } from "../../server/names.js";
import { lockedRelations } from "../../server/queries/locked-relations.js";
import { holdSchemas } from "../../server/queries/powerful-reader.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import type { Progress, Trust } from "../reading-options.js";
import { readTablesWithCode } from "./code-of-owners.js";
import { TOO_SLOW } from "./comparability.js";
import { type Extreme, type ExtremeDocument, extremeOf, positionOf, toExtreme } from "./extremes-query.js";
import type { FedColumn } from "./fed-columns.js";
import { holdTables, mustBeHeld } from "./hold-tables.js";

/**
 * How many columns are compared in one statement. There are fewer if their partitions and indexes take more than
 * `locks`.
 */
const BATCH = { columns: 100, locks: 1000 };

/**
 * How long a statement may read the ends of indexes, in milliseconds. It takes an instant, unless a table has a
 * function of its owner that does not return. The time is halved whenever it was over, so such a table delays a survey
 * by some seconds, and each further one by little. After `spare` in all, none is looked for anymore among the tables of
 * a statement that takes too long.
 */
const QUICK = { first: 3000, least: 200, spare: 12_000 };

/**
 * The same for tables that have nothing to evaluate. They take long if there are thousands of partitions, if rows lie
 * between the steps, or if the disk is slow. It is a limit because every role can make such tables, and may add
 * something after that was looked up. However many there are, a survey takes less time than `status --listen` waits
 * for: after `spare`, `least` is that of the others.
 */
const PLAIN = { first: 20_000, least: 5000, spare: 30_000 };

/** How often a column is read if its sequence is altered at the same time. */
const ATTEMPTS = 10;

/**
 * @internal Reads the extremes of columns, up to a hundred in one statement. A column that fails, for example because
 * it was dropped at the same time, does not affect the others. The connected role must be able to read their sequences.
 */
export async function readExtremes(
  db: Source,
  columns: readonly FedColumn[],
  given: Reading,
  onProgress?: ((progress: Progress) => void) | undefined,
): Promise<Map<FedColumn, Extreme>> {
  const extremes = new Map<FedColumn, Extreme>();
  const total = columns.length;
  // In a transaction of the caller its own timeouts count.
  const locks = "begin" in db && total > 0 ? await readLocks(db) : undefined;
  const how = { ...given, quick: locks === undefined || !given.cheaply ? undefined : quickOf(locks) };
  const isFree = ({ source }: FedColumn) => locks === undefined || !locks.relations.has(source.oid);
  const late = columns.filter((column) => !isFree(column));
  const waiting: FedColumn[] = [];
  for (const batch of batchesOf(columns.filter(isFree))) {
    onProgress?.({ done: extremes.size, total });
    await readBatch(db, locks === undefined ? how : { ...how, lockTimeout: 1, late: waiting }, batch, extremes);
  }
  let left = locks?.patience ?? 0;
  for (const column of waiting.concat(late)) {
    onProgress?.({ done: extremes.size, total });
    const start = performance.now();
    // When it is used up it stays at 1, because 0 would wait forever.
    const lockTimeout = locks?.patience === 0 ? 0 : Math.max(1, Math.ceil(left));
    await readBatch(db, { ...how, lockTimeout }, [column], extremes);
    left -= performance.now() - start;
  }
  onProgress?.({ done: total, total });
  return extremes;
}

function quickOf({ time }: Locks): Quick {
  const limited = ({ first, ...more }: typeof QUICK) => ({ ...more, left: Math.min(time || Infinity, first) });
  const slow = new Set<string>();
  return { ...limited(QUICK), slow, plain: { ...limited(PLAIN), slow, plain: undefined } };
}

/** How long a statement may take, in milliseconds. */
interface Quick {
  left: number;
  /** `left` is not halved below this while there is time to spare. */
  readonly least: number;
  /** How long statements may take in all that take too long, in milliseconds. */
  spare: number;
  /** The OIDs of tables that took too long. Their other columns are not read. */
  readonly slow: Set<string>;
  /** The same for tables that have nothing to evaluate, which is looked up when the time is over. */
  readonly plain: Quick | undefined;
}

interface Locks {
  /** The OIDs of tables that another session has locked against reading, or waits to lock, and of their parents. */
  readonly relations: ReadonlySet<string>;
  /** The `lock_timeout` of the connection, in milliseconds. */
  readonly patience: number;
  /** Its `statement_timeout`, in milliseconds. 0 is no limit. */
  readonly time: number;
}

/** A statement that waits for one table holds the locks of a hundred others while it waits. */
async function readLocks(db: Source): Promise<Locks> {
  const { relations, patience, time } = await readDocument<{
    relations: readonly string[];
    patience: string;
    time: string;
  }>(
    db,
    sql`
      with recursive locked as (
        ${lockedRelations("AccessExclusiveLock")}
        union
        select above.relation
        from locked
        cross join lateral (
          select i.inhparent as relation from pg_catalog.pg_inherits i where i.inhrelid = locked.relation
          union all
          select x.indrelid from pg_catalog.pg_index x where x.indexrelid = locked.relation
        ) above
      )
      select json_build_object(
        'relations', coalesce((select json_agg(relation::text) from locked), '[]'),
        'patience', (select s.setting from pg_catalog.pg_settings s where s.name = 'lock_timeout'),
        'time', (select s.setting from pg_catalog.pg_settings s where s.name = 'statement_timeout')
      )::text as document`,
  );
  return { relations: new Set(relations), patience: Number(patience), time: Number(time) };
}

/**
 * Splits columns into batches. A statement holds all its locks until it ends, and the server only has room for some
 * thousands.
 */
function batchesOf(columns: readonly FedColumn[]): FedColumn[][] {
  const batches: FedColumn[][] = [];
  let batch: FedColumn[] = [];
  let locks = 0;
  for (const column of columns) {
    if (batch.length === BATCH.columns || (batch.length > 0 && locks + column.locks > BATCH.locks)) {
      batches.push(batch);
      batch = [];
      locks = 0;
    }
    batch.push(column);
    locks += column.locks;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** @internal Options for reading columns. */
export interface Reading extends Trust {
  /** Whether to avoid reading a whole table if an index is enough. */
  readonly cheaply: boolean;
  /** The version of the server: 180004 for 18.4. */
  readonly version: number;
  /** The keys of sequences whose position the server can only read by name. */
  readonly undrawn: ReadonlySet<string>;
  /** How long to wait for a lock, in milliseconds. Default: the connection's own setting. */
  readonly lockTimeout?: number | undefined;
  /** How long a statement may take beside waiting for a lock: tables may have functions that never return. */
  readonly quick?: Quick | undefined;
  /** Collects columns whose lock was not free in that time, to be read later. */
  readonly late?: FedColumn[] | undefined;
}

async function readBatch(
  db: Source,
  how: Reading,
  batch: readonly FedColumn[],
  extremes: Map<FedColumn, Extreme>,
  attempts = ATTEMPTS,
): Promise<void> {
  const columns: FedColumn[] = [];
  for (const column of batch) {
    if (how.quick?.slow.has(column.source.oid) === true) extremes.set(column, { unknown: TOO_SLOW });
    else columns.push(column);
  }
  if (columns.length === 0) return;
  const altered: FedColumn[] = [];
  try {
    const expressions = sql.join(columns.map((column) => extremeOf(column, positionOf(how.version), how.cheaply)));
    const query = sql`select array_to_json(array[${expressions}]::json[])::text as document`;
    const reading = {
      views: how.views,
      before: [
        ...(how.lockTimeout === undefined ? [] : [limitTime("lock_timeout", how.lockTimeout)]),
        ...(how.quick === undefined || how.lockTimeout === 0
          ? []
          : [limitTime("statement_timeout", how.quick.left + (how.lockTimeout ?? 0))]),
        ...holdTables(columns.filter(mustBeHeld), how.trustOwners ?? []),
        ...(columns.some(({ swappable, sequence }) => swappable && how.undrawn.has(sequenceKeyOf(sequence)))
          ? [holdSchemas]
          : []),
      ],
    };
    const read = (source: Source) => readDocument<readonly (ExtremeDocument | null)[]>(source, query, reading);
    // After a savepoint, a column that fails does not end the transaction of the caller.
    const found = "begin" in db ? await read(db) : await db.savepoint(read);
    for (const [index, column] of columns.entries()) {
      const document = found[index] ?? null;
      if (document !== null) extremes.set(column, toExtreme(document, column));
      // ALTER SEQUENCE has replaced the file that was open here, and emptied it.
      else if (attempts > 1) altered.push(column);
      else extremes.set(column, { unknown: `its sequence was altered while ${columnOf(column)} was read` });
    }
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (how.quick !== undefined && sqlStateOf(refusal) === "57014") {
      return readSlow(db, { ...how, quick: how.quick }, columns, extremes, attempts);
    }
    const [only, ...others] = columns;
    const isAlone = only !== undefined && others.length === 0;
    // Either the file was emptied again just before it was read, or the table is damaged, which is not worth a third
    // attempt.
    const onceMore = sqlStateOf(refusal) === "XX001" && attempts > 1;
    if (isAlone && sqlStateOf(refusal) === "55P03" && how.late !== undefined) {
      how.late.push(only);
      return;
    }
    if (isAlone && !onceMore) {
      extremes.set(only, { unknown: `${columnOf(only)} could not be read: ${refusal.message}` });
      return;
    }
    const middle = columns.length >> 1;
    if (isAlone) await readBatch(db, how, columns, extremes, 1);
    else {
      await readBatch(db, how, columns.slice(0, middle), extremes, attempts);
      await readBatch(db, how, columns.slice(middle), extremes, attempts);
    }
  }
  if (altered.length > 0) await readBatch(db, how, altered, extremes, attempts - 1);
}

/**
 * Reads columns after a statement for all of them took too long: each table alone, with all of its columns. What makes
 * a table slow, such as a function of its owner, makes the reading of each of its columns slow.
 */
async function readSlow(
  db: Source,
  how: Reading & { readonly quick: Quick },
  columns: readonly FedColumn[],
  extremes: Map<FedColumn, Extreme>,
  attempts: number,
): Promise<void> {
  const { quick } = how;
  quick.spare -= quick.left;
  const least = quick.spare < 0 ? QUICK.least : quick.least;
  quick.left = Math.max(Math.min(quick.left, least), quick.left >> 1);
  const tables = [...new Set(columns.map(({ source }) => source.oid))];
  const ofTables = (oids: readonly string[]) => columns.filter(({ source }) => oids.includes(source.oid));
  let others = tables;
  if (quick.plain !== undefined) {
    const withCode = await readTablesWithCode(
      db,
      columns.map(({ source }) => source),
    );
    const plain = tables.filter((oid) => !withCode.has(oid));
    if (plain.length > 0) await readBatch(db, { ...how, quick: quick.plain }, ofTables(plain), extremes, attempts);
    others = tables.filter((oid) => withCode.has(oid));
  }
  for (const oid of others) {
    // Then it is not read again.
    if (tables.length === 1 || quick.spare < 0) quick.slow.add(oid);
    await readBatch(db, how, ofTables([oid]), extremes, attempts);
  }
}

/**
 * Returns the server's error if it only concerns this statement: a table is locked, dropped, unreachable on another
 * server, missing on a standby, damaged, or needs more than the server has room for. Other columns may still work.
 * Undefined if the connection or the transaction has ended.
 */
function refusalOf(error: unknown): Error | undefined {
  // A view that draws can raise an error about a sequence, whose cause is the server's error.
  const refusal = error instanceof NextvalError ? error.cause : error;
  if (!(refusal instanceof Error && "severity" in refusal && refusal.severity === "ERROR")) return undefined;
  return sqlStateOf(refusal) === "25P02" ? undefined : refusal;
}
