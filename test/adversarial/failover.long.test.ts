import { setTimeout as sleep } from "node:timers/promises";
import type { DrawOptions } from "nextval";
import { describe, expect, test } from "vitest";
import { startFailover } from "../server/failover.js";
import { Random } from "../support/attacks/random.js";
import {
  countLost,
  countTwice,
  createAll,
  drawPast,
  expectNoGap,
  startWriters,
} from "../support/draws/failover-writers.js";
import { firstSeed } from "../support/effort.js";

/** Failovers of each test. An ordinary run has time for one of the first; test/long.ts states more. */
const ROUNDS = Number(process.env["NEXTVAL_FAILOVER_ROUNDS"] ?? 1);
const IS_LONG = process.env["NEXTVAL_FAILOVER_ROUNDS"] !== undefined;
const WRITERS = 8;
const BEFORE = 200;
/** So many answers that every sequence has used up the values that the log is ahead. Source: SEQ_LOG_VALS. */
const UNSENT = 600;
const ROUND_MS = 60_000;

const random = new Random(firstSeed());

interface Outcome {
  readonly ids: number;
  readonly twice: number;
  readonly lost: number;
}

interface Setting {
  readonly synchronous: boolean;
  readonly options: DrawOptions & { readonly onlyDraw: boolean };
  /** How many answers the writers get while the standby gets nothing of the log; undefined: it gets all of it. */
  readonly behind: number | undefined;
}

async function failOver({ synchronous, behind, options }: Setting): Promise<Outcome> {
  const servers = await startFailover({ synchronous });
  try {
    await createAll(servers.admin);
    const writers = startWriters(Array.from({ length: WRITERS }, servers.connect), options);
    try {
      await writers.progress(BEFORE);
      await sleep(random.between(0, 50));
      if (behind !== undefined) {
        servers.holdLog();
        await writers.progress(behind);
        await sleep(random.between(0, 50));
      }
      await servers.failOver();
      await writers.progress(BEFORE);
    } finally {
      await writers.stop();
    }
    const survivor = servers.connect();
    await drawPast(survivor, writers.ids);
    await expectNoGap(survivor);
    return {
      ids: Object.values(writers.ids).flat().length,
      twice: countTwice(writers.ids),
      lost: await countLost(survivor, writers.ids),
    };
  } finally {
    await servers.stop();
  }
}

async function failOverOften(name: string, setting: Setting): Promise<Outcome> {
  let sum: Outcome = { ids: 0, twice: 0, lost: 0 };
  for (let round = 1; round <= ROUNDS; round++) {
    const { ids, twice, lost } = await failOver(setting);
    sum = { ids: sum.ids + ids, twice: sum.twice + twice, lost: sum.lost + lost };
  }
  const figures = Object.entries(sum).map(([figure, amount]) => `${figure} ${amount.toLocaleString("en")}`);
  console.log(`${name}: failovers ${ROUNDS}, ${figures.join(", ")}`);
  return sum;
}

const SAFE = "a synchronous standby takes over: no id comes twice, and no row is lost";
test(SAFE, { timeout: ROUNDS * ROUND_MS }, async () => {
  const options = { onlyDraw: false };
  const { twice, lost } = await failOverOften(SAFE, { synchronous: true, options, behind: 0 });
  expect({ twice, lost }).toEqual({ twice: 0, lost: 0 });
});

if (IS_LONG) {
  const UNSAFE = "a synchronous standby takes over: draws with durable: false come twice";
  test(UNSAFE, { timeout: ROUNDS * ROUND_MS }, async () => {
    const options = { durable: false, onlyDraw: true };
    // Not many more, because in the end every writer waits for the standby.
    const { twice } = await failOverOften(UNSAFE, { synchronous: true, options, behind: 30 });
    expect(twice).toBeGreaterThan(0);
  });

  describe.each([true, false])("an asynchronous standby takes over from draws with durable: %s,", (durable) => {
    const name = `asynchronous, durable: ${durable}`;
    const setting = { synchronous: false, options: { durable, onlyDraw: false } };

    test("and was behind: ids come twice, and rows are lost", { timeout: ROUNDS * ROUND_MS }, async () => {
      const { twice, lost } = await failOverOften(`${name}, behind`, { ...setting, behind: UNSENT });
      expect(Math.min(twice, lost)).toBeGreaterThan(0);
    });

    test("and kept up: ids may come twice", { timeout: ROUNDS * ROUND_MS }, async () => {
      const { ids, twice } = await failOverOften(`${name}, kept up`, { ...setting, behind: undefined });
      expect(twice).toBeLessThan(ids);
    });
  });
}
