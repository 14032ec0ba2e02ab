import { type Database, NextvalError, sql, type Transaction } from "../index.js";
import type { Change, HazardCode, Plan } from "./change.js";
import { inspect } from "./inspect.js";
import { lockBudget } from "./lock-budget.js";
import { outOfLocks, refuseTooManyLocks } from "./lock-room.js";
import { keyOf, nameOf } from "./name.js";
import { plan as planAgain } from "./plan.js";
import { readAgain } from "./read-again.js";
import type { DatabaseState, SequenceState } from "./state.js";

export interface ApplyOptions {
  /** How long to wait for locks in all, in milliseconds, before everything is given up. Default: 5000. 0 waits forever. */
  readonly lockTimeout?: number | undefined;
  /** The hazards that are accepted. */
  readonly allow?: readonly HazardCode[] | undefined;
}

/** The letters of "nextval": an advisory lock of this number is held while a plan is applied. */
const LOCK = 0x6e65787476616cn;

/**
 * Carries out a plan in one transaction, all of it or nothing. One deployment does so at a time; what another one has done
 * meanwhile is left as it is, if it was the same.
 *
 * ```ts
 * await apply(db, plan([orderSeq], await inspect(db)), { allow: ["CYCLE_REPEATS_KEYS"] });
 * ```
 *
 * Throws, with nothing changed: `PLAN_REFUSED` if a hazard is blocked or not allowed, or if the plan takes more locks than the
 * server has room for; `PLAN_OUTDATED` if the sequences of the plan have changed since they were inspected; `PLAN_NOT_REACHED` if
 * something would still differ afterwards; `LOCK_TIMEOUT`; `DEADLOCK`.
 *
 * One wait has no limit: after the commit, which then holds up nobody else, the server cannot remove what an altered sequence
 * was stored in while somebody has a cursor open that reads from the sequence itself.
 */
export async function apply(
  db: Pick<Database, "begin">,
  plan: Plan,
  { lockTimeout = 5000, allow = [] }: ApplyOptions = {},
): Promise<void> {
  if (!Number.isSafeInteger(lockTimeout) || lockTimeout < 0 || lockTimeout > 2_147_483_647) {
    const problem = `apply takes a lockTimeout from 0 to 2147483647 milliseconds, not ${lockTimeout}`;
    throw new NextvalError("INVALID_OPTIONS", problem);
  }
  refuseHazards(plan, allow);
  if (plan.changes.length === 0) return;
  await db
    .begin("isolation level read committed", async (tx) => {
      const start = performance.now();
      await tx`select pg_catalog.set_config('lock_timeout', ${`${lockTimeout}`}, true)`;
      const within = lockBudget(tx, lockTimeout, performance.now() - start);
      await refuseTooManyLocks(tx, plan);
      await within(() => tx`select pg_catalog.pg_advisory_xact_lock(${LOCK})`);
      const now = await within(() => look(tx, plan));
      // Two sequences that change places may look alike: with renames, nothing tells whether it has been done.
      const moves = plan.changes.some(({ kind }) => kind === "rename" || kind === "move");
      if (!moves && remaining(plan, now).length === 0) return;
      const before = planAgain(plan.declared, now, plan.options);
      refuseOutdated(plan, before);
      refuseHazards(before, allow);
      for (const change of plan.changes) await within(() => tx.query(sql.raw(change.sql)));
      const left = remaining(plan, await within(() => look(tx, plan)));
      if (left.length > 0) {
        throw new NextvalError(
          "PLAN_NOT_REACHED",
          `the plan was carried out and rolled back, because this would still differ: ${textOf(left)}`,
        );
      }
    })
    .catch((error: unknown) => {
      throw explained(error, plan, lockTimeout);
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
function remaining({ resolved, options }: Plan, state: DatabaseState): readonly Change[] {
  return planAgain(resolved, state, { ...options, renames: undefined }).changes;
}

function textOf(changes: readonly Change[]): string {
  return changes.map(({ sql }) => sql).join("; ");
}

function explained(error: unknown, plan: Plan, lockTimeout: number): unknown {
  if (!(error instanceof Error) || error instanceof NextvalError || !("code" in error)) return error;
  const because = (code: "DEADLOCK" | "LOCK_TIMEOUT" | "PLAN_OUTDATED", problem: string) =>
    new NextvalError(code, problem, { cause: error });
  switch (error.code) {
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
    default:
      return error;
  }
}
