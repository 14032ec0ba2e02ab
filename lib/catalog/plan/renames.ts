import { NextvalError } from "../../index.js";
import { finderOf, keyOf, suggestionFor, givenName } from "../../server/names.js";
import type { DatabaseState, SequenceState } from "../inspect/state.js";
import type { PlanOptions } from "./change.js";
import type { Target } from "./target.js";

/** Maps targets to the sequences that the user renames to them. Names are compared as a whole and never split. */
export function renamesOf(
  renames: NonNullable<PlanOptions["renames"]>,
  targets: readonly Target[],
  { sequences, defaultSchema }: DatabaseState,
): Map<Target, SequenceState> {
  const pairs = new Map<Target, SequenceState>();
  if (Object.keys(renames).length === 0) return pairs;
  const used = new Set<SequenceState>();
  const targetsNamed = finderOf(targets, defaultSchema);
  const sequencesOf = finderOf(sequences, defaultSchema);
  const existing = new Map(sequences.map((each) => [keyOf(each), each]));
  const leaving = new Set(Object.keys(renames).flatMap(sequencesOf));
  for (const [oldName, newName] of Object.entries(renames)) {
    const [target] = targetsNamed(newName);
    if (target === undefined) {
      const hint = suggestionFor(newName, targets, defaultSchema);
      throwRenameError(oldName, newName, `no declaration is named ${givenName(newName)}`, hint);
    }
    const [from, other] = sequencesOf(oldName);
    if (other !== undefined) {
      throwRenameError(oldName, newName, "several sequences have that name", "Put its schema before its name.");
    }
    const there = existing.get(keyOf(target));
    if (from === undefined) {
      if (there !== undefined) continue; // done before
      const hint = suggestionFor(oldName, sequences, defaultSchema);
      throwRenameError(oldName, newName, `the database has no sequence ${givenName(oldName)}`, hint);
    }
    if (from === there) throwRenameError(oldName, newName, "it has that name already");
    if (there !== undefined && !leaving.has(there)) {
      const hint = "Take the rename out if it is done, or else drop or rename the other first.";
      throwRenameError(oldName, newName, "the database has both", hint);
    }
    if (pairs.has(target) || used.has(from)) throwRenameError(oldName, newName, "it is renamed twice");
    pairs.set(target, from);
    used.add(from);
  }
  return pairs;
}

function throwRenameError(oldName: string, newName: string, problem: string, hint?: string): never {
  throw new NextvalError(
    "INVALID_ARGUMENT",
    `${givenName(oldName)}: cannot be renamed to ${givenName(newName)}: ${problem}`,
    {
      sequence: oldName,
      hint,
    },
  );
}
