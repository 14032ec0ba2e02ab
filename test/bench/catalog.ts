import { bind, pgSequence, type SequenceLike } from "nextval";
import { inspectSequences, planChanges } from "nextval/catalog";
import postgres from "postgres";
import { startServer } from "../server/server.js";
import { median } from "./interleave.js";
import { atMost, ratios, type Report, round, spread } from "./report.js";

const SEQUENCES = 10_000;
const ROUNDS = 15;
/** Each holds a lock until its transaction ends, and the server has room for some thousand locks. */
const AT_ONCE = 500;

/** Measures inspecting 10,000 sequences, beside one handwritten query that reads the same catalogs. */
export async function measure(): Promise<Report> {
  const server = await startServer();
  const queries: string[] = [];
  const client = postgres(server.url, {
    max: 1,
    onnotice: () => {},
    debug: (_connection, query) => queries.push(query),
  });
  try {
    for (let from = 0; from < SEQUENCES; from += AT_ONCE) {
      await client.unsafe(
        `do $$ begin for n in ${from}..${from + AT_ONCE - 1} loop
           execute format('create sequence seq_%s cache 2', n);
           if n % 10 = 0 then
             execute format('create table t_%s (id bigint primary key default nextval(''seq_%s''))', n, n);
             execute format('alter sequence seq_%s owned by t_%s.id', n, n);
           elsif n % 2 = 0 then perform nextval(format('seq_%s', n));
           end if;
         end loop; end $$`,
      );
    }
    await client.unsafe("vacuum analyze");
    const db = bind(client);
    const declared: SequenceLike[] = Array.from({ length: SEQUENCES }, (_, n) =>
      pgSequence(`seq_${n}`, n % 10 === 0 ? { cache: 2, ownedBy: { table: `t_${n}`, column: "id" } } : { cache: 2 }),
    );
    const times = { byHand: [] as number[], inspect: [] as number[], plan: [] as number[] };
    /** The processor time of this process in each call of inspect. The rest is the server's. */
    const own: number[] = [];
    const time = async <Result>(into: number[], work: () => Result | Promise<Result>): Promise<Result> => {
      const start = performance.now();
      const result = await work();
      into.push(performance.now() - start);
      return result;
    };
    let statements = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      await time(times.byHand, () => client.unsafe(BY_HAND));
      queries.length = 0;
      const before = process.cpuUsage();
      const state = await time(times.inspect, () => inspectSequences(db, { schemas: ["public"] }));
      const { user, system } = process.cpuUsage(before);
      own.push((user + system) / 1000);
      statements = queries.length;
      const { changes } = await time(times.plan, () => planChanges(declared, state));
      if (state.sequences.length !== SEQUENCES || changes.length > 0)
        throw new Error(`planned ${changes.length} changes`);
    }
    const [byHand, inspected, planned] = Object.values(times).map((all) => all.slice(1)) as [
      number[],
      number[],
      number[],
    ];
    const ofServer = inspected.map((ms, round) => ms - (own[round + 1] as number));
    const row = (name: string, ms: readonly number[], sent: number) => [name, round(median(ms)), spread(ms), sent];
    return {
      tables: [
        {
          title: `${SEQUENCES.toLocaleString("en-US")} sequences, in ms, medians of ${ROUNDS} rounds`,
          columns: ["", "ms", "quartiles", "statements"],
          rows: [
            row("one query by hand over the same catalogs and values", byHand, 1),
            row("inspect", inspected, statements),
            row("inspect, processor time of the client", own.slice(1), 0),
            row("plan, nothing differs", planned, 0),
          ],
        },
      ],
      targets: [
        atMost("inspect, times the query by hand", ratios(inspected, byHand), 1.2, {
          limit: `1 (the query), ${round(median(ratios(ofServer, byHand)))} (the server's part)`,
        }),
      ],
    };
  } finally {
    await client.end({ timeout: 1 });
    await server.stop();
  }
}

const BY_HAND = `
  select n.nspname, c.relname, c.relpersistence, s.*, pg_get_sequence_data(c.oid), obj_description(c.oid, 'pg_class'),
    d.deptype,
    t.relname as owner_table, a.attname as owner_column, format_type(a.atttypid, a.atttypmod) as column_type,
    has_sequence_privilege(c.oid, 'usage') as may_use, has_sequence_privilege(c.oid, 'select') as may_select,
    has_sequence_privilege(c.oid, 'update') as may_update
  from pg_sequence s
  join pg_class c on c.oid = s.seqrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
    and d.deptype in ('a', 'i')
  left join pg_class t on t.oid = d.refobjid
  left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
  where n.nspname = 'public'
  order by n.nspname, c.relname`;
