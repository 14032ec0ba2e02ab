import type { HazardCode } from "../catalog/index.js";

/** Every code that `--allow` takes; the compiler sees to it that none is missing. */
export const HAZARD_CODES = Object.keys({
  CACHE_BREAKS_ORDER: true,
  CACHE_STALLS_SERVER: true,
  CURRENT_VALUE_EXCLUDED: true,
  CYCLE_REPEATS_KEYS: true,
  DROPS_SEQUENCE: true,
  ENDS_SEQUENCE: true,
  INCREMENT_CHANGED: true,
  KEY_HAS_ROWS: true,
  LOCKS_INSERTS: true,
  LOGGED_FROM_CHECKPOINT: true,
  NAMED_IN_TEXT: true,
  NAME_REUSED: true,
  NAME_TAKEN: true,
  NARROWER_TYPE: true,
  NEEDS_POSTGRES_15: true,
  UNLOGGED_STARTS_OVER: true,
  WIDER_THAN_COLUMN: true,
} satisfies Record<HazardCode, true>) as HazardCode[];
