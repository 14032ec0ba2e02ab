/** Something to be timed: does its work `count` times. */
export interface Task {
  run(count: number): void | Promise<void>;
}

export interface Pace {
  readonly warmups: number;
  readonly rounds: number;
  /** How long one batch of one task takes, about, in milliseconds. */
  readonly batch: number;
}

/**
 * Times tasks in turn, a batch of each per round, and each round in another order. So other load on the machine affects
 * all of them alike. Returns the nanoseconds per operation of each round, for each task in the order of `tasks`.
 */
export async function interleave(tasks: readonly Task[], { warmups, rounds, batch }: Pace): Promise<number[][]> {
  const entries = tasks.map((task) => ({ task, count: 1, times: [] as number[] }));
  for (const entry of entries) {
    while ((await nanoseconds(entry.task, entry.count)) < batch * 1e6) entry.count *= 2;
  }
  for (let round = -warmups; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(turn + round + warmups) % entries.length] as (typeof entries)[number];
      const time = (await nanoseconds(entry.task, entry.count)) / entry.count;
      if (round >= 0) entry.times.push(time);
      // A batch that was sized before the code was optimised has become too small.
      else entry.count = Math.max(1, Math.round((batch * 1e6) / time));
    }
  }
  return entries.map(({ times }) => times);
}

async function nanoseconds(task: Task, count: number): Promise<number> {
  const start = process.hrtime.bigint();
  await task.run(count);
  return Number(process.hrtime.bigint() - start);
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Returns the lower and the upper quartile. */
export function quartiles(figures: readonly number[]): [low: number, high: number] {
  const sorted = [...figures].sort((one, other) => one - other);
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] as number;
  return [at(0.25), at(0.75)];
}
