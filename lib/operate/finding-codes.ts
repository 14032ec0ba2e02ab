/** Every code of a problem that `sequenceStatus` reports. */
export const HEALTH_CODES = [
  "EXHAUSTED",
  "NEARLY_EXHAUSTED",
  "COLUMN_EXCEEDED",
  "COLUMN_NARROWER",
  "REFERENCE_NARROWER",
  "IDS_BURNED",
  "BEHIND_COLUMN",
  "BETWEEN_STEPS",
  "NOT_COMPARED",
  "NOT_ATTACHED",
  "DRAWN_ELSEWHERE",
  "USAGE_MISSING",
  "UNLOGGED",
  "CACHE_LOST",
  "UNREADABLE",
] as const;

/** Every code of a reason against a transfer that can be accepted. */
export const TRANSFER_CODES = ["SEQUENCE_MISSING", "OPTIONS_DIFFER", "POSITION_UNKNOWN", "UPDATE_MISSING"] as const;

/** The codes that `accepted` of the configuration can have. */
export const ACCEPTABLE_CODES = [...HEALTH_CODES, ...TRANSFER_CODES] as const;
