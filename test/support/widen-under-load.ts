import { setTimeout } from "node:timers/promises";
import { bind } from "nextval";
import { applyWiden, planWiden } from "nextval/operate";
import type postgres from "postgres";
import { expect } from "vitest";
import type { TestDatabase } from "./database.js";

/** How many rows the tables have before. */
export const ROWS = Number(process.env["NEXTVAL_WIDEN_ROWS"] ?? 2000);

const WRITERS = 3;

/** How long a writer rests after each statement, so that the tests of other files get on. */
const PAUSE_MS = 5;

/** How long a writer waits for a lock before it fails, which fails the test. */
const WRITER_LOCK_TIMEOUT_MS = 3000;

/** A table with a key to widen, and a table that points at it. */
export interface Shape {
  /** Creates `parent` and `child`, and fills `parent` with ids from 1 on. */
  readonly create: string;
  /** The columns of `parent` that `child` points at, as `id`. */
  readonly day: boolean;
}

export const ORDINARY: Shape = {
  day: false,
  create: `
    create table parent (id serial primary key, day date not null, note text not null, n int not null default 0);
    create index on parent (note, id);
    create table child (
      id int generated always as identity primary key, parent_id int not null references parent on delete cascade,
      note text not null
    );
    create index on child (parent_id);
    create view seen as select p.id, p.note, count(c.id) as children from parent p
      left join child c on c.parent_id = p.id group by p.id;`,
};

export const PARTITIONED: Shape = {
  day: true,
  create: `
    create table parent (
      id serial, day date not null, note text not null, n int not null default 0, primary key (id, day)
    ) partition by range (day);
    create table parent_1 partition of parent for values from ('2026-01-01') to ('2026-02-01');
    create table parent_2 partition of parent for values from ('2026-02-01') to ('2026-03-01') partition by list (day);
    create table parent_2_a partition of parent_2 for values in ('2026-02-10');
    create table parent_2_b partition of parent_2 default;
    create table parent_3 partition of parent default;
    create index on parent (note, id);
    create index on parent_1 (n, id);
    create table child (
      id int generated always as identity primary key, parent_id int not null, day date not null, note text not null,
      foreign key (parent_id, day) references parent on delete cascade
    );
    create index on child (parent_id);
    create view seen as select p.id, p.note, count(c.id) as children from parent p
      left join child c on c.parent_id = p.id group by p.id, p.day, p.note;`,
};

const DAYS = ["2026-01-15", "2026-02-10", "2026-02-11", "2026-03-15"];

interface Row {
  readonly day: string;
  note: string;
  children: number;
}

/** Inserts, updates and deletes until it is stopped. Keeps what the table has to have. */
async function write(client: postgres.Sql, number: number, shape: Shape, rows: Map<string, Row>, stop: AbortSignal) {
  const report = { statements: 0, slowest: 0, ids: [] as string[] };
  const timed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await work();
    report.slowest = Math.max(report.slowest, performance.now() - start);
    report.statements++;
    return result;
  };
  const known = [...rows.keys()];
  await client`select set_config('lock_timeout', ${`${WRITER_LOCK_TIMEOUT_MS}`}, false)`;
  for (let round = 0; !stop.aborted; round++) {
    await setTimeout(PAUSE_MS);
    const day = DAYS[round % DAYS.length] as string;
    const note = `writer ${number} round ${round}`;
    const place = Math.floor(Math.random() * known.length);
    const id = known[place] ?? "";
    const row = rows.get(id);
    switch (round % 5) {
      case 0:
      case 1: {
        const made = await timed(() =>
          client.begin(async (tx) => {
            const [parent] = await tx<{ id: string }[]>`
              insert into parent (day, note) values (${day}, ${note}) returning id::text`;
            const key = shape.day ? tx`parent_id, day` : tx`parent_id`;
            const values = shape.day ? tx`${parent!.id}, ${day}` : tx`${parent!.id}`;
            await tx`insert into child (${key}, note) values (${values}, ${note})`;
            return parent!.id;
          }),
        );
        report.ids.push(made);
        rows.set(made, { day, note, children: 1 });
        known.push(made);
        break;
      }
      case 2:
        if (row === undefined) break;
        await timed(() => client`update parent set note = ${note}, n = n + 1 where id = ${id}`);
        row.note = note;
        break;
      case 3: {
        if (row === undefined) break;
        const key = shape.day ? client`parent_id, day` : client`parent_id`;
        const values = shape.day ? client`${id}, ${row.day}` : client`${id}`;
        await timed(() => client`insert into child (${key}, note) values (${values}, ${note})`);
        row.children++;
        break;
      }
      default:
        if (row === undefined) break;
        await timed(() => client`delete from parent where id = ${id}`);
        rows.delete(id);
        known[place] = known.at(-1)!;
        known.pop();
    }
  }
  return report;
}

/**
 * Carries two tables through all phases while writers insert, update and delete. Expects that no row and no id is lost,
 * that no writer fails, and that ids can be larger afterwards than they could be before.
 */
export async function widenUnderLoad(database: TestDatabase, shape: Shape): Promise<void> {
  const { client } = database;
  await client.unsafe(`drop schema public cascade; create schema public; ${shape.create}`);
  await client`
    insert into parent (day, note)
    select (${DAYS}::date[])[1 + n % ${DAYS.length}::int], n from generate_series(1, ${ROWS}::int) n`;
  const expected = Array.from({ length: WRITERS }, () => new Map<string, Row>());
  for (let id = 1; id <= ROWS; id++) {
    const row = { day: DAYS[id % DAYS.length] as string, note: `${id}`, children: 0 };
    expected[id % WRITERS]!.set(`${id}`, row);
  }
  const stop = new AbortController();
  // The types of columns change, so a prepared statement would fail once.
  const writers = expected.map((rows, number) =>
    write(database.connect({ max: 1, prepare: false }), number, shape, rows, stop.signal),
  );
  const failure = Promise.race(writers.map((each) => each.then(() => new Promise<never>(() => {}))));
  const db = bind(client);
  const plan = () => planWiden(db, { table: "parent", column: "id" });
  const work = async () => {
    expect((await plan()).columns.map(({ table, column }) => `${table}.${column}`)).toEqual([
      "parent.id",
      "child.parent_id",
    ]);
    await applyWiden(db, await plan());
    await client`select setval('parent_id_seq', 2147483640)`;
    // The writers pass the end of integer.
    for (let last = 0n; last < 2_147_483_660n;) {
      await setTimeout(50);
      last = BigInt((await client`select last_value from parent_id_seq`)[0]!["last_value"] as string);
    }
    await applyWiden(db, await plan(), { cleanUp: true });
  };
  try {
    await Promise.race([work(), failure]);
  } finally {
    stop.abort();
  }
  const reports = await Promise.all(writers);
  const ids = reports.flatMap((each) => each.ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.some((id) => BigInt(id) > 2_147_483_647n)).toBe(true);
  const rows = new Map(expected.flatMap((each) => [...each]));
  const found = await client<{ id: string; day: string; note: string; children: string }[]>`
    select p.id::text, p.day::text, s.note, s.children::text from parent p join seen s on s.id = p.id`;
  const wrong = found.filter(({ id, day, note, children }) => {
    const row = rows.get(id);
    return row?.day !== day || row.note !== note || `${row.children}` !== children;
  });
  expect(wrong).toEqual([]);
  expect(found.length).toBe(rows.size);
  const [{ orphans } = { orphans: -1 }] = await client<{ orphans: number }[]>`
    select count(*)::int as orphans from child where parent_id not in (select id from parent)`;
  expect(orphans).toBe(0);
  if (process.env["NEXTVAL_WIDEN_ROWS"] !== undefined) {
    const slowest = Math.max(...reports.map((each) => each.slowest));
    const statements = reports.reduce((sum, each) => sum + each.statements, 0);
    console.log(`${ROWS} rows, ${statements} statements of writers, the slowest took ${Math.round(slowest)} ms`);
  }
}
