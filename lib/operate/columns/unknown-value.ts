import type { SequenceState } from "../../catalog/index.js";
import type { NextvalErrorCode } from "../../index.js";

/** The reason why a position is unknown although the role may read it. */
export interface Unknown {
  readonly reason: string;
  readonly code: NextvalErrorCode;
}

const LOST_ON_STANDBY: Unknown = {
  reason: "it cannot be read here, as it is unlogged and the server a standby; read it on the primary",
  code: "READ_ONLY",
};

export const NOT_BY_OID: Unknown = {
  reason:
    "its position is not known, because nothing was drawn from it since it was made, set or restarted; to read it then takes USAGE on its schema, and PostgreSQL 14.13, 15.8, 16.4 or later",
  code: "COLUMN_NOT_COMPARED",
};

const LOCKED: Unknown = {
  reason: "its position is not known, because another session has it locked, to drop or alter it; find it in pg_locks",
  code: "LOCK_TIMEOUT",
};

/** Returns why the position is unknown. Undefined if it is known, or if the role may not read it. */
export function whyUnknown({ lastValue, isLocked, missingPrivileges, options }: SequenceState): Unknown | undefined {
  if (lastValue !== null || missingPrivileges.includes("select")) return undefined;
  if (isLocked === true) return LOCKED;
  return options.unlogged ? LOST_ON_STANDBY : NOT_BY_OID;
}
