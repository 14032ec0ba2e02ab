import { type Database, NextvalError, sql, type Transaction } from "../../index.js";
import { optionsOf, refuseArgument, shown, sleep, storedIdentifier } from "../../internal.js";
import type { ColumnName } from "../../server/name-shapes.js";
import { columnOf } from "../../server/names.js";
import { readDocument } from "../../server/read-json.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import { sqlStateOf } from "../../server/sqlstate.js";
import { batchOf, isOpen, MAX_IDLE_PASSES, PAGES_PER_BATCH, pagesOf, stuck, STUCK_HINT } from "./backfill.js";
import { refuseCodeOfTable, refuseForeignCode } from "./foreign-code.js";
import { swapStatements } from "./swap.js";
import { type Model, readModel } from "./tables.js";
import {
  type ApplyWidenOptions,
  WidenError,
  type WidenPhase,
  type WidenPlan,
  type WidenReport,
  type WidenWork,
} from "./widen-plan.js";

/** How many pauses to wait after a pass of the backfill that has left rows. */
const PAUSES_WHEN_IDLE = 50;

/** How long to wait before a phase is tried again, in milliseconds. The time grows with each attempt. */
const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 2000;

type Handle = Pick<Database, "begin" | "session">;

/**
 * Runs the phases of a plan that were not run yet, one by one. It can be stopped at any time: plan again to go on.
 *
 * ```ts
 * await applyWiden(db, await planWiden(db, { table: "orders", column: "id" }));
 * // Later, when nothing needs the way back:
 * await applyWiden(db, await planWiden(db, { table: "orders", column: "id" }), { cleanUp: true });
 * ```
 *
 * A phase that does not get its locks in time is rolled back, so other sessions go on, and is tried again.
 *
 * Throws `WIDEN_INCOMPLETE` (a `WidenError`) if a phase fails. Its `report` has the phases that ran, and its `cause`
 * has the reason:
 *
 * - `LOCK_TIMEOUT`: the retries are used up;
 * - `PLAN_OUTDATED`: something that the swap has to carry over was created or changed after the plan;
 * - `PLAN_REFUSED`: the phase may now run code of a role that is not trusted;
 * - `CHANGE_REFUSED`: the server refuses a statement, or a row violates a constraint that was NOT VALID. The phases
 *   after such a constraint run first.
 */
export async function applyWiden(db: Handle, plan: WidenPlan, options?: ApplyWidenOptions): Promise<WidenReport> {
  const given = optionsOf("applyWiden", options, ["retries", "pause", "cleanUp", "onProgress"]);
  const { cleanUp = false, onProgress = () => {} } = given;
  const [retries, pause] = [wholeNumber("retries", given.retries ?? 100), wholeNumber("pause", given.pause ?? 20)];
  if (!canBegin(db) || typeof db.session !== "function") {
    refuseHandle("applyWiden", "takes a handle of a pool first");
  }
  if (!Array.isArray(plan?.phases)) refuseArgument("applyWiden", "takes a plan that planWiden made");
  const ran: string[] = [];
  let violated: { readonly name: string; readonly reason: Error } | undefined;
  for (const phase of plan.phases) {
    if (phase.isDone || (phase.kind === "clean-up" && !cleanUp)) continue;
    const report = (pages: number, total: number) => onProgress({ phase: phase.name, done: pages, total });
    report(0, 1);
    try {
      if (phase.kind === "backfill" && phase.work !== undefined) await fill(db, plan, phase.work, pause, report);
      else if (phase.isTransactional) await inTransaction(db, plan, phase, retries);
      else await outside(db, plan, phase);
    } catch (error) {
      const { name, kind } = phase;
      const reason = explained(error, phase);
      // The rows were not changed. So the constraint was NOT VALID before the swap, and stays so.
      if (kind !== "validate" || !VIOLATED.has(sqlStateOf(error) ?? "")) throw new WidenError({ ran }, name, reason);
      violated ??= { name, reason };
      continue;
    }
    ran.push(phase.name);
  }
  if (violated !== undefined) throw new WidenError({ ran }, violated.name, violated.reason);
  return { ran };
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= 1_000_000_000) return value;
  return refuseArgument("applyWiden", `takes ${name} as a whole number from 0 to 1000000000, not ${shown(value)}`);
}

/** Runs a phase in one transaction. Other sessions go on between the attempts. */
async function inTransaction(db: Handle, plan: WidenPlan, phase: WidenPhase, retries: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await db.begin("isolation level read committed", async (tx) => {
        for (const [index, statement] of phase.up.entries()) {
          await tx.query(sql.raw(statement));
          // The first statement sets the limit of the locks.
          if (index === 0 && phase.kind !== "swap") await refuseNewCode(tx, plan);
          if (phase.kind === "swap" && statement.startsWith("lock table ")) await refuseOutdated(tx, plan, phase);
        }
        // With a wider argument, a definition may have found a function of another role.
        if (phase.kind === "swap") await refuseNewCode(tx, plan);
      });
      return;
    } catch (error) {
      if (attempt >= retries || !WAITED.has(sqlStateOf(error) ?? "")) throw error;
      const limit = Math.min(MAX_WAIT_MS, MIN_WAIT_MS * 2 ** Math.min(attempt, 6));
      await sleep(limit * (0.5 + Math.random() / 2));
    }
  }
}

/** Throws `PLAN_OUTDATED` if what depends on the columns has changed since the plan was made. The tables are locked. */
async function refuseOutdated(tx: Transaction, plan: WidenPlan, { up }: WidenPhase): Promise<void> {
  const target = targetOf(plan);
  const model = await refuseNewCode(tx, plan);
  // The first statement sets the limit of the locks.
  const isSame = !model.isSwapped && swapStatements(model, "up").join("\n") === up.slice(1).join("\n");
  if (isSame && model.dependents.others.length === 0) return;
  const problem = `${columnOf(target)}: what depends on it has changed since the plan was made`;
  throw new NextvalError("PLAN_OUTDATED", problem, { hint: "Plan again to go on." });
}

/** Throws `PLAN_REFUSED` if the tables run code of a role that is not trusted, such as a trigger of today. */
async function refuseNewCode(tx: Transaction, plan: WidenPlan): Promise<Model> {
  const target = targetOf(plan);
  const model = await readModel(tx, target);
  await refuseForeignCode(tx, model, target, plan.trustOwners ?? []);
  return model;
}

function targetOf({ columns: [target] }: WidenPlan): ColumnName {
  return target ?? refuseArgument("applyWiden", "takes a plan that planWiden made");
}

/** A row violates a foreign key or a check. */
const VIOLATED = new Set(["23503", "23514"]);

/** A lock was not free in time, or two sessions waited for each other. */
const WAITED = new Set(["55P03", "40P01"]);

/**
 * Builds an index. What an interrupted attempt has left is dropped first, which is an invalid one. Before PostgreSQL 17
 * functions of the index see the path of the session, so it is that of the catalog.
 */
async function outside(db: Handle, plan: WidenPlan, { up, down, work }: WidenPhase): Promise<void> {
  await db.session(async (session) => {
    await session.begin((tx) => refuseNewCode(tx, plan));
    await session`select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)`;
    if (work !== undefined && (await isLeft(session, work))) {
      for (const statement of down) await session.query(sql.raw(statement));
    }
    for (const statement of up) await session.query(sql.raw(statement));
  });
}

function isLeft(db: Pick<Database, "begin">, { schema, name }: WidenWork): Promise<boolean> {
  return readDocument<boolean>(
    db,
    sql`
    select (exists (
      select from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_index i on i.indexrelid = c.oid and not i.indisvalid
      where n.nspname = ${schema} and c.relname = ${name}
    ))::text`,
  );
}

/** Fills the new columns of a table, each batch in a transaction. */
async function fill(
  db: Handle,
  plan: WidenPlan,
  work: WidenWork,
  pause: number,
  report: (done: number, total: number) => void,
): Promise<void> {
  for (let idle = 0; idle < MAX_IDLE_PASSES;) {
    const pages = BigInt(await readDocument<string>(db, pagesOf(work)));
    let filled = 0;
    for (let page = 0n; page <= pages; page += BigInt(PAGES_PER_BATCH)) {
      const now = await fillBatch(db, plan, work, page);
      filled += now;
      report(Math.min(Number(page) + PAGES_PER_BATCH, Number(pages)), Math.max(1, Number(pages)));
      if (now > 0) await sleep(pause);
    }
    if (!(await readDocument<boolean>(db, isOpen(work)))) return;
    idle = filled === 0 ? idle + 1 : 0;
    await sleep(pause * PAUSES_WHEN_IDLE);
  }
  throw new NextvalError("CHANGE_REFUSED", stuck(work), { hint: STUCK_HINT });
}

/** Returns how many rows a batch has filled. */
function fillBatch(db: Handle, plan: WidenPlan, work: WidenWork, page: bigint): Promise<number> {
  return db.begin("isolation level read committed", async (tx) => {
    await tx`select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
      pg_catalog.set_config('row_security', 'off', true)`;
    // Nobody can add a trigger until the transaction ends.
    await tx`lock table only ${storedIdentifier(work.schema, work.name)} in row exclusive mode`;
    await refuseCodeOfTable(tx, work, targetOf(plan), plan.trustOwners ?? []);
    const [row] = await tx.query(sql`
      with filled as (${batchOf(work, page)} returning 1)
      select pg_catalog.count(*)::pg_catalog.text as number from filled`);
    return Number(Object.values(row as object)[0]);
  });
}

function explained(error: unknown, { name }: WidenPhase): Error {
  const state = sqlStateOf(error);
  if (!(error instanceof Error)) return new Error(`phase ${name} failed: ${shown(error)}`);
  if (error instanceof NextvalError || state === undefined) return error;
  if (WAITED.has(state)) {
    return new NextvalError("LOCK_TIMEOUT", `phase ${name} did not get its locks, and was rolled back`, {
      hint: "Find the sessions that hold them in pg_locks, and plan again to go on.",
      cause: error,
    });
  }
  if (!/^(0A|22|23|2B|3F|42|55|57|P0)/.test(state)) return error;
  const code = state === "42501" ? "PERMISSION_DENIED" : "CHANGE_REFUSED";
  const hint = VIOLATED.has(state)
    ? "Change the rows, and run the phase again."
    : state.startsWith("42")
      ? "Change what the server complains of, and plan again to go on."
      : "Plan again to go on.";
  return new NextvalError(code, `phase ${name} failed: ${error.message}`, { hint, cause: error });
}
