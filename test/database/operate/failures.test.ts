import { bind, createSequence, type Database, nextval, pgSequence } from "nextval";
import { allocator, blockAllocator } from "nextval/allocate";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../server/server.js";
import { whileStandby } from "../../server/standby.js";
import { HAS_LONG_FILES, withLong } from "../../support/effort.js";

const orderSeq = pgSequence("order_seq");
const MOST_CONNECTIONS = 12;

let server: Server;
let owner: postgres.Sql;
/** Those of one test. */
const clients: postgres.Sql[] = [];

beforeAll(async () => {
  server = await startServer({
    settings: { max_connections: String(MOST_CONNECTIONS), superuser_reserved_connections: "3" },
  });
  owner = postgres(server.url, { ...ONE, idle_timeout: 0 });
  await owner`create role clerk login password 'secret'`;
});
afterAll(async () => {
  await owner?.end({ timeout: 1 });
  await server?.stop();
});

const ONE = { max: 1, onnotice: () => {}, backoff: () => 0 };

/** Another client, as a role that may do nothing but what it is granted. */
function connect(options: postgres.Options<{}> = {}): postgres.Sql {
  const client = postgres(server.url, { ...ONE, username: "clerk", password: "secret", ...options });
  clients.push(client);
  return client;
}

const end = (ended: readonly postgres.Sql[]) => Promise.all(ended.map((client) => client.end({ timeout: 1 })));

/** Every way to draw values. Each call draws at least one, and returns them. */
const ways: [name: string, make: (db: Database) => () => Promise<bigint[]>][] = [
  ["db.nextval", (db) => async () => [await db.nextval(orderSeq)]],
  ["db.nextval of one tick", (db) => () => Promise.all([1, 2, 3].map(() => db.nextval(orderSeq)))],
  ["db.nextvals", (db) => () => db.nextvals(orderSeq, 40)],
  ["a template", (db) => async () => (await db`select ${nextval(orderSeq).as("id")}`).map(({ id }) => id)],
  [
    "an insert",
    (db) => async () => {
      const rows = await db<{ id: bigint }>`insert into orders values (${nextval(orderSeq)}) returning id`;
      return rows.map(({ id }) => id);
    },
  ],
  ["a transaction", (db) => () => db.begin(async (tx) => [await tx.nextval(orderSeq), await tx.currval(orderSeq)])],
  ["a session", (db) => () => db.session(async (session) => [await session.nextval(orderSeq)])],
  [
    "an allocator",
    (db) => {
      const ids = allocator(db, orderSeq, { size: 10, lowWater: 0 });
      return () => ids.take(10);
    },
  ],
  [
    "a block allocator",
    (db) => {
      const ids = blockAllocator(db, orderSeq);
      return async () => [await ids.next()];
    },
  ],
];

const FEW = new Set(["db.nextval", "an insert", "a block allocator"]);
/** A few of them stand for the others; a standby refuses each. */
const some = withLong(
  ways.filter(([name]) => FEW.has(name)),
  ways.filter(([name]) => !FEW.has(name)),
);

beforeEach(async () => {
  await owner`drop sequence if exists order_seq`;
  await bind(owner).query(createSequence(orderSeq));
  await owner.unsafe(`
    drop table if exists orders; create table orders (id bigint primary key);
    grant usage on sequence order_seq to clerk; grant insert, select on orders to clerk`);
});
afterEach(() => end(clients.splice(0)));

/** The error of a call that has to fail, and not hang. */
async function failure(call: () => Promise<bigint[]>): Promise<Error & { code?: string; sequence?: string }> {
  const patience = new AbortController();
  const late = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it hangs")), 5000);
    patience.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  try {
    const values = await Promise.race([call(), late]);
    throw new Error(`it gave ${values.join(", ")}`);
  } catch (error) {
    return error as Error;
  } finally {
    patience.abort();
  }
}

/** A refused call has drawn nothing, and the same handle continues with the first value. */
async function expectToWork(call: () => Promise<bigint[]>): Promise<void> {
  const [first] = await call();
  expect(first).toBe(1n);
}

describe("a server without free connections", () => {
  test.each(some)("refuses %s until a connection is free", async (_name, make) => {
    const call = make(bind(connect()));
    await owner`select 1`;
    // Takes all free connections.
    const others: postgres.Sql[] = [];
    for (let full = false; !full;) {
      const other = connect();
      others.push(other);
      full = await other`select 1`.then(
        () => false,
        () => true,
      );
      expect(others.length).toBeLessThanOrEqual(MOST_CONNECTIONS);
    }
    try {
      const error = await failure(call);
      expect(error).toMatchObject({ code: "53300" });
      expect(error.message).toMatch(/connection slots are reserved|too many clients/);
      expect((await failure(call)).code).toBe("53300");
    } finally {
      await end(others);
    }
    // The server takes a moment to see that they have gone.
    await expect.poll(async () => (await owner`select from pg_stat_activity where usename = 'clerk'`).length).toBe(0);
    await expectToWork(call);
  });
});

describe("a role without the privilege", () => {
  test.each(some)("may not use %s until it is granted", async (_name, make) => {
    await owner`revoke usage on sequence order_seq from clerk`;
    const call = make(bind(connect()));
    const error = await failure(call);
    expect(error).toMatchObject({
      name: "NextvalError",
      code: "PERMISSION_DENIED",
      sequence: "order_seq",
      message: "order_seq: permission denied for sequence order_seq",
      hint: "Run the fix as its owner.",
      fix: 'grant usage on sequence "order_seq" to "clerk"',
    });
    await owner.unsafe((error as { fix?: string }).fix!);
    await expectToWork(call);
  });
});

describe("a session that may only read", () => {
  test.each(some)("refuses %s until it may write", async (name, make) => {
    const client = connect({ connection: { default_transaction_read_only: true } });
    const call = make(bind(client));
    expectReadOnly(name, await failure(call));
    await client`set default_transaction_read_only = off`;
    await expectToWork(call);
  });
});

if (HAS_LONG_FILES)
  describe("a standby", () => {
    test("refuses every way until it is promoted", async () => {
      const db = bind(connect({ max: 4 }));
      const calls = ways.map(([name, make]) => [name, make(db)] as const);
      await whileStandby(server, owner, async () => {
        for (const [name, call] of calls) expectReadOnly(name, await failure(call));
      });
      const values: bigint[] = [];
      for (const [name, call] of calls) {
        const drawn = await call();
        expect(drawn.length, name).toBeGreaterThan(0);
        values.push(...new Set(drawn));
      }
      expect(new Set(values).size).toBe(values.length);
    }, 60_000);
  });

function expectReadOnly(way: string, error: Error): void {
  if (way === "an insert") {
    // The server refuses the statement before it comes to the sequence.
    expect(error).toMatchObject({ code: "25006", message: "cannot execute INSERT in a read-only transaction" });
    return;
  }
  expect(error).toMatchObject({
    name: "NextvalError",
    code: "READ_ONLY",
    sequence: "order_seq",
    message: "order_seq: cannot execute nextval() in a read-only transaction",
    hint: "Draw and set values on the primary, in a transaction that may write.",
  });
}
