import { setTimeout } from "node:timers/promises";
import { PGlite } from "@electric-sql/pglite";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import createKnex from "knex";
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import { bind, createSequence, type Database, pgSequence } from "nextval";
import { blockAllocator } from "nextval/allocate";
import { bind as bindPg } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Pool } from "pg";
import postgres from "postgres";
import { startServer } from "../server/server.js";
import { BareClient } from "./bare-client.js";
import { interleave, median, type Task } from "./interleave.js";
import { mergedByHand } from "./merged-by-hand.js";
import { atLeast, atMost, greatest, ratios, type Report, round, spread } from "./report.js";

const CALLS = 1000;
const IDS = 100_000;
const BLOCKS = [1000, 100_000];
const ROUNDS = 15;

/** Measures drawing ids, beside a client that does the protocol's minimum, and beside plain rows. */
export async function measure(): Promise<Report> {
  const server = await startServer({ settings: { fsync: "on" } });
  const client = postgres(server.url, { max: 1, onnotice: () => {} });
  const plainSeq = pgSequence("plain_seq");
  const cachedSeq = pgSequence("cached_seq", { cache: 1000 });
  try {
    const db = bind(client);
    for (const sequence of [plainSeq, cachedSeq]) await db.query(createSequence(sequence));
    const peers = openPeers(server.url);
    const bare = await BareClient.open(server.url, "select nextval('plain_seq'::regclass)");
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const overPg = bindPg(pool);
    const drawByHand = mergedByHand(
      (count) =>
        client<{ id: string }[]>`
          select nextval('plain_seq'::regclass)::text as id from generate_series(1, ${count}::int)`,
      ({ id }) => BigInt(id),
    );
    try {
      const calls = await rates(CALLS, {
        "bare protocol, pipelined": () => bare.pipeline(CALLS),
        "postgres.js, Promise.all of templates": () =>
          Promise.all(Array.from({ length: CALLS }, () => client`select nextval('plain_seq'::regclass)`)),
        "nextval, Promise.all of db.nextval": () =>
          Promise.all(Array.from({ length: CALLS }, () => db.nextval(plainSeq))),
        "nextval over pg, Promise.all of db.nextval": () =>
          Promise.all(Array.from({ length: CALLS }, () => overPg.nextval(plainSeq))),
        [MERGED]: () => Promise.all(Array.from({ length: CALLS }, drawByHand)),
        ...Object.fromEntries(
          Object.entries(peers.draws).map(([name, draw]) => [
            `${name}, Promise.all`,
            () => Promise.all(Array.from({ length: CALLS }, draw)),
          ]),
        ),
      });
      const single = await rates(50, {
        "bare protocol": () => bare.sequence(50),
        "nextval, { durable: false }": async () => {
          for (let call = 0; call < 50; call++) await db.nextval(plainSeq, { durable: false });
        },
        "nextval, durable": async () => {
          for (let call = 0; call < 50; call++) await db.nextval(plainSeq);
        },
      });
      const many = await bulk({
        "CACHE 1, rows": () => client`select nextval('plain_seq'::regclass) as id from generate_series(1, ${IDS}::int)`,
        "CACHE 1, db.nextvals": () => db.nextvals(plainSeq, IDS),
        "CACHE 1, array_agg": () =>
          client`select array_agg(nextval('plain_seq'::regclass)) as ids from generate_series(1, ${IDS}::int)`,
        "CACHE 1, json_agg": () =>
          client`select json_agg(nextval('plain_seq'::regclass)) as ids from generate_series(1, ${IDS}::int)`,
        "CACHE 1000, rows": () =>
          client`select nextval('cached_seq'::regclass) as id from generate_series(1, ${IDS}::int)`,
        "CACHE 1000, db.nextvals": () => db.nextvals(cachedSeq, IDS),
      });
      const overDrivers: { name: string; wanted: number; shares: readonly number[]; counted: number }[] = [];
      for (const { name, wanted, db, count, end } of await openDrivers(server.url)) {
        await db.query(createSequence(plainSeq, { ifNotExists: true }));
        const [own, drawn] = (await bulk({ count, nextvals: () => db.nextvals(plainSeq, IDS) })) as [Bulk, Bulk];
        overDrivers.push({ name, wanted, shares: ratios(drawn.ms, own.ms), counted: median(own.ms) });
        await end();
      }
      const blocks: [rows: Bulk, loop: Bulk, ...Bulk[]][] = [];
      for (const size of BLOCKS) {
        const blockSeq = pgSequence(`block_${size}_seq`, { increment: size });
        await db.query(createSequence(blockSeq));
        const unflushed = blockAllocator(db, blockSeq, { durable: false });
        const flushed = blockAllocator(db, blockSeq);
        const ahead = blockAllocator(db, blockSeq, { size: 8, lowWater: 4 * size });
        const measured = await bulk(
          {
            [`${size} ids, rows`]: () =>
              client`select nextval('plain_seq'::regclass) as id from generate_series(1, ${size}::int)`,
            [`${size} ids, a loop that makes them, without a server`]: async () => count(1n, size),
            [`${size} ids, a block by hand`]: async () => {
              const [row] = await client<
                [{ id: string }]
              >`select nextval(${`block_${size}_seq`}::text::regclass) as id`;
              return count(BigInt(row.id), size);
            },
            [`${size} ids, a block, { durable: false }`]: () => unflushed.take(size),
            [`${size} ids, a block`]: () => flushed.take(size),
            [`${size} ids, a block, drawn 8 at a time and ahead`]: () => ahead.take(size),
          },
          size,
          IDS / size,
        );
        blocks.push(measured as [Bulk, Bulk, ...Bulk[]]);
      }
      const [, loop] = blocks.at(-1) as [Bulk, Bulk];
      const [, , tick, tickOverPg, merged] = calls as [Rate, Rate, Rate, Rate, Rate];
      const peerCalls = calls.filter(({ name }) => !/^(?:bare|nextval|merged)/.test(name));
      const ofCalls = {
        limit: `${round(median(merged.shares))} (${MERGED})`,
        peer: greatest(peerCalls.map(({ name, shares }) => ({ name, figure: median(shares) }))),
      };
      const [rows, drawn, arrays, documents, cachedRows, cached] = many as [Bulk, Bulk, Bulk, Bulk, Bulk, Bulk];
      return {
        tables: [
          table(`${CALLS} calls of one tick, on one connection`, calls),
          table("Calls one after the other, with fsync", single),
          {
            title:
              `${IDS.toLocaleString("en-US")} ids at once, or as many as is said, with fsync; ` +
              `medians of ${ROUNDS} rounds`,
            columns: ["", "ms", "times the rate of rows", "quartiles", "ns of client CPU per id"],
            rows: [[rows, drawn, arrays, documents], [cachedRows, cached], ...blocks].flatMap((group) =>
              group.map((each) => bulkRow(each, group[0] as Bulk)),
            ),
          },
        ],
        targets: [
          atLeast("calls of one tick, times the bare protocol", tick.shares, 12, ofCalls),
          atLeast("calls of one tick over pg, times the bare protocol", tickOverPg.shares, 8, ofCalls),
          atLeast("nextvals of 100,000, times rows", ratios(rows.ms, drawn.ms), 1.5),
          atLeast("the same with CACHE 1000", ratios(cachedRows.ms, cached.ms), 2),
          atMost("nextvals, client CPU per id", drawn.cpu, 40, {
            unit: " ns",
            limit: `${round(median(loop.cpu))} (a loop that makes them)`,
          }),
          ...overDrivers.map(({ name, wanted, shares, counted }) =>
            atMost(`nextvals over ${name}, times the server's own count(nextval(...))`, shares, wanted, {
              limit: `1 (nothing is sent), ${round(1 + median(loop.ms) / counted)} (and a loop makes the ids)`,
            }),
          ),
          ...blocks.map((each, index) =>
            atLeast(
              `blocks of ${BLOCKS[index]}, drawn ahead, times rows`,
              ratios(each[0].ms, (each.at(-1) as Bulk).ms),
              index === 0 ? 14 : 70,
              { limit: `${round(median(ratios(each[0].ms, each[1].ms)))} (a loop that makes them)` },
            ),
          ),
        ],
      };
    } finally {
      bare.close();
      await pool.end();
      await peers.close();
    }
  } finally {
    await client.end({ timeout: 1 });
    await server.stop();
  }
}

const MERGED = "merged by hand, without a flush";

/** The ids of a block, as a program that knows its size counts them. */
function count(first: bigint, size: number): bigint[] {
  const ids = new Array<bigint>(size);
  for (let index = 0, id = first; index < size; index++, id++) ids[index] = id;
  return ids;
}

interface Driver {
  readonly name: string;
  readonly wanted: number;
  readonly db: Database;
  /** Draws as many values, of which only their number is returned. */
  count(): PromiseLike<unknown>;
  end(): Promise<unknown>;
}

/** Each driver, with a handle over one connection. */
async function openDrivers(url: string): Promise<Driver[]> {
  const text = `select count(nextval('plain_seq'::regclass)) from generate_series(1, ${IDS})`;
  const client = postgres(url, { max: 1, onnotice: () => {} });
  const pool = new Pool({ connectionString: url, max: 1 });
  const pglite = await PGlite.create();
  return [
    {
      name: "postgres.js",
      wanted: 1.12,
      db: bind(client),
      count: () => client.unsafe(text),
      end: () => client.end({ timeout: 1 }),
    },
    { name: "pg", wanted: 1.25, db: bindPg(pool), count: () => pool.query(text), end: () => pool.end() },
    {
      name: "PGlite",
      wanted: 1.25,
      db: bindPGlite(pglite),
      count: () => pglite.query(text),
      end: () => pglite.close(),
    },
  ];
}

/** One draw in each contender's own way, each on its own connection. */
function openPeers(url: string) {
  const text = "select nextval('plain_seq'::regclass)";
  const pool = new Pool({ connectionString: url, max: 1 });
  const kysely = new Kysely<object>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) }),
  });
  const knex = createKnex({ client: "pg", connection: url, pool: { min: 1, max: 1 } });
  const client = postgres(url, { max: 1, onnotice: () => {} });
  const overDriver = drizzle(client);
  const draws: { readonly [name: string]: () => PromiseLike<unknown> } = {
    "pg, named": () => pool.query({ name: "draw", text }),
    "Drizzle over postgres.js": () => overDriver.execute(drizzleSql`select nextval('plain_seq'::regclass)`),
    Kysely: () => kyselySql`select nextval('plain_seq'::regclass)`.execute(kysely),
    Knex: () => knex.raw(text),
  };
  const close = () => Promise.all([pool.end(), kysely.destroy(), knex.destroy(), client.end({ timeout: 1 })]);
  return { draws, close };
}

interface Rate {
  readonly name: string;
  readonly rate: number;
  /** Of the first, in each round. */
  readonly shares: readonly number[];
}

/** Calls per second. */
async function rates(calls: number, work: { readonly [name: string]: () => Promise<unknown> }): Promise<Rate[]> {
  const tasks = Object.values(work).map((run): Task => ({
    async run(count) {
      for (let turn = 0; turn < count; turn++) await run();
    },
  }));
  const times = await interleave(tasks, { warmups: 10, rounds: 41, batch: 20 });
  return Object.keys(work).map((name, index) => {
    const own = times[index] as number[];
    return { name, rate: (1e9 * calls) / median(own), shares: ratios(times[0] as number[], own) };
  });
}

function table(title: string, all: readonly Rate[]) {
  return {
    title,
    columns: ["", "per second", "of the first", "quartiles"],
    rows: all.map(({ name, rate, shares }) => [name, Math.round(rate), round(median(shares)), spread(shares)]),
  };
}

/** What was measured in each round. */
interface Bulk {
  readonly name: string;
  readonly ms: readonly number[];
  readonly cpu: readonly number[];
}

function bulkRow({ name, ms, cpu }: Bulk, first: Bulk) {
  const shares = ratios(first.ms, ms);
  return [name, round(median(ms)), round(median(shares)), spread(shares), Math.round(median(cpu))];
}

/**
 * Milliseconds per call, and nanoseconds of client CPU per id. `turns` calls are timed together if one is too short.
 */
async function bulk(
  work: { readonly [name: string]: () => PromiseLike<unknown> },
  ids = IDS,
  turns = 1,
): Promise<Bulk[]> {
  const all = Object.entries(work).map(([name, run]) => ({ name, run, ms: [] as number[], cpu: [] as number[] }));
  for (let round = -3; round < ROUNDS; round++) {
    for (const each of all) {
      // Waits so this contender does not clean up after the previous one; its threads continue for a moment.
      globalThis.gc?.();
      await setTimeout(50);
      const before = process.cpuUsage();
      const start = performance.now();
      for (let turn = 0; turn < turns; turn++) await each.run();
      const ms = (performance.now() - start) / turns;
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      each.ms.push(ms);
      each.cpu.push(((user + system) * 1000) / ids / turns);
    }
  }
  return all;
}
