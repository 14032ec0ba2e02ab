import { type DatabaseState, inspectSequences } from "../../catalog/index.js";
import { sql, type Transaction } from "../../index.js";
import { MOVE_LOCK } from "../../server/advisory-locks.js";
import { keyOf } from "../../server/names.js";
import { holdSchemas } from "../../server/queries/powerful-reader.js";
import { isInspected } from "../../server/queries/schema-filter.js";
import { readDocument } from "../../server/read-json.js";
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
 * A sequence that the role may not read is not locked; a transfer refuses it.
 */
export async function lockTarget(tx: Queries, schemas: readonly string[] | undefined): Promise<void> {
  await tx.query(sql`select pg_catalog.pg_advisory_xact_lock(${MOVE_LOCK}::int, 0)::pg_catalog.text`);
  await readDocument(
    tx,
    sql`
    select count(
      case when has_sequence_privilege(c.oid, 'select') then pg_catalog.pg_sequence_last_value(c.oid) end
    )::text
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence <> 't' and ${isInspected(sql`n.nspname`, schemas)}`,
  );
}

/**
 * Reads the sequences of the target. Before PostgreSQL 18 a superuser may read the position of a sequence that was
 * never drawn from, in another role's schema, only while schemas cannot be renamed.
 */
export async function inspectHeld(tx: Queries, schemas: readonly string[] | undefined): Promise<DatabaseState> {
  const state = await inspectSequences(tx, { schemas });
  if (state.serverVersion >= 180_000 || !state.sequences.some((each) => whyUnknown(each) === NOT_BY_OID)) return state;
  const isHeld = await tx
    .savepoint((inner) => inner.query(holdSchemas))
    .then(
      () => true,
      () => false,
    );
  return isHeld ? inspectSequences(tx, { schemas }) : state;
}

/**
 * Sets the sequences that are behind their goals at that moment, by one statement that reads and sets each. Returns the
 * keys of those that it set. Another session may have drawn values since they were last read. A sequence without a last
 * value was not drawn from since then.
 */
export async function advanceTarget(tx: Queries, steps: readonly Step[]): Promise<Set<string>> {
  const goals = steps.map(({ pair: { target }, goal: { last, called } }) => ({
    schema: target.schema,
    name: target.seqName,
    last: `${last}`,
    called,
    // The last value of a sequence that is exactly at its goal.
    reached: `${called ? last : last - target.options.increment}`,
    increment: `${target.options.increment}`,
  }));
  // They are found in the catalog, so the role does not need USAGE on their schema.
  const set = await readDocument<readonly (readonly [schema: string, seqName: string])[]>(
    tx,
    sql`
      select coalesce(json_agg(json_build_array(schema, name)) filter (where position is not null), '[]')::text
        as document
      from (
        select goal.schema, goal.name, case
          when ((pg_catalog.pg_sequence_last_value(c.oid) - goal.reached) * sign(goal.increment) >= 0) is not true
          then setval(c.oid::regclass, goal.last, goal.called)
        end as position
        from json_to_recordset(${JSON.stringify(goals)}::text::json)
          as goal (schema text, name text, last bigint, called boolean, reached numeric, increment numeric)
        join pg_catalog.pg_namespace n on n.nspname = goal.schema
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = goal.name
      ) done`,
  );
  return new Set(set.map(([schema, seqName]) => keyOf({ schema, seqName })));
}

/**
 * Checks whether all sequences have reached their goals. `overtaken` has the steps whose target another session had
 * already moved there, as steps that do not move it. `problems` has the targets that are behind their goals.
 */
export function verify(
  steps: readonly Step[],
  set: ReadonlySet<string>,
  { sequences }: DatabaseState,
): { overtaken: Map<Step, Step>; problems: TransferProblem[] } {
  const found = new Map(sequences.map((sequence) => [keyOf(sequence), sequence]));
  const overtaken = new Map<Step, Step>();
  const problems: TransferProblem[] = [];
  for (const step of steps) {
    const { pair, goal } = step;
    const now = found.get(keyOf(pair.target));
    const position = now && positionOf(now);
    if (position === undefined || !hasReached(position, goal, pair.target.options)) {
      const place = position === undefined ? "gone" : `at ${position.last}`;
      problems.push(
        transferProblem(pair.target, "MOVED_MEANWHILE", "target", `it was set to ${goal.last}, and is ${place} now`, {
          hint: "Stop the session that sets it, and run the transfer again.",
        }),
      );
    } else if (!set.has(keyOf(pair.target))) {
      overtaken.set(step, { ...step, pair: { ...pair, before: position }, moves: false });
    }
  }
  return { overtaken, problems };
}
