import type { SequenceState } from "../catalog/index.js";

/** Whether the role may read a sequence, and the server cannot. */
export function isLostOnStandby({ lastValue, missingPrivileges }: SequenceState): boolean {
  return lastValue === null && !missingPrivileges.includes("select");
}

export const LOST_ON_STANDBY =
  "it cannot be read here, as it is unlogged and the server a standby; read it on the primary";
