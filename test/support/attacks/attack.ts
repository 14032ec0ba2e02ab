import { test } from "vitest";
import { firstSeed } from "../effort.js";
import { Random } from "./random.js";

/** How long each attack goes on. An ordinary run has time for a round or two; test/long.ts states more. */
const SECONDS = Number(process.env["NEXTVAL_ATTACK_SECONDS"] ?? 0.2);

/** Longer than any round takes on a busy machine. */
const LONGEST_ROUND_MS = 120_000;

/** One round of an attack. */
export interface Round {
  /** Decides every step of the round. The network and the server have their own timing. */
  readonly random: Random;
  readonly seed: number;
  /** Adds to a figure that is printed when the attack is over. */
  count(figure: string, by?: number): void;
}

/**
 * Declares a test that attacks round after round until its time is over, at least once, and prints its figures. Every
 * round has a seed of its own. A failure names the seed, and `NEXTVAL_SEED` makes that round the first one of the next
 * run.
 *
 * ```ts
 * attack("no value is drawn twice", async ({ random, count }) => {
 *   const values = await draw(random.between(1, 100));
 *   count("draws", values.length);
 *   expect(new Set(values).size).toBe(values.length);
 * });
 * // no value is drawn twice: rounds 12, draws 6,102 in 1.0 s, from NEXTVAL_SEED=1734526
 * ```
 */
export function attack(name: string, round: (round: Round) => Promise<void>): void {
  test(name, { timeout: SECONDS * 1000 + LONGEST_ROUND_MS }, async () => {
    const first = firstSeed();
    const figures = new Map<string, number>([["rounds", 0]]);
    const count = (figure: string, by = 1) => void figures.set(figure, (figures.get(figure) ?? 0) + by);
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    for (let seed = first; seed === first || seconds() < SECONDS; seed++) {
      try {
        await round({ random: new Random(seed), seed, count });
      } catch (error) {
        throw new Error(`NEXTVAL_SEED=${seed}: ${(error as Error).message}`, { cause: error });
      }
      count("rounds");
    }
    const list = [...figures].map(([figure, amount]) => `${figure} ${amount.toLocaleString("en")}`);
    console.log(`${name}: ${list.join(", ")} in ${seconds().toFixed(1)} s, from NEXTVAL_SEED=${first}`);
  });
}
