import type { SequenceChanges } from "../../index.js";
import { limitsOf } from "../../server/integer-limits.js";
import type { StateOptions } from "../inspect/state.js";

const ALTERABLE = ["as", "increment", "minValue", "maxValue", "startWith", "cache", "cycle"] as const;

/**
 * What ALTER SEQUENCE has to say to get from one set of options to another: what differs, and a bound that would else move
 * along with the type, because it stands at the limit of the old one. Source: "ALTER SEQUENCE".
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
