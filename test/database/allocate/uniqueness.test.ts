import { bind, createSequence } from "nextval";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";
import { countUnique, startProgram } from "../../support/draws/draw-programs.js";
import { blockSeq, orderSeq } from "../../support/draws/drawing.js";
import { IS_LONG } from "../../support/effort.js";
import { usePrograms } from "../../support/programs.js";

const PROCESSES = IS_LONG ? 8 : 4;
const IDS = IS_LONG ? 10_000_000 : 200_000;

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

test(`${PROCESSES} processes draw ${IDS} ids in every way at once: none twice, and none out of bounds`, async () => {
  await createSequences();
  const task = { url: server.url, count: IDS / PROCESSES / 4 };
  const reports = await Promise.all(Array.from({ length: PROCESSES }, () => startProgram(drawIds, task).done));
  expect(countUnique(reports)).toBeGreaterThanOrEqual(IDS);
  for (const { failures, hung, strange } of reports) {
    expect({ failures, hung, strange }).toEqual({ failures: new Map(), hung: [], strange: [] });
  }
}, 240_000);
