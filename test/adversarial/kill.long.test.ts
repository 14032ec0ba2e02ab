import { setTimeout as sleep } from "node:timers/promises";
import { bind, createSequence, type Database, nextval, pgSequence, sql } from "nextval";
import { gaplessCounter } from "nextval/allocate";
import postgres from "postgres";
import { afterAll, beforeAll, expect } from "vitest";
import { type Server, startServer } from "../server/server.js";
import { answerOf } from "../support/attacks/answer.js";
import { attack, type Round } from "../support/attacks/attack.js";
import { countUnique, type Program, startProgram } from "../support/draws/draw-programs.js";
import { blockSeq, orderSeq } from "../support/draws/drawing.js";
import { usePrograms } from "../support/programs.js";

const PROGRAMS = 2;
const WRITERS = 6;
/**
 * The server writes a record into its log before a sequence runs out of as many values. Source: SEQ_LOG_VALS in
 * `sequence.c`.
 */
const LOGGED_AHEAD = 32n;

const rowSeq = pgSequence("row_seq");
const invoiceNo = gaplessCounter("invoice_no");

const compile = usePrograms();
const clients: postgres.Sql[] = [];
let server: Server;
let drawIds: string;

beforeAll(async () => {
  [drawIds] = await compile(new URL("../support/draws/draw-ids.ts", import.meta.url));
  // The kill has to lose data that was not flushed. Without fsync, commit_delay has no effect either.
  server = await startServer({ settings: { fsync: "on" } });
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  await server.stop();
});

function connect(max: number): Database {
  const client = postgres(server.url, {
    max,
    onnotice: () => {},
    connect_timeout: 5,
    backoff: () => 0.05,
    fetch_types: false,
  });
  clients.push(client);
  return bind(client);
}

async function createAll(db: Database): Promise<void> {
  await db`drop table if exists gapless_counter, invoices, kept`;
  await db`drop sequence if exists order_seq, block_seq, row_seq`;
  for (const sequence of [orderSeq, blockSeq, rowSeq]) await db.query(createSequence(sequence));
  await db.query(invoiceNo.create());
  await db`create table invoices (no bigint)`;
  await db`create table kept (id bigint default ${nextval(rowSeq)}, way integer)`;
}

/** Ways to draw values and commit them with rows. Each returns the values that were committed. */
const WAYS: readonly ((db: Database) => Promise<bigint[]>)[] = [
  async (db) => (await db<{ id: bigint }>`insert into kept (way) values (1), (1) returning id`).map(({ id }) => id),
  async (db) => {
    const ids = await db.nextvals(rowSeq, 3);
    await db`insert into kept ${sql.insert(ids.map((id) => ({ id, way: 2 })))}`;
    return ids;
  },
  (db) =>
    db.begin(async (tx) => {
      const insert = sql<{ id: bigint }>`insert into kept values (${nextval(rowSeq)}, 3) returning id`;
      return [(await tx.one(insert)).id, (await tx.one(insert)).id];
    }),
];
const MOST_AT_ONCE = 3n;

attack("SIGKILL of the server under load: nothing drawn comes twice, no gap where there may be none", async (round) => {
  const { random, count } = round;
  const admin = connect(1);
  await createAll(admin);
  const task = { url: server.url, count: undefined };
  const programs = Array.from({ length: PROGRAMS }, () => startProgram(drawIds, task));
  const rows = startWriters(connect(WRITERS), (db, index) => WAYS[index % WAYS.length]!(db), round);
  const invoices = startWriters(
    connect(WRITERS),
    (db) =>
      db.begin(async (tx) => {
        const no = await invoiceNo.next(tx);
        await tx`insert into invoices values (${no})`;
        return [no];
      }),
    round,
  );
  const load: readonly Pick<Program, "progress">[] = [...programs, rows, invoices];
  const progress = () => Promise.all(load.map((each) => each.progress()));

  try {
    await progress();
    for (let kills = random.between(1, 2); kills > 0; kills--) {
      await sleep(random.between(0, 100));
      await server.crash();
      await server.start();
      count("kills");
      await expectKept(rows.committed, admin);
      await progress();
    }
  } finally {
    for (const program of programs) program.stop();
    await Promise.all([rows.stop(), invoices.stop()]);
  }

  const reports = await Promise.all(programs.map(({ done }) => done));
  count("ids drawn", countUnique(reports));
  for (const { hung, strange } of reports) expect({ hung, strange }).toEqual({ hung: [], strange: [] });
  await expectKept(rows.committed, admin);
  expect(new Set(rows.committed).size).toBe(rows.committed.length);
  count("rows committed", rows.committed.length);

  const kept = await admin<{ no: bigint }>`select no from invoices order by no`;
  expect(kept.map(({ no }) => no)).toEqual(kept.map((_, index) => BigInt(index + 1)));
  expect(invoices.committed.filter((no) => no > BigInt(kept.length))).toEqual([]);
  expect(new Set(invoices.committed).size).toBe(invoices.committed.length);
  count("numbers without gaps", kept.length);
});

interface Writers {
  /** The values that the server confirmed as committed. */
  readonly committed: bigint[];
  /** Resolves after as many further commits as there are writers. */
  progress(): Promise<void>;
  stop(): Promise<void>;
}

function startWriters(
  db: Database,
  write: (db: Database, index: number) => Promise<bigint[]>,
  { count }: Round,
): Writers {
  const committed: bigint[] = [];
  let transactions = 0;
  let isStopped = false;
  const work = Array.from({ length: WRITERS }, async (_, index) => {
    while (!isStopped) {
      const answer = await answerOf("a writer", () => write(db, index));
      if (answer.kind === "value") {
        transactions++;
        committed.push(...answer.value);
      } else {
        // The kill interrupted the work, and nothing else failed.
        expect(answer).toMatchObject({ kind: "lost" });
        count("calls lost");
        await sleep(10);
      }
    }
  });
  return {
    committed,
    async progress() {
      const enough = transactions + WRITERS;
      while (transactions < enough) await Promise.race([sleep(5), ...work]);
    },
    async stop() {
      isStopped = true;
      await Promise.all(work);
    },
  };
}

/**
 * Checks that committed rows are there, and that the sequence is past them, but not farther than a crash may take it.
 */
async function expectKept(committed: readonly bigint[], db: Database): Promise<void> {
  const known = [...committed];
  const there = new Set((await db<{ id: bigint }>`select id from kept`).map(({ id }) => id));
  expect(known.filter((id) => !there.has(id))).toEqual([]);
  const [last] = await db<{ id: bigint }>`select max(id) as id from kept`;
  const next = await db.nextval(rowSeq);
  expect(next).toBeGreaterThan(last?.id ?? 0n);
  // The writers draw at the same time.
  const [later] = await db<{ id: bigint }>`select max(id) as id from kept`;
  expect(next - (later?.id ?? 0n)).toBeLessThanOrEqual(LOGGED_AHEAD + BigInt(WRITERS) * MOST_AT_ONCE + 1n);
}
