import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, pgSequence, sql } from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import { beforeAll, expect } from "vitest";
import { type Answer, answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import { startChaosProxy } from "../support/attacks/chaos-proxy.js";
import { useDatabase } from "../support/database.js";

/** Small pools, and options that change what is sent together. */
const CLIENTS = [
  { max: 1, max_pipeline: 1 },
  { max: 1, max_pipeline: 2, prepare: false },
  { max: 2, prepare: false },
  { max: 3 },
];
const CALLS = 60;
/** More than one connection takes together, so the calls behind them wait. */
const STATEMENTS_IN_FRONT = 100;

const database = useDatabase();
const idSeq = pgSequence("id_seq");
const blockSeq = pgSequence("block_seq", { increment: 10 });
const invoiceNo = gaplessCounter("invoice_no");

beforeAll(async () => {
  const db = bind(database.client);
  for (const sequence of [idSeq, blockSeq]) await db.query(createSequence(sequence));
  await db.query(invoiceNo.create());
  await db`create table invoices (no bigint, note text)`;
});

/** The invoices that were surely written, and those that surely were not. */
interface Ledger {
  readonly written: string[];
  readonly unwritten: string[];
}

attack("allocators: each value comes once, and invoices have no gap, on failing connections", async (round) => {
  await database.client`truncate invoices, gapless_counter`;
  const ledger: Ledger = { written: [], unwritten: [] };
  const ids: bigint[] = [];
  const blockIds: bigint[] = [];
  await attackClient(round.random.pick(CLIENTS), { ids, blockIds, ledger }, round);
  for (const values of [ids, blockIds]) expect(new Set(values).size).toBe(values.length);
  round.count("values", ids.length + blockIds.length);
  const invoices = await database.client<{ no: string; note: string }[]>`select no, note from invoices order by no`;
  expect(invoices.map(({ no }) => Number(no))).toEqual(invoices.map((_, at) => at + 1));
  const notes = new Set(invoices.map(({ note }) => note));
  expect(ledger.written.filter((note) => !notes.has(note))).toEqual([]);
  expect(ledger.unwritten.filter((note) => notes.has(note))).toEqual([]);
});

interface Results {
  readonly ids: bigint[];
  readonly blockIds: bigint[];
  readonly ledger: Ledger;
}

async function attackClient(options: object, { ids, blockIds, ledger }: Results, round: Round): Promise<void> {
  const { random, count } = round;
  const faults = { refused: 0, failing: random.pick([0.5, 0.9]), split: 0.1, late: 0.1 };
  const proxy = await startChaosProxy(database.url, faults, random.fork());
  const { hostname, port } = new URL(proxy.url);
  const quick = { connect_timeout: 2, backoff: () => 0.01, fetch_types: false };
  const client = database.connect({ host: hostname, port: Number(port), ...quick, ...options });
  const db = bind(client);
  const single = allocator(db, idSeq, { size: random.between(1, 20) });
  const blocks = blockAllocator(db, blockSeq, { lowWater: random.between(0, 10) });
  const front = Array.from({ length: STATEMENTS_IN_FRONT }, (_, at) => answerOf("in front", () => select(db, at)));
  const calls = Array.from({ length: CALLS }, async (_, at) => {
    const note = `${round.seed} ${JSON.stringify(options)} ${at}`;
    const way = random.between(0, 4);
    const kept = random.chance(0.8);
    const number = random.between(0, 15);
    await sleep(random.between(0, 30));
    count("calls");
    if (way === 0) keep(await answerOf("next", () => single.next().then((id) => [id])), ids);
    else if (way === 1) keep(await answerOf("take", () => single.take(number)), ids);
    else if (way === 2) keep(await answerOf("take of blocks", () => blocks.take(number)), blockIds);
    else if (way === 3) keep(await answerOf("nextvals", () => db.nextvals(idSeq, number)), ids);
    else record(await answerOf("invoice", () => writeInvoice(db, note, kept)), note, ledger);
  });
  await Promise.all(calls);
  for (const [at, answer] of (await Promise.all(front)).entries()) {
    if (answer.kind === "value") expect(answer.value).toEqual({ at });
  }
  proxy.calm();
  await expect.poll(() => db.begin((tx) => select(tx, 1)).catch(() => null), { timeout: 10_000 }).toEqual({ at: 1 });
  await Promise.all([single.close(), blocks.close()]);
  await client.end({ timeout: 1 });
  await proxy.close();
}

function select(db: Pick<Database, "one">, at: number): Promise<{ at: number }> {
  return db.one(sql<{ at: number }>`select ${at}::integer as at`);
}

async function writeInvoice(db: Database, note: string, isKept: boolean): Promise<void> {
  await db.begin(
    async (tx) => {
      const no = await invoiceNo.next(tx);
      const drawnAndReturned = tx.savepoint(async (inner) => {
        await invoiceNo.next(inner);
        throw new Error("back");
      });
      await drawnAndReturned.catch((error: Error) => {
        if (error.message !== "back") throw error;
      });
      await tx`insert into invoices values (${no}, ${note})`;
      if (!isKept) throw new Error("rolled back");
    },
    { retries: 2 },
  );
}

function keep(answer: Answer<bigint[]>, values: bigint[]): void {
  if (answer.kind === "value") values.push(...answer.value);
  else expect(answer).toMatchObject({ kind: "lost" });
}

function record(answer: Answer<void>, note: string, { written, unwritten }: Ledger): void {
  if (answer.kind === "value") written.push(note);
  else if (answer.kind !== "lost" || answer.code !== "COMMIT_UNKNOWN") unwritten.push(note);
}
