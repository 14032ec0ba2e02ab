import type { Database } from "nextval";
import { inspectSequences } from "nextval/catalog";
import { type HealthProblem, sequenceStatus } from "nextval/operate";

/** A sequence of the database as it is now. */
export interface ShownSequence {
  readonly name: string;
  readonly lastValue: bigint | null;
  readonly isCalled: boolean | null;
  readonly nextValue: bigint | null;
  readonly minValue: bigint;
  readonly maxValue: bigint;
  readonly increment: bigint;
  readonly cache: bigint;
  readonly cycles: boolean;
  /** The used share of its range, from 0 to 1. */
  readonly used: number | null;
  readonly level: "ok" | "warning" | "critical";
  readonly problems: readonly Pick<HealthProblem, "message" | "hint" | "fix" | "level">[];
}

export async function shownSequences(db: Database): Promise<ShownSequence[]> {
  const state = await inspectSequences(db);
  if (state.sequences.length === 0) return [];
  const { sequences } = await sequenceStatus(db);
  return sequences.flatMap(({ sequence, nextValue, used, level, problems }) => {
    const found = state.sequences.find(
      ({ schema, seqName }) => schema === sequence.schema && seqName === sequence.name,
    );
    if (found === undefined) return [];
    const { lastValue, isCalled, options } = found;
    const { minValue, maxValue, increment, cache, cycle } = options;
    const name = sequence.schema === "public" ? sequence.name : `${sequence.schema}.${sequence.name}`;
    return [
      {
        name,
        lastValue,
        isCalled,
        nextValue,
        minValue,
        maxValue,
        increment,
        cache,
        cycles: cycle,
        used,
        level,
        problems,
      },
    ];
  });
}
