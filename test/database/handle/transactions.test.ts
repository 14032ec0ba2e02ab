import { bind, createSequence, type Database, nextval, pgSequence, NextvalError, sql } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { cuttable } from "../../server/cut.js";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

const database = useDatabase();
const db = () => bind(database.client);

beforeAll(async () => {
  await db()`create table accounts (id integer primary key, amount integer)`;
  await db()`insert into accounts values (1, 0), (2, 0)`;
});

describe("begin with retries", () => {
  /** Adds 1 to what it has read, in a transaction that meets another one between the two. */
  const adding = (retries: number | undefined, noRetry = false) => {
    let attempts = 0;
    const work = db().begin(
      "isolation level repeatable read",
      async (tx) => {
        const read = await tx.one(sql<{ amount: number }>`select amount from accounts where id = 1`);
        if (++attempts <= 2) await db()`update accounts set amount = amount + 10 where id = 1`;
        if (noRetry) tx.noRetry();
        await tx`update accounts set amount = ${read.amount + 1} where id = 1`;
        return attempts;
      },
      retries === undefined ? undefined : { retries },
    );
    return work.then(
      (result) => `committed in attempt ${result}`,
      (error: { code: string }) => `${error.code} in attempt ${attempts}`,
    );
  };

  test("runs the work again after a serialization failure", async () => {
    expect(await adding(2)).toBe("committed in attempt 3");
    expect(await db()`select amount from accounts where id = 1`).toEqual([{ amount: 21 }]);
  });

  test("not more often than given, and not at all by default", async () => {
    expect(await adding(1)).toBe("40001 in attempt 2");
    expect(await adding(undefined)).toBe("40001 in attempt 1");
  });

  test("not after noRetry", async () => {
    expect(await adding(5, true)).toBe("40001 in attempt 1");
  });

  test("also at the commit", async () => {
    await db()`create table pairs (id integer)`;
    let attempts = 0;
    const work = () =>
      db().begin(
        "isolation level serializable",
        async (tx) => {
          await tx`select count(*) from pairs`;
          await tx`insert into pairs values (1)`;
          attempts++;
          await met;
        },
        { retries: 3 },
      );
    let meet = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const both = Promise.all([work(), work()]);
    await expect.poll(() => attempts).toBe(2);
    meet();
    await both;
    expect(attempts).toBeGreaterThan(2);
  });

  test("after a deadlock", async () => {
    let attempts = 0;
    const locking = (first: number, second: number) =>
      db().begin(
        async (tx) => {
          attempts++;
          await tx`update accounts set amount = 0 where id = ${first}`;
          await tx`select pg_sleep(0.05)`;
          await tx`update accounts set amount = 0 where id = ${second}`;
        },
        { retries: 3 },
      );
    await Promise.all([locking(1, 2), locking(2, 1)]);
    expect(attempts).toBeGreaterThan(2);
  });

  test("never after another error", async () => {
    let attempts = 0;
    const work = db().begin(
      async (tx) => {
        attempts++;
        await tx`select 1 / 0`;
      },
      { retries: 3 },
    );
    await expect(work).rejects.toMatchObject({ code: "22012" });
    expect(attempts).toBe(1);
    await expect(db().begin(() => 1, { retries: -1 })).rejects.toThrow(
      "retries takes a whole number from 0 on, not -1",
    );
  });

  test("never after a commit of unknown outcome, of any cause, and not for errors that cause each other", async () => {
    const conflict = Object.assign(new Error("canceling statement due to conflict with recovery"), { code: "40001" });
    const circle = new Error("it caused itself");
    circle.cause = circle;
    for (const error of [new NextvalError("COMMIT_UNKNOWN", "lost", { cause: conflict }), circle]) {
      let attempts = 0;
      const work = () => {
        attempts++;
        throw error;
      };
      await expect(db().begin(work, { retries: 3 })).rejects.toBe(error);
      expect(attempts).toBe(1);
    }
  });
});

test("a commit whose answer is lost has an unknown outcome, and is not run again", async () => {
  await db()`create table ledger (id integer)`;
  const server = await cuttable(database.url);
  const { hostname, port } = new URL(server.url);
  const client = database.connect({ host: hostname, port: Number(port), max: 1, fetch_types: false });
  const own = bind(client);
  await own`select 1`;
  let attempts = 0;
  const commit = (at: "request" | "answer") =>
    own.begin(
      async (tx) => {
        await tx`insert into ledger values (${++attempts})`;
        server.cutNext(at);
      },
      { retries: 3 },
    );
  for (const at of ["answer", "request"] as const) {
    await expect(commit(at)).rejects.toMatchObject({
      name: "NextvalError",
      code: "COMMIT_UNKNOWN",
      message: expect.stringMatching(/^the connection was lost before the server answered COMMIT/),
    });
  }
  expect(attempts).toBe(2);
  expect(await db()`select id from ledger`).toEqual([{ id: 1 }]);
  // Also within a session. A lost statement has no unknown outcome.
  const inSession = own.session((session) =>
    session.begin(async (tx) => {
      await tx`insert into ledger values (3)`;
      server.cutNext("answer");
    }),
  );
  await expect(inSession).rejects.toMatchObject({ code: "COMMIT_UNKNOWN" });
  const before = own.begin(async (tx) => {
    server.cutNext("answer");
    await tx`insert into ledger values (4)`;
  });
  await expect(before).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTION_CLOSED|ECONNRESET$/) });
  await server.close();
});

describe("statements that begin or end a transaction by hand", () => {
  test.each([
    "commit",
    "rollback",
    "ROLLBACK work",
    "/* a comment */ -- and another\n commit and chain",
    "/* a /* nested */ one */ commit",
    " ; ;\tcommit",
    "abort",
    "end",
    "begin",
    "start  transaction",
    "prepare transaction 'x'",
    "prepare/**/transaction 'x'",
  ])("are refused inside begin: %s", async (text) => {
    const work = db().begin(async (tx) => {
      await tx`insert into accounts values (100, 0)`;
      await tx.query(sql.raw(text));
    });
    await expect(work).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
    expect(await db()`select 1 from accounts where id = 100`).toEqual([]);
  });

  test("are refused on a pool if they begin one", async () => {
    for (const text of ["begin", "start transaction read only", "start/**/transaction"]) {
      await expect(db().query(sql.raw(text))).rejects.toMatchObject({
        code: "TRANSACTION_CONTROL",
        hint: "Use db.begin.",
      });
    }
  });

  test("are accepted for savepoints, or in a session", async () => {
    await db().begin(async (tx) => {
      await tx`savepoint mine`;
      await tx`insert into accounts values (101, 0)`;
      await tx`rollback to savepoint mine`;
      await tx`rollback work to mine`;
      await tx`rollback /* all of it */ to mine`;
      await tx`release mine`;
      await tx`select 'commit' as commit`;
    });
    await db().session(async (session) => {
      await session`begin`;
      await session`insert into accounts values (102, 0)`;
      await session`commit`;
    });
    expect(await db()`select id from accounts where id > 100`).toEqual([{ id: 102 }]);
  });
});

test("a statement of a transaction that nothing awaits fails the transaction only", async () => {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", listen);
  const work = db().begin(async (tx) => {
    tx`select 1 / 0`.execute();
    return "returned";
  });
  await expect(work).rejects.toMatchObject({ code: "22012" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", listen);
  expect(unhandled).toEqual([]);
});

test.each([
  ["returns", (tx: Database | object) => tx],
  [
    "throws",
    () => {
      throw new Error("of the work");
    },
  ],
])("a cursor that was left after its first rows is closed when the work %s", async (_what, end) => {
  const own = bind(database.connect({ max: 1 }));
  for (const run of ["begin", "session"] as const) {
    const work = own[run](async (handle: { cursor: Database["cursor"] }) => {
      const rows = handle.cursor(sql`select * from generate_series(1, 1000)`, 10)[Symbol.asyncIterator]();
      await rows.next();
      end(handle);
      return "done";
    });
    expect(await work.catch((error: Error) => error.message)).toMatch(/^(done|of the work)$/);
    expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
  }
});

describe("the changes of a session", () => {
  test("do not reach the next user of the connection", async () => {
    const own = bind(database.connect({ max: 1 }));
    const seq = pgSequence("session_seq");
    await own.query(createSequence(seq));
    const [{ pid } = { pid: 0 }] = await own<{ pid: number }>`select pg_backend_pid() as pid`;
    const state = () => own`
      select pg_backend_pid() = ${pid}::integer as same, current_setting('search_path') as path,
        coalesce(current_setting('app.tenant', true), '') as tenant, current_user = session_user as self,
        (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
        (select count(*)::int from pg_class where relpersistence = 't' and relkind = 'r') as temporary,
        (select count(*)::int from pg_listening_channels()) as channels, (select count(*)::int from pg_cursors
          where is_holdable) as cursors`;
    const [before] = await state();
    for (const isOpen of [false, true]) {
      await own.session(async (session) => {
        await session`set role pg_read_all_data`;
        await session`set search_path to evil, public`;
        await session`select set_config('app.tenant', '42', false)`;
        await session`reset role`;
        await session`create temporary table secret as select 1 as x`;
        await session`select pg_advisory_lock(7)`;
        await session`listen news`;
        await session`declare held cursor with hold for select 1`;
        await session`select ${nextval(seq)}`;
        await session`set role pg_read_all_data`;
        if (isOpen) await session`begin`;
      });
      expect(await state()).toEqual([before]);
    }
    await own.session(async (session) => {
      await session`begin`;
      await session`set search_path to evil`;
      await session`select 1 / 0`.catch(() => {});
    });
    expect(await state()).toEqual([before]);
  });

  test("close the connection if they cannot be undone", async () => {
    const role = `plain_${database.name}`;
    await database.client.unsafe(`create role ${role} login password 'plain'`);
    await database.client`revoke execute on function pg_advisory_unlock_all() from public`;
    const own = bind(database.connect({ max: 1, user: role, pass: "plain" }));
    const pid = () => own.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
    const before = await pid();
    await own.session(async (session) => session`set search_path to evil`);
    expect(await own`select current_setting('search_path') as path`).toEqual([{ path: '"$user", public' }]);
    expect(await pid()).not.toEqual(before);
    await database.client`grant execute on function pg_advisory_unlock_all() to public`;
    await database.client.unsafe(`drop role ${role}`);
  });
});

test("the rows of a statement that work returns keep their count and command", async () => {
  const updated = ({ length, count, command }: { length: number; count: number; command: string }) => {
    expect([length, count, command]).toEqual([0, 2, "UPDATE"]);
  };
  updated(await db().begin((tx) => tx`update accounts set amount = amount where id in (1, 2)`));
  updated(await db().session((session) => session`update accounts set amount = amount where id in (1, 2)`));
  updated(
    await db().begin((tx) => tx.savepoint((inner) => inner`update accounts set amount = amount where id in (1, 2)`)),
  );
});

test("a session whose work throws at once does not reject a promise that nothing awaits", async () => {
  const own = bind(database.connect({ max: 1 }));
  const rejected: unknown[] = [];
  const note = (reason: unknown) => rejected.push(reason);
  process.on("unhandledRejection", note);
  const pid = await own.session(async (session) => {
    const [row] = await session<{ pid: number }>`select pg_backend_pid() as pid`;
    return row?.pid;
  });
  const work = own.session((session) => {
    session`select pg_sleep(0.2)`.execute().catch(() => {});
    throw new Error("at once");
  });
  await expect(work).rejects.toThrow("at once");
  await db()`select pg_terminate_backend(${pid as number})`;
  await expect.poll(() => own`select 1 as one`).toEqual([{ one: 1 }]);
  process.off("unhandledRejection", note);
  expect(rejected).toEqual([]);
});

test("a draw that was called before a cursor runs before it", async () => {
  const seq = pgSequence("cursor_seq");
  await db().query(createSequence(seq));
  const result = db().session(async (session) => {
    const drawn = session.nextval(seq);
    for await (const rows of session.cursor(sql`select 1 as one`)) expect(rows).toEqual([{ one: 1 }]);
    return drawn;
  });
  expect(await result).toBe(1n);
});

// A connection takes 90 unanswered statements, and 1,000 in a row.
test.each(first(1, [90, 91, 1_100]))("a connection is reserved after %d statements", async (count) => {
  const client = database.connect({ max: 1 });
  const own = bind(client, { waitTimeout: 5_000 });
  await own`select 1`;
  const statements = Array.from({ length: count }, async (_, at) => own`select ${at}::integer as at`.one());
  const results = Promise.all([
    own.begin(async (tx) => tx`select 1 as one`),
    own.session(async (session) => session`select 1 as one`),
    own`select 1 as one`.cursor()[Symbol.asyncIterator]().next(),
  ]);
  expect((await results)[1]).toEqual([{ one: 1 }]);
  expect(await Promise.all(statements)).toHaveLength(count);
});
