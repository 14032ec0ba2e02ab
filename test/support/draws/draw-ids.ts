/** A program that draws ids in every way at the same time, started from draw-programs.ts. */
import { bind, type Database } from "nextval";
import { allocator, blockAllocator } from "nextval/allocate";
import postgres from "postgres";
import { blockSeq, orderSeq, type Report, type Task, type Way, WAYS } from "./drawing.js";

const { url, count } = JSON.parse(process.argv[2] ?? "") as Task;
const isSteady = count !== undefined;
/** Longer than any connect or restart takes. */
const PATIENCE = 20_000;

/** Each way has its own connection, so none waits for another. */
const clients = WAYS.map(() =>
  postgres(url, {
    max: 1,
    onnotice: () => {},
    connect_timeout: 5,
    backoff: () => 0.05,
    // Flushes of the log come as late as possible, so a crash has more to lose.
    connection: isSteady ? {} : { commit_delay: 100_000, commit_siblings: 0 },
  }),
);
const [one, many, allocating, blocking] = clients.map((client) => bind(client)) as [
  Database,
  Database,
  Database,
  Database,
];
const ids = allocator(allocating, orderSeq, { size: isSteady ? 2000 : 4 });
const blocks = blockAllocator(blocking, blockSeq, isSteady ? {} : { size: 3, lowWater: 100 });
const failures = new Map<string, number>();
const hung: string[] = [];
const strange: string[] = [];
let isStopped = false;
process.on("message", () => {
  isStopped = true;
});

const times = <Value>(amount: number, call: () => Promise<Value>) => Array.from({ length: amount }, call);

/** Each returns calls that were made at the same time. Each call returns ids, or fails. */
const calls: Readonly<Record<Way, () => Promise<bigint[] | bigint>[]>> = {
  nextval: () => times(isSteady ? 500 : 1, () => one.nextval(orderSeq)),
  nextvals: () => [many.nextvals(orderSeq, isSteady ? 5000 : 2), many.nextvals(orderSeq, isSteady ? 100 : 3)],
  allocator: () => [...times(isSteady ? 300 : 2, () => ids.next()), ids.take(isSteady ? 700 : 3), ids.next()],
  blockAllocator: () => [...times(isSteady ? 300 : 5, () => blocks.next()), blocks.take(isSteady ? 700 : 70)],
};

function send(report: Report): void {
  process.send?.(report);
}

async function run(way: Way): Promise<BigInt64Array> {
  const drawn: bigint[] = [];
  while (isSteady ? drawn.length < count : !isStopped) {
    let failed = false;
    const answers = calls[way]().map((call) => patiently(way, call));
    for (const answer of answers) {
      const result = await answer;
      if (result === undefined) failed = true;
      else if (Array.isArray(result)) drawn.push(...result);
      else drawn.push(result);
    }
    if (failed) await new Promise((resolve) => setTimeout(resolve, 20));
    else send({ kind: "progress" });
  }
  return BigInt64Array.from(drawn);
}

async function patiently(way: Way, call: Promise<bigint[] | bigint>): Promise<bigint[] | bigint | undefined> {
  const timer = setTimeout(() => hung.push(way), PATIENCE);
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Error)) strange.push(String(error));
    else {
      const name = `${(error as { code?: string }).code}`;
      failures.set(name, (failures.get(name) ?? 0) + 1);
    }
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

process.on("unhandledRejection", (reason) => strange.push(`nobody waited for: ${String(reason)}`));
const drawn = await Promise.all(WAYS.map(async (way) => [way, await run(way)] as const));
await ids.close();
await blocks.close();
await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
// The parent ends the channel after this, and this program with it.
send({ kind: "done", ids: Object.fromEntries(drawn) as Record<Way, BigInt64Array>, failures, hung, strange });
