import type { Mark } from "../sql/shape.js";
import type { AnySequence } from "./sequence.js";

/**
 * Tells a handle what a fragment does with a sequence. `lastval()` names none, because it reads the last one drawn
 * from.
 */
export interface SequenceMark extends Mark {
  readonly kind: "sequence";
  readonly use: "draws" | "reads" | "sets" | "defines";
  readonly sequence: AnySequence | undefined;
}

export function sequenceMark(use: SequenceMark["use"], sequence?: AnySequence): SequenceMark {
  return { kind: "sequence", use, sequence };
}
