import type { SequenceHealth } from "../status/health.js";

/** Which sequences are shown, of those that are ordered worst first. */
export interface Selection {
  /** Only sequences that are not ok. */
  readonly only?: "problems" | undefined;
  /** Only so many. */
  readonly top?: number | undefined;
}

/** Selects the sequences to show. */
export function selected(sequences: readonly SequenceHealth[], { only, top }: Selection): readonly SequenceHealth[] {
  return sequences.filter(({ level }) => only === undefined || level !== "ok").slice(0, top);
}
