import { NextvalError } from "../../index.js";
import { sequenceKeyOf, type SequenceName, titleOf } from "../../server/names.js";
import type { Health } from "./health.js";

/** How fast a sequence is used up. */
export interface SequenceRate {
  readonly sequence: SequenceName;
  /**
   * How many values it went on between the samples; null where that is not known, as it was set back, or started over. A
   * `setval`, or a restart, that goes forward counts as if its values had been drawn.
   */
  readonly drawn: bigint | null;
  readonly perDay: number | null;
  /**
   * How many days its values last at this rate: 0 where none is left, at any rate; null where it never ends at this
   * rate, or that is not known.
   */
  readonly daysLeft: number | null;
}

const DAY = 86_400_000;

/**
 * How many values a day each sequence gives, and how many days it has left, from two samples of `status`. The fewest
 * days come first. A sequence that is in one of them only is left out.
 *
 * ```ts
 * const before = await status(db);
 * await setTimeout(60_000);
 * rate(before, await status(db))[0]; // { sequence: { schema: "public", name: "orders_id_seq" }, drawn: 90n, perDay: 129600, daysLeft: 211.4 }
 * ```
 *
 * The time between is that of the server's clock. Throws `INVALID_ARGUMENT` where the second sample is not later than
 * the first.
 */
export function rate(before: Health, after: Health): SequenceRate[] {
  const days = (after.sampledAt.getTime() - before.sampledAt.getTime()) / DAY;
  if (!(days > 0)) {
    const given = `${before.sampledAt.toISOString()} and ${after.sampledAt.toISOString()}`;
    throw new NextvalError("INVALID_ARGUMENT", `rate takes the later sample second, not those of ${given}`);
  }
  const earlier = new Map(before.sequences.map((health) => [sequenceKeyOf(health.sequence), health]));
  const rates = after.sequences.flatMap((health): SequenceRate[] => {
    const { sequence, nextValue, increment, left } = health;
    const first = earlier.get(sequenceKeyOf(sequence));
    if (first === undefined) return [];
    const ended = left === 0n ? 0 : null;
    const unknown = { sequence, drawn: null, perDay: null, daysLeft: ended };
    if (nextValue === null || first.nextValue === null || first.increment !== increment) return [unknown];
    const drawn = (nextValue - first.nextValue) / increment;
    if (drawn < 0n) return [unknown];
    const perDay = Number(drawn) / days;
    return [{ sequence, drawn, perDay, daysLeft: drawn === 0n ? ended : Number(left) / perDay }];
  });
  return rates.sort(
    (one, other) =>
      (one.daysLeft ?? Infinity) - (other.daysLeft ?? Infinity) ||
      (titleOf(one.sequence) < titleOf(other.sequence) ? -1 : 1),
  );
}
