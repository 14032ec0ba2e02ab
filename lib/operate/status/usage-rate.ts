import { NextvalError } from "../../index.js";
import type { SequenceName } from "../../server/name-shapes.js";
import { sequenceKeyOf, compareNames } from "../../server/names.js";
import type { Health } from "./health.js";

/** The speed at which a sequence is used up, as {@link usageRates} computes it. */
export interface SequenceRate {
  /** The name of the sequence. */
  readonly sequence: SequenceName;
  /**
   * How many values the sequence advanced between the samples; null if that is unknown, because it was set back or
   * started over. A `setval` or restart that goes forward counts as if its values had been drawn.
   */
  readonly drawn: bigint | null;
  /** How many values it uses per day; null if that is unknown. */
  readonly perDay: number | null;
  /**
   * The share of the drawn values without a row that was inserted in the meantime, from 0 to 1: by upserts that insert
   * nothing, rollbacks and caches. Null if no value was drawn, or if the rows are unknown.
   */
  readonly burned: number | null;
  /**
   * How many days its values last at this rate. 0 if none is left, whatever the rate; null if it never ends at this
   * rate, or if the rate is unknown.
   */
  readonly daysLeft: number | null;
}

const DAY = 86_400_000;

/**
 * Computes how many values per day each sequence uses, and how many days it has left, from two samples of
 * `sequenceStatus`.
 *
 * ```ts
 * const before = await sequenceStatus(db);
 * await setTimeout(60_000);
 * usageRates(before, await sequenceStatus(db))[0];
 * // { sequence: { schema: "public", name: "orders_id_seq" }, drawn: 90n, perDay: 129600, burned: 0.5,
 * //   daysLeft: 211.4 }
 * ```
 *
 * The sequence with the fewest days comes first. A sequence that is only in one of the samples is left out. The time
 * between the samples is that of the server's clock. Throws `INVALID_ARGUMENT` if the second sample is not later than
 * the first.
 */
export function usageRates(before: Health, after: Health): SequenceRate[] {
  const days = (after.sampledAt.getTime() - before.sampledAt.getTime()) / DAY;
  if (!(days > 0)) {
    const given = `${before.sampledAt.toISOString()} and ${after.sampledAt.toISOString()}`;
    throw new NextvalError("INVALID_ARGUMENT", `usageRates takes the later sample second, not those of ${given}`);
  }
  const earlier = new Map(before.sequences.map((health) => [sequenceKeyOf(health.sequence), health]));
  const rates = after.sequences.flatMap((health): SequenceRate[] => {
    const { sequence, nextValue, increment, left } = health;
    const first = earlier.get(sequenceKeyOf(sequence));
    if (first === undefined) return [];
    const ended = left === 0n ? 0 : null;
    const unknown = { sequence, drawn: null, perDay: null, burned: null, daysLeft: ended };
    if (nextValue === null || first.nextValue === null || first.increment !== increment) return [unknown];
    const drawn = (nextValue - first.nextValue) / increment;
    if (drawn < 0n) return [unknown];
    const perDay = Number(drawn) / days;
    const burned = burnedOf(drawn, first.inserts, health.inserts);
    return [{ sequence, drawn, perDay, burned, daysLeft: drawn === 0n ? ended : Number(left) / perDay }];
  });
  return rates.sort(
    (one, other) =>
      (one.daysLeft ?? Infinity) - (other.daysLeft ?? Infinity) || compareNames(one.sequence, other.sequence),
  );
}

function burnedOf(drawn: bigint, before: bigint | null, after: bigint | null): number | null {
  if (drawn === 0n || before === null || after === null || after < before) return null;
  const filled = after - before;
  return filled >= drawn ? 0 : Number(((drawn - filled) * 1000n) / drawn) / 1000;
}
