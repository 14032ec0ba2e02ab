import { NextvalError, sql, type Transaction } from "../../index.js";
import { readDocument } from "../../server/read-json.js";
import type { Plan } from "../plan/change.js";

/**
 * The size of the server's lock table: the locks per session times the number of sessions. Source: "Lock Management".
 */
interface LockRoom {
  readonly perTransaction: number;
  readonly sessions: number;
}

const lockRoom = sql`
  select pg_catalog.json_build_object(
    'perTransaction', pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int4,
    'sessions', pg_catalog.current_setting('max_connections')::pg_catalog.int4
      operator(pg_catalog.+) pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4
  )::pg_catalog.text as document`;

/** Every server has room for this many locks. */
const FEW = 500;

/**
 * Throws `PLAN_REFUSED` if a plan takes more locks than the server has room for. A transaction keeps the lock of each
 * sequence that it changes. If it fills the server's lock table, statements of other sessions also fail.
 */
export async function refuseTooManyLocks(tx: Transaction, plan: Plan): Promise<void> {
  const locks = countLocks(plan);
  if (locks <= FEW) return;
  const { perTransaction, sessions } = await readDocument<LockRoom>(tx, lockRoom);
  const room = perTransaction * sessions;
  if (locks <= room) return;
  const needed = `the plan locks ${locks} sequences and tables in one transaction`;
  const problem = `${needed}, and the server has room for ${room} locks, so nothing was changed`;
  const setting = `max_locks_per_transaction from ${perTransaction} to ${Math.ceil(locks / sessions)}`;
  throw new NextvalError("PLAN_REFUSED", problem, { hint: hintFor(setting) });
}

/** The error for a lock table that was full nevertheless, because other sessions hold many locks. */
export function outOfLocks(plan: Plan, cause: unknown): NextvalError {
  const needed = `${countLocks(plan)} or more locks of the plan`;
  const problem = `the server has no room left for ${needed}, and nothing was changed`;
  return new NextvalError("PLAN_REFUSED", problem, { hint: hintFor("max_locks_per_transaction"), cause });
}

function hintFor(setting: string): string {
  return `Apply fewer declarations at a time, or raise ${setting} and restart the server.`;
}

/** Counts one lock for each sequence that changes, and one for each table that becomes an owner. */
function countLocks({ changes, resolved }: Plan): number {
  const changed = new Set(changes.map(({ subject }) => subject));
  const owned = changes.filter(({ kind }) => kind === "own").length;
  const owners = resolved.flatMap(({ schema, seqOptions }) => {
    const table = seqOptions?.ownedBy?.table;
    return table === undefined ? [] : [JSON.stringify([schema, table])];
  });
  // A change of an identity sequence locks its table.
  const identities = resolved.filter(({ seqOptions }) => seqOptions?.identity !== undefined).length;
  return changed.size + Math.min(owned + Math.min(changed.size, identities), new Set(owners).size);
}
