import { getEventListeners } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { bind, type Database, type Query, sql } from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CuttableServer, cuttable } from "../../server/cut.js";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

/** The fate of a statement between the call and its answer. */
const database = useDatabase();

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const outcome = (work: PromiseLike<unknown>) =>
  work.then(
    (rows) => rows,
    (error: unknown) => (error as { code: string }).code,
  );

describe("cancel", () => {
  test("removes a statement that was not sent", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`create table ran (name text)`;
    const query = db`insert into ran values ('unsent')`;
    query.cancel();
    expect(await outcome(query)).toBe("57014");
    await db.begin(async (tx) => {
      await tx`select 1`;
      const waiting = db`insert into ran values ('waiting')`.execute();
      waiting.cancel();
      await expect(waiting).rejects.toMatchObject({
        code: "57014",
        message: "canceling statement due to user request",
      });
    });
    expect(await db`select name from ran`).toEqual([]);
  });

  test("stops the statement that the server works on, and no other", async () => {
    const db = bind(database.connect({ max: 1 }));
    for (let round = 0; round < 30; round++) {
      const query = db`select pg_sleep(${0.01})`.execute();
      await pause(round % 13);
      query.cancel();
      const next = db`select ${round}::integer as round`;
      expect(["57014", 1]).toContain(
        await outcome(query).then((rows) => (typeof rows === "string" ? rows : (rows as unknown[]).length)),
      );
      expect(await next).toEqual([{ round }]);
    }
  });

  test("rejects a statement that was sent with others, which are answered", async () => {
    const db = bind(database.connect({ max: 1 }));
    const sleep = () => db`select pg_sleep(${0.1})`;
    const name = (value: string) => db<{ name: string }>`select ${value}::text as name`;
    for (let time = 0; time < 2; time++) await Promise.all([sleep(), name("warm")]);
    const slow = sleep().execute();
    const queries: Query<{ name: string }>[] = ["alice", "bob", "carol"].map((each) => name(each).execute());
    await pause(30);
    queries[0]?.cancel();
    await expect(queries[0]).rejects.toMatchObject({
      code: "57014",
      message:
        "canceling statement due to user request, and it was sent together with others and may still run on the server",
    });
    expect(await queries[1]).toEqual([{ name: "bob" }]);
    expect(await queries[2]).toEqual([{ name: "carol" }]);
    expect(await slow).toHaveLength(1);
    expect(await name("dave")).toEqual([{ name: "dave" }]);
  });

  longTest("of the first of several statements sends no request, because it could stop the next one", async () => {
    const db = bind(database.connect({ max: 1 }));
    const sleep = () => db`select pg_sleep(${0.1})`;
    for (let time = 0; time < 2; time++) await Promise.all([sleep(), db`select ${1}::integer as one`]);
    const slow = sleep().execute();
    const next = db`select ${1}::integer as one`.execute();
    await pause(30);
    slow.cancel();
    await expect(slow).rejects.toMatchObject({ code: "57014", message: expect.stringContaining("may still run") });
    expect(await next).toEqual([{ one: 1 }]);
  });

  test("of a statement whose server cannot be reached rejects only awaited promises", async () => {
    const server = await cuttable(database.url);
    const db = bind(database.connect({ ...hostOf(server), max: 1, connect_timeout: 1, fetch_types: false }));
    await db`select 1`;
    const query = db`select pg_sleep(0.3)`.execute();
    await pause(50);
    server.refuse();
    query.cancel();
    // Nothing could be sent, and it runs to its end.
    expect(await query).toHaveLength(1);
    await server.close();
  });
});

function hostOf({ url }: CuttableServer) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

longTest("calling cancel twice sends one request, so none is left for a later statement", async () => {
  const target = new URL(database.url);
  let requests = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [client, upstream]) socket.on("error", () => {}).on("close", () => upstream.destroy());
    upstream.pipe(client);
    client.on("data", (chunk) => {
      // A request to cancel; the first one arrives late.
      if (chunk.length === 16 && chunk.readInt32BE(4) === 80_877_102)
        setTimeout(() => upstream.write(chunk), requests++ === 0 ? 200 : 0);
      else upstream.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = database.connect({ host: "127.0.0.1", port, max: 1 });
  const db = bind(client);
  const query = db`select pg_sleep(5)`.execute();
  await expect
    .poll(
      () =>
        database.client`select 1 from pg_stat_activity where query = 'select pg_sleep(5)' and state = 'active'
          and datname = current_database()`,
    )
    .toHaveLength(1);
  query.cancel();
  await pause(20);
  query.cancel();
  await expect(query).rejects.toMatchObject({ code: "57014" });
  expect(await db`select 'next' as it, pg_sleep(0.3)::text`).toMatchObject([{ it: "next" }]);
  expect(requests).toBe(1);
  await client.end();
  server.close();
});

test("copy from and to the client is refused before it blocks its connection", async () => {
  const db = bind(database.connect({ max: 1 }));
  await db`create table copied (stdin integer)`;
  for (const copy of ["copy copied from stdin", "/* all */ COPY (select 1) TO\tSTDOUT (format csv)"]) {
    const refused = { code: "INVALID_TEMPLATE", hint: expect.stringContaining("Use the client itself") };
    await expect(db.query(sql.raw(copy))).rejects.toMatchObject(refused);
    await expect(db.begin((tx) => tx.query(sql.raw(copy)))).rejects.toMatchObject(refused);
    await expect(db.session((own) => own.query(sql.raw(copy)))).rejects.toMatchObject(refused);
  }
  expect(await db`select stdin, 'copy' as copy from copied`).toEqual([]);
});

describe("limits", () => {
  let server: CuttableServer;
  beforeAll(async () => {
    server = await cuttable(database.url);
  });
  afterAll(() => server.close());

  test("a statement that takes too long fails, and the server stops it", async () => {
    const client = database.connect({ max: 2, connection: { application_name: "limited" } });
    const db = bind(client);
    await db`select 1`;
    const query = db.with({ timeout: 50 })`select pg_sleep(5)`;
    await expect(query).rejects.toMatchObject({
      code: "TIMEOUT",
      message: "the statement did not end within 50 ms, and the server was asked to stop it",
    });
    const running = () =>
      database.client`select 1 from pg_stat_activity where application_name = 'limited' and query ~ 'sleep'
        and state = 'active'`;
    await expect.poll(running).toHaveLength(0);
    expect(await Promise.all([1, 2, 3].map((each) => db`select ${each}::integer as each`))).toHaveLength(3);
  });

  test("a signal ends statements, transactions and waits with its reason", async () => {
    const db = bind(database.connect({ max: 1 }));
    const reason = new Error("the user has left");
    const aborting = new AbortController();
    const { signal } = aborting;
    const slow = db.with({ signal })`select pg_sleep(5)`.execute();
    // Node.js warns of more than ten.
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    const waiting = db.with({ signal })`select 2`.execute();
    const begun = db.begin(() => 1, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await pause(50);
    const ends = Promise.all([slow, waiting, begun].map((each) => expect(each).rejects.toBe(reason)));
    aborting.abort(reason);
    await ends;
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await expect(db.with({ signal })`select 3`).rejects.toBe(reason);
    await expect(db.begin(() => 1, { signal })).rejects.toBe(reason);
    await expect(db.session(() => 1, { signal })).rejects.toBe(reason);
    await expect(db.with({ signal }).begin(() => 1)).rejects.toBe(reason);
    await expect(db.with({ signal }).session(() => 1)).rejects.toBe(reason);
    // Polyfills of the time before `reason` make such signals.
    const old = { signal: Object.assign(new EventTarget(), { aborted: true }) as AbortSignal };
    await expect(db.with(old)`select 3`).rejects.toMatchObject({ name: "AbortError" });
    await expect(db.begin(() => 1, old)).rejects.toMatchObject({ name: "AbortError" });
    expect(await db`select 4 as four`).toEqual([{ four: 4 }]);
  });

  test("a signal that is aborted while a transaction begins ends it", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`create table begun (name text)`;
    for (let turns = 0; turns < 40; turns++) {
      const aborting = new AbortController();
      const reason = new Error("aborted");
      const begun = db.begin((tx) => tx`insert into begun values ('aborted')`, { signal: aborting.signal });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      aborting.abort(reason);
      await expect(begun).rejects.toBe(reason);
    }
    expect(await db`select name from begun`).toEqual([]);
  });

  test("a timeout includes all attempts of a transaction", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`select 1`;
    let attempts = 0;
    const work = db.begin(
      async (tx) => {
        attempts++;
        await pause(60);
        await tx`do $$ begin raise exception using errcode = '40001'; end $$`;
      },
      { retries: 10, timeout: 400 },
    );
    await expect(work).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(attempts).toBeLessThan(7);
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });

  longTest("a transaction that takes too long is rolled back, whatever its work waits for", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`create table limited (name text)`;
    const never = new Promise<void>(() => {});
    const idle = db.begin(
      async (tx) => {
        await tx`insert into limited values ('idle')`;
        await never;
      },
      { timeout: 400 },
    );
    await expect(idle).rejects.toMatchObject({
      code: "TIMEOUT",
      message: "the transaction did not end within 400 ms, and what it had open is rolled back",
    });
    const busy = db.begin(
      async (tx) => {
        await tx`insert into limited values ('busy')`;
        await tx`select pg_sleep(5)`;
      },
      { timeout: 400 },
    );
    await expect(busy).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(db.session(async (session) => session`select pg_sleep(5)`, { timeout: 400 })).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("the session did not end within 400 ms"),
    });
    expect(await db`select * from limited`).toEqual([]);
  });

  test("each statement of a limited transaction is limited, and its failure rolls back", async () => {
    const db = bind(database.connect({ max: 1 }));
    const work = db.begin(async (tx) => {
      await tx.with({ timeout: 50 })`select pg_sleep(5)`.catch(() => {});
      return "went on";
    });
    await expect(work).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await db.with({ timeout: 1_000 }).begin(async (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test("a connection that does not answer is abandoned, and others are used", async () => {
    const db = bind(database.connect({ ...hostOf(server), max: 3, fetch_types: false }));
    await db`select 1`;
    server.hold();
    const held = db.with({ timeout: 100 })`select 2`.execute();
    await expect(held).rejects.toMatchObject({ code: "TIMEOUT" });
    server.forget();
    expect(await db.with({ timeout: 5_000 })`select 3 as three`).toEqual([{ three: 3 }]);
    expect(await db.with({ timeout: 5_000 }).begin(async (tx) => tx`select 4 as four`)).toEqual([{ four: 4 }]);
  });

  test.each([
    [{ timeout: 0 }, "timeout takes milliseconds from 1 to 2147483647, not 0"],
    [{ timeout: "5" as unknown as number }, "timeout takes milliseconds from 1 to 2147483647, not 5"],
    [{ signal: {} as AbortSignal }, "signal takes an AbortSignal, not an object"],
  ])("%o is refused", async (limits, message) => {
    const db = bind(database.client);
    expect(() => db.with(limits)).toThrow(message);
    await expect(db.begin(() => 1, limits)).rejects.toThrow(message);
    expect(() => db.session(() => 1, limits)).toThrow(message);
  });
});

describe("waiting for a connection", () => {
  const nested: [string, (db: Database) => PromiseLike<unknown>][] = [
    ["a transaction inside a transaction", (db) => db.begin(() => db.begin(() => 1))],
    ["a statement of the pool inside a transaction", (db) => db.begin(async () => db`select 1`)],
    ["a session inside a session", (db) => db.session(() => db.session(() => 1))],
  ];
  test.each(nested)("%s ends, if there is but one connection", async (_what, work) => {
    const db = bind(database.connect({ max: 1 }), { waitTimeout: 100 });
    await expect(work(db)).rejects.toMatchObject({
      code: "POOL_EXHAUSTED",
      message: expect.stringMatching(
        /^no connection was free for 0\.[12] s: transactions and sessions of this client hold 1 of its 1/,
      ),
    });
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test("does not fail while connections become free", async () => {
    const db = bind(database.connect({ max: 1 }), { waitTimeout: 1_000 });
    const work = Array.from({ length: 5 }, (_, index) =>
      db.begin(async (tx) => tx`select pg_sleep(0.02), ${index}::integer as index`),
    );
    expect(await Promise.all(work)).toHaveLength(5);
    expect(() => bind(database.client, { waitTimeout: -1 })).toThrow(
      "waitTimeout takes milliseconds from 0 to 1000000000, not -1",
    );
  });
});

describe("prepared statements", () => {
  const prepared = async (db: Database) =>
    Number((await db.one(sql<{ count: string }>`select count(*)::text as count from pg_prepared_statements`)).count);

  test("are not sent again after an error inside a function that they called", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`create table steps (number integer)`;
    await db`
      create procedure step() language plpgsql as $$
      begin
        insert into steps values (1);
        commit;
        execute 'insert into steps values (''text''::text)';
      end $$`;
    // Prepared from the second time on.
    for (let time = 1; time <= 3; time++) {
      await expect(db`call step()`).rejects.toMatchObject({ code: "42804", routine: "transformAssignedExpr" });
      expect(await db`select number from steps`).toHaveLength(time);
    }
  });

  test("are only made for texts that run again", async () => {
    const db = bind(database.connect({ max: 1 }));
    for (let length = 1; length <= 300; length++) {
      await db`select 1 where 1 in (${sql.join(Array.from({ length }, () => 2))})`;
    }
    expect(await prepared(db)).toBeLessThan(3);
    for (let time = 0; time < 3; time++) await db`select ${"hot"}::text as hot`;
    expect(await prepared(db)).toBeLessThan(5);
  });

  test("have a limit, however many run again", async () => {
    const db = bind(database.connect({ max: 1 }));
    const padding = "x".repeat(20_000);
    for (let text = 0; text < 20; text++) {
      const literal = sql.literal(`${padding}${text}`);
      for (let time = 0; time < 2; time++) await db`select ${literal} as text`;
    }
    const count = await prepared(db);
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(16);
  });

  test("that run again can be cancelled", async () => {
    const db = bind(database.connect({ max: 1 }));
    await db`create table grown as select 1 as id`;
    const read = (seconds: number) => db`select grown.*, pg_sleep(${seconds}::float8) from grown`;
    for (let time = 0; time < 3; time++) await read(0);
    await db`alter table grown add column more text`;
    const query = read(20).execute();
    await pause(100);
    query.cancel();
    await expect(query).rejects.toMatchObject({ code: "57014" });
  });

  test.each([
    ["a table that was altered", sql`alter table changing add column more text`],
    ["a session that has discarded all", sql`discard all`],
  ])("that have become invalid are run again automatically: %s", async (_what, change) => {
    const db = bind(database.connect({ max: 1 }));
    await db`drop table if exists changing`;
    await db`create table changing as select 1 as id`;
    const read = () => db<{ id: number }>`select * from changing where id = ${1}`;
    for (let time = 0; time < 3; time++) await read();
    await db.query(change);
    const answers = await Promise.all([read(), read(), read()]);
    expect(answers.map(([row]) => row?.id)).toEqual([1, 1, 1]);
    expect(await read()).toMatchObject([{ id: 1 }]);
    for (let time = 0; time < 2; time++) {
      await db.begin(async (tx) => {
        await tx`select * from changing where id = ${1}`;
      });
    }
  });
});

describe.each([
  [
    "a transform of rows",
    {
      transform: { row: { from: (row: { n: number }) => ({ ...row, ...("n" in row && { n: refuseFourth(row.n) }) }) } },
    },
  ],
  [
    "a parser",
    { types: { int: { to: 23, from: [23], serialize: String, parse: (n: string) => refuseFourth(Number(n)) } } },
  ],
])("%s of the client that throws", (_what, options) => {
  test.each([3, 10])("fails a cursor of %i rows, and no statement after it", async (size) => {
    const db = bind(database.connect({ max: 1, backoff: () => 0.01, fetch_types: false, ...options } as {}));
    const reading = async () => {
      for await (const rows of db.cursor(sql`select n from generate_series(1, 25) n`, size)) void rows;
    };
    const work = reading();
    await expect(work).rejects.toThrow("the fourth");
    const next = Array.from({ length: 8 }, (_, id) => db`select ${`x${id}`}::text as text`);
    expect(await Promise.all(next)).toEqual(next.map((_, id) => [{ text: `x${id}` }]));
    await expect(db`select n from generate_series(1, 25) n`).rejects.toThrow("the fourth");
    expect(await db`select 'after' as text`).toEqual([{ text: "after" }]);
    const inTransaction = db.begin(async (tx) => {
      for await (const rows of tx.cursor(sql`select n from generate_series(1, 25) n`, size)) void rows;
    });
    await expect(inTransaction).rejects.toThrow(/the fourth|CONNECTION_CLOSED/);
    expect(await db`select 'again' as text`).toEqual([{ text: "again" }]);
  });
});

function refuseFourth(n: number): number {
  if (n % 4 === 0) throw new Error("the fourth");
  return n;
}
