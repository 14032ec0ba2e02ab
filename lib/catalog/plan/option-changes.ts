import type { SequenceChanges } from "../../index.js";
import { limitsOf } from "../../server/integer-limits.js";
import type { StateOptions } from "../inspect/state.js";

const ALTERABLE = ["as", "increment", "minValue", "maxValue", "startWith", "cache", "cycle"] as const;

/**
 * Returns the options that ALTER SEQUENCE has to set to change one set of options into another. These are the
 * differences, and each bound at the limit of the old type, which would otherwise move with the type. Source: "ALTER
 * SEQUENCE".
 */
export function differences(from: StateOptions, to: StateOptions): SequenceChanges {
  const changes: Record<string, unknown> = {};
  for (const option of ALTERABLE) if (from[option] !== to[option]) changes[option] = to[option];
  if (from.as !== to.as) {
    const { least, greatest } = limitsOf(from.as);
    if (from.minValue === least) changes["minValue"] = to.minValue;
    if (from.maxValue === greatest) changes["maxValue"] = to.maxValue;
  }
  return changes;
}
