import { fork } from "node:child_process";
import { resolveOptions } from "nextval";
import { expect } from "vitest";
import { blockSeq, orderSeq, type Report, type Task } from "./drawing.js";

export type Done = Extract<Report, { kind: "done" }>;

export interface Program {
  readonly done: Promise<Done>;
  /** Resolves when every way of drawing may have succeeded again, in calls made from now on. */
  progress(): Promise<void>;
  stop(): void;
}

/** Starts the compiled draw-ids.ts as a separate process. */
export function startProgram(drawIds: string, task: Task): Program {
  const child = fork(drawIds, [JSON.stringify(task)], { execArgv: [], serialization: "advanced" });
  let draws = 0;
  let heard = () => {};
  const done = new Promise<Done>((resolve, reject) => {
    child.on("message", (report: Report) => {
      if (report.kind === "done") {
        resolve(report);
        child.disconnect();
      } else draws++;
      heard();
    });
    child.on("exit", (code) => reject(new Error(`A program ended with ${code} before it was done.`)));
  });
  return {
    done,
    async progress() {
      const from = draws;
      while (draws < from + 8) {
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
    stop: () => child.send("stop"),
  };
}

/** Returns how many ids there are. Fails if one is there twice, or outside the bounds. */
export function countUnique(reports: readonly Done[]): number {
  const check = (sequence: typeof orderSeq | typeof blockSeq, ids: readonly BigInt64Array[]) => {
    const all = new BigInt64Array(ids.reduce((total, each) => total + each.length, 0));
    let at = 0;
    for (const each of ids) {
      all.set(each, at);
      at += each.length;
    }
    all.sort();
    const twice: bigint[] = [];
    for (let index = 1; index < all.length; index++) {
      if (all[index] === all[index - 1]) twice.push(all[index] as bigint);
    }
    expect(twice).toEqual([]);
    const { minValue, maxValue } = resolveOptions(sequence);
    expect((all[0] as bigint) >= minValue && (all.at(-1) as bigint) <= maxValue).toBe(true);
    return all.length;
  };
  return (
    check(
      orderSeq,
      reports.flatMap(({ ids }) => [ids.nextval, ids.nextvals, ids.allocator]),
    ) +
    check(
      blockSeq,
      reports.map(({ ids }) => ids.blockAllocator),
    )
  );
}
