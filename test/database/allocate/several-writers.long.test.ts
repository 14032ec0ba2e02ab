import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { bind, createSequence, type Database, pgSequence, sql } from "nextval";
import { checkStrides, stride } from "nextval/allocate";
import { inspectSequences } from "nextval/catalog";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readPages } from "../../pages/blocks.js";
import { serverPackage } from "../../server/package.mjs";
import { type Server, startServer } from "../../server/server.js";
import { usePrograms } from "../../support/programs.js";

/*
 * What the page on several writers says, on servers that replicate to each other: its settings and statements are run
 * as they are written, but for the addresses.
 */
const page = (await readPages()).find(({ path }) => path === "docs/operations/several-writers.md")!;
const { major } = await serverPackage();
const compile = usePrograms();
const run = promisify(execFile);

const NAMES = ["eu", "us", "asia", "africa"] as const;
type Name = (typeof NAMES)[number];
const FIRST: readonly Name[] = ["eu", "us", "asia"];
const NODES = 10n;
const WRITERS = 3;
const WRITING_MS = 3000;

const servers = new Map<Name, Server>();
const clients: postgres.Sql[] = [];
const notices: (string | undefined)[] = [];
const shops = new Map<Name, Database>();

const serverOf = (name: Name) => servers.get(name)!;
const shopOf = (name: Name) => shops.get(name)!;

function urlOf(name: Name, database: string): string {
  const url = new URL(serverOf(name).url);
  url.pathname = `/${database}`;
  return url.href;
}

function connect(name: Name, database: string): Database {
  const client = postgres(urlOf(name, database), { max: WRITERS, onnotice: ({ message }) => notices.push(message) });
  clients.push(client);
  return bind(client);
}

/** The settings of the page, and a worker that failed is started again soon. */
function settings(): Record<string, string> {
  const lines =
    page.blocks
      .find(({ language }) => language === "ini")
      ?.code.trim()
      .split("\n") ?? [];
  const written = lines.map((line) => line.split(" = ") as [string, string]);
  expect(written).not.toEqual([]);
  return { ...Object.fromEntries(written), wal_retrieve_retry_interval: "200ms" };
}

beforeAll(async () => {
  await Promise.all(NAMES.map(async (name) => servers.set(name, await startServer({ settings: settings() }))));
  for (const name of NAMES) {
    await connect(name, "postgres")`create database shop`;
    shops.set(name, connect(name, "shop"));
  }
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  await Promise.all([...servers.values()].map((server) => server.stop()));
});

/** Statements, and the servers that run them. */
type Step = readonly { readonly names: readonly Name[]; readonly statements: readonly string[] }[];

/** The blocks of SQL of the page, in order. A line `-- on eu, us` names the servers of the statements below it. */
function steps(): Step[] {
  const blocks = page.blocks.filter(({ language, flags }) => language === "sql" && flags.has("no-run"));
  return blocks.map(({ code }) =>
    code
      .split(/^-- on /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        const statements = part.slice(end).split(";\n").slice(0, -1);
        return { names: part.slice(0, end).split(", ") as Name[], statements };
      }),
  );
}

/** Where the log of a server ended when a step asked for it: what a reader of the page writes instead of `0/0`. */
const noted = new Map<Name, string>();

/** Runs a step, and returns the rows of its last statement from all servers. */
async function play(step: Step): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const { names, statements } of step) {
    for (const name of names) {
      let last: readonly unknown[] = [];
      for (const statement of statements) {
        const reachable = statement.replace(
          /host=(\w+)\.example/,
          (_, other: Name) => `host=127.0.0.1 port=${serverOf(other).port}`,
        );
        last = await shopOf(name).query(sql.raw(reachable.replace("'0/0'", `'${noted.get(name)}'`)));
      }
      rows.push(...last);
      const [{ pg_current_wal_lsn: end } = {}] = last as readonly { pg_current_wal_lsn?: string }[];
      if (end !== undefined) noted.set(name, end);
    }
  }
  return rows;
}

/** Inserts on all these servers until it is stopped; `ids` has what the inserts that were committed have drawn. */
function startWriters(names: readonly Name[]) {
  const ids = new Map<Name, bigint[]>(names.map((name) => [name, []]));
  let isStopped = false;
  onTestFinished(() => {
    isStopped = true;
  });
  const work = names.flatMap((name) =>
    Array.from({ length: WRITERS }, async (_, writer) => {
      const db = shopOf(name);
      for (let round = 0; !isStopped; round++) {
        const note = `${name}, writer ${writer}, round ${round}`;
        const drawn: bigint[] = [];
        const inserting = db.begin(async (tx) => {
          for (let rows = 1; rows <= 1 + (round % 40); rows += 10) {
            const inserted = await tx<{ id: bigint }>`
              insert into orders (note) select ${note} from generate_series(1, ${rows}::int) returning id`;
            drawn.push(...inserted.map(({ id }) => id));
          }
          if (round % 7 === 6) throw new Error("rolled back");
        });
        const isCommitted = await inserting.then(
          () => true,
          (error: Error) => {
            if (error.message !== "rolled back") throw error;
            return false;
          },
        );
        if (isCommitted) ids.get(name)!.push(...drawn);
      }
    }),
  );
  const all = Promise.all(work);
  // It is awaited in the end.
  all.catch(() => {});
  return {
    ids,
    async stop() {
      isStopped = true;
      await all;
      return ids;
    },
  };
}

async function rowsOf(db: Database): Promise<string[]> {
  const rows = await db<{ row: string }>`select id || ' ' || note as row from orders order by id`;
  return rows.map(({ row }) => row);
}

/** Waits until all servers have so many rows, and expects that the rows are the same. */
async function expectSame(names: readonly Name[], count: number): Promise<void> {
  for (const name of names) {
    const counted = async () =>
      (await shopOf(name)<{ rows: number }>`select count(*)::int as rows from orders`)[0]?.rows;
    await expect.poll(counted, { timeout: 60_000 }).toBe(count);
  }
  const [first, ...others] = await Promise.all(names.map((name) => rowsOf(shopOf(name))));
  for (const rows of others) expect(rows).toEqual(first);
}

/** Every counter that the version has: since 18 one for each kind of conflict, too. */
async function expectNoErrors(names: readonly Name[]): Promise<void> {
  for (const name of names) {
    const rows = await shopOf(name)<Record<string, unknown>>`select * from pg_stat_subscription_stats`;
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const counters = Object.entries(row).filter(([column]) => /_error_count$|^confl_/.test(column));
      expect(counters.length).toBeGreaterThanOrEqual(major < 18 ? 2 : 8);
      for (const [column, count] of counters) expect([name, row["subname"], column, count].join(" ")).toMatch(/ 0$/);
    }
  }
}

function expectOwnStride(ids: ReadonlyMap<Name, readonly bigint[]>): void {
  for (const [name, drawn] of ids) {
    expect(drawn.length).toBeGreaterThan(20);
    expect(new Set(drawn.map((id) => id % NODES))).toEqual(new Set([BigInt(NAMES.indexOf(name) + 1)]));
  }
}

const countOf = (ids: ReadonlyMap<Name, readonly bigint[]>) => [...ids.values()].flat().length;

if (major < 16) {
  test("a server before 16 cannot leave out what came from others", async () => {
    const subscribing = shopOf("eu")`
      create subscription s connection 'dbname=shop' publication nodes with (connect = false, origin = none)`;
    await expect(subscribing).rejects.toThrow('unrecognized subscription parameter: "origin"');
  });
} else {
  describe("the steps of the page", () => {
    const [create, subscribe, errors, join, end, behind, copy, copying, ...others] = steps();
    let rows = 0;

    test("three servers that all write at the same time end with the same rows, and meet no conflict", async () => {
      expect(others).toEqual([]);
      await play(create!);
      const found = FIRST.map(async (name) => [name, (await inspectSequences(shopOf(name))).sequences[0]!] as const);
      checkStrides(Object.fromEntries(await Promise.all(found)));
      await play(subscribe!);

      const writers = startWriters(FIRST);
      await sleep(WRITING_MS);
      const ids = await writers.stop();

      expectOwnStride(ids);
      rows = countOf(ids);
      await expectSame(FIRST, rows);
      expect(await play(errors!)).toHaveLength(6);
      await expectNoErrors(FIRST);
      console.log(
        `three servers: ${[...ids].map(([name, drawn]) => `${name} ${drawn.length}`).join(", ")} rows each way`,
      );
    });

    test("a fourth takes the next stride, and copies from one whose writers continue", async () => {
      const writers = startWriters(["eu"]);
      await play(join!);
      expect(await play(end!)).toHaveLength(2);
      const isBehind = () => play(behind!);
      await expect.poll(isBehind, { timeout: 60_000 }).toEqual([]);
      await play(copy!);
      expect(notices.filter((notice) => notice?.includes("requested copy_data with origin = NONE"))).toHaveLength(1);
      await expect.poll(() => play(copying!), { timeout: 60_000 }).toEqual([]);
      const others = startWriters(["us", "asia", "africa"]);
      await sleep(WRITING_MS);
      const ids = new Map([...(await writers.stop()), ...(await others.stop())]);

      expectOwnStride(ids);
      rows += countOf(ids);
      await expectSame(NAMES, rows);
      await expectNoErrors(NAMES);
    });

    test("updates of one row on two servers leave it different, without an error", async () => {
      const [{ id } = { id: 0n }] = await shopOf("eu")<{ id: bigint }>`
        insert into orders (note) values ('first') returning id`;
      await expectSame(NAMES, rows + 1);
      await shopOf("eu")`alter subscription eu_from_us disable`;
      await shopOf("us")`alter subscription us_from_eu disable`;
      await shopOf("eu")`update orders set note = 'of eu' where id = ${id}`;
      await shopOf("us")`update orders set note = 'of us' where id = ${id}`;
      await shopOf("eu")`alter subscription eu_from_us enable`;
      await shopOf("us")`alter subscription us_from_eu enable`;
      const noteOn = (name: Name) => () => shopOf(name)`select note from orders where id = ${id}`;
      await expect.poll(noteOn("eu"), { timeout: 60_000 }).toEqual([{ note: "of us" }]);
      await expect.poll(noteOn("us"), { timeout: 60_000 }).toEqual([{ note: "of eu" }]);
      await expectNoErrors(["eu", "us"]);
    });
  });

  test("two servers with the same stride keep their own rows, and apply no more of the other's", async () => {
    const pair = ["eu", "us"] as const;
    const same = stride(pgSequence("order_seq"), { node: 0, nodes: 10 });
    const on = new Map<Name, Database>();
    for (const name of pair) {
      await connect(name, "postgres")`create database pair`;
      const db = connect(name, "pair");
      on.set(name, db);
      await db.query(createSequence(same));
      await db`create table orders (id bigint primary key default nextval('order_seq'), note text)`;
      await db`create publication nodes for table orders`;
    }
    const states = pair.map(async (name) => [name, (await inspectSequences(on.get(name)!)).sequences[0]!] as const);
    const found = Object.fromEntries(await Promise.all(states));
    expect(() => checkStrides(found)).toThrow("node eu (public.order_seq) and node us (public.order_seq) collide");

    for (const [name, other] of [pair, [pair[1], pair[0]] as const]) {
      await on.get(name)!`
        create subscription ${sql.identifier(`pair_${name}`)} connection ${sql.literal(urlOf(other, "pair"))}
        publication nodes with (origin = none, copy_data = false, enabled = false)`;
    }
    for (const name of pair) await on.get(name)!`insert into orders (note) values (${name})`;
    for (const name of pair) await on.get(name)!`alter subscription ${sql.identifier(`pair_${name}`)} enable`;
    await on.get("eu")!`insert into orders (id, note) values (2, 'later')`;

    for (const name of pair) {
      const failures = async () => {
        const [row] = await on.get(name)!<Record<string, unknown>>`
          select * from pg_stat_subscription_stats where subname = ${`pair_${name}`}`;
        return Math.min(Number(row!["apply_error_count"]), Number(row!["confl_insert_exists"] ?? Infinity));
      };
      // It tries again and again.
      await expect.poll(failures, { timeout: 60_000 }).toBeGreaterThan(1);
    }
    expect(await rowsOf(on.get("eu")!)).toEqual(["1 eu", "2 later"]);
    expect(await rowsOf(on.get("us")!)).toEqual(["1 us"]);
    // Workers that fail again and again would be in the way of others.
    for (const name of pair) await on.get(name)!`drop subscription ${sql.identifier(`pair_${name}`)}`;
  });

  test("the example replicates between three servers, and leaves nothing behind", async () => {
    const [program] = await compile(new URL("../../../examples/several-writers/replicate.ts", import.meta.url));
    for (const name of FIRST) await connect(name, "postgres")`create database example`;
    const NODE_URLS = FIRST.map((name) => urlOf(name, "example")).join(" ");
    const { stdout, stderr } = await run(process.execPath, [program], { env: { ...process.env, NODE_URLS } });
    expect(stderr).toBe("");
    expect(stdout).toBe(
      `node 0: 600 rows, the same
node 1: 600 rows, the same
node 2: 600 rows, the same
1: node 0, row 1
2: node 1, row 1
3: node 2, row 1
1001: node 0, row 2
`,
    );
    for (const name of FIRST) {
      const left = await connect(name, "example")`
        select slot_name::text as name from pg_replication_slots where slot_name ~ '^nextval'
        union all select nspname from pg_namespace where nspname ~ '^nextval'
        union all select pubname from pg_publication where pubname ~ '^nextval'`;
      expect(left).toEqual([]);
    }
    const alone = run(process.execPath, [program], { env: { ...process.env, NODE_URLS: "" } });
    await expect(alone).rejects.toThrow("Set NODE_URLS to the addresses of two or more servers");
  });
}
