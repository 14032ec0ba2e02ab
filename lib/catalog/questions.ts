import { nameOf } from "./name.js";
import type { Target } from "./sequences.js";
import type { SequenceState, StateOptions } from "./state.js";

const COMPARED = ["as", "startWith", "increment", "minValue", "maxValue", "cache", "cycle", "unlogged"] as const;

/**
 * A sequence that is created beside one that is no longer declared may be that one under a new name: if both have the same
 * options, belong to the same column, or share a word of their names. The only one created and the only one left always may.
 */
export function questionsOf(created: readonly Target[], undeclared: readonly SequenceState[]): string[] {
  // A sequence of a column was made with its table, and is left with it.
  const free = undeclared.filter((state) => state.options.ownedBy === null);
  return created.flatMap((target) => {
    const isOnly = created.length === 1 && free.length === 1;
    const old = undeclared.filter(
      (state) =>
        (state.schema === target.schema || state.seqName === target.seqName) &&
        (state.options.ownedBy === null
          ? isOnly || changesOf(target, state).length === 0 || shareWord(state.seqName, target.seqName)
          : belongToSameColumn(target, state)),
    );
    return old.map((state) => question(target, state));
  });
}

function changesOf({ options }: Target, state: SequenceState): (typeof COMPARED)[number][] {
  return COMPARED.filter((option) => state.options[option] !== options[option]);
}

function belongToSameColumn({ schema, options: { ownedBy } }: Target, state: SequenceState): boolean {
  const before = state.options.ownedBy;
  return state.schema === schema && before?.table === ownedBy?.table && before?.column === ownedBy?.column;
}

/** `order_seq` and `sales_order_seq` share "order". */
function shareWord(one: string, other: string): boolean {
  const words = wordsOf(one);
  return wordsOf(other).some((word) => words.includes(word));
}

function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words.filter((word) => word.length > 2 && !["seq", "sequence"].includes(word));
}

function question(target: Target, state: SequenceState): string {
  const [oldName, newName] = [nameOf(state), nameOf(target.declared)];
  const changes = changesOf(target, state);
  const alike = changes.length === 0 ? "has the same options" : `differs in ${changes.join(", ")}`;
  return (
    `Is ${newName} the new name of ${oldName}, which is no longer declared and ${alike}? Then say so in ` +
    `renames: { ${JSON.stringify(oldName)}: ${JSON.stringify(newName)} }. Otherwise ${newName} begins at ` +
    `${(target.options satisfies StateOptions).startWith}.`
  );
}
