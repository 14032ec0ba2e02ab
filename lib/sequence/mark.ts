import type { Mark } from "../sql/shape.js";
import type { AnySequence } from "./sequence.js";

/** What a fragment does with a sequence; `lastval()` reads whichever came last, so it names none. */
export interface SequenceMark extends Mark {
  readonly kind: "sequence";
  readonly use: "draws" | "reads" | "sets" | "defines";
  readonly sequence: AnySequence | undefined;
}

export function sequenceMark(use: SequenceMark["use"], sequence?: AnySequence): SequenceMark {
  return { kind: "sequence", use, sequence };
}
