import type { SequenceState } from "../../catalog/index.js";
import { readSequences } from "../../catalog/inspect/read-sequences.js";
import { keyOf, naming } from "../../server/names.js";
import type { Source } from "../../server/read-json.js";
import type { ResyncMove, ResyncPlan, ResyncSkip } from "./resync-report.js";

/** Whether a move goes against the increment of its sequence. */
export function isBackwards({ from, to }: Pick<ResyncMove, "from" | "to">, increment: bigint): boolean {
  return increment > 0n ? to < from : to > from;
}

/** Returns why a sequence is not moved back: its values may be in more columns than those that were read. */
export function whyNotBack({ isReferenced, feeds, namedIn }: SequenceState): Omit<ResyncSkip, "sequence"> | undefined {
  const uncounted = "also draw from it, and what that fills is not counted";
  if (isReferenced || feeds.some(({ indirect }) => indirect)) {
    return { reason: `it is not moved back: domains, functions, views or rules ${uncounted}` };
  }
  if (namedIn.length === 0) return undefined;
  return {
    reason: naming("it is not moved back", namedIn, "places", (these) => `${these} may ${uncounted}`),
    hint: "If that code fills no other column, move it yourself: alter sequence ... restart with ...",
  };
}

/** Reads the sequences of a plan that moves some back, by their keys. Code may name them since the plan was made. */
export async function readBackwards(
  db: Source,
  { moves, options }: Pick<ResyncPlan, "moves" | "options">,
): Promise<ReadonlyMap<string, SequenceState>> {
  if (options.allowBackwards !== true || moves.length === 0) return new Map();
  const schemas = [...new Set(moves.map(({ sequence }) => sequence.schema))];
  const { sequences } = await readSequences(db, schemas);
  return new Map(sequences.map((state) => [keyOf(state), state]));
}
