import type { Database } from "nextval";
import {
  type ApplyResyncOptions,
  applyResync,
  planResync,
  ResyncError,
  type ResyncOptions,
  type ResyncReport,
} from "nextval/operate";

/** Plans and applies. Returns the report also if some sequences could not be resynced. */
export async function resync(
  db: Pick<Database, "begin">,
  { lockTimeout, ...options }: ResyncOptions & Pick<ApplyResyncOptions, "lockTimeout"> = {},
): Promise<ResyncReport> {
  const plan = await planResync(db, options);
  return applyResync(db, plan, { lockTimeout }).catch((error: unknown) => {
    if (error instanceof ResyncError) return error.report;
    throw error;
  });
}
