import { type Database, NextvalError, type NextvalErrorCode, sql, type Transaction } from "../../index.js";
import { PLAN_LOCK } from "../../server/advisory-locks.js";
import { checkLockTimeout, DEFAULT_LOCK_TIMEOUT_MS, setLockTimeout } from "../../server/lock-timeout.js";
import { keyOf, nameOf } from "../../server/names.js";
import { readAgain } from "../../server/retry-concurrent-ddl.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { inspect } from "../inspect/inspect.js";
import type { DatabaseState, SequenceState } from "../inspect/state.js";
import type { Change, Pending, Plan } from "../plan/change.js";
import type { HazardCode } from "../plan/hazards/hazard-codes.js";
import { plan as planAgain } from "../plan/plan.js";
import { lockBudget } from "./lock-budget.js";
import { outOfLocks, refuseTooManyLocks } from "./lock-capacity.js";

export interface ApplyOptions {
  /** How long to wait for locks in all, in milliseconds, before everything is given up. Default: 5000. 0 waits forever. */
  readonly lockTimeout?: number | undefined;
  /** The hazards that are accepted. */
  readonly allow?: readonly HazardCode[] | undefined;
}

/** What `apply` could not do yet. */
export interface ApplyReport {
  /** Owners that do not exist yet. A new plan has them as changes once their tables exist. */
  readonly pending: readonly Pending[];
}

/**
 * Carries out a plan in one transaction, all of it or nothing. One deployment does so at a time; what another one has done
 * meanwhile is left as it is, if it was the same.
 *
 * ```ts
 * await apply(db, plan([orderSeq], await inspect(db)), { allow: ["CYCLE_REPEATS_KEYS"] });
 * ```
 *
 * What is pending is not done, and no error: the report has it. Questions of the plan are not asked again.
 *
 * Throws, with nothing changed: `PLAN_REFUSED` if a hazard is blocked or not allowed, or if the plan takes more locks than the
 * server has room for; `PLAN_OUTDATED` if the sequences of the plan have changed since they were inspected; `PLAN_INCOMPLETE` if
 * something would still differ afterwards; `PERMISSION_DENIED` or `CHANGE_REFUSED` if the server refuses a change;
 * `LOCK_TIMEOUT`; `DEADLOCK`.
 *
 * One wait has no limit: after the commit, which then holds up nobody else, the server cannot remove what an altered sequence
 * was stored in while somebody has a cursor open that reads from the sequence itself.
 */
export async function apply(
  db: Pick<Database, "begin">,
  plan: Plan,
  { lockTimeout = DEFAULT_LOCK_TIMEOUT_MS, allow = [] }: ApplyOptions = {},
): Promise<ApplyReport> {
  checkLockTimeout("apply", lockTimeout);
  refuseHazards(plan, allow);
  if (plan.changes.length === 0) return { pending: plan.pending };
  // The change that is being carried out, for errors.
  let current: Change | undefined;
  return db
    .begin("isolation level read committed", async (tx) => {
      const start = performance.now();
      await setLockTimeout(tx, lockTimeout);
      const within = lockBudget(tx, lockTimeout, performance.now() - start);
      await refuseTooManyLocks(tx, plan);
      await within(() => tx`select pg_catalog.pg_advisory_xact_lock(${PLAN_LOCK})`);
      const now = await within(() => look(tx, plan));
      // Two sequences that change places may look alike: with renames, nothing tells whether it has been done.
      const moves = plan.changes.some(({ kind }) => kind === "rename" || kind === "move");
      const rest = remaining(plan, now);
      if (!moves && rest.changes.length === 0) {
        return { pending: planAgain(plan.declared, now, plan.options).pending };
      }
      const before = planAgain(plan.declared, now, plan.options);
      refuseOutdated(plan, before);
      refuseHazards(before, allow);
      for (const change of plan.changes) {
        current = change;
        await within(() => tx.query(sql.raw(change.sql)));
      }
      current = undefined;
      // A table that has come since the first look is left for the next plan.
      const waiting = new Set(rest.pending.map((each) => each.sql));
      const left = remaining(plan, await within(() => look(tx, plan))).changes.filter((each) => !waiting.has(each.sql));
      if (left.length > 0) {
        throw new NextvalError(
          "PLAN_INCOMPLETE",
          `the plan was carried out and rolled back, because this would still differ: ${textOf(left)}`,
        );
      }
      return { pending: before.pending };
    })
    .catch((error: unknown) => {
      throw explained(error, plan, lockTimeout, current);
    });
}

function refuseHazards({ changes }: Plan, allow: readonly HazardCode[]): void {
  const hazards = changes.flatMap((change) => change.hazards);
  const refused = hazards.filter(({ blocked, code }) => blocked || !allow.includes(code));
  if (refused.length === 0) return;
  const list = refused.map(({ code, message, blocked }) => `${code}${blocked ? " (blocked)" : ""}: ${message}`);
  throw new NextvalError("PLAN_REFUSED", `the plan has hazards that are not allowed:\n${list.join("\n")}`);
}

/**
 * The same statements may undo what another deployment has done since: `maxvalue 10` fits any state. So the states have to be the
 * same, but for the current values, which move on.
 */
function refuseOutdated(plan: Plan, before: Plan): void {
  const problem = "has changed since it was inspected; inspect and plan again";
  const found = new Map(plan.found.map((state) => [keyOf(state), state]));
  const changed = before.found.find((state) => !isSame(state, found.get(keyOf(state))));
  if (changed !== undefined) {
    const name = nameOf(changed);
    throw new NextvalError("PLAN_OUTDATED", `${name}: it ${problem}`, { sequence: name });
  }
  if (before.found.length !== plan.found.length || textOf(before.changes) !== textOf(plan.changes)) {
    throw new NextvalError("PLAN_OUTDATED", `the database ${problem}`);
  }
}

function isSame(one: SequenceState, other: SequenceState | undefined): boolean {
  const textOf = ({ definedBy, options }: SequenceState) =>
    JSON.stringify({ ...options, definedBy }, (_key, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    );
  return other !== undefined && textOf(one) === textOf(other);
}

async function look(tx: Transaction, { inspected }: Plan): Promise<DatabaseState> {
  return readAgain(() => tx.savepoint((inner) => inspect(inner, { schemas: inspected ?? undefined })));
}

/** What differs by name. Renames are left out: once two sequences have changed places, they would do so again. */
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
  const because = (code: NextvalErrorCode, problem: string) =>
    new NextvalError(code, `${sequence === undefined ? "" : `${sequence}: `}${problem}`, { sequence, cause: error });
  switch (state) {
    case "55P03": {
      const advice = "find who holds it in pg_locks, or wait longer with lockTimeout";
      return because(
        "LOCK_TIMEOUT",
        `the locks were not free within ${lockTimeout} ms in all, and nothing was changed; ${advice}`,
      );
    }
    case "40P01": {
      const problem = "another transaction and this one waited for each other, and nothing was changed";
      return because(
        "DEADLOCK",
        `${problem}; apply it again, best when few draw from several of its sequences at once`,
      );
    }
    case "53200":
      return outOfLocks(plan, error);
    // Another relation, or another type, that came since the database was looked at.
    case "42P07":
    case "42710":
      return because("PLAN_OUTDATED", `${error.message}, and nothing was changed; inspect and plan again`);
    default: {
      if (current === undefined || !REFUSALS.test(state)) return error;
      const detail = "detail" in error && typeof error.detail === "string" ? ` (${error.detail})` : "";
      return because(
        state === "42501" ? "PERMISSION_DENIED" : "CHANGE_REFUSED",
        `the server refused ${JSON.stringify(current.sql)}: ${error.message}${detail}; nothing was changed`,
      );
    }
  }
}

/** SQLSTATEs of a statement that the server does not carry out as it is; others are about the connection or the server. */
const REFUSALS = /^(0A|22|23|2B|3F|42|55)/;
