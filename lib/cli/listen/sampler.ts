import { type Health, type SequenceHealth, type SequenceRate, usageRates } from "../../operate/index.js";
import { sequenceKeyOf } from "../../server/names.js";
import type { Point } from "../page/chart.js";

/** What is known of the sequences now. */
export interface Sample {
  /** The last status that could be read; undefined if there is none yet. */
  readonly health: Health | undefined;
  readonly rates: readonly SequenceRate[] | undefined;
  /** How long the last attempt took, in seconds. */
  readonly durationS: number;
  /** Why the last attempt failed; undefined if it did not. `health` is then that of an earlier one. */
  readonly problem: unknown;
}

export interface SamplerOptions {
  /** A sample that is not older than this is given again, in milliseconds. */
  readonly minIntervalMs: number;
  /** Nobody waits longer than this for a sample, in milliseconds. */
  readonly patienceMs: number;
}

/** A chart has at most this many points per sequence. With more, every second one is left out. */
const MAX_POINTS = 200;

/** Rates are measured over one to two of these, so that they do not follow each burst. */
const RATE_WINDOW_MS = 3_600_000;

/** Reads the status of the sequences when it is asked for: one at a time, and only as often as the interval allows. */
export class Sampler {
  readonly #read: () => Promise<Health>;
  readonly #options: SamplerOptions;
  readonly #points = new Map<string, Point[]>();
  #sample: Sample | undefined;
  #attemptedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<Sample> | undefined;
  /** The samples that rates are measured from. The second one takes the place of the first after a while. */
  #reference: Health | undefined;
  #nextReference: Health | undefined;

  constructor(read: () => Promise<Health>, options: SamplerOptions) {
    this.#read = read;
    this.#options = options;
  }

  /** Returns a sample, a new one if the last attempt is old enough. */
  async sample(): Promise<Sample> {
    if (this.#running === undefined) {
      const age = performance.now() - this.#attemptedAt;
      if (this.#sample !== undefined && age < this.#options.minIntervalMs) return this.#sample;
      this.#running = this.#attempt().finally(() => (this.#running = undefined));
    }
    return this.#withPatience(this.#running);
  }

  /** Returns how the used share of a sequence has changed since the start. */
  pointsOf({ sequence }: Pick<SequenceHealth, "sequence">): readonly Point[] {
    return this.#points.get(sequenceKeyOf(sequence)) ?? [];
  }

  async #attempt(): Promise<Sample> {
    const start = performance.now();
    const durationS = () => (performance.now() - start) / 1000;
    try {
      const health = await this.#read();
      this.#remember(health);
      this.#sample = { health, rates: this.#ratesAt(health), durationS: durationS(), problem: undefined };
    } catch (problem) {
      this.#sample = { health: this.#sample?.health, rates: this.#sample?.rates, durationS: durationS(), problem };
    }
    this.#attemptedAt = performance.now();
    return this.#sample;
  }

  async #withPatience(running: Promise<Sample>): Promise<Sample> {
    const { patienceMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Sample>((resolve) => {
      const { health, rates } = this.#sample ?? {};
      const problem = new Error(`the database has not answered within ${patienceMs / 1000} seconds`);
      timer = setTimeout(() => resolve({ health, rates, durationS: patienceMs / 1000, problem }), patienceMs);
    });
    return Promise.race([running, late]).finally(() => clearTimeout(timer));
  }

  #ratesAt(health: Health): SequenceRate[] | undefined {
    const at = health.sampledAt.getTime();
    const rates = this.#reference && at > this.#reference.sampledAt.getTime() && usageRates(this.#reference, health);
    this.#reference ??= health;
    this.#nextReference ??= health;
    if (at - this.#nextReference.sampledAt.getTime() >= RATE_WINDOW_MS) {
      this.#reference = this.#nextReference;
      this.#nextReference = health;
    }
    return rates || undefined;
  }

  #remember({ sequences, sampledAt }: Health): void {
    const at = sampledAt.getTime();
    const known = new Set<string>();
    for (const { sequence, used } of sequences) {
      const key = sequenceKeyOf(sequence);
      known.add(key);
      if (used === null) continue;
      const points = [...(this.#points.get(key) ?? []), { at, used }];
      this.#points.set(
        key,
        points.length <= MAX_POINTS ? points : points.filter((_, index) => index % 2 === 0 || index === MAX_POINTS),
      );
    }
    for (const key of this.#points.keys()) if (!known.has(key)) this.#points.delete(key);
  }
}
