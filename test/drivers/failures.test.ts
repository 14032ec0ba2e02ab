import { type Database, pgSequence, type Queryable, sql } from "nextval";
import { bind } from "nextval/pg";
import { Client, Pool, type PoolConfig } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { inEnglish } from "../../lib/drivers/pg/server-severity.js";
import { type CuttableServer, cuttable } from "../server/cut.js";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

/** What goes wrong over node-postgres: no hang, no dead process, and no connection lost to the pool. */
const database = useDatabase();
let server: CuttableServer;
let pool: Pool;
let db: Database;

const open = (config: PoolConfig = {}) => {
  const { hostname, port } = new URL(server.url);
  const url = new URL(database.url);
  url.hostname = hostname;
  url.port = port;
  const made = new Pool({ connectionString: url.href, max: 2, ...config });
  // The duty of whoever has a pool: an idle connection was lost.
  return made.on("error", () => {});
};

beforeAll(async () => {
  await database.client`create table notes (note text)`;
  server = await cuttable(database.url);
  pool = open();
  db = bind(pool, { waitTimeout: 5_000 });
});
afterEach(async () => {
  // No connection is lost to the pool: as many transactions as it has connections run at the same time.
  const all = Array.from({ length: 2 }, () => db.begin((tx) => tx`select 1 as one`));
  expect(await Promise.all(all)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  // A session returns its connection after its result.
  await expect.poll(() => [pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
});
afterAll(async () => {
  await pool.end();
  await server.close();
});

const kill = (pid: number) => database.client`select pg_terminate_backend(${pid})`;
const pidOf = async (on: { one: Database["one"] }) =>
  (await on.one(sql<{ pid: number }>`select pg_backend_pid() as pid`)).pid;
const notes = async () => (await database.client`select note from notes`).map(({ note }) => note as string);
const codeOf = (error: unknown) => (error as { code?: string }).code;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a backend that is killed", () => {
  test("during a statement", async () => {
    const running = db`select pg_sleep(20)`.execute();
    // The error may arrive before the answer to the kill.
    running.catch(() => {});
    await expect
      .poll(
        () =>
          database.client`select pid from pg_stat_activity where query ~ 'pg_sleep\\(20' and pid <> pg_backend_pid()
            and datname = current_database()`,
      )
      .toHaveLength(1);
    const [row] =
      await database.client`select pid from pg_stat_activity where query ~ 'pg_sleep\\(20' and pid <> pg_backend_pid()
        and datname = current_database()`;
    await kill(row?.["pid"] as number);
    await expect(running).rejects.toMatchObject({ code: "57P01" });
  });

  test("in a transaction that works on something else", async () => {
    const work = db.begin(async (tx) => {
      await tx`insert into notes values ('killed')`;
      await kill(await pidOf(tx));
      await pause(10_000);
    });
    const start = Date.now();
    await expect(work).rejects.toThrow();
    expect(Date.now() - start).toBeLessThan(5_000);
    expect(await notes()).not.toContain("killed");
  });

  test("in a transaction whose work has caught it, or does not await", async () => {
    const caught = db.begin(async (tx) => {
      await kill(await pidOf(tx));
      await tx`select 1`.catch(() => {});
      return "fine";
    });
    await expect(caught).rejects.toThrow();
    const left = db.begin(async (tx) => {
      await kill(await pidOf(tx));
      tx`select pg_sleep(0.1)`.execute();
    });
    await expect(left).rejects.toThrow();
  });

  test("in a session, and while a cursor is open", async () => {
    const session = db.session(async (own) => {
      await kill(await pidOf(own));
      await pause(50);
      await own`select 1`;
    });
    await expect(session).rejects.toThrow();
    const reading = async () => {
      for await (const [row] of db.cursor(
        sql<{ pid: number }>`select pg_backend_pid() as pid from generate_series(1, 9)`,
        1,
      )) {
        await kill(row?.pid as number);
        await pause(20);
      }
    };
    await expect(reading()).rejects.toThrow();
  });

  test("while its connection is idle in the pool", async () => {
    const pid = await pidOf(db);
    await kill(pid);
    await pause(50);
    expect(await pidOf(db)).not.toBe(pid);
  });
});

describe("a connection that is cut", () => {
  test.each(["request", "answer"] as const)("at the %s of a statement", async (at) => {
    await db`select 1`;
    server.cutNext(at);
    await expect(db`select 1`).rejects.toThrow();
  });

  test.each(["request", "answer"] as const)("at the %s of a commit, whose outcome is unknown", async (at) => {
    const note = `cut at the ${at}`;
    const work = db.begin(async (tx) => {
      await tx`insert into notes values (${note})`;
      server.cutNext(at);
    });
    await expect(work).rejects.toMatchObject({ code: "COMMIT_UNKNOWN" });
    expect((await notes()).includes(note)).toBe(at === "answer");
  });

  test("at the rollback: the error of the work is reported", async () => {
    const work = db.begin(async (tx) => {
      await tx`insert into notes values ('rolled back')`;
      server.cutNext("request");
      throw new Error("mine");
    });
    await expect(work).rejects.toThrow("mine");
    expect(await notes()).not.toContain("rolled back");
  });
});

test("a commit that was a rollback is an error", async () => {
  const work = db.session(async (session) =>
    session.begin(async (tx) => {
      await tx`insert into notes values ('never')`;
      await tx.savepoint(async (inner) => inner`select 1 / 0`).catch(() => {});
      await tx`do $$ begin perform 1 / 0; end $$`.catch(() => {});
    }),
  );
  await expect(work).rejects.toMatchObject({ code: "22012" });
  expect(await notes()).not.toContain("never");
});

test("statement_timeout fails one statement", async () => {
  await db.session(async (session) => {
    await session`set statement_timeout = 50`;
    await expect(session`select pg_sleep(5)`).rejects.toMatchObject({ code: "57014" });
    expect(await session`select 1 as one`).toEqual([{ one: 1 }]);
  });
});

test("a connection whose query_timeout has passed is not used again", async () => {
  const impatient = open({ query_timeout: 100, max: 1 });
  const own = bind(impatient);
  const before = await pidOf(own);
  await expect(own`select pg_sleep(3)`).rejects.toThrow("Query read timeout");
  expect(await pidOf(own)).not.toBe(before);
  await expect(own.begin((tx) => tx`select pg_sleep(3)`)).rejects.toThrow("Query read timeout");
  expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
  await impatient.end();
});

longTest("a connection that does not answer is given up, and others are used", async () => {
  const own = open({ max: 3 });
  const handle = bind(own);
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const work = async (tx: Queryable) => {
    await tx`select 1`;
    begin();
    await pause(1_000);
  };
  const idle = handle.begin(work, { timeout: 300 }).catch(codeOf);
  await begun;
  await handle`select 1`;
  server.hold();
  expect(await handle.with({ timeout: 100 })`select 1`.catch(codeOf)).toBe("TIMEOUT");
  expect(await idle).toBe("TIMEOUT");
  server.forget();
  expect(await handle`select 1 as one`).toEqual([{ one: 1 }]);
  // A request to stop a statement gets no answer either. It could stop a later statement.
  server.holdAfter("pg_cancel_backend");
  const alone = open({ max: 1 });
  const stopping = bind(alone);
  expect(await stopping.with({ timeout: 100 })`select pg_sleep(0.3)`.catch(codeOf)).toBe("TIMEOUT");
  // The connections are closed after a grace period.
  expect(await stopping`select 1 as one`).toEqual([{ one: 1 }]);
  server.forget();
  await expect.poll(() => own.totalCount, { timeout: 15_000 }).toBe(1);
  await alone.end();
  await own.end();
  await pool.end();
  pool = open();
  db = bind(pool, { waitTimeout: 5_000 });
});

test("a limit on a whole transaction stops its statement, and rolls it back", async () => {
  const start = Date.now();
  const work = db.begin(
    async (tx) => {
      await tx`insert into notes values ('too long')`;
      await tx`select pg_sleep(20)`;
    },
    { timeout: 200 },
  );
  await expect(work).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(Date.now() - start).toBeLessThan(5_000);
  await expect.poll(() => pool.totalCount - pool.idleCount).toBe(0);
  expect(await notes()).not.toContain("too long");
});

longTest("all connections may be stopped at the same time", async () => {
  const quick = db.with({ timeout: 200 });
  const outcomes = await Promise.allSettled([quick`select pg_sleep(20)`, quick`select pg_sleep(20)`]);
  expect(outcomes).toMatchObject([{ reason: { code: "TIMEOUT" } }, { reason: { code: "TIMEOUT" } }]);
  const active = () =>
    database.client`select from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'
      and datname = current_database()`;
  await expect.poll(active).toHaveLength(0);
  await expect.poll(() => pool.totalCount - pool.idleCount).toBe(0);
});

test("a pool whose password is an option of its own stops statements, too", async () => {
  const { hostname: host, port, username, password, pathname } = new URL(database.url);
  const user = decodeURIComponent(username);
  // The password may also come from a function.
  const secret = async () => decodeURIComponent(password);
  const other = new Pool({ host, port: Number(port), user, password: secret, database: pathname.slice(1), max: 1 });
  // The database may be dropped before the server has read that the connection ends.
  other.on("error", () => {});
  const query = bind(other)`select pg_sleep(20)`.execute();
  await pause(200);
  query.cancel();
  await expect(query).rejects.toMatchObject({ code: "57014" });
  await other.end();
});

test("a server that is full", async () => {
  const role = `full_${process.pid}`;
  await database.client.unsafe(`create role ${role} login connection limit 0 password 'x'`);
  try {
    const url = new URL(database.url);
    url.username = role;
    url.password = "x";
    const refused = new Pool({ connectionString: url.href });
    const own = bind(refused);
    await expect(own`select 1`).rejects.toMatchObject({ code: "53300" });
    await expect(own.begin(async () => {})).rejects.toMatchObject({ code: "53300" });
    await refused.end();
  } finally {
    await database.client.unsafe(`drop role ${role}`);
  }
});

test("a pool that has ended, and a server that is not there", async () => {
  const ended = open();
  await ended.end();
  await expect(bind(ended)`select 1`).rejects.toThrow("after calling end");
  const nowhere = new Pool({ host: "127.0.0.1", port: 1 });
  await expect(bind(nowhere)`select 1`).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await nowhere.end();
});

describe("a client", () => {
  test("whose connection is lost fails each statement, and ends no process", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const own = bind(client);
    await kill(await pidOf(own));
    await pause(50);
    await expect(own`select 1`).rejects.toThrow();
    await expect(own.begin(async () => {})).rejects.toThrow();
    await client.end();
  });

  test("that is not connected is refused, and served once it is", async () => {
    const client = new Client({ connectionString: database.url });
    const own = bind(client);
    await expect(own`select 1`).rejects.toMatchObject({
      message: "the client of pg is not connected",
      hint: "Await client.connect() first.",
    });
    await expect(own.begin(async () => {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await client.connect();
    expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
    await client.end();
  });

  test("is not used after its query_timeout, which leaves a transaction open", async () => {
    const client = new Client({ connectionString: database.url, query_timeout: 100 });
    await client.connect();
    const own = bind(client);
    const work = own.begin(async (tx) => {
      await tx`insert into notes values ('in the open transaction')`;
      await tx`select pg_sleep(0.3)`;
    });
    await expect(work).rejects.toThrow("Query read timeout");
    const late = own`insert into notes values ('after the open transaction')`;
    await expect(late).rejects.toThrow("cannot be used anymore: Query read timeout");
    await expect(own.begin((tx) => tx`select 1`)).rejects.toThrow("cannot be used anymore");
    await client.end();
  });

  test("whose server does not answer fails a session at its limit, before its work begins", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const own = bind(client);
    const begun = () => expect.unreachable();
    for (const limit of ["timeout", "signal"]) {
      server.hold();
      const limits = limit === "timeout" ? { timeout: 50 } : { signal: AbortSignal.timeout(50) };
      const error = limit === "timeout" ? { code: "TIMEOUT" } : { name: "TimeoutError" };
      await expect(own.session(async () => begun(), limits)).rejects.toMatchObject(error);
      server.release();
      expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
    }
    await client.end();
  });

  test("runs transactions and statements in turns", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const own = bind(client, { waitTimeout: 5_000 });
    const order: string[] = [];
    await Promise.all([
      own.begin(async (tx) => {
        await tx`select 1`;
        await pause(30);
        order.push("first");
      }),
      own.begin(async (tx) => {
        await tx`select 1`;
        order.push("second");
      }),
      own`select 1`.then(() => order.push("third")),
    ]);
    expect(order).toEqual(["first", "second", "third"]);
    await client.end();
  });

  test("warns of nothing", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    await Promise.all(Array.from({ length: 20 }, () => db`select 1`));
    await db.begin((tx) => Promise.all([tx`select 1`, tx`select 2`, tx`select 3`]));
    await db.begin(async (tx) => Promise.allSettled([tx`select 1 / 0`, tx`select 2`, tx`select 3`])).catch(() => {});
    await pause(10);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

test("an error in another language is not taken for the end of the session", () => {
  const error = (severity: string, code: string) =>
    inEnglish(Object.assign(new Error("x"), { severity, code, routine: "errfinish" }));
  expect(error("FEHLER", "22012")).toMatchObject({ severity: "ERROR" });
  expect(error("FATAL", "22012")).toMatchObject({ severity: "FATAL" });
  expect(error("FATAL ", "57P01")).toMatchObject({ severity: "FATAL" });
  expect(error("致命错误", "57P01")).toMatchObject({ severity: "FATAL" });
  expect(error("致命错误", "25P03")).toMatchObject({ severity: "FATAL" });
  // A wrong number of values, and what a function raises.
  for (const code of ["08P01", "57014", "57P03", "53300"])
    expect(error("FEHLER", code)).toMatchObject({ severity: "ERROR" });
});

describe("a Client that the program uses between the calls of a handle", () => {
  const connect = async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    return client;
  };

  test("is as it was when a session has ended", async () => {
    const client = await connect();
    const own = bind(client);
    await client.query("set work_mem = '7MB'");
    await client.query("set search_path = pg_catalog, public");
    const settings = "select current_setting('work_mem') as memory, current_setting('search_path') as path";
    for (let round = 0; round < 5; round++) {
      await own.session(async (session) => session`set work_mem = '9MB'`);
      expect((await client.query(settings)).rows).toEqual([{ memory: "7MB", path: "pg_catalog, public" }]);
    }
    await client.end();
  });

  test("is in no transaction when begin has reached its limit", async () => {
    const client = await connect();
    const own = bind(client);
    await client.query("create temp table late (n int)");
    for (let round = 1; round <= 5; round++) {
      const late = own.begin(async (tx) => tx`select pg_sleep(2)`, { timeout: 20 });
      await expect(late).rejects.toMatchObject({ code: "TIMEOUT" });
      await client.query("insert into late values ($1)", [round]);
      expect((await client.query("select n from late")).rows).toHaveLength(round);
    }
    await client.end();
  });

  test("takes the next transaction after a commit that fails", async () => {
    const client = await connect();
    const own = bind(client);
    await own`create temp table once (n int unique deferrable initially deferred)`;
    for (let round = 0; round < 20; round++) {
      const failing = own.begin(async (tx) => tx`insert into once values (1), (1)`);
      const [failed, next, session] = await Promise.allSettled([
        failing,
        own.begin(async (tx) => tx`select 1 as one`),
        own.session(async (own) => own`select 2 as two`),
      ]);
      expect(failed).toMatchObject({ status: "rejected", reason: { code: "23505" } });
      expect([next, session]).toMatchObject([{ value: [{ one: 1 }] }, { value: [{ two: 2 }] }]);
    }
    await client.end();
  });
});

test("a statement is stopped although its connections have another role", async () => {
  const role = `nextval_role_${process.pid}`;
  await database.client.unsafe(`create role ${role}`);
  const other = new Pool({ connectionString: database.url, max: 1, options: `-c role=${role}` });
  const running = () =>
    database.client`select pid from pg_stat_activity where query = 'select pg_sleep(8)' and state = 'active'`;
  const start = performance.now();
  await expect(bind(other).with({ timeout: 100 })`select pg_sleep(8)`).rejects.toMatchObject({ code: "TIMEOUT" });
  await expect.poll(running, { timeout: 10_000 }).toEqual([]);
  expect(performance.now() - start).toBeLessThan(4_000);
  await other.end();
  await database.client.unsafe(`drop role ${role}`);
});

test("advice about privileges names no role that the program may have set", async () => {
  const role = `nextval_advice_${process.pid}`;
  await database.client.unsafe(
    `create role ${role}; create sequence advised_seq; grant usage on schema public to ${role}`,
  );
  const advised = pgSequence("advised_seq");
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`set role ${role}`);
  const other = new Pool({ connectionString: database.url, max: 1, options: `-c role=${role}` });
  for (const handle of [bind(client), bind(other)]) {
    const error = await handle.nextval(advised).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "PERMISSION_DENIED", hint: "Let its owner grant usage on it." });
    expect(error).not.toHaveProperty("fix");
  }
  await client.end();
  await other.end();
  await database.client.unsafe(`drop sequence advised_seq; drop owned by ${role}; drop role ${role}`);
});

test("columns with the name of an object's prototype are columns", async () => {
  const rows = await db.query(sql.raw('select array[1] as "__proto__", 2 as "__proto__", 3 as a'));
  expect(Object.entries((rows as object[])[0] as object)).toEqual([
    ["__proto__", 2],
    ["a", 3],
  ]);
});
