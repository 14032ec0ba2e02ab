import { bind, createSequence, currval, type NextvalError, nextval, pgSequence, sql, type Transaction } from "nextval";
import { gaplessCounter } from "nextval/allocate";
import postgres, { type TransactionSql } from "postgres";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const orderNo = gaplessCounter("order_no");
let client: postgres.Sql;

beforeAll(async () => {
  client = database.connect({ max: 2 });
  const db = bind(client);
  await db.query(createSequence(orderSeq));
  await db.query(orderNo.create());
  await db`create table orders (id bigint primary key, note text)`;
});
beforeEach(() => client`truncate orders`);

const ids = async () =>
  (await client<{ id: string }[]>`select id::text from orders order by orders.id`).map(({ id }) => id);

describe("a transaction of the client's own begin", () => {
  test("runs the statements of a handle between those of the program", async () => {
    const drawn = await client.begin(async (own) => {
      const tx = bind(own);
      const [process] = await own`select pg_backend_pid() as pid`;
      expect(await tx`select pg_backend_pid() as pid`).toEqual([process]);
      const before = own`insert into orders values (-1, 'own')`.execute();
      const inserted = tx`insert into orders values (${nextval(orderSeq)}, 'handle') returning id`.execute();
      const after = own`insert into orders values (-2, (select max(note) from orders))`.execute();
      const [[row]] = await Promise.all([inserted, before, after]);
      expect(row).toEqual({ id: await tx.currval(orderSeq) });
      expect(await tx.lastval()).toBe(await tx.currval(orderSeq));
      expect(await tx`select ${currval(orderSeq).as("now")}, ${[1, 2]}::integer[] as list, ${true} as yes`).toEqual([
        { now: await tx.lastval(), list: [1, 2], yes: true },
      ]);
      expect(await tx.nextvals(orderSeq, 2)).toHaveLength(2);
      return String(await tx.currval(orderSeq));
    });
    expect(await ids()).toEqual(["-2", "-1", String(Number(drawn) - 2)]);
    expect(await client`select note from orders where id = -2`).toEqual([{ note: "own" }]);
  });

  test("is rolled back by a throw", async () => {
    const failing = client.begin(async (own) => {
      await bind(own)`insert into orders values (1)`;
      throw new Error("stop");
    });
    await expect(failing).rejects.toThrow("stop");
    expect(await ids()).toEqual([]);
  });

  test("fails with a statement of the handle, even if its error is caught", async () => {
    const caught: unknown[] = [];
    const failing = client.begin(async (own) => {
      const tx = bind(own);
      await tx`insert into orders values (1)`;
      await tx.nextval(pgSequence("absent_seq")).catch((error: unknown) => caught.push(error));
    });
    await expect(failing).rejects.toMatchObject({ code: "42P01" });
    expect(caught).toMatchObject([{ code: "SEQUENCE_NOT_FOUND", sequence: "absent_seq" }]);
    expect(await ids()).toEqual([]);
  });

  test("fails with a caught error of a statement that was sent while a savepoint was released", async () => {
    const failing = client.begin(async (own) => {
      const tx = bind(own);
      await tx`insert into orders values (1)`;
      const saved = tx.savepoint(() => void own`select pg_sleep(0.05)`.execute());
      // RELEASE has been sent then, and waits for the statement of the program.
      await own`select 1`;
      await new Promise(setImmediate);
      await tx`select 1 / 0`.catch(() => {});
      await saved;
    });
    await expect(failing).rejects.toMatchObject({ code: "22012" });
    expect(await ids()).toEqual([]);
  });

  test("does not fail with what a savepoint has rolled back", async () => {
    await client.begin(async (own) => {
      const tx = bind(own);
      for (let time = 0; time < 2; time++) {
        const saved = tx.savepoint((inner) => {
          void inner`select 1 / 0`.execute().catch(() => {});
        });
        await expect(saved).rejects.toMatchObject({ code: "22012" });
      }
      await tx`insert into orders values (1)`;
    });
    expect(await ids()).toEqual(["1"]);
  });

  test("has savepoints, also beside those of the client", async () => {
    await client.begin(async (own) => {
      const tx = bind(own);
      await expect(
        tx.savepoint(async (inner) => {
          await inner`insert into orders values (1)`;
          await inner.savepoint((innermost) => innermost`select 1 / 0`);
        }),
      ).rejects.toMatchObject({ code: "22012" });
      await tx.savepoint((inner) => inner`insert into orders values (2)`);
      await own.savepoint((saved) => bind(saved)`insert into orders values (3)`);
      await own.savepoint(async (saved) => bind(saved)`select 1 / 0`).catch(() => {});
      await tx`insert into orders values (4)`;
      await expect(tx`commit`).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
    });
    expect(await ids()).toEqual(["2", "3", "4"]);
  });

  test("has cursors, after which it goes on", async () => {
    const batches = await client.begin(async (own) => {
      const tx = bind(own);
      const seen: unknown[] = [];
      for await (const rows of tx`select n::int8 from generate_series(1, 3) n`.cursor(2)) seen.push(rows);
      for await (const rows of tx`select n from generate_series(1, 3) n`.cursor(1)) {
        seen.push(rows);
        break;
      }
      seen.push(await tx`select 5 as n`);
      return seen;
    });
    expect(batches).toEqual([[{ n: 1n }, { n: 2n }], [{ n: 3n }], [{ n: 1 }], [{ n: 5 }]]);
  });

  test("numbers without gaps", async () => {
    const next = (fails: boolean) =>
      client.begin(async (own) => {
        const no = await orderNo.next(bind(own));
        if (fails) throw new Error(`${no}`);
        return no;
      });
    expect(await next(false)).toBe(1n);
    await expect(next(true)).rejects.toThrow("2");
    expect(await next(false)).toBe(2n);
  });

  test("is one transaction for all its handles", async () => {
    await client.begin(async (own) => {
      const [one, other] = [bind(own), bind(own, { int8: "string" })];
      const value = await one.nextval(orderSeq);
      expect(await other.currval(orderSeq)).toBe(value);
      expect(await other`select 5::int8 as n`).toEqual([{ n: "5" }]);
      expect(await one`select 5::int8 as n`).toEqual([{ n: 5n }]);
      await one.savepoint(async () => {
        await expect(other.savepoint(async () => {})).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
      });
      for await (const _rows of one`select 1`.cursor()) {
        await expect(other`select 1`).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
      }
    });
  });

  test("reads with the client's types, transforms and marked values", async () => {
    const types = { numeric: { to: 1700, from: [1700], serialize: (n: unknown) => `${String(n)}.5`, parse: Number } };
    const camel = database.connect({ max: 1, types, transform: postgres.camel });
    await camel.begin(async (own) => {
      const tx = bind(own);
      const rows = await tx`select ${own.typed(1 as never, 1700)} as some_number, ${nextval(orderSeq).as("an_id")}`;
      expect(rows).toEqual([{ someNumber: 1.5, an_id: expect.any(BigInt) }]);
    });
    expect(await camel`select 1::numeric as n`).toEqual([{ n: 1 }]);
  });
});

describe("after its end", () => {
  const leaked = async (use: (tx: Transaction, own: TransactionSql) => unknown, throws = false) => {
    const narrow = database.connect({ max: 1 });
    let tx: Transaction | undefined;
    await narrow
      .begin(async (own) => {
        tx = bind(own);
        await use(tx, own);
        if (throws) throw new Error("stop");
      })
      .catch(() => {});
    return { tx: tx as Transaction, narrow };
  };
  const isOver = { code: "SESSION_REQUIRED", message: "this session or transaction has ended, and its handle with it" };

  test.each([false, true])("a statement fails (rolled back: %s)", async (throws) => {
    const { tx, narrow } = await leaked((own) => own`insert into orders values (1)`, throws);
    await expect(tx`insert into orders values (2)`).rejects.toMatchObject(isOver);
    await narrow.begin(async () => {
      await expect(tx.nextval(orderSeq)).rejects.toMatchObject(isOver);
      await expect(tx.savepoint(async () => {})).rejects.toMatchObject(isOver);
    });
    expect(await ids()).toEqual(throws ? [] : ["1"]);
    expect(await bind(narrow)`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test("a statement that was not awaited runs before the commit, and one that came after it never", async () => {
    const late: Promise<unknown>[] = [];
    const { narrow } = await leaked((tx) => {
      void tx`insert into orders values (1)`.execute();
      void tx`insert into orders values (2)`.execute();
      // Soon after, the driver has sent COMMIT, and waits for its answer.
      setImmediate(() =>
        late.push(tx`insert into orders values (3)`.catch((error: unknown) => (error as NextvalError).code)),
      );
    });
    await narrow`select 1`;
    expect(await Promise.all(late)).toEqual(["SESSION_REQUIRED"]);
    expect(await ids()).toEqual(["1", "2"]);
  });

  test("a transaction that was never bound is refused", async () => {
    let own: TransactionSql | undefined;
    await database.connect({ max: 1 }).begin((given) => {
      own = given;
    });
    expect(() => bind(own as TransactionSql)).toThrow(isOver.message);
  });
});

test("a connection that is lost fails all its statements, and others of the client go on", async () => {
  const narrow = database.connect({ max: 1, onnotice: () => {} });
  const lost = { code: expect.stringMatching(/^(57P01|CONNECTION_CLOSED|CONNECTION_DESTROYED|ECONNRESET)$/) };
  const failing = narrow.begin(async (own) => {
    const tx = bind(own);
    const running = [tx`select pg_terminate_backend(pg_backend_pid())`, tx`select 1`].map((each) => each.execute());
    for (const { status } of await Promise.allSettled(running)) expect(status).toBe("rejected");
    await expect(tx`select 2`).rejects.toMatchObject(lost);
  });
  await expect(failing).rejects.toMatchObject(lost);
  expect(await bind(narrow)`select 3 as n`).toEqual([{ n: 3 }]);
});

test("a limit fails the statement, and the transaction with it", async () => {
  const failing = client.begin(async (own) => {
    const tx = bind(own);
    await tx`insert into orders values (1)`;
    const slow = tx.with({ timeout: 20 })`select pg_sleep(0.5)`;
    await expect(slow).rejects.toThrow(/did not end within 20 ms.*may still run/);
  });
  await expect(failing).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(await ids()).toEqual([]);
});

test("what is not a transaction that can be served is refused", async () => {
  await client.begin(async (own) => {
    const busy = own`select ${1}::integer`.execute();
    await new Promise(process.nextTick);
    expect(() => bind(own)).toThrow("bind takes a transaction whose own statements are answered");
    await busy;
    expect(await bind(own).query(sql`select 1 as n`)).toEqual([{ n: 1 }]);
    expect(() => bind(own, { int9: "string" } as never)).toThrow("int9");
  });
  const reserved = await client.reserve();
  const refused = { code: "INVALID_ARGUMENT", hint: expect.stringContaining("db.session") as string };
  expect(() => bind(reserved as never)).toThrow(expect.objectContaining(refused));
  reserved.release();
  const other = database.connect({ connection: { client_encoding: "SJIS" } });
  await other.begin((own) => expect(() => bind(own)).toThrow("without client_encoding SJIS"));
});
