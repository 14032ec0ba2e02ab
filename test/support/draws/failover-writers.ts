import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, type DrawOptions, nextval, pgSequence, sql } from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import type postgres from "postgres";
import { expect } from "vitest";
import { answerOf } from "../attacks/answer.js";

const orderSeq = pgSequence("order_seq");
const blockSeq = pgSequence("block_seq", { increment: 10 });
const invoiceNo = gaplessCounter("invoice_no");

/** The ids that a caller got, by where they are from. */
export type Kind = "drawn" | "blocks" | "rows" | "invoices";
export type Ids = Readonly<Record<Kind, bigint[]>>;

/** Ways to get ids. A row and an invoice count once their commit was confirmed. */
type Way = readonly [Kind, () => Promise<bigint[]>];

export async function createAll(client: postgres.Sql): Promise<void> {
  const db = bind(client);
  for (const sequence of [orderSeq, blockSeq]) await db.query(createSequence(sequence));
  await db.query(invoiceNo.create());
  await db`create table orders (id bigint)`;
  await db`create table invoices (no bigint)`;
}

function waysOf(db: Database, options: DrawOptions): readonly Way[] {
  const ids = allocator(db, orderSeq, { size: 5, ...options });
  const blocks = blockAllocator(db, blockSeq, options);
  const id = nextval(orderSeq);
  return [
    ["drawn", async () => [await db.nextval(orderSeq, options)]],
    ["drawn", () => db.nextvals(orderSeq, 3, options)],
    ["drawn", () => ids.take(2)],
    ["blocks", () => blocks.take(4)],
    ["rows", async () => [(await db.one(sql<{ id: bigint }>`insert into orders values (${id}) returning id`)).id]],
    [
      "invoices",
      () =>
        db.begin(async (tx) => {
          const no = await invoiceNo.next(tx);
          await tx`insert into invoices values (${no})`;
          return [no];
        }),
    ],
  ];
}

export interface Writers {
  readonly ids: Ids;
  /** Resolves once the writers have got as many more answers. */
  progress(answers: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Every writer draws by every way in turn, and goes on with the same client and allocators whatever happens. Writers
 * that only draw write no rows.
 */
export function startWriters(
  clients: readonly postgres.Sql[],
  { onlyDraw, ...options }: DrawOptions & { onlyDraw: boolean },
): Writers {
  const ids: Ids = { drawn: [], blocks: [], rows: [], invoices: [] };
  let answers = 0;
  let isStopped = false;
  const work = clients.map(async (client, first) => {
    const ways = waysOf(bind(client), options).filter(([kind]) => !onlyDraw || kind === "drawn" || kind === "blocks");
    for (let turn = first; !isStopped; turn++) {
      const [kind, draw] = ways[turn % ways.length]!;
      const answer = await answerOf(kind, draw);
      if (answer.kind === "value") {
        answers++;
        ids[kind].push(...answer.value);
      } else {
        // The kill interrupted the work, and nothing else failed.
        expect(answer).toMatchObject({ kind: "lost" });
        await sleep(10);
      }
    }
  });
  return {
    ids,
    async progress(more) {
      const enough = answers + more;
      while (answers < enough) await Promise.race([sleep(2), ...work]);
    },
    async stop() {
      isStopped = true;
      await Promise.all(work);
    },
  };
}

/** Draws from the new primary until it is past every id that anybody got. */
export async function drawPast(client: postgres.Sql, ids: Ids): Promise<void> {
  const db = bind(client);
  const last = greatest([...ids.drawn, ...ids.rows]);
  ids.drawn.push(await db.nextval(orderSeq));
  const missing = last - (ids.drawn.at(-1) ?? 0n);
  if (missing > 0n) ids.drawn.push(...(await db.nextvals(orderSeq, Number(missing))));
  const lastBlock = greatest(ids.blocks);
  const blocks = blockAllocator(db, blockSeq);
  do ids.blocks.push(await blocks.next());
  while ((ids.blocks.at(-1) ?? 0n) <= lastBlock);
}

/** How many ids somebody got a second time. Ids of rows are from the sequence that others draw from, too. */
export function countTwice({ drawn, rows, blocks, invoices }: Ids): number {
  const twice = (values: readonly bigint[]) => values.length - new Set(values).size;
  return twice([...drawn, ...rows]) + twice(blocks) + twice(invoices);
}

/** How many committed rows and invoices are gone. */
export async function countLost(client: postgres.Sql, { rows, invoices }: Ids): Promise<number> {
  const db = bind(client);
  const orders = new Set((await db<{ id: bigint }>`select id from orders`).map(({ id }) => id));
  const kept = new Set((await db<{ no: bigint }>`select no from invoices`).map(({ no }) => no));
  return rows.filter((id) => !orders.has(id)).length + invoices.filter((no) => !kept.has(no)).length;
}

/** Whether the invoices that are there are 1, 2, 3, and so on. */
export async function expectNoGap(client: postgres.Sql): Promise<void> {
  const kept = await bind(client)<{ no: bigint }>`select no from invoices order by no`;
  expect(kept.map(({ no }) => no)).toEqual(kept.map((_, index) => BigInt(index + 1)));
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), 0n);
}
