import { NextvalError, sql } from "../../index.js";
import { roundingStep } from "../../server/integer-limits.js";
import { lockedRelations } from "../../server/locked-relations.js";
import { columnOf, sequenceKeyOf } from "../../server/names.js";
import { holdSchemas } from "../../server/powerful-reader.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { type Extreme, type ExtremeDocument, extremeOf, positionOf, toExtreme } from "./extremes-query.js";
import type { FedColumn, Trust } from "./fed-columns.js";
import { holdTables, mustBeHeld } from "./hold-tables.js";

/** How far a long piece of work has come. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** So many columns are looked at in one statement, and fewer where their partitions and indexes are more than these. */
const BATCH = { columns: 100, locks: 1000 };

/** How often a column is looked at whose sequence is altered meanwhile. */
const ATTEMPTS = 10;

/** Why what is in a column tells nothing of its sequence, whoever looks; undefined where it does. */
export function naturallyIncomparable(column: FedColumn): string | undefined {
  if (column.stranger !== null) return `the owner of the table, ${column.stranger}, may not draw from the sequence`;
  if (!column.plain) return "its default makes something else of the sequence's values";
  if (!/^(smallint|integer|bigint|numeric(\([^)]*\))?)$/.test(column.baseType)) {
    return `it is of type ${column.type}, which has no greatest whole number`;
  }
  if (roundingStep(column.baseType) > 1n) {
    return `it is of type ${column.type}, which rounds the sequence's values to multiples of ${roundingStep(column.baseType)}`;
  }
  if (column.shut) {
    const kind = column.kind === "view" ? "a view" : "a foreign table";
    return `reading ${kind} runs code of its owner; views: true reads it all the same`;
  }
  return undefined;
}

/** Why a column cannot be compared with its sequence; undefined where it can. */
export function incomparable(column: FedColumn): string | undefined {
  const reason = naturallyIncomparable(column);
  if (reason !== undefined) return reason;
  if (!column.mayRead) return "the connected role may not read it";
  if (column.rowSecurity) return "row level security may hide rows from the connected role";
  if (column.codeOf.length > 0) {
    const roles = column.codeOf.join(", ");
    return `reading runs code of role ${roles}, as the connected role; trustOwners allows it`;
  }
  return undefined;
}

/**
 * Reads the extremes of columns, up to a hundred in a statement. A column that fails, because it was dropped meanwhile, say,
 * does not spoil the others. The connected role has to be able to read their sequences.
 */
export async function readExtremes(
  db: Source,
  columns: readonly FedColumn[],
  how: Reading,
  onProgress?: ((progress: Progress) => void) | undefined,
): Promise<Map<FedColumn, Extreme>> {
  const extremes = new Map<FedColumn, Extreme>();
  const total = columns.length;
  // In a transaction of the caller a lock that is not free in time would be the end of it.
  const locks = "begin" in db && total > 0 ? await readLocks(db) : undefined;
  const late: FedColumn[] = [];
  const free = columns.filter(({ tables }) => {
    return locks === undefined || !tables.some(({ oid }) => locks.relations.has(oid));
  });
  for (const batch of batchesOf(free)) {
    onProgress?.({ done: extremes.size, total });
    await readBatch(db, locks === undefined ? how : { ...how, lockTimeout: 1, late }, batch, extremes);
  }
  late.push(...columns.filter((column) => !free.includes(column)));
  let left = locks?.patience ?? 0;
  for (const column of late) {
    onProgress?.({ done: extremes.size, total });
    const start = performance.now();
    // One that is used up stays at 1, because 0 would wait forever.
    const lockTimeout = locks?.patience === 0 ? 0 : Math.max(1, Math.ceil(left));
    await readBatch(db, { ...how, lockTimeout }, [column], extremes);
    left -= performance.now() - start;
  }
  onProgress?.({ done: total, total });
  return extremes;
}

interface Locks {
  /** The OIDs of tables that another session has locked against reading, or that it waits to lock so: with what is below them. */
  readonly relations: ReadonlySet<string>;
  /** The `lock_timeout` of the connection, in milliseconds. */
  readonly patience: number;
}

/** A statement that waits for one table holds the locks of a hundred others meanwhile. */
async function readLocks(db: Source): Promise<Locks> {
  const { relations, patience } = await readDocument<{ relations: readonly string[]; patience: string }>(
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
        'patience', (select s.setting from pg_catalog.pg_settings s where s.name = 'lock_timeout')
      )::text as document`,
  );
  return { relations: new Set(relations), patience: Number(patience) };
}

/** A statement holds the locks of all that it reads until it ends, and the server has room for some thousands only. */
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

/** How columns are read. */
export interface Reading extends Trust {
  /** The version of the server: 180004 for 18.4. */
  readonly version: number;
  /** The keys of sequences whose position the server has under their names only. */
  readonly undrawn: ReadonlySet<string>;
  /** How long to wait for a lock, in milliseconds. Default: as the connection does. */
  readonly lockTimeout?: number | undefined;
  /** Where a column goes whose lock was not free in that time, to be read later. */
  readonly late?: FedColumn[] | undefined;
}

async function readBatch(
  db: Source,
  how: Reading,
  columns: readonly FedColumn[],
  extremes: Map<FedColumn, Extreme>,
  attempts = ATTEMPTS,
): Promise<void> {
  const altered: FedColumn[] = [];
  try {
    const expressions = sql.join(columns.map((column) => extremeOf(column, positionOf(column.sequence, how.version))));
    const query = sql`select array_to_json(array[${expressions}]::json[])::text as document`;
    const found = await readDocument<readonly (ExtremeDocument | null)[]>(db, query, {
      views: how.views,
      before: [
        ...(how.lockTimeout === undefined
          ? []
          : [sql`select set_config('lock_timeout', ${`${how.lockTimeout}`}, true)`]),
        ...holdTables(columns.filter(mustBeHeld), how.trustOwners ?? []),
        ...(columns.some(({ swappable, sequence }) => swappable && how.undrawn.has(sequenceKeyOf(sequence)))
          ? [holdSchemas]
          : []),
      ],
    });
    for (const [index, column] of columns.entries()) {
      const document = found[index] ?? null;
      if (document !== null) extremes.set(column, toExtreme(document));
      // ALTER SEQUENCE has put another file in the place of the one that was open here, and emptied it.
      else if (attempts > 1) altered.push(column);
      else extremes.set(column, { unknown: `its sequence was altered while ${columnOf(column)} was read` });
    }
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const [only, ...others] = columns;
    const isAlone = only !== undefined && others.length === 0;
    // An emptied file again, just before it is read; or a table that is damaged, which is not worth a third look.
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
    try {
      if (isAlone) await readBatch(db, how, columns, extremes, 1);
      else {
        await readBatch(db, how, columns.slice(0, middle), extremes, attempts);
        await readBatch(db, how, columns.slice(middle), extremes, attempts);
      }
    } catch (later) {
      // In a transaction that has failed, only the first error says why.
      throw sqlStateOf(later) === "25P02" ? error : later;
    }
  }
  if (altered.length > 0) await readBatch(db, how, altered, extremes, attempts - 1);
}

/**
 * What the server said where it refused this statement only: of a table that is locked, dropped, out of reach on another
 * server, not there on a standby, damaged, or more than it has room for. Other columns may still do. Undefined where the
 * connection or the transaction has ended.
 */
function refusalOf(error: unknown): Error | undefined {
  // What a view draws may be an error about a sequence, which has that of the server as its cause.
  const refusal = error instanceof NextvalError ? error.cause : error;
  if (!(refusal instanceof Error && "severity" in refusal && refusal.severity === "ERROR")) return undefined;
  return sqlStateOf(refusal) === "25P02" ? undefined : refusal;
}
