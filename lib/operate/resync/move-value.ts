import { type Database, type Sql, sql, type Transaction } from "../../index.js";
import { sleep, storedIdentifier } from "../../internal.js";
import { MOVE_LOCK } from "../../server/advisory-locks.js";
import { enterCatalogPath } from "../../server/catalog-path.js";
import { limitTime, MAX_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { quotedOf, refuseFor, type SequenceName } from "../../server/names.js";
import { holdSchemas } from "../../server/queries/powerful-reader.js";
import { readDocument } from "../../server/read-json.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { notComparableReason } from "../columns/comparability.js";
import { type ExtremeDocument, extremeOf, positionOf, toExtreme } from "../columns/extremes-query.js";
import type { FedColumn } from "../columns/fed-columns.js";
import { holdTables } from "../columns/hold-tables.js";
import { NOT_BY_OID } from "../columns/unknown-value.js";
import type { Trust } from "../reading-options.js";
import { type Decision, decide, type SequenceSnapshot, type MoveOptions } from "./decide.js";
import type { ResyncMove, ResyncSkip } from "./resync-report.js";

/** How long the first try waits for a lock, and how long others can proceed before the next try, in milliseconds. */
const FIRST_TRY = 200;
const PAUSE = 200;

/** Another session has a lock, or waited for one of this session while this session waited for one of its own. */
const BUSY = new Set(["55P03", "40P01"]);

/** How long to wait for a table while the sequence is locked, in milliseconds. */
const TABLE_WAIT = 10;

/**
 * How long reading may take while the sequence is locked, in milliseconds, if each column has an index. It takes an
 * instant, unless a table has a function of its owner that does not return, and nobody could draw meanwhile. If a whole
 * table is read, it is how long the server may plan that, because that is when such functions run.
 */
const READ_WAIT = 20_000;

/**
 * Locks a sequence, decides again, and moves it. Returns undefined if that is no longer needed, and the reason if it is
 * now better left.
 *
 * Sessions that call `nextval` queue behind a waiting lock. So each try gives up soon, and others can proceed before
 * the next one. Each try waits twice as long as the one before, because a short one never gets the lock while long
 * transactions overlap.
 */
export async function moveWithRetries(
  db: Pick<Database, "begin">,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  moveOptions: MoveOptions,
  trust: Trust,
  lockTimeout: number,
): Promise<ResyncMove | ResyncSkip | undefined> {
  const end = lockTimeout === 0 ? Infinity : performance.now() + lockTimeout;
  for (let attemptTimeout = FIRST_TRY; ; attemptTimeout *= 2) {
    const wait = Math.max(1, Math.min(attemptTimeout, Math.ceil(end - performance.now()), MAX_LOCK_TIMEOUT_MS));
    try {
      return await db.begin("isolation level read committed read write", (tx) =>
        moveUnderLock(tx, sequence, columns, moveOptions, trust, wait),
      );
    } catch (error) {
      if (!BUSY.has(sqlStateOf(error) ?? "") || performance.now() + PAUSE >= end) throw error;
      await sleep(PAUSE);
    }
  }
}

async function moveUnderLock(
  tx: Transaction,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  moveOptions: MoveOptions,
  trust: Trust,
  lockTimeout: number,
): Promise<ResyncMove | ResyncSkip | undefined> {
  const name = storedIdentifier(sequence.schema, sequence.name);
  const id = sql`${quotedOf(sequence)}::regclass`;
  await tx.query(enterCatalogPath({ views: trust.views === true }));
  await setLockTimeout(tx, lockTimeout);
  // Without this lock, two resyncs of one sequence would wait for each other.
  await tx`select pg_catalog.pg_advisory_xact_lock(${MOVE_LOCK}::int, ${id}::oid::int)`;
  const readable = columns.filter((column) => notComparableReason(column) === undefined);
  for (const statement of holdTables(readable, trust.trustOwners ?? [], true)) await tx.query(statement);
  // The server has no statement that only locks a sequence. Reading it this way prevents others from altering it until
  // this transaction ends. Altering it to its current options then blocks `nextval`.
  const [drawn] = await tx`select pg_catalog.pg_sequence_last_value(${id})`;
  const { cycle, version, time } = await readDocument<{ cycle: boolean; version: number; time: number }>(
    tx,
    sql`
      select json_build_object('cycle', q.seqcycle, 'version', current_setting('server_version_num')::int,
        'time', (select s.setting::int from pg_catalog.pg_settings s where s.name = 'statement_timeout'))::text
      from pg_catalog.pg_sequence q where q.seqrelid = ${id}`,
  );
  await tx`alter sequence ${name} ${cycle ? sql`cycle` : sql`no cycle`}`;
  const isUndrawn = Object.values(drawn as object)[0] === null;
  // From here on it must not wait for a table: a session that has emptied the table may wait for the sequence, to fill
  // it again. The tables are not locked earlier, because a session that has drawn a value may lock its table
  // exclusively.
  await setLockTimeout(tx, TABLE_WAIT);
  if (version < 180_000 && isUndrawn && columns.some(({ swappable }) => swappable)) await tx.query(holdSchemas);
  // A policy that a table was given after the plan would run without a limit. So the server refuses to read it (42501).
  // A view may be of a table with policies for its owner, and runs code of its owner in any case.
  const readsView = readable.some(({ kind }) => kind === "view");
  const before = [
    ...(readsView ? [] : [sql`select set_config('row_security', 'off', true)`]),
    limitTime("statement_timeout", Math.min(time || Infinity, READ_WAIT)),
  ];
  const reading = readable.every(({ indexed }) => indexed)
    ? { before }
    : { before, planned: [limitTime("statement_timeout", time)] };
  const decision = decide(await rereadSnapshot(tx, sequence, columns, trust, version, reading), moveOptions);
  if (decision.kind !== "move") return skipOf(sequence, decision);
  const move = moveOf(sequence, decision);
  await tx.query(sql.raw(move.sql));
  return move;
}

/** The position that the enclosing statement has read. */
const HELD = sql`(select v.last_value, v.is_called)`;

/** A snapshot with the OID of the sequence, because another sequence may get its name. */
export interface HeldSnapshot extends SequenceSnapshot {
  readonly oid: string;
}

interface Document {
  readonly oid: string;
  readonly role: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly last: string | null;
  readonly called: boolean | null;
  readonly extremes: readonly (ExtremeDocument | null)[];
}

/**
 * Reads the position of a sequence and the extremes of its columns in one statement, after the statements `before`.
 *
 * @param how.planned - statements that run after the server has planned it, and before it reads
 */
export async function rereadSnapshot(
  tx: Transaction,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  { views }: Trust,
  version: number,
  { before, planned }: { readonly before: readonly Sql[]; readonly planned?: readonly Sql[] },
): Promise<HeldSnapshot> {
  const extremes = columns.map((column) =>
    notComparableReason(column) === undefined ? extremeOf(column, HELD) : sql`null`,
  );
  const query = sql`
    select json_build_object(
      'oid', s.seqrelid::text, 'role', current_user, 'start', s.seqstart::text, 'increment', s.seqincrement::text,
      'min', s.seqmin::text, 'max', s.seqmax::text,
      'cache', s.seqcache::text, 'cycle', s.seqcycle, 'last', v.last_value::text, 'called', v.is_called,
      'extremes', array_to_json(array[${sql.join(extremes)}]::json[])
    )::text
    from pg_catalog.pg_sequence s
    left join lateral ${positionOf(version)} v on true
    where s.seqrelid = ${quotedOf(sequence)}::regclass`;
  const row = await (planned === undefined
    ? readDocument<Document>(tx, query, { views, before })
    : readDocument<Document>(tx, sql`fetch all in nextval_read`, {
        views,
        before: [...before, sql`declare nextval_read no scroll cursor for ${query}`, ...planned],
      }));
  if (row.oid !== columns[0]?.sequenceOid) {
    refuseFor(sequence, "another sequence has its name now", "PLAN_OUTDATED", { hint: "Plan again." });
  }
  return {
    oid: row.oid,
    role: row.role,
    sequence,
    options: {
      startWith: BigInt(row.start),
      increment: BigInt(row.increment),
      minValue: BigInt(row.min),
      maxValue: BigInt(row.max),
      cache: BigInt(row.cache),
      cycle: row.cycle,
    },
    lastValue: row.last === null ? null : BigInt(row.last),
    isCalled: row.called,
    unknown: row.last === null ? NOT_BY_OID : undefined,
    columns: columns.map((column, index) => {
      const extremes = row.extremes[index] ?? null;
      return { column, extreme: extremes === null ? { unknown: "it was not read" } : toExtreme(extremes, column) };
    }),
  };
}

/** Reports why a sequence stays, unless its position is right. */
export function skipOf(sequence: SequenceName, decision: Decision): ResyncSkip | undefined {
  if (decision.kind !== "skip") return undefined;
  const { kind: _kind, ...skip } = decision;
  return { sequence, ...skip };
}

/** Reports a decision, with its statement. */
export function moveOf(sequence: SequenceName, decision: Decision & { readonly kind: "move" }): ResyncMove {
  const { column: fed, extreme, from, to } = decision;
  const column = fed === null ? null : { schema: fed.schema, table: fed.table, column: fed.column };
  return { sequence, column, extreme, from, to, sql: `alter sequence ${quotedOf(sequence)} restart with ${to}` };
}
