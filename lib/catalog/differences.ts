import type { SequenceChanges } from "../index.js";
import type { StateOptions } from "./state.js";

const ALTERABLE = ["as", "increment", "minValue", "maxValue", "startWith", "cache", "cycle"] as const;

/**
 * What ALTER SEQUENCE has to say to get from one set of options to another: what differs, and a bound that would else move
 * along with the type, because it stands at the limit of the old one. Source: "ALTER SEQUENCE".
 */
export function differences(from: StateOptions, to: StateOptions): SequenceChanges {
  const changes: Record<string, unknown> = {};
  for (const option of ALTERABLE) if (from[option] !== to[option]) changes[option] = to[option];
  if (from.as !== to.as) {
    const limits = LIMITS[from.as];
    if (from.minValue === limits.minValue) changes["minValue"] = to.minValue;
    if (from.maxValue === limits.maxValue) changes["maxValue"] = to.maxValue;
  }
  return changes;
}

/** The least and the greatest value of a type of integers; other types have none that matter to a sequence. */
export const LIMITS = {
  smallint: { minValue: -(2n ** 15n), maxValue: 2n ** 15n - 1n },
  integer: { minValue: -(2n ** 31n), maxValue: 2n ** 31n - 1n },
  bigint: { minValue: -(2n ** 63n), maxValue: 2n ** 63n - 1n },
};
