import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Session, sql } from "nextval";
import { bind } from "nextval/pg";
import { bind as bindPGlite, type PGliteClient } from "nextval/pglite";
import { Client, Pool, type PoolConfig } from "pg";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { useDatabase } from "../support/database.js";
import { first } from "../support/effort.js";
import { startPGlite } from "../support/pglite.js";
import { sharedPGlite } from "../support/ports.js";

/** What other code of the program has done with a client before a handle uses it. */
const database = useDatabase();
const ends: (() => Promise<unknown>)[] = [];
const refusal = {
  code: "INVALID_ARGUMENT",
  message: expect.stringContaining("without an open transaction") as unknown,
};

beforeAll(async () => {
  await database.client`create table notes (note text)`;
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const notes = async () => (await database.client`select note from notes`).map(({ note }) => note as string);

function open(config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: database.url, max: 1, ...config });
  ends.push(() => pool.end());
  return pool;
}

async function connect(config: PoolConfig = {}): Promise<Client> {
  const client = new Client({ connectionString: database.url, ...config });
  await client.connect();
  ends.push(() => client.end());
  return client;
}

/** Makes another client of a PGlite, in which `other` replaces methods. */
function withOther(client: PGliteClient, other: (name: keyof PGliteClient) => unknown): PGliteClient {
  return new Proxy(client, {
    get: (_, name: keyof PGliteClient) =>
      other(name) ?? (name === "parsers" ? client.parsers : client[name].bind(client)),
  });
}

describe("a transaction that other code has begun", () => {
  test("on a client: statements run in it, and nothing of a handle ends it", async () => {
    const client = await connect();
    const db = bind(client);
    await client.query("begin");
    await client.query("insert into notes values ('of the client')");
    expect(await db`select note from notes`).toEqual([{ note: "of the client" }]);
    await expect(db.begin(async (tx) => tx`select 1`)).rejects.toMatchObject(refusal);
    await expect(db.session(async (session) => session`select 1`)).rejects.toMatchObject(refusal);
    await expect(db`select 1`.cursor()[Symbol.asyncIterator]().next()).rejects.toMatchObject(refusal);
    await client.query("rollback");
    expect(await notes()).not.toContain("of the client");
    expect(await db.begin(async (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test("on a connection of a pool: it is over before a handle uses the connection", async () => {
    const pool = open();
    const db = bind(pool);
    const client = await pool.connect();
    await client.query("begin");
    await client.query("insert into notes values ('left open')");
    client.release();
    await db`insert into notes values ('of the handle')`;
    expect(await notes()).toContain("of the handle");
    expect(await notes()).not.toContain("left open");
  });

  test("on a connection of a pool, whose commit is on its way: it is committed", async () => {
    const pool = open();
    const client = await pool.connect();
    await client.query("begin");
    await client.query("insert into notes values ('on its way')");
    const commit = client.query("commit");
    client.release();
    expect(await bind(pool).begin(async (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
    await commit;
    expect(await notes()).toContain("on its way");
  });

  test("on a PGlite: what it has written stays", async () => {
    const client = await sharedPGlite();
    const db = bindPGlite(client);
    await client.exec("create table notes (note text); begin; insert into notes values ('of the client')");
    expect(await db`select note from notes`).toEqual([{ note: "of the client" }]);
    await expect(db.begin(async (tx) => tx`select 1`)).rejects.toMatchObject(refusal);
    await expect(db.session(async (session) => session`select 1`)).rejects.toMatchObject(refusal);
    await client.exec("commit");
    expect(await db.begin(async (tx) => tx`select note from notes`)).toEqual([{ note: "of the client" }]);
  });
});

describe("a transaction of PGlite's own", () => {
  test("is not disturbed by statements of a handle, which wait for it", async () => {
    const client = await sharedPGlite();
    const db = bindPGlite(client);
    await client.exec("create table notes (note text)");
    let reading: PromiseLike<unknown> | undefined;
    const failing = client.transaction(async (tx) => {
      await tx.exec("insert into notes values ('undone')");
      reading = db`insert into notes values ('kept') returning (select count(*)::int from notes) as before`.then();
      await sleep(10);
      await tx.exec("insert into notes values ('undone')");
      throw new Error("undo");
    });
    await expect(failing).rejects.toThrow("undo");
    expect(await reading).toEqual([{ before: 0 }]);
    expect(await db`select note from notes`).toEqual([{ note: "kept" }]);
  });

  test("that waits for a statement of a handle gets an error instead of an answer", async () => {
    const client = await sharedPGlite();
    const db = bindPGlite(client, { waitTimeout: 50 });
    const waiting = client.transaction(() => db`select 1`.then());
    await expect(waiting).rejects.toMatchObject({ code: "POOL_EXHAUSTED" });
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
  });
});

describe("what the program has set on a connection, a session leaves", () => {
  const before = [
    "set time zone 'Asia/Tokyo'",
    'set search_path = pg_catalog, "$user"',
    "create temporary table mine (note text)",
    "listen mine",
    "set role pg_monitor",
  ];
  const now = sql<{ zone: string; path: string; role: string; mine: string; heard: string[]; locks: number }>`select
    current_setting('TimeZone') as zone, current_setting('search_path') as path, current_user::text as role,
    to_regclass('pg_temp.mine')::text as mine, array(select pg_listening_channels())::text[] as heard,
    (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`;
  const kept = {
    zone: "Asia/Tokyo",
    path: 'pg_catalog, "$user"',
    role: "pg_monitor",
    mine: "mine",
    heard: ["mine"],
    locks: 0,
  };
  const work = async (session: Session) => {
    expect(await session.one(now)).toEqual(kept);
    await session`reset role`;
    await session`set time zone 'UTC'`;
    await session`set statement_timeout = '1min'`;
    await session`select pg_advisory_lock(7)`;
  };
  const timeout = sql`select current_setting('statement_timeout') as timeout`;

  test("on a client", async () => {
    const client = await connect();
    for (const text of before) await client.query(text);
    const db = bind(client);
    for (let time = 0; time < 2; time++) {
      await db.session(work);
      expect(await db.one(now)).toEqual(kept);
      expect(await db.query(timeout)).toEqual([{ timeout: "0" }]);
    }
  });

  test("on a PGlite", async () => {
    const client = await sharedPGlite();
    for (const text of before) await client.exec(text);
    const db = bindPGlite(client);
    try {
      await db.session(work);
      expect(await db.one(now)).toEqual(kept);
      expect(await db.query(timeout)).toEqual([{ timeout: "0" }]);
    } finally {
      for (const text of ["reset role", "discard all"]) await client.exec(text);
    }
  });

  test("on a pool that sets its connections up", async () => {
    const setup = "set role pg_monitor; set app.tenant = '1'; set statement_timeout = '5s'";
    const pool = open();
    pool.on("connect", (client) => void client.query(setup));
    const db = bind(pool);
    const state = sql`select current_user::text as role, current_setting('app.tenant') as tenant`;
    await db.session(async (session) => session`set app.tenant = '2'`);
    expect(await db.query(state)).toEqual([{ role: "pg_monitor", tenant: "1" }]);
    expect(pool.totalCount).toBe(1);
  });
});

describe("a session that cannot set back what the program had set", () => {
  const before = [
    "create role app",
    "create text search configuration public.mine (copy = simple)",
    "set default_text_search_config = 'public.mine'",
    "set role app",
  ];
  const work = async (session: Session, text: string) => {
    await session`reset role`;
    await session`create temporary table of_the_session (note text)`;
    await session`set app.tenant = '7'`;
    await session.query(sql.raw(text));
    return "done";
  };
  const now = `select current_setting('default_text_search_config') as config, current_user::text as role,
    to_regclass('pg_temp.of_the_session')::text as left_table, current_setting('app.tenant') as tenant`;
  const undone = { left_table: null, tenant: "" };
  const refused = (reason: string) => `the PGlite cannot be used anymore: ${reason}`;

  test.each(
    first(1, [
      {
        text: "alter role app rename to app_renamed",
        reason: 'role "app" does not exist',
        left: { ...undone, config: "public.mine", role: "postgres" },
      },
      {
        text: "drop text search configuration public.mine",
        reason: 'invalid value for parameter "default_text_search_config": "public.mine"',
        left: { ...undone, config: "pg_catalog.english", role: "app" },
      },
    ]),
  )("on a PGlite: after $text its handles refuse everything", async ({ text, reason, left }) => {
    const shared = await sharedPGlite();
    // Not the shared client itself, which other tests bind.
    const client = withOther(shared, () => undefined);
    for (const each of before) await shared.exec(each);
    const db = bindPGlite(client);
    try {
      expect(await db.session((session) => work(session, text))).toBe("done");
      await expect(db`select 1`).rejects.toThrow(refused(reason));
      await expect(db.begin((tx) => tx`select 1`)).rejects.toThrow(refused(reason));
      await expect(db.session((session) => session`select 1`)).rejects.toThrow(refused(reason));
      expect((await shared.query(now)).rows).toEqual([left]);
    } finally {
      for (const each of ["reset role", "discard all", "drop role if exists app, app_renamed"]) await shared.exec(each);
    }
  });

  test("on a client: it is closed", async () => {
    const client = await connect();
    for (const text of before.slice(1, 3)) await client.query(text);
    const db = bind(client);
    const closed = new Promise((resolve) => client.once("end", resolve));
    expect(await db.session((session) => work(session, "drop text search configuration public.mine"))).toBe("done");
    await expect(db`select 1`).rejects.toThrow("the client of pg cannot be used anymore: invalid value for parameter");
    await expect(client.query("select 1")).rejects.toThrow("closed");
    await closed;
  });
});

test("a parser of PGlite that throws fails its statement, and leaves no transaction or session half done", async () => {
  const client = await sharedPGlite();
  const db = bindPGlite(client);
  await client.exec("create table notes (note text)");
  const { parsers } = client;
  const parser = parsers[23];
  parsers[23] = () => {
    throw new Error("unreadable");
  };
  try {
    const failing = db.begin(async (tx) => {
      await tx`insert into notes values ('of a transaction that failed')`;
      await tx`select 1`;
    });
    await expect(failing).rejects.toThrow("unreadable");
    const session = db.session(async (own) => {
      await own`set search_path = pg_catalog`;
      await own`select 1`;
    });
    await expect(session).rejects.toThrow("unreadable");
    await db.begin(async (tx) => {
      await expect(tx`insert into notes values ('kept') returning 1`).rejects.toThrow("unreadable");
    });
    expect(await db`select note from notes`).toEqual([{ note: "kept" }]);
  } finally {
    if (parser !== undefined) parsers[23] = parser;
  }
});

test("a PGlite that cannot write its files fails the statement or the commit, and goes on", async () => {
  const client = await sharedPGlite();
  let isFull = false;
  const full = () => Promise.reject(new Error("the disk is full"));
  const writing = withOther(client, (name) => (name === "syncToFs" && isFull ? full : undefined));
  const db = bindPGlite(writing);
  await db`create table notes (note text)`;
  isFull = true;
  await expect(db`insert into notes values ('of a statement')`).rejects.toThrow("the disk is full");
  const committed = db.begin(async (tx) => tx`insert into notes values ('of a transaction')`);
  await expect(committed).rejects.toThrow("the disk is full");
  const failed = db.begin(async (tx) => {
    await tx`insert into notes values ('undone')`;
    throw new Error("undo");
  });
  await expect(failed).rejects.toThrow("undo");
  const read = async () => {
    for await (const _rows of db`select note from notes`.cursor(1)) {
      // A cursor is a transaction of its own.
    }
  };
  await expect(read()).rejects.toThrow("the disk is full");
  let hasRun = false;
  const session = db.session(async () => {
    hasRun = true;
  });
  await expect(session).rejects.toThrow("the disk is full");
  expect(hasRun).toBe(false);
  isFull = false;
  expect(await db`select note from notes`).toEqual([{ note: "of a statement" }, { note: "of a transaction" }]);
  expect(await db.session(async (own) => own`select 1 as one`)).toEqual([{ one: 1 }]);
});

test("bytes in the format escape are refused over PGlite, which would read others", async () => {
  const client = await startPGlite();
  const db = bindPGlite(client);
  const bytes = new Uint8Array([1, 92, 255]);
  const texts = ["select '\\x015cff'::bytea as it", "select array['\\x015cff', null, '']::bytea[] as it"];
  expect(await db.query(sql.raw(texts[0]!))).toEqual([{ it: bytes }]);
  expect(await db.query(sql.raw(texts[1]!))).toEqual([{ it: [bytes, null, new Uint8Array()] }]);
  await client.exec("set bytea_output = 'escape'");
  for (const text of texts) {
    await expect(db.query(sql.raw(text))).rejects.toMatchObject({
      code: "UNEXPECTED_VALUE",
      hint: "Set bytea_output to hex.",
    });
  }
  await client.close();
});

test("what a statement of a handle writes to /dev/blob is not given to the program's next query", async () => {
  const client = await sharedPGlite();
  await bindPGlite(client).query(sql.raw("copy (select 'of the handle') to '/dev/blob'") as never);
  const { blob } = await client.query("copy (select 'of the program') to '/dev/blob'");
  expect(await blob?.text()).toBe("of the program\n");
});

describe("a statement that fills the stack of PGlite", () => {
  const deep = (count: number) => `repeat('(', 50000) || repeat(')', ${count} * 0 + 50000)`;

  test("fails, and nothing runs after it, because PGlite could block the process", async () => {
    const client = await startPGlite();
    const db = bindPGlite(client);
    await client.exec("create table t (a int)");
    const half = `insert into t select case when n = 3 then length(regexp_replace('x', ${deep(1)}, 'y')) else n end
      from generate_series(1, 5) n`;
    await expect(db.query(sql.raw(half))).rejects.toThrow("PGlite has stopped the statement");
    const refused = "the PGlite cannot be used anymore: PGlite has stopped the statement";
    await expect(db`select 1`).rejects.toThrow(refused);
    await expect(db.begin(async (tx) => tx`select 1`)).rejects.toThrow(refused);
    await expect(db.session(async (session) => session`select 1`)).rejects.toThrow(refused);
    await client.close();
  });

  test("leaves nothing of it behind", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nextval-pglite-"));
    const client = await startPGlite({ dataDir: folder });
    await client.exec("create table t (a int)");
    const half = `insert into t select case when n = 3 then length(regexp_replace('x', ${deep(1)}, 'y')) else n end
      from generate_series(1, 5) n`;
    await expect(bindPGlite(client).query(sql.raw(half))).rejects.toThrow("PGlite has stopped the statement");
    await client.close();
    const again = await startPGlite({ dataDir: folder, loadDataDir: undefined as never });
    expect((await again.query("select a from t")).rows).toEqual([]);
    await again.close();
    await rm(folder, { recursive: true });
  });

  test("while it is read, does no harm", async () => {
    const client = await startPGlite();
    const db = bindPGlite(client);
    const terms = sql.raw(`select ${new Array(20_000).fill("1").join("+")}`);
    await expect(db.query(terms)).rejects.toThrow("PGlite has stopped the statement");
    await expect(db`select 1 / 0`).rejects.toMatchObject({ code: "22012" });
    expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
    await client.close();
  });
});

test("a client with the option binary is refused, because its values are not texts", async () => {
  const refused = {
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining("without the option binary") as unknown,
  };
  const pool = open({ binary: true } as PoolConfig);
  await expect(bind(pool)`select 1`).rejects.toMatchObject(refused);
  await expect(bind(pool).begin(async (tx) => tx`select 1`)).rejects.toMatchObject(refused);

  const client = await connect({ binary: true } as PoolConfig);
  await expect(bind(client)`select 1`).rejects.toMatchObject(refused);
  await expect(bind(client)`select 1`).rejects.toMatchObject(refused);
});

test("a client of pg-native is refused, because it reads values itself", async () => {
  // As `pg/lib/native/client.js` makes it; pg-native itself needs a compiler.
  class Native extends Client {
    readonly native = {};
  }
  const refused = { code: "INVALID_ARGUMENT", message: expect.stringContaining("not of pg.native") as unknown };
  await expect(bind(open({ Client: Native } as PoolConfig))`select 1`).rejects.toMatchObject(refused);
});

test("a request to stop that reaches another server stops nothing there", async () => {
  const [client, victim] = [await connect(), await connect()];
  const { pid } = await bind(victim).one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
  // As if the address led to another server this time, or PgBouncer had made up the number.
  Object.assign(client, { processID: pid });
  const other = bind(victim)`select 1 as one from pg_sleep(0.6)`.execute();
  await expect(bind(client).with({ timeout: 100 })`select pg_sleep(0.3)`).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(await other).toEqual([{ one: 1 }]);
});

test("two copies of the library take turns on one client", async () => {
  const client = await connect();
  vi.resetModules();
  const copy = await import("nextval/pg");
  expect(copy.bind).not.toBe(bind);
  const [db, other] = [bind(client), copy.bind(client)];
  const failing = db.begin(async (tx) => {
    await tx`insert into notes values ('of the first')`;
    await tx`select pg_sleep(0.05)`;
    throw new Error("mine");
  });
  const writing = other`insert into notes values ('of the second')`.execute();
  const transaction = other.begin(async (tx) => tx`select 1 as one`);
  await expect(failing).rejects.toThrow("mine");
  await writing;
  expect(await transaction).toEqual([{ one: 1 }]);
  expect(await notes()).toContain("of the second");
  expect(await notes()).not.toContain("of the first");
});
