import { type Database, NextvalError, type NextvalErrorCode, sql, type Transaction } from "../../index.js";
import { checkKnown, refuseArgument, shown } from "../../internal.js";
import { PLAN_LOCK } from "../../server/advisory-locks.js";
import { checkLockTimeout, DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { keyOf, nameOf, shownNameOf } from "../../server/names.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import { readAgain } from "../../server/retry-concurrent-ddl.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { inspectSequences } from "../inspect/inspect.js";
import type { DatabaseState, SequenceState } from "../inspect/state.js";
import type { Change, Hazard, Pending, Plan } from "../plan/change.js";
import type { HazardCode } from "../plan/hazards/hazard-codes.js";
import { planChanges as planAgain } from "../plan/plan.js";
import { lockBudget } from "./lock-budget.js";
import { outOfLocks, refuseTooManyLocks } from "./lock-capacity.js";
import { PLAN_AGAIN, refuseDrawn } from "./refuse-drawn.js";

/** Options of {@link applyPlan}. */
export interface ApplyOptions {
  /**
   * How long to wait for locks in total, in milliseconds, before `applyPlan` gives up. Default: 5000; 0 waits forever.
   */
  readonly lockTimeout?: number | undefined;
  /** The hazards that are accepted. All others make `applyPlan` refuse the plan. */
  readonly allow?: readonly HazardCode[] | undefined;
}

/** The part of a plan that {@link applyPlan} could not do yet. */
export interface ApplyReport {
  /** Owners that do not exist yet. Once their tables exist, a new plan has them as changes. */
  readonly pending: readonly Pending[];
}

/**
 * Applies a plan in one transaction: all of it or nothing.
 *
 * ```ts
 * await applyPlan(db, planChanges([orderSeq], await inspectSequences(db)), { allow: ["CYCLE_REPEATS_KEYS"] });
 * ```
 *
 * Only one deployment applies a plan at a time. If another one has made the same changes since the plan was made, they
 * are left as they are. Pending owners are not set and are not an error; the report lists them. Questions of the plan
 * are not asked again.
 *
 * If it throws, nothing was changed:
 *
 * - `PLAN_REFUSED`: a hazard is blocked or not allowed, or the plan takes more locks than the server has room for.
 * - `PLAN_OUTDATED`: the sequences of the plan have changed since they were inspected.
 * - `PLAN_INCOMPLETE`: something would still differ afterwards.
 * - `PERMISSION_DENIED` or `CHANGE_REFUSED`: the server refuses a change.
 * - `LOCK_TIMEOUT` or `DEADLOCK`.
 *
 * One wait has no limit. After the commit, which then blocks no other session, the server removes the old storage of an
 * altered sequence. It cannot do so while another session has a cursor open that reads from the sequence itself.
 */
export async function applyPlan(
  db: Pick<Database, "begin">,
  plan: Plan,
  options: ApplyOptions = {},
): Promise<ApplyReport> {
  checkKnown("applyPlan", options, ["lockTimeout", "allow"]);
  const { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS, allow = [] } = options;
  checkLockTimeout("applyPlan", lockTimeout);
  checkArguments(db, plan);
  if (!Array.isArray(allow)) refuseArgument("applyPlan", `takes allow as a list of codes, not ${shown(allow)}`);
  refuseHazards(plan, allow);
  if (plan.changes.length === 0) return { pending: plan.pending };
  // The change in progress, for error messages.
  let current: Change | undefined;
  return db
    .begin("isolation level read committed", async (tx) => {
      const start = performance.now();
      await setLockTimeout(tx, lockTimeout);
      const within = lockBudget(tx, lockTimeout, performance.now() - start);
      await refuseTooManyLocks(tx, plan);
      await within(() => tx`select pg_catalog.pg_advisory_xact_lock(${PLAN_LOCK})`);
      const now = await within(() => inspectInTransaction(tx, plan));
      // Two sequences that swap names may look alike. So with renames, nothing shows whether they have been done.
      const moves = plan.changes.some(({ kind }) => kind === "rename" || kind === "move");
      const before = planAgain(plan.declared, now, plan.options);
      const rest = remaining(plan, now);
      if (!moves && rest.changes.length === 0) return { pending: before.pending };
      refuseOutdated(plan, before);
      refuseHazards(before, allow);
      // Their text is that of the plan's changes. The statements of a restart are not in that text.
      for (const change of before.changes) {
        current = change;
        await refuseDrawn(tx, change, now.serverVersion, within);
        await within(() => tx.query(sql.raw(change.sql)));
      }
      current = undefined;
      // A table that was created since the first inspection is left to the next plan.
      const waiting = new Set(rest.pending.map((each) => each.sql));
      const after = await within(() => inspectInTransaction(tx, plan));
      const left = remaining(plan, after).changes.filter((each) => !waiting.has(each.sql));
      if (left.length > 0) {
        throw new NextvalError(
          "PLAN_INCOMPLETE",
          `the plan was carried out and rolled back, because this would still differ: ${textOf(left)}`,
        );
      }
      refuseSwapped(before, after);
      return { pending: before.pending };
    })
    .catch((error: unknown) => {
      throw explained(error, plan, lockTimeout, current);
    });
}

function checkArguments(db: Pick<Database, "begin">, plan: Plan): void {
  const lists: readonly unknown[] = [plan?.changes, plan?.pending, plan?.declared, plan?.found];
  if (!canBegin(db)) refuseHandle("applyPlan", "takes a handle first: a pool or a session");
  if (!lists.every(Array.isArray)) refuseArgument("applyPlan", "takes a plan that planChanges made");
}

function refuseHazards({ changes }: Plan, allow: readonly HazardCode[]): void {
  const hazards = changes.flatMap((change) => change.hazards);
  const refused = hazards.filter(({ blocked, code }) => blocked || !allow.includes(code));
  if (refused.length === 0) return;
  const list = refused.map(({ code, message, blocked }) => `${code}${blocked ? " (blocked)" : ""}: ${message}`);
  throw new NextvalError("PLAN_REFUSED", `the plan has hazards that are not allowed:\n${list.join("\n")}`, {
    hint: hintFor(refused),
  });
}

function hintFor(refused: readonly Hazard[]): string {
  if (refused.some(({ blocked }) => blocked)) return "A blocked hazard cannot be allowed: change the declaration.";
  const codes = [...new Set(refused.map(({ code }) => JSON.stringify(code)))];
  return `Follow the hint of each hazard, or accept them with allow: [${codes.join(", ")}].`;
}

/**
 * Throws if the states have changed, except for current values, which always advance. It is not enough to compare
 * statements: `maxvalue 10` fits any state, and could undo what another deployment has done since.
 */
function refuseOutdated(plan: Plan, before: Plan): void {
  const found = new Map(plan.found.map((state) => [keyOf(state), state]));
  const changed = before.found.find((state) => !isSame(state, found.get(keyOf(state))));
  if (changed !== undefined) throw outdated(changed);
  if (before.found.length !== plan.found.length || textOf(before.changes) !== textOf(plan.changes)) {
    throw new NextvalError("PLAN_OUTDATED", "the database has changed since it was inspected", { hint: PLAN_AGAIN });
  }
}

/**
 * Throws if a statement may have changed another sequence, because another session gave it the name meanwhile. Only the
 * OIDs show that. With renames, the names do not tell which sequence is which.
 */
function refuseSwapped({ found, changes }: Plan, { sequences }: DatabaseState): void {
  const [oids, byName] = [
    new Set(sequences.map(({ oid }) => oid)),
    new Map(sequences.map((each) => [keyOf(each), each])),
  ];
  const dropped = new Set(changes.filter(({ kind }) => kind === "drop").map(({ subject }) => subject));
  const isRenaming = changes.some(({ kind }) => kind === "rename" || kind === "move");
  const swapped = found.find((state) =>
    dropped.has(nameOf(state)) ? oids.has(state.oid) : !isRenaming && byName.get(keyOf(state))?.oid !== state.oid,
  );
  if (swapped !== undefined) throw outdated(swapped);
}

function outdated(state: SequenceState): NextvalError {
  const name = nameOf(state);
  const problem = "it has changed since it was inspected";
  return new NextvalError("PLAN_OUTDATED", `${shownNameOf(state)}: ${problem}`, { sequence: name, hint: PLAN_AGAIN });
}

function isSame(one: SequenceState, other: SequenceState | undefined): boolean {
  // Two sequences that have swapped names may have the same options.
  const textOf = ({ oid, definedBy, options }: SequenceState) =>
    JSON.stringify({ ...options, oid, definedBy }, (_key, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    );
  return other !== undefined && textOf(one) === textOf(other);
}

async function inspectInTransaction(tx: Transaction, { inspected }: Plan): Promise<DatabaseState> {
  return readAgain(() => tx.savepoint((inner) => inspectSequences(inner, { schemas: inspected ?? undefined })));
}

/** Returns what still differs. Renames are left out: after two sequences have swapped names, they would swap again. */
function remaining({ resolved, options }: Plan, state: DatabaseState): Plan {
  return planAgain(resolved, state, { ...options, renames: undefined, new: undefined });
}

function textOf(changes: readonly Change[]): string {
  return changes.map(({ sql }) => sql).join("; ");
}

function explained(error: unknown, plan: Plan, lockTimeout: number, current: Change | undefined): unknown {
  const state = sqlStateOf(error);
  if (!(error instanceof Error) || state === undefined) return error;
  const sequence = current?.subject;
  const because = (code: NextvalErrorCode, problem: string, hint?: string) => {
    const message = `${sequence === undefined ? "" : `${sequence}: `}${problem}, and nothing was changed`;
    return new NextvalError(code, message, { sequence, cause: error, hint });
  };
  switch (state) {
    case "55P03":
      return because(
        "LOCK_TIMEOUT",
        `the locks were not free within ${lockTimeout} ms in all`,
        "Find the sessions that hold them in pg_locks, or raise lockTimeout.",
      );
    case "40P01":
      return because(
        "DEADLOCK",
        "another transaction and this one waited for each other",
        "Apply it again, best when few transactions draw from several of its sequences.",
      );
    case "53200":
      return outOfLocks(plan, error);
    // Another relation or type was created after the inspection.
    case "42P07":
    case "42710":
      return because("PLAN_OUTDATED", error.message, PLAN_AGAIN);
    default: {
      if (current === undefined || !REFUSALS.test(state)) return error;
      const detail = "detail" in error && typeof error.detail === "string" ? ` (${error.detail})` : "";
      return because(
        state === "42501" ? "PERMISSION_DENIED" : "CHANGE_REFUSED",
        `the server refused ${current.sql}: ${error.message}${detail}`,
      );
    }
  }
}

/** SQLSTATEs for which the server refuses a statement as it is. Others are about the connection or the server. */
const REFUSALS = /^(0A|22|23|2B|3F|42|55)/;
