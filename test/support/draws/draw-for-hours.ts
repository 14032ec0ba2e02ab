/** A program that draws for a long time, in turn with the driver's own statement, started from hours.long.test.ts. */
import { readdirSync } from "node:fs";
import { bind, pgSequence } from "nextval";
import { blockAllocator } from "nextval/allocate";
import postgres from "postgres";

export const hourSeq = pgSequence("hour_seq");
export const hourBlockSeq = pgSequence("hour_block_seq", { increment: 1000 });

/** What a program sends about each second. */
export interface Second {
  /** How many times longer a call takes than its reference, by the medians of that second. */
  readonly times: Readonly<Record<Way, number>>;
  readonly heapMb: number;
  /** Open files and connections; 0 if the system does not show them. */
  readonly descriptors: number;
}

/** The ways to draw that are measured. */
export type Way = "nextval" | "nextvals" | "blocks";

/** How long each way draws before the next one does, in milliseconds. */
const TURN_MS = 330;

async function draw({ url, seconds }: { readonly url: string; readonly seconds: number }): Promise<void> {
  // The driver opens a connection again after three quarters of an hour, which takes long on a machine with much to do.
  const options = { max: 1, connect_timeout: 600, onnotice: () => {} };
  const [own, client, forBlocks] = [1, 2, 3].map(() => postgres(url, options)) as [
    postgres.Sql,
    postgres.Sql,
    postgres.Sql,
  ];
  const db = bind(client);
  const blocks = blockAllocator(bind(forBlocks), hourBlockSeq, { size: 8, lowWater: 2000 });
  const driver = async () => own`select nextval('hour_seq')`;
  // Each call is compared with the one just before it, because the machine may be busier at another time. Most takes of
  // blocks wait for no server.
  const ways: Readonly<Record<Way, readonly [reference: () => unknown, call: () => Promise<unknown>]>> = {
    nextval: [driver, () => db.nextval(hourSeq)],
    nextvals: [driver, () => db.nextvals(hourSeq, 100)],
    blocks: [() => Array.from({ length: 1000 }, (_, index) => BigInt(index)), () => blocks.take(1000)],
  };
  for (let second = 0; second < seconds; second++) {
    const times = { nextval: 0, nextvals: 0, blocks: 0 };
    for (const way of Object.keys(ways) as Way[]) {
      const [reference, call] = ways[way];
      const [before, after]: [number[], number[]] = [[], []];
      for (const start = performance.now(); performance.now() - start < TURN_MS;) {
        const began = performance.now();
        await reference();
        const between = performance.now();
        await call();
        before.push(between - began);
        after.push(performance.now() - between);
      }
      times[way] = median(after) / median(before);
    }
    globalThis.gc?.();
    const descriptors = process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
    process.send?.({ times, heapMb: process.memoryUsage().heapUsed / 1e6, descriptors } satisfies Second);
  }
  await Promise.all([own, client, forBlocks].map((each) => each.end()));
  process.disconnect();
}

export function median(figures: readonly number[]): number {
  return [...figures].sort((one, other) => one - other)[figures.length >> 1] as number;
}

// The test imports the sequences.
if (process.argv[2]?.startsWith("{") === true) await draw(JSON.parse(process.argv[2]));
