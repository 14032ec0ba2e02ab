import { NextvalError, type Transaction } from "../../index.js";
import { canBegin, refuseHandle } from "../../server/refuse-handle.js";
import type { ResyncHandle, ResyncOptions } from "./resync-report.js";

/** Whether the handle is a transaction. Then refuses options that would hurt after its rollback. */
export function isTransaction(name: string, db: ResyncHandle, { allowBackwards, emptyCaches }: ResyncOptions): boolean {
  if (canBegin(db)) return false;
  if (typeof (db as Partial<Transaction> | null | undefined)?.savepoint !== "function") {
    refuseHandle(name, "takes a handle first: a pool, a session or a transaction");
  }
  const wish = allowBackwards === true ? "allowBackwards" : emptyCaches === true ? "emptyCaches" : undefined;
  if (wish === undefined) return true;
  const problem = `${name} takes no ${wish} in a transaction, because a rollback would not undo it`;
  throw new NextvalError("INVALID_ARGUMENT", problem, { hint: "Run it on the pool, after the commit." });
}
