import type { SequenceState } from "../../catalog/index.js";
import type { NextvalErrorCode } from "../../index.js";

/** The reason why a position is unknown although the role may read it. */
export interface Unknown {
  readonly reason: string;
  /** What to do, in a sentence. */
  readonly hint: string;
  readonly code: NextvalErrorCode;
}

const LOST_ON_STANDBY: Unknown = {
  reason: "its position cannot be read, because it is unlogged and the server is a standby",
  hint: "Read it on the primary.",
  code: "READ_ONLY",
};

export const NOT_BY_OID: Unknown = {
  reason: "its position is unknown, because no value was drawn since it was created, set or restarted",
  hint: "Reading it then takes USAGE on its schema, and PostgreSQL 14.13, 15.8, 16.4 or later.",
  code: "COLUMN_NOT_COMPARED",
};

const LOCKED: Unknown = {
  reason: "its position is unknown, because another session has locked it to drop or alter it",
  hint: "Find the session in pg_locks, and try again when it has ended.",
  code: "LOCK_TIMEOUT",
};

/** Returns why the position is unknown. Undefined if it is known, or if the role may not read it. */
export function whyUnknown({ lastValue, isLocked, missingPrivileges, options }: SequenceState): Unknown | undefined {
  if (lastValue !== null || missingPrivileges.includes("select")) return undefined;
  if (isLocked === true) return LOCKED;
  return options.unlogged ? LOST_ON_STANDBY : NOT_BY_OID;
}
