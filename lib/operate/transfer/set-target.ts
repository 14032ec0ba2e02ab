import { readSequences, type SequencesState } from "../../catalog/inspect/read-sequences.js";
import { NextvalError, sql, type Transaction } from "../../index.js";
import { MOVE_LOCK } from "../../server/advisory-locks.js";
import { lackOfLocks } from "../../server/lock-room.js";
import { positionByOid } from "../../server/queries/position-query.js";
import { holdSchemas } from "../../server/queries/powerful-reader.js";
import { isInspected } from "../../server/queries/schema-filter.js";
import { readDocument } from "../../server/read-json.js";
import type { SequencePosition } from "../../server/read-positions.js";
import { hasReached, type Position, positionOf } from "../arithmetic/position.js";
import { NOT_BY_OID, whyUnknown } from "../columns/unknown-value.js";
import type { SequencePair } from "./compare-databases.js";
import { type TransferProblem, transferProblem } from "./transfer-problem.js";

type Queries = Pick<Transaction, "query" | "savepoint">;

/** The planned step for one sequence. */
export interface Step {
  readonly pair: SequencePair;
  /** The position that the target must have at least. */
  readonly goal: Position;
  readonly margin: bigint;
  /** Whether the target is behind its goal. */
  readonly moves: boolean;
}

/**
 * Locks the sequences of the target until this transaction ends. Other transfers to the same database wait, and so do
 * sessions that alter or restart one of its sequences, such as `applyResync`. If such a session was first, this one
 * waits. `nextval` is not blocked, because only the owner of a sequence can do that.
 *
 * A sequence that the role may not read is not locked; a transfer refuses it. Throws `TRANSFER_REFUSED` before it locks
 * any if the server has no room for so many locks.
 */
export async function lockTarget(tx: Queries, schemas: readonly string[] | undefined): Promise<void> {
  const locked = sql`
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence <> 't' and ${isInspected(sql`n.nspname`, schemas)}`;
  const count = await readDocument<number>(tx, sql`select count(*)::text as document ${locked}`);
  const lack = await lackOfLocks(tx, count, `the transfer locks ${count} sequences of the target`);
  if (lack !== undefined) {
    const hint = `Transfer fewer schemas at a time, or raise ${lack.setting} on the target and restart it.`;
    throw new NextvalError("TRANSFER_REFUSED", lack.problem, { hint });
  }
  await tx.query(sql`select pg_catalog.pg_advisory_xact_lock(${MOVE_LOCK}::int, 0)::pg_catalog.text`);
  await readDocument(
    tx,
    sql`
    select count(
      case when has_sequence_privilege(c.oid, 'select') then pg_catalog.pg_sequence_last_value(c.oid) end
    )::text
    ${locked}`,
  );
}

/**
 * Reads the sequences of the target. Before PostgreSQL 18 a superuser may read the position of a sequence that was
 * never drawn from, in another role's schema, only while schemas cannot be renamed.
 */
export async function readHeld(tx: Queries, schemas: readonly string[] | undefined): Promise<SequencesState> {
  const state = await readSequences(tx, schemas);
  if (state.serverVersion >= 180_000 || !state.sequences.some((each) => whyUnknown(each) === NOT_BY_OID)) return state;
  const isHeld = await tx
    .savepoint((inner) => inner.query(holdSchemas))
    .then(
      () => true,
      () => false,
    );
  return isHeld ? readSequences(tx, schemas) : state;
}

/**
 * Sets the sequences that are behind their goals at that moment, by one statement that reads and sets each. Returns the
 * OIDs of those that it set. Another session may have drawn from or set a sequence since it was last read. A sequence
 * whose position cannot be read any more is left alone.
 *
 * @param version - the version of the server, such as 180004 for 18.4
 */
export async function advanceTarget(
  tx: Queries,
  steps: readonly Step[],
  version: number,
): Promise<ReadonlySet<string | undefined>> {
  const goals = steps.map(({ pair: { target }, goal: { last, called } }) => ({
    oid: target.oid,
    last: `${last}`,
    called,
    next: `${called ? last + target.options.increment : last}`,
    increment: `${target.options.increment}`,
  }));
  // They are found by OID, so the role does not need USAGE on their schema, which may be renamed meanwhile.
  const set = await readDocument<readonly string[]>(
    tx,
    sql`
      select coalesce(json_agg(oid::text) filter (where position is not null), '[]')::text as document
      from (
        select goal.oid, case
          when (
            select (v.last_value + case when v.is_called then goal.increment else 0 end - goal.next)
              * sign(goal.increment)
            from (${positionByOid(sql`goal.oid`, version)}) v
          ) < 0
          then setval(goal.oid::regclass, goal.last, goal.called)
        end as position
        from json_to_recordset(${JSON.stringify(goals)}::text::json)
          as goal (oid oid, last bigint, called boolean, next numeric, increment numeric)
      ) done`,
  );
  return new Set(set);
}

/**
 * Checks whether all sequences have reached their goals. `overtaken` has the steps whose target another session had
 * already moved there, as steps that do not move it. `problems` has the targets that are behind their goals.
 */
export function verify(
  steps: readonly Step[],
  set: ReadonlySet<string | undefined>,
  positions: readonly SequencePosition[],
): { overtaken: Map<Step, Step>; problems: TransferProblem[] } {
  const found = new Map<unknown, SequencePosition>(positions.map((position) => [position.oid, position]));
  const overtaken = new Map<Step, Step>();
  const problems: TransferProblem[] = [];
  for (const step of steps) {
    const { pair, goal } = step;
    const now = found.get(pair.target.oid);
    const position = now && positionOf(now);
    if (position === undefined || !hasReached(position, goal, pair.target.options)) {
      const wish = set.has(pair.target.oid) ? "was set" : "was to be set";
      const unknown = now === undefined ? "gone" : "at an unknown position";
      const place = position === undefined ? unknown : `at ${position.last}`;
      problems.push(
        transferProblem(pair.target, "MOVED_MEANWHILE", "target", `it ${wish} to ${goal.last}, and is ${place} now`, {
          hint: "Stop the session that sets it, and run the transfer again.",
        }),
      );
    } else if (!set.has(pair.target.oid)) {
      overtaken.set(step, { ...step, pair: { ...pair, before: position }, moves: false });
    }
  }
  return { overtaken, problems };
}
