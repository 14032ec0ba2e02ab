import { fork } from "node:child_process";
import { bind, createSequence, resolveOptions } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { usePrograms } from "../../programs.js";
import { type Server, startServer } from "../../server/server.js";
import { blockSeq, orderSeq, type Report, type Task } from "./drawing.js";

const PROCESSES = 8;
const IDS = 1_000_000;

const compile = usePrograms();
let server: Server;
let drawIds: string;

beforeAll(async () => {
  [drawIds] = await compile(new URL("./draw-ids.ts", import.meta.url));
  // Without it the server takes no commit_delay.
  server = await startServer({ settings: { fsync: "on" } });
});

afterAll(async () => {
  await server.stop();
});

async function createSequences(): Promise<void> {
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  const db = bind(client);
  await db`drop sequence if exists order_seq, block_seq`;
  await db.query(createSequence(orderSeq));
  await db.query(createSequence(blockSeq));
  await client.end();
}

type Done = Extract<Report, { kind: "done" }>;

interface Program {
  readonly done: Promise<Done>;
  /** Resolves when every way of drawing may have succeeded again, in calls made from now on. */
  progress(): Promise<void>;
  stop(): void;
}

function startProgram(task: Task): Program {
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

/** How many ids there are; fails where one is there twice, or outside the bounds. */
function check(reports: readonly Done[]): number {
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

test("8 processes that draw a million ids in every way at once get none twice, and none outside the bounds", async () => {
  await createSequences();
  const task = { url: server.url, count: IDS / PROCESSES / 4 };
  const reports = await Promise.all(Array.from({ length: PROCESSES }, () => startProgram(task).done));
  expect(check(reports)).toBeGreaterThanOrEqual(IDS);
  for (const { failures, hung, strange } of reports) {
    expect({ failures, hung, strange }).toEqual({ failures: new Map(), hung: [], strange: [] });
  }
}, 240_000);

test("nor while the server is killed and started again 3 times, and every call is answered", async () => {
  await createSequences();
  const programs = Array.from({ length: PROCESSES }, () => startProgram({ url: server.url, count: undefined }));
  await Promise.all(programs.map((program) => program.progress()));
  for (let round = 0; round < 3; round++) {
    await server.crash();
    await server.start();
    await Promise.all(programs.map((program) => program.progress()));
  }
  for (const program of programs) program.stop();
  const reports = await Promise.all(programs.map(({ done }) => done));
  expect(check(reports)).toBeGreaterThan(1000);
  for (const { hung, strange } of reports) expect({ hung, strange }).toEqual({ hung: [], strange: [] });
  const failures = reports.flatMap((report) => [...report.failures]);
  expect(failures.length).toBeGreaterThan(0);
  // Of a connection that is lost or refused, or of a server that is still starting.
  const known = /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|ECONN(RESET|REFUSED)|EPIPE|57P0[1-3])$/;
  expect(failures.filter(([code]) => !known.test(code))).toEqual([]);
}, 240_000);
