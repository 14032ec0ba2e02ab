import { isDeepStrictEqual } from "node:util";
import { bind, createSequence, nextval, pgSequence } from "nextval";
import postgres from "postgres";
import { reachServer } from "../server/server.js";
import { interleave, median, type Task } from "./interleave.js";
import { atLeast, type Report, round } from "./report.js";

/** Runs the same statements through postgres.js' own tag and through a handle, awaiting one before the next. */
export async function measure(): Promise<Report> {
  const server = await reachServer();
  try {
    return await measureOn(server.url);
  } finally {
    await server.stop();
  }
}

async function measureOn(url: string): Promise<Report> {
  // One connection for both: of two backends, one may get the better processor.
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const db = bind(client);
    // Temporary, so nothing is left on a server that existed before.
    const orderSeq = pgSequence("nextval_bench_seq", { as: "integer" });
    await db.query(createSequence(orderSeq, { temporary: true }));

    const driverQuery = (id: number) => client`select ${id}::int4 + 1 as id, ${"a note"}::text as note`;
    const query = (id: number) => db`select ${id}::int4 + 1 as id, ${"a note"}::text as note`;
    const driverDraw = () => client`select pg_catalog.nextval('"nextval_bench_seq"'::pg_catalog.regclass)::int4 as id`;
    const templateDraw = () => db`select ${nextval(orderSeq)}::int4 as id`;
    const draw = () => db.nextval(orderSeq);

    const expected = [...(await driverQuery(7))];
    const given = [...(await query(7))];
    if (!isDeepStrictEqual(given, expected)) {
      throw new Error(`nextval reads ${JSON.stringify(given)}, and postgres.js ${JSON.stringify(expected)}`);
    }
    const drawn = [(await driverDraw())[0]?.["id"], ((await templateDraw())[0] as { id: number }).id, await draw()];
    if (!isDeepStrictEqual(drawn, [1, 2, 3])) throw new Error(`drew ${String(drawn)} and not 1, 2, 3`);

    const templates = await compare({
      "postgres.js, a template with 2 values": driverQuery,
      "nextval, the same template": query,
    });
    const draws = await compare({
      "postgres.js, select nextval(...)": driverDraw,
      "nextval, the same select": templateDraw,
      "nextval, db.nextval(orderSeq)": draw,
    });
    return {
      tables: [
        {
          title: "Statements per second, one awaited before the next, on one connection",
          columns: ["", "per second", "of postgres.js"],
          rows: [...templates, ...draws].map(({ name, rate, share }) => [name, Math.round(rate), round(share)]),
        },
      ],
      targets: [atLeast("rate of templates, of postgres.js' own", templates[1]?.share ?? NaN, 0.95)],
    };
  } finally {
    await client.end({ timeout: 1 });
  }
}

interface Rate {
  readonly name: string;
  /** Per second. */
  readonly rate: number;
  /** Of the rate of the first. */
  readonly share: number;
}

/**
 * The system's choice of processors for client and server can make one round twice as fast as another. So the share is
 * the median of the shares in each round.
 */
async function compare(queries: { readonly [name: string]: (id: number) => PromiseLike<unknown> }): Promise<Rate[]> {
  const tasks = Object.values(queries).map((query): Task => ({
    async run(count) {
      for (let id = 0; id < count; id++) await query(id);
    },
  }));
  const times = await interleave(tasks, { warmups: 20, rounds: 121, batch: 10 });
  return Object.keys(queries).map((name, index) => {
    const own = times[index] as number[];
    const shares = own.map((time, round) => (times[0]?.[round] as number) / time);
    return { name, rate: 1e9 / median(own), share: median(shares) };
  });
}
