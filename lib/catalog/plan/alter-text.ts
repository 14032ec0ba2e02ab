import { alterIdentity, alterSequence, type IdentityChanges, type SequenceChanges } from "../../index.js";
import type { SequenceState } from "../inspect/state.js";
import { declarationOfState } from "./target.js";

/** The changes of a sequence. Only an identity column has `generated`. */
export type OptionChanges = SequenceChanges & Pick<IdentityChanges, "generated">;

/** Writes a change of a sequence. That of an identity column is changed through the column, whose type it has. */
export function alterText(
  found: Pick<SequenceState, "schema" | "seqName" | "options">,
  { generated, as, ...changes }: OptionChanges,
): string {
  const { identity, ownedBy } = found.options;
  return identity === null || ownedBy === null
    ? alterSequence(declarationOfState(found), { as, ...changes }).text
    : alterIdentity({ schema: found.schema, ...ownedBy }, { generated, ...(changes as IdentityChanges) }).text;
}
