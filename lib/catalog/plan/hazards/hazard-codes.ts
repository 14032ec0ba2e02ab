import type { HazardCode } from "../change.js";

/** Whether `--allow` can let a hazard pass: what the server would refuse is always blocked. The compiler sees to it that no code is missing. */
const IS_ALLOWABLE = {
  CACHE_BREAKS_ORDER: true,
  CACHE_STALLS_SERVER: true,
  CURRENT_VALUE_EXCLUDED: false,
  CYCLE_REPEATS_KEYS: true,
  DROPS_SEQUENCE: true,
  ENDS_SEQUENCE: true,
  INCREMENT_CHANGED: true,
  KEY_HAS_ROWS: true,
  LOCKS_INSERTS: true,
  LOGGED_FROM_CHECKPOINT: true,
  NAMED_IN_TEXT: true,
  NAME_REUSED: true,
  NAME_TAKEN: false,
  NARROWER_TYPE: true,
  NEEDS_POSTGRES_15: false,
  UNLOGGED_STARTS_OVER: true,
  WIDER_THAN_COLUMN: true,
} as const satisfies Record<HazardCode, boolean>;

type Codes = typeof IS_ALLOWABLE;

/** A hazard that can be accepted. */
export type AllowableCode = { [Code in HazardCode]: Codes[Code] extends true ? Code : never }[HazardCode];

const CODES = Object.keys(IS_ALLOWABLE) as HazardCode[];

/** Every code that `--allow` takes. */
export const ALLOWABLE_CODES = CODES.filter((code): code is AllowableCode => IS_ALLOWABLE[code]);

/** Whether it is the code of a hazard that nothing lets pass. */
export function isAlwaysBlocked(code: string): boolean {
  return (CODES as string[]).includes(code) && !(ALLOWABLE_CODES as string[]).includes(code);
}
