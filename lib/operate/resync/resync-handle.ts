import { NextvalError, type Transaction } from "../../index.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import type { ResyncHandle, ResyncOptions } from "./resync-report.js";

/** Whether the handle is a transaction of the caller. Throws for what is not a handle. */
export function isTransaction(name: string, db: ResyncHandle): boolean {
  if (canBegin(db)) return false;
  if (typeof (db as Partial<Transaction> | null | undefined)?.savepoint === "function") return true;
  return refuseHandle(name, "takes a handle first: a pool, a session or a transaction");
}

/** Refuses options that would hurt after a rollback of the caller's transaction. */
export function refuseInTransaction(name: string, { allowBackwards, emptyCaches }: ResyncOptions): void {
  const wish = allowBackwards === true ? "allowBackwards" : emptyCaches === true ? "emptyCaches" : undefined;
  if (wish === undefined) return;
  const problem = `${name} takes no ${wish} in a transaction, because a rollback would not undo it`;
  throw new NextvalError("INVALID_ARGUMENT", problem, { hint: "Run it on the pool, after the commit." });
}
