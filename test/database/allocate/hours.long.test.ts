import { fork } from "node:child_process";
import { bind, createSequence } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";
import { hourBlockSeq, hourSeq, median, type Second } from "../../support/draws/draw-for-hours.js";
import { IS_LONG } from "../../support/effort.js";
import { usePrograms } from "../../support/programs.js";

const PROCESSES = 8;
/** Half an hour in `npm run test:long`. The matrix, which has many targets, only sees that it runs. */
const SECONDS = Number(process.env["NEXTVAL_HOURS_SECONDS"] ?? (IS_LONG ? 1800 : 60));
/** The code is not optimised yet, and the caches are not full. */
const WARM_UP = 10;
/** How many seconds at the beginning are compared with as many at the end. */
const WINDOW = Math.min(60, Math.floor((SECONDS - WARM_UP) / 2));

const compile = usePrograms();
let server: Server;

beforeAll(async () => {
  server = await startServer();
  const client = postgres(server.url, { max: 1 });
  const db = bind(client);
  for (const sequence of [hourSeq, hourBlockSeq]) await db.query(createSequence(sequence));
  await client.end();
});

afterAll(async () => {
  await server.stop();
});

test(
  `${PROCESSES} processes draw for ${SECONDS} s: as fast at the end, with as much memory and as many descriptors`,
  { timeout: (SECONDS + 600) * 5_000 },
  async () => {
    const [program] = await compile(new URL("../../support/draws/draw-for-hours.ts", import.meta.url));
    const all = await Promise.all(Array.from({ length: PROCESSES }, () => drawnBy(program, server.url)));
    const windows = all.map((own) => [own.slice(WARM_UP, WARM_UP + WINDOW), own.slice(-WINDOW)] as const);
    for (const way of ["nextval", "nextvals", "blocks"] as const) {
      const share = (seconds: readonly Second[]) => seconds.map(({ times }) => times[way]);
      const [first, last] = [0, 1].map((at) => median(windows.flatMap((own) => share(own[at as 0 | 1])))) as [
        number,
        number,
      ];
      console.log(`${way}, times its reference: ${first.toFixed(3)} at first, ${last.toFixed(3)} at last`);
      expect(last / first, way).toBeLessThan(1 / 0.9);
    }
    for (const [first, last] of windows) {
      const heap = (seconds: readonly Second[]) => median(seconds.map(({ heapMb }) => heapMb));
      expect(heap(last) - heap(first)).toBeLessThan(1);
      expect(last.at(-1)?.descriptors).toBe(first[0]?.descriptors);
    }
  },
);

async function drawnBy(program: string, url: string): Promise<Second[]> {
  const child = fork(program, [JSON.stringify({ url, seconds: SECONDS })], { execArgv: ["--expose-gc"] });
  const seconds: Second[] = [];
  child.on("message", (second: Second) => seconds.push(second));
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code).toBe(0);
  expect(seconds).toHaveLength(SECONDS);
  return seconds;
}
