import type { Database } from "nextval";
import { applyTransfer, planTransfer, type PlanTransferOptions, type TransferReport } from "nextval/operate";

/** Plans and applies. */
export async function transfer(
  from: Database,
  to: Pick<Database, "begin">,
  options?: PlanTransferOptions,
): Promise<TransferReport> {
  return applyTransfer(from, to, await planTransfer(from, to, options));
}
