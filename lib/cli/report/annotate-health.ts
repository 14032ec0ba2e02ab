import type { Health, HealthLevel } from "../../operate/index.js";
import { titleOf } from "../../server/names.js";
import type { Annotation, SourceLine } from "../terminal/annotation.js";
import { adviceLines } from "../terminal/error-message.js";
import { inFlags } from "../terminal/flag-names.js";

const LEVELS = { critical: "error", warning: "warning", ok: "notice" } as const satisfies Record<HealthLevel, string>;

/** Makes an annotation of each problem of a sequence, worst first. Informational findings have one if `verbose`. */
export function annotationsOfHealth(
  { sequences }: Health,
  lineOf: (schema: string, name: string) => SourceLine | undefined,
  { verbose }: { readonly verbose: boolean },
): Annotation[] {
  return sequences.flatMap(({ sequence, problems }) =>
    problems
      .filter(({ level }) => verbose || level !== "ok")
      .map(({ code, level, message, ...advice }) => ({
        level: LEVELS[level],
        title: `${code} ${titleOf(sequence)}`,
        message: [message, ...adviceLines(advice)].map(inFlags).join("\n"),
        at: lineOf(sequence.schema, sequence.name),
      })),
  );
}
