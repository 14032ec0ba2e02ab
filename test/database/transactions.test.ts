import {
  bind,
  createSequence,
  currval,
  lastval,
  nextval,
  NextvalError,
  pgSchema,
  pgSequence,
  type Query,
  type Session,
  type Transaction,
  sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
const missingSeq = pgSequence("missing_seq");

const db = () => bind(database.client);

beforeAll(async () => {
  for (const sequence of [orderSeq, ticketSeq]) await db().query(createSequence(sequence));
  await db()`create table orders (id bigint primary key, note text, count integer, at timestamptz)`;
});

describe("currval and lastval", () => {
  test("currval and lastval in a transaction", async () => {
    await db().begin(async (tx) => {
      const drawn = await tx.nextval(orderSeq);
      expect(await tx.currval(orderSeq)).toBe(drawn);
      expect(await tx.lastval()).toBe(drawn);
      expect(await tx`select ${currval(orderSeq).as("id")}, ${lastval().as("last")}`).toEqual([
        { id: drawn, last: drawn },
      ]);
    });
  });

  test("currval in a session", async () => {
    const result = await db().session(async (session) => {
      const drawn = await session.nextval(ticketSeq);
      return (await session.currval(ticketSeq)) === drawn;
    });
    expect(result).toBe(true);
  });

  test("are refused on a pool, where the next statement may run in another session", async () => {
    const refused: [Query<object>, string][] = [
      [db()`select ${currval(orderSeq)}`, "order_seq: currval belongs to one session, and a pool may use another one"],
      [db()`select ${lastval()}`, "lastval() belongs to one session"],
      [db()`select ${nextval(ticketSeq)}, ${currval(orderSeq)}`, "order_seq: currval belongs to one session"],
      [db()`select ${sql.named({ orderSeq })`$<currval(orderSeq)>`}`, "order_seq: currval belongs to one session"],
      [
        db()`select ${currval(pgSchema("billing").sequence("order_seq"))}, ${nextval(orderSeq)}`,
        "billing.order_seq: currval",
      ],
    ];
    for (const [query, message] of refused) {
      const error: unknown = await query.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NextvalError);
      expect(error).toMatchObject({ code: "SESSION_REQUIRED", message: expect.stringContaining(message) });
    }
    expect(db()).not.toHaveProperty("currval");
    expect(db()).not.toHaveProperty("lastval");
  });

  test("are allowed on a pool if the same statement draws first", async () => {
    const [row] = await db()`select ${nextval(orderSeq).as("a")}, ${currval(orderSeq).as("b")}, ${lastval().as("c")}`;
    expect(row?.b).toBe(row?.a);
    expect(row?.c).toBe(row?.a);
    const again = db()`select ${nextval(orderSeq).as("a")}, ${currval(orderSeq).as("b")}, ${nextval(orderSeq).as("c")}`;
    expect((await again)[0]?.b).toBe((await again)[0]?.a);
    const late = db()`select ${currval(orderSeq)}, ${nextval(orderSeq)}`;
    await expect(late).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
  });

  test("a transaction is committed, or rolled back with the error that was thrown", async () => {
    expect(await db().begin(async (tx) => (await tx`insert into orders (id) values (-10)`).count)).toBe(1);
    const problem = new Error("mine");
    const failed = db().begin(async (tx) => {
      await tx`insert into orders (id) values (-11)`;
      throw problem;
    });
    await expect(failed).rejects.toBe(problem);
    expect(await db()`select id from orders where id in (-10, -11)`).toEqual([{ id: -10n }]);
  });

  test("a transaction accepts the modes of begin, and rejects a write in a read-only one", async () => {
    const isolation = await db().begin("isolation level serializable read only", async (tx) => {
      const [row] = await tx<{ transaction_isolation: string }>`show transaction_isolation`;
      return row?.transaction_isolation;
    });
    expect(isolation).toBe("serializable");
  });

  const scopes = [
    ["of a pool", async (work: Parameters<ReturnType<typeof db>["begin"]>[1]) => db().begin("", work)],
    [
      "of a session",
      async (work: Parameters<ReturnType<typeof db>["begin"]>[1]) => db().session((s) => s.begin("", work)),
    ],
  ] as const;
  describe.each(scopes)("a transaction %s", (_name, begin) => {
    test("has savepoints, which roll back alone", async () => {
      await db()`delete from orders where id < 0`;
      await begin(async (tx) => {
        await tx`insert into orders (id) values (-20)`;
        await expect(
          tx.savepoint(async (sp) => {
            await sp`insert into orders (id) values (-21)`;
            await sp`insert into orders (id) values (-20)`;
          }),
        ).rejects.toMatchObject({ code: "23505" });
        expect(
          await tx.savepoint(async (sp) => sp.savepoint(async (inner) => (await inner`select 1 as one`).length)),
        ).toBe(1);
        await tx`insert into orders (id) values (-22)`;
      });
      expect(await db()`select id from orders where id < 0 order by id`).toEqual([{ id: -22n }, { id: -20n }]);
    });

    test("is not committed when a failed statement was swallowed", async () => {
      await db()`delete from orders where id < 0`;
      const swallowed = begin(async (tx) => {
        await tx`insert into orders (id) values (-30)`;
        await tx`select ${currval(missingSeq)}`.catch(() => {});
      });
      await expect(swallowed).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND", sequence: "missing_seq" });
      expect(await db()`select id from orders where id < 0`).toEqual([]);
    });

    test("keeps currval across savepoints, and does not return drawn values", async () => {
      const drawn = await db().nextval(orderSeq);
      await begin(async (tx) => {
        await tx
          .savepoint(async (sp) => {
            expect(await sp.nextval(orderSeq)).toBe(drawn + 1n);
            throw new Error("undo");
          })
          .catch(() => {});
        expect(await tx.currval(orderSeq)).toBe(drawn + 1n);
      });
      expect(await db().nextval(orderSeq)).toBe(drawn + 2n);
    });
  });

  test("a session returns to the pool, also if it fails", async () => {
    const client = database.connect({ max: 1 });
    const own = bind(client);
    await expect(own.session(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    await own.session(async (session) => {
      await session`create temporary table kept (id integer)`;
      await session.begin(async (tx) => tx`insert into kept values (1)`);
      await expect(session.begin("; drop table kept", async () => {})).rejects.toThrow("begin takes transaction modes");
      expect(await session`select id from kept`).toEqual([{ id: 1 }]);
    });
    expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
  });

  longTest("a session whose connection is lost fails, and the pool continues", async () => {
    const client = database.connect({ max: 2 });
    const own = bind(client);
    const loseConnection = async (handle: Session | Transaction) => {
      const { pid } = await handle.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
      await db()`select pg_terminate_backend(${pid})`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    };
    const after: unknown[] = [];
    const inSession = own.session(async (session) => {
      await loseConnection(session);
      for (const use of [
        () => session`select 1`,
        () => session.nextval(orderSeq),
        () => session.begin(async () => {}),
      ]) {
        await use().then(
          () => after.push("ran"),
          (error: unknown) => after.push((error as { code: string }).code),
        );
      }
    });
    await expect(inSession).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect.poll(() => after).toEqual(["CONNECTION_CLOSED", "CONNECTION_CLOSED", "CONNECTION_CLOSED"]);
    const inTransaction = own.session((session) => session.begin(loseConnection));
    await expect(inTransaction).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(own.begin(loseConnection)).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    // It fails immediately, whatever it is waiting for.
    const waiting = own.begin(async (tx) => {
      await loseConnection(tx);
      await new Promise(() => {});
    });
    await expect(waiting).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    const results = await Promise.all([1, 2, 3, 4].map((n) => own.one(sql<{ n: number }>`select ${n}::integer as n`)));
    expect(results).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  });

  test("statements returned as an array are run", async () => {
    const statements = (handle: Session | Transaction) => [handle`select 1 as one`, handle`select 2 as two`] as const;
    const expected = [[{ one: 1 }], [{ two: 2 }]];
    expect(await db().begin((tx) => statements(tx))).toEqual(expected);
    expect(await db().begin((tx) => tx.savepoint((sp) => statements(sp)))).toEqual(expected);
    expect(await db().session((session) => statements(session))).toEqual(expected);
    expect(await db().session((session) => session.begin((tx) => statements(tx)))).toEqual(expected);
  });

  test("a commit that fails is the error of the transaction", async () => {
    await db()`create table parents (id integer primary key)`;
    await db()`create table children (parent integer references parents deferrable initially deferred)`;
    await expect(db().begin((tx) => tx`insert into children values (1)`)).rejects.toMatchObject({ code: "23503" });
    await expect(db().begin("nonsense", async () => {})).rejects.toMatchObject({ code: "42601" });
    await expect(db().begin("; drop table parents", async () => {})).rejects.toThrow("begin takes transaction modes");
    await expect(db().begin("read only", undefined as never)).rejects.toThrow("begin needs a function to run");
    expect(await db()`select 1 from parents, children`).toEqual([]);
  });

  test("a pool of one connection is free again after a transaction, whatever its outcome", async () => {
    const own = bind(database.connect({ max: 1 }));
    await own.begin(async (tx) => tx`select 1`);
    await own.begin(async (tx) => tx`select nothing`).catch(() => {});
    await own.begin("nonsense", async () => {}).catch(() => {});
    await own.begin(() => Promise.reject(new Error("mine"))).catch(() => {});
    const results = await Promise.all([1, 2].map(() => own.begin((tx) => tx.nextval(ticketSeq))));
    expect(results).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test("an asynchronous array of statements also runs, and a list of rows stays unchanged", async () => {
    const results = await db().begin(async (tx) => [tx`select 1 as one`, tx`select 2 as two`] as const);
    expect(results).toEqual([[{ one: 1 }], [{ two: 2 }]]);
    expect((await db().begin(async (tx) => tx`select 1 as one`)).command).toBe("SELECT");
    expect(await db().begin(async () => [1, 2])).toEqual([1, 2]);
  });

  test.each(["of a pool", "of a session"])(
    "a failed statement that was not awaited fails the transaction %s",
    async (of) => {
      const begin: ReturnType<typeof db>["begin"] =
        of === "of a pool" ? db().begin : (work: never) => db().session((s) => s.begin(work));
      await db()`delete from orders where id < 0`;
      const failed = begin((tx) => {
        tx`insert into orders (id) values (-40)`.execute();
        tx`select 1/0`.execute().catch(() => {});
        return "done";
      });
      await expect(failed).rejects.toMatchObject({ code: "22012" });
      expect(await db()`select id from orders where id < 0`).toEqual([]);
      const inSavepoint = begin(async (tx) => {
        await tx`insert into orders (id) values (-41)`;
        await tx.savepoint((sp) => void sp`select 1/0`.execute().catch(() => {})).catch(() => {});
        await tx`insert into orders (id) values (-42)`;
      });
      await inSavepoint;
      expect(await db()`select id from orders where id < 0 order by id`).toEqual([{ id: -42n }, { id: -41n }]);
    },
  );

  test("savepoints inside savepoints are undone one by one", async () => {
    await db()`delete from orders where id < 0`;
    const insert = (handle: Session | Transaction, id: number) => handle`insert into orders (id) values (${id})`;
    const fail = () => Promise.reject(new Error("undo"));
    await db().begin(async (tx) => {
      await insert(tx, -1);
      await tx
        .savepoint(async (outer) => {
          await insert(outer, -2);
          await outer.savepoint(async (inner) => insert(inner, -3).then(fail)).catch(() => {});
          await insert(outer, -4);
          await fail();
        })
        .catch(() => {});
      await tx.savepoint((again) => insert(again, -5));
    });
    expect(await db()`select id from orders where id < 0 order by id`).toEqual([{ id: -5n }, { id: -1n }]);
  });

  test("there is one transaction or savepoint at a time on a connection", async () => {
    const message = "a transaction or savepoint is open here already";
    await db().begin(async (tx) => {
      const first = tx.savepoint(async (sp) => sp`select pg_sleep(0.05)`);
      await expect(tx.savepoint(async () => {})).rejects.toMatchObject({ code: "SESSION_REQUIRED", message });
      await first;
      await tx.savepoint(async () => {});
    });
    await db().session(async (session) => {
      await session.begin(async () => {
        await expect(session.begin(async () => {})).rejects.toMatchObject({ code: "SESSION_REQUIRED", message });
      });
      await session.begin(async () => {});
    });
  });

  test("a transaction that was not awaited is finished before its session returns to the pool", async () => {
    await db()`delete from orders where id < 0`;
    await db().session((session) => {
      void session.begin(async (tx) => {
        await tx`insert into orders (id) values (-50)`;
        await tx`select pg_sleep(0.05)`;
        await tx`insert into orders (id) values (-51)`;
      });
    });
    expect(await db()`select id from orders where id < 0`).toHaveLength(2);
  });

  test("a handle refuses calls after its session or transaction has ended", async () => {
    const ended = {
      code: "SESSION_REQUIRED",
      message: "this session or transaction has ended, and its handle with it",
    };
    const tx = await db().begin((transaction) => [transaction]);
    await expect(tx[0]?.nextval(orderSeq)).rejects.toMatchObject(ended);
    const session = await db().session((own) => [own]);
    await expect(session[0]?.query(sql`select 1`)).rejects.toMatchObject(ended);
    await db().begin(async (outer) => {
      const [inner] = await outer.savepoint((savepoint) => [savepoint]);
      await expect(inner?.lastval()).rejects.toMatchObject(ended);
      await outer`select 1`;
    });
  });

  test("a savepoint that outlives its transaction runs nothing on the connection, which others then use", async () => {
    await db()`delete from orders where id < 0`;
    const own = bind(database.connect({ max: 1 }));
    let failed = () => {};
    const end = new Promise<void>((resolve) => {
      failed = resolve;
    });
    let left: Promise<unknown> = Promise.resolve();
    const transaction = own.begin(async (tx) => {
      left = tx.savepoint(async (savepoint) => {
        await savepoint`insert into orders (id) values (-60)`;
        await end;
        await savepoint`insert into orders (id) values (-61)`;
      });
      left.catch(() => {});
      await tx`select 1`;
      throw new Error("mine");
    });
    await expect(transaction).rejects.toThrow("mine");
    await own.begin(async (tx) => {
      await tx`select 1`;
      failed();
      await expect(left).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
    });
    expect(await db()`select id from orders where id < 0`).toEqual([]);
  });

  test("while a cursor is open on a transaction, nothing else runs there", async () => {
    await db().begin(async (tx) => {
      for await (const rows of tx.cursor(sql`select generate_series(1, 10)`, 5)) {
        expect(rows).toHaveLength(5);
        await expect(tx`select 1`).rejects.toThrow("a cursor is open on this session or transaction");
      }
      expect(await tx`select 1 as one`).toEqual([{ one: 1 }]);
    });
  });
});
