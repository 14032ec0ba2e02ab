import { nameOf } from "./name.js";
import type { Target } from "./sequences.js";
import type { SequenceState, StateOptions } from "./state.js";

const COMPARED = ["as", "startWith", "increment", "minValue", "maxValue", "cache", "cycle", "unlogged"] as const;

/** A sequence that is created beside one that is no longer declared, with the same options, may be that one under a new name. */
export function questionsOf(created: readonly Target[], undeclared: readonly SequenceState[]): string[] {
  return created.flatMap((target) =>
    undeclared
      .filter(
        (state) =>
          state.options.ownedBy === null &&
          (state.schema === target.schema || state.seqName === target.seqName) &&
          COMPARED.every((option) => state.options[option] === target.options[option]),
      )
      .map((state) => question(target, state)),
  );
}

function question(target: Target, state: SequenceState): string {
  const [oldName, newName] = [nameOf(state), nameOf(target.declared)];
  return (
    `Is ${newName} the new name of ${oldName}, which is no longer declared and has the same options? Then say so in ` +
    `renames: { ${JSON.stringify(oldName)}: ${JSON.stringify(newName)} }. Otherwise ${newName} begins at ` +
    `${(target.options satisfies StateOptions).startWith}.`
  );
}
