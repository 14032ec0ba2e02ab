/** The hazards that `allow` accepts. */
export const ALLOWABLE_CODES = [
  "CACHE_BREAKS_ORDER",
  "CACHE_STALLS_SERVER",
  "CYCLE_REPEATS_KEYS",
  "DROPS_SEQUENCE",
  "ENDS_SEQUENCE",
  "IDENTITY_REJECTS_VALUES",
  "INCREMENT_CHANGED",
  "KEY_HAS_ROWS",
  "LOCKS_INSERTS",
  "LOGGED_FROM_CHECKPOINT",
  "NAMED_IN_TEXT",
  "NAME_REUSED",
  "NARROWER_TYPE",
  "UNLOGGED_STARTS_OVER",
  "WIDER_THAN_COLUMN",
] as const;

/** The hazards that are always blocked, because the server would refuse the change. */
export const BLOCKED_CODES = ["CURRENT_VALUE_EXCLUDED", "NAME_TAKEN", "NEEDS_POSTGRES_15"] as const;

/** A hazard that can be accepted. */
export type AllowableCode = (typeof ALLOWABLE_CODES)[number];

/**
 * The code of a hazard, which says why a change may hurt. {@link applyPlan} accepts some of them by `allow`. The page
 * "Hazards, one by one" of the documentation shows the harm of each.
 */
export type HazardCode = AllowableCode | (typeof BLOCKED_CODES)[number];

/** Whether a code is that of a hazard that is always blocked. */
export function isAlwaysBlocked(code: string): boolean {
  return (BLOCKED_CODES as readonly string[]).includes(code);
}
