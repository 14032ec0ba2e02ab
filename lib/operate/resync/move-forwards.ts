import { type Sql, sql, type Transaction } from "../../index.js";
import { type Advice, storedIdentifier } from "../../internal.js";
import { MOVE_LOCK } from "../../server/advisory-locks.js";
import { quotedOf, refuseFor, type SequenceName, shownName } from "../../server/names.js";
import { positionByOid } from "../../server/queries/position-query.js";
import { readDocument } from "../../server/read-json.js";
import { countValuesFrom } from "../../server/usable-range.js";
import { notComparableReason } from "../columns/comparability.js";
import { type FedColumn, rangeWithin } from "../columns/fed-columns.js";
import { holdTables } from "../columns/hold-tables.js";
import type { Trust } from "../reading-options.js";
import { type Decision, decide, type SequenceSnapshot } from "./decide.js";
import { type HeldSnapshot, rereadSnapshot, skipOf } from "./move-value.js";
import type { ResyncMove, ResyncSkip } from "./resync-report.js";

type Move = Decision & { readonly kind: "move" };

/** Whose transaction moves a sequence, and as which role. */
export interface Mover {
  readonly role: string;
  /** Whether the caller goes on with the transaction, and may roll it back. */
  readonly isCallers: boolean;
}

/**
 * Draws this many values and fewer, because that is safe while others draw. Only a longer way is set: to spoil that,
 * others would have to draw more than this between two expressions of one statement.
 */
const MOST_DRAWN = 1_000_000n;

/**
 * Moves a sequence forwards without locking it: no session waits, and a rollback does not undo it. Returns undefined if
 * that is no longer needed, and the reason if it is now better left. The role needs UPDATE on the sequence, not
 * ownership.
 *
 * ALTER SEQUENCE would not do in a transaction of the caller. All sessions that draw would wait for its end, and values
 * that it draws afterwards would come again after its rollback.
 */
export async function moveForwards(
  tx: Transaction,
  sequence: SequenceName,
  columns: readonly FedColumn[],
  { views, trustOwners = [] }: Trust,
  mover: Mover,
): Promise<ResyncMove | ResyncSkip | undefined> {
  const version = await readDocument<number>(tx, sql`select current_setting('server_version_num')`);
  const readable = columns.filter((column) => notComparableReason(column) === undefined);
  const before = holdTables(readable, trustOwners, true);
  const snapshot = await rereadSnapshot(tx, sequence, columns, { views }, version, { before });
  const decision = decide(snapshot, { allowBackwards: false, emptyCaches: false });
  if (decision.kind !== "move") return skipOf(sequence, decision);
  checkForwards(decision, snapshot, mover);
  const isFar = stepsOf(decision, snapshot) > MOST_DRAWN;
  const isSet = isFar && (await set(tx, snapshot, decision.to, version));
  const to = isSet ? decision.to : await draw(tx, snapshot, decision.to);
  return forwardMoveOf(sequence, { ...decision, to });
}

/** Throws if a sequence must not, or cannot, be moved without a lock. The message names what is missing. */
export function checkForwards(decision: Move, { sequence, options, columns }: SequenceSnapshot, mover: Mover): void {
  const { role, isCallers } = mover;
  const [first] = columns;
  const { increment, cache } = options;
  const owner = first?.column.owner ?? "its owner";
  const elsewhere: Advice = isCallers
    ? { hint: "Commit, then run resync on the pool." }
    : { hint: `Run resync as ${shownName(owner)}, who owns the sequence, or as a member of that role.` };
  if ((decision.to - decision.from) * increment <= 0n) {
    refuseFor(
      sequence,
      `${shownName(role)} does not own it, and only its owner may move it back`,
      "PERMISSION_DENIED",
      elsewhere,
    );
  }
  if (cache > 1n) {
    const code = isCallers ? "TRANSACTION_NOT_ALLOWED" : "PERMISSION_DENIED";
    const problem = `with a cache of ${cache} other sessions may hold values, which only a restart makes them forget`;
    refuseFor(sequence, problem, code, elsewhere);
  }
  if (first?.column.mayUpdate === false) {
    refuseFor(sequence, `${shownName(role)} lacks UPDATE on it`, "PERMISSION_DENIED", {
      hint: `Let its owner ${shownName(owner)} grant UPDATE.`,
      fix: `grant update on sequence ${quotedOf(sequence)} to ${storedIdentifier(role).text}`,
    });
  }
  const range = rangeWithin(
    options,
    columns.map(({ column }) => column),
  );
  const [left, leftAfter] = [
    countValuesFrom(decision.from, range, increment),
    countValuesFrom(decision.to, range, increment),
  ];
  if (isCallers && leftAfter * 2n < left) {
    const used = `uses ${left - leftAfter} of ${left} values`;
    const problem = `a move to ${decision.to} ${used}, and a rollback would not return them`;
    refuseFor(sequence, problem, "SEQUENCE_OUT_OF_BOUNDS", elsewhere);
  }
}

/** Reports a move without a lock. Its statement has the same effect if nothing is drawn meanwhile. */
export function forwardMoveOf(sequence: SequenceName, { column: fed, extreme, from, to }: Move): ResyncMove {
  const column = fed === null ? null : { schema: fed.schema, table: fed.table, column: fed.column };
  const place = sql.literal(quotedOf(sequence)).text;
  const statement = `select pg_catalog.setval(${place}::pg_catalog.regclass, ${to}, false)`;
  return { sequence, column, extreme, from, to, sql: statement };
}

/** Returns how many values are skipped. */
function stepsOf({ from, to }: Move, { options: { increment } }: SequenceSnapshot): bigint {
  return (to - from) / increment;
}

/** Waits for a transfer to this database. A later transfer waits until this transaction ends. */
const besideTransfers = sql`select pg_advisory_xact_lock_shared(${MOVE_LOCK}::int, 0)`;

/**
 * Sets a sequence that is still far from its goal, and returns whether it did. The locks keep other resyncs from
 * bringing it near meanwhile, and sessions from altering it. `false` leaves the session's `currval` as it is.
 */
function set(tx: Transaction, { oid, options }: HeldSnapshot, to: bigint, version: number): Promise<boolean> {
  const id = sql`${oid}::oid`;
  const next = nextInSql(options);
  return readDocument<boolean>(
    tx,
    sql`
      select to_json(case
        when div(${to}::numeric - ${next}, ${options.increment}::numeric) > ${MOST_DRAWN}::numeric
        then setval(${id}::regclass, ${to}::bigint, false) is not null
        else false
      end)::text
      from (${positionByOid(id, version)}) v`,
    {
      before: [
        besideTransfers,
        sql`select pg_advisory_xact_lock(${MOVE_LOCK}::int, ${id}::int)`,
        sql`select pg_sequence_last_value(${id})`,
      ],
    },
  );
}

/** Builds an expression for the value that `nextval` returns next, from the position `v`. */
function nextInSql({ increment, minValue, maxValue, cycle }: SequenceSnapshot["options"]): Sql {
  const next = sql`(v.last_value::numeric + case when v.is_called then ${increment}::numeric else 0 end)`;
  if (!cycle) return next;
  const [isWithin, beginning] =
    increment > 0n ? [sql`<= ${maxValue}::numeric`, minValue] : [sql`>= ${minValue}::numeric`, maxValue];
  return sql`(case when ${next} ${isWithin} then ${next} else ${beginning}::numeric end)`;
}

/** Draws values until the goal is next, and returns the next value. Others may draw at the same time. */
async function draw(tx: Transaction, { oid, options }: HeldSnapshot, to: bigint): Promise<bigint> {
  const { increment } = options;
  const id = sql`${oid}::oid::regclass`;
  const isBefore =
    increment > 0n ? sql`drawn.value < ${to - increment}::numeric` : sql`drawn.value > ${to - increment}::numeric`;
  const last = increment > 0n ? sql`max(drawn.value)` : sql`min(drawn.value)`;
  const reached = await readDocument<string>(
    tx,
    sql`
      with recursive drawn (value) as (
        select nextval(${id})
        union all
        select nextval(${id}) from drawn where ${isBefore}
      )
      select to_json(${last}::text)::text from drawn`,
    { before: [besideTransfers] },
  );
  return BigInt(reached) + increment;
}
