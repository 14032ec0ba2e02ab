import { isDeepStrictEqual } from "node:util";
import { PGlite } from "@electric-sql/pglite";
import { bind, createSequence, type Database, nextval, pgSequence, sql } from "nextval";
import { bind as bindPg } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Pool } from "pg";
import postgres from "postgres";
import { reachServer } from "../server/server.js";
import { interleave, median, type Task } from "./interleave.js";
import { mergedByHand } from "./merged-by-hand.js";
import { atLeast, ratios, type Report, round, spread } from "./report.js";

/**
 * Runs the same statements through each driver's own call and through a handle over the driver, awaiting one before the
 * next.
 */
export async function measure(): Promise<Report> {
  const server = await reachServer();
  const drivers = await Promise.all([openPostgresJs(server.url), openPg(server.url), openPGlite()]);
  try {
    const groups = (await Promise.all(drivers.map(queriesOf))).flat();
    const rates = await compare(groups);
    const limitOf = ({ of, limit }: Wanted) => {
      const shares = rates.find(({ run }) => run === limit?.run)?.shares;
      return shares === undefined ? `1 (${of})` : `1 (${of}), ${round(median(shares))} (${limit?.name})`;
    };
    return {
      tables: [
        {
          title: "Statements per second, one awaited before the next, on one connection",
          columns: ["", "per second", "of the first", "quartiles"],
          rows: rates.map(({ name, rate, shares }) => [name, Math.round(rate), round(median(shares)), spread(shares)]),
        },
      ],
      targets: rates.flatMap(({ name, shares, wanted }) =>
        wanted === undefined
          ? []
          : [atLeast(`${name}, of ${wanted.of}`, shares, wanted.share, { limit: limitOf(wanted) })],
      ),
    };
  } finally {
    for (const { end } of drivers) await end();
    await server.stop();
  }
}

const TEXT = "select $1::int4 + 1 as id, $2::text as note";
const DRAW = `select pg_catalog.nextval('"nextval_bench_seq"'::pg_catalog.regclass)::int4 as id`;

interface Driver {
  readonly name: string;
  readonly db: Database;
  /** The driver's own way to run a statement with values, and one without. */
  query(id: number): PromiseLike<readonly unknown[]>;
  draw(): PromiseLike<readonly unknown[]>;
  end(): Promise<unknown>;
}

// One connection for both: of two backends, one may get the better processor.

async function openPostgresJs(url: string): Promise<Driver> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  return {
    name: "postgres.js",
    db: bind(client),
    query: (id) => client`select ${id}::int4 + 1 as id, ${"a note"}::text as note`,
    draw: () => client`select pg_catalog.nextval('"nextval_bench_seq"'::pg_catalog.regclass)::int4 as id`,
    end: () => client.end({ timeout: 1 }),
  };
}

async function openPg(url: string): Promise<Driver> {
  // Its connection has the temporary sequence.
  const pool = new Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0 });
  return {
    name: "pg",
    db: bindPg(pool),
    query: async (id) => (await pool.query(TEXT, [id, "a note"])).rows,
    draw: async () => (await pool.query(DRAW)).rows,
    end: () => pool.end(),
  };
}

async function openPGlite(): Promise<Driver> {
  const client = await PGlite.create();
  return {
    name: "PGlite",
    db: bindPGlite(client),
    query: async (id) => (await client.query(TEXT, [id, "a note"])).rows,
    draw: async () => (await client.query(DRAW)).rows,
    end: () => client.close(),
  };
}

/** Which share a query should have of the first of its group. */
interface Wanted {
  readonly of: string;
  readonly share: number;
  /** Another query of its group, which shows what cannot be less. */
  readonly limit?: { readonly name: string; readonly run: Query["run"] } | undefined;
}

interface Query {
  readonly name: string;
  readonly wanted?: Wanted;
  readonly run: (id: number) => PromiseLike<unknown>;
}

/** What a draw does by itself unless it is told not to: it waits until the server has written its log. */
const FLUSH = sql`
  pg_catalog.pg_logical_emit_message(true, 'nextval', coalesce(
    case when pg_catalog.current_setting('synchronous_commit') operator(pg_catalog.=) 'off'
      then pg_catalog.set_config('synchronous_commit', 'local', true) end, ''))`;

const OWN = "the driver's own";

/** The statements of one driver, in groups. The first of a group is what the others are compared with. */
async function queriesOf({ name, db, query, draw }: Driver): Promise<readonly (readonly Query[])[]> {
  // Temporary, so nothing is left on a server that existed before.
  const orderSeq = pgSequence("nextval_bench_seq", { as: "integer" });
  await db.query(createSequence(orderSeq, { temporary: true }));
  const template = (id: number) => db`select ${id}::int4 + 1 as id, ${"a note"}::text as note`;
  const templateDraw = () => db`select ${nextval(orderSeq)}::int4 as id`;

  const expected = [...(await query(7))];
  const given = [...(await template(7))];
  if (!isDeepStrictEqual(given, expected)) {
    throw new Error(`nextval reads ${JSON.stringify(given)}, and ${name} ${JSON.stringify(expected)}`);
  }
  const drawn = [...(await draw()), ...(await templateDraw()), { id: await db.nextval(orderSeq) }];
  if (!isDeepStrictEqual(drawn, [{ id: 1 }, { id: 2 }, { id: 3 }])) {
    throw new Error(`drew ${JSON.stringify(drawn)} and not 1, 2, 3`);
  }
  const merged = {
    name: "calls of one tick merged by hand",
    run: mergedByHand(draw, (row) => (row as { readonly id: unknown }).id),
  };
  return [
    [
      { name: `${name}, a statement with 2 values`, run: query },
      { name: `a template over ${name}`, run: template, wanted: { of: OWN, share: 0.95 } },
    ],
    [
      { name: `${name}, select nextval(...)`, run: draw },
      { name: `the same select over ${name}`, run: templateDraw, wanted: { of: OWN, share: 0.95 } },
      {
        name: `db.nextval, { durable: false } over ${name}`,
        run: () => db.nextval(orderSeq, { durable: false }),
        wanted: { of: OWN, share: 0.97, limit: merged },
      },
      { ...merged, name: `${name}, ${merged.name}` },
    ],
    [
      { name: `a draw with the flush by hand over ${name}`, run: () => db`select ${nextval(orderSeq)}, ${FLUSH}` },
      {
        name: `db.nextval over ${name}`,
        run: () => db.nextval(orderSeq),
        wanted: { of: "the flush by hand", share: 0.97 },
      },
    ],
  ];
}

interface Rate extends Query {
  /** Per second. */
  readonly rate: number;
  /** Of the rate of the first of its group, in each round. */
  readonly shares: readonly number[];
}

/**
 * Measures each group by itself, because the work of another driver in between would take its place in the caches of
 * the processor. The system's choice of processors for client and server can make one round twice as fast as another.
 * So the share is the median of the shares in each round.
 */
async function compare(groups: readonly (readonly Query[])[]): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const group of groups) {
    const tasks = group.map(({ run }): Task => ({
      async run(count) {
        for (let id = 0; id < count; id++) await run(id);
      },
    }));
    // A handle gets faster for some 15,000 calls.
    const times = await interleave(tasks, { warmups: 100, rounds: 61, batch: 25 });
    const first = times[0] as number[];
    rates.push(
      ...group.map((query, index) => {
        const own = times[index] as number[];
        return { ...query, rate: 1e9 / median(own), shares: ratios(first, own) };
      }),
    );
  }
  return rates;
}
