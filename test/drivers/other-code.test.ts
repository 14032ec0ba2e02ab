import { sql } from "nextval";
import { bind } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { Client, Pool, type PoolConfig } from "pg";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { useDatabase } from "../support/database.js";
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
