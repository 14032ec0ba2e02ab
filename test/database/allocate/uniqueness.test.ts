import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";
import { isLoss } from "../../support/attacks/answer.js";
import { countUnique, startProgram } from "../../support/draws/draw-programs.js";
import { blockSeq, orderSeq } from "../../support/draws/drawing.js";
import { IS_LONG } from "../../support/effort.js";
import { usePrograms } from "../../support/programs.js";

const PROCESSES = IS_LONG ? 8 : 3;
const IDS = IS_LONG ? 10_000_000 : 6_000;
const KILLS = IS_LONG ? 20 : 0;

const compile = usePrograms();
let server: Server;
let drawIds: string;

beforeAll(async () => {
  [drawIds] = await compile(new URL("../../support/draws/draw-ids.ts", import.meta.url));
  // Without it the server ignores commit_delay.
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

const meanwhile = KILLS === 0 ? "" : `, and the server is killed ${KILLS} times`;
const title = `${PROCESSES} processes draw ${IDS} ids in every way at once${meanwhile}`;

test(`${title}: none twice, and none out of bounds`, { timeout: IS_LONG ? 1_800_000 : 240_000 }, async () => {
  await createSequences();
  const task = { url: server.url, count: IDS / PROCESSES / 4 };
  const programs = Array.from({ length: PROCESSES }, () => startProgram(drawIds, task));
  let ended = 0;
  const done = Promise.all(
    programs.map(async (program) => {
      const report = await program.done;
      ended++;
      return report;
    }),
  );
  for (let kill = 0; kill < KILLS; kill++) {
    await Promise.all(programs.map((program) => program.progress()));
    await sleep(500);
    expect(ended, `programs that were done before the server was killed ${KILLS} times`).toBe(0);
    await server.crash();
    await server.start();
  }
  const reports = await done;
  const drawn = countUnique(reports);
  expect(drawn).toBeGreaterThanOrEqual(IDS);
  for (const { failures, hung, strange } of reports) {
    // A kill interrupts calls, and nothing else fails.
    const unexpected = [...failures].filter(([code]) => KILLS === 0 || !isLoss(code));
    expect({ unexpected, hung, strange }).toEqual({ unexpected: [], hung: [], strange: [] });
  }
  const lost = reports.reduce((sum, { failures }) => [...failures.values()].reduce((one, more) => one + more, sum), 0);
  console.log(`${drawn.toLocaleString("en")} ids, ${KILLS} kills, ${lost.toLocaleString("en")} calls lost`);
});
