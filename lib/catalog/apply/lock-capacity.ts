import { NextvalError, type Transaction } from "../../index.js";
import { lackOfLocks } from "../../server/lock-room.js";
import type { Plan } from "../plan/change.js";

/**
 * Throws `PLAN_REFUSED` if a plan takes more locks than the server has room for. A transaction keeps the lock of each
 * sequence that it changes.
 */
export async function refuseTooManyLocks(tx: Transaction, plan: Plan): Promise<void> {
  const locks = countLocks(plan);
  const lack = await lackOfLocks(tx, locks, `the plan locks ${locks} sequences and tables`);
  if (lack === undefined) return;
  throw new NextvalError("PLAN_REFUSED", lack.problem, { hint: hintFor(`at most ${lack.room}`, lack.setting) });
}

/** The error for a lock table that was full nevertheless, because other sessions hold many locks. */
export function outOfLocks(plan: Plan, cause: unknown): NextvalError {
  const needed = `${countLocks(plan)} or more locks of the plan`;
  const problem = `the server has no room left for ${needed}, and nothing was changed`;
  return new NextvalError("PLAN_REFUSED", problem, { hint: hintFor("fewer", "max_locks_per_transaction"), cause });
}

function hintFor(count: string, setting: string): string {
  return `Apply ${count} of the changes at a time, or raise ${setting} and restart the server.`;
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
