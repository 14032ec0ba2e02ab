import { createSequence, currval, lastval, nextval, pgSequence, setval, sql } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { describePorts } from "../support/ports.js";

const orderSeq = pgSequence("order_seq");
const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
const textSeq = pgSequence("text_seq", { mode: "string", startWith: "9223372036854775806" });
const missingSeq = pgSequence("missing_seq");

describePorts("a handle", (port) => {
  beforeAll(async () => {
    for (const sequence of [orderSeq, ticketSeq, textSeq]) await port.db.query(createSequence(sequence));
    await port.db`create table notes (id bigint primary key, note text)`;
  });

  const notes = async () =>
    (await port.db<{ note: string }>`select note from notes order by id`).map(({ note }) => note);

  describe("runs a statement", () => {
    test("and returns rows with their count, command and columns", async () => {
      const rows = await port.db`select ${nextval(orderSeq).as("id")}, ${"x"}::text as note`;
      expect(rows).toEqual([{ id: expect.any(BigInt) as bigint, note: "x" }]);
      expect(rows).toMatchObject({ count: 1, command: "SELECT" });
      expect(rows.columns.map(({ name, type }) => [name, type])).toEqual([
        ["id", 20],
        ["note", 25],
      ]);
      const inserted = await port.db`insert into notes values (1, 'a'), (2, 'b')`;
      expect(inserted).toMatchObject({ count: 2, command: "INSERT", length: 0 });
      expect(await port.db`delete from notes returning id`).toEqual([{ id: 1n }, { id: 2n }]);
    });

    test("one and maybeOne check the number of rows", async () => {
      expect(await port.db`select 1 as a where false`.maybeOne()).toBeUndefined();
      await expect(port.db`select 1 as a where false`.one()).rejects.toMatchObject({ code: "UNEXPECTED_ROW_COUNT" });
    });

    test("many at the same time, each with its own answer", async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => port.db`select ${at}::integer as at, pg_sleep(0.001)::text`.one()),
      );
      expect(answers).toMatchObject(Array.from({ length: 50 }, (_, at) => ({ at })));
    });

    test("and a column of a table keeps its type, although it has the name of an .as()", async () => {
      await port.db`create table named (id float8)`;
      await port.db`insert into named values (1)`;
      const drawn = sql`select ${nextval(orderSeq).as("id")}`;
      expect(await port.db`with drawn as (${drawn}) select named.id from named, drawn`).toEqual([{ id: 1 }]);
    });

    test("as another role, whose missing privilege is not said to be that of the client's own role", async () => {
      await port.db`grant usage on schema public to pg_monitor`;
      // PGlite (0.5.16) never undoes a `set session authorization`.
      const changes = [sql`/* as */ set local role pg_monitor`, sql`select set_config(${"role"}, 'pg_monitor', true)`];
      for (const change of changes) {
        const denied = port.db.session(async (session) => {
          await session.begin(async (tx) => {
            await tx.query<{}>(change);
            await tx.nextval(orderSeq);
          });
        });
        const error = await denied.catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: "PERMISSION_DENIED", hint: "Let its owner grant usage on it." });
        expect(error).not.toHaveProperty("fix");
      }
      expect(await port.db`select current_user::text as role`).not.toEqual([{ role: "pg_monitor" }]);
    });

    test("again after its table was altered", async () => {
      await port.db`create table altered (a integer)`;
      await port.db`insert into altered values (1)`;
      const read = () => port.db`select * from altered`;
      for (let time = 0; time < 3; time++) expect(await read()).toEqual([{ a: 1 }]);
      await port.db`alter table altered add b text default 'x'`;
      expect(await read()).toEqual([{ a: 1, b: "x" }]);
      await port.db`alter table altered alter a type bigint`;
      expect(await read()).toEqual([{ a: 1n, b: "x" }]);
    });

    test("and two statements in one text, COPY, and a transaction by hand are refused", async () => {
      await expect(port.db.query(sql.raw("select 1; select 2") as never)).rejects.toMatchObject({ code: "42601" });
      const copy = { code: "INVALID_TEMPLATE", message: expect.stringContaining("copy") as string };
      for (const text of ["copy notes from stdin", "/* x */ COPY notes TO STDOUT", "-- \n copy notes to stdout"])
        await expect(port.db.query(sql.raw(text) as never)).rejects.toMatchObject(copy);
      await expect(port.db`begin`).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
      const message = "the statement contains a NUL character";
      await expect(port.db.query(sql.raw("select 1\0 as a") as never)).rejects.toMatchObject({ message });
    });
  });

  describe("draws", () => {
    test("single values, merged per tick, in the type of the sequence", async () => {
      const first = await port.db.nextval(orderSeq);
      expect(await Promise.all([1, 2, 3].map(() => port.db.nextval(orderSeq)))).toEqual([
        first + 1n,
        first + 2n,
        first + 3n,
      ]);
      expect(await port.db.nextval(ticketSeq)).toBe(1);
      expect(await port.db.nextval(textSeq)).toBe("9223372036854775806");
      expect(await port.db.nextval(ticketSeq, { durable: false })).toBe(2);
    });

    test("many values", async () => {
      const many = await port.db.nextvals(orderSeq, 10_000);
      expect(many.at(-1)).toBe((many[0] as bigint) + 9_999n);
      expect(await port.db.nextvals(orderSeq, 0)).toEqual([]);
    });

    test("after setval", async () => {
      expect(await port.db.setval(ticketSeq, 41)).toBe(41);
      expect(await port.db.nextval(ticketSeq)).toBe(42);
      expect(await port.db`select ${setval(ticketSeq, 50, false).as("n")}`).toEqual([{ n: 50 }]);
      expect(await port.db.nextval(ticketSeq)).toBe(50);
    });

    test("nothing from a sequence that ends, or does not exist", async () => {
      await port.db.setval(textSeq, "9223372036854775807");
      await expect(port.db.nextval(textSeq)).rejects.toMatchObject({
        code: "SEQUENCE_EXHAUSTED",
        sequence: "text_seq",
      });
      await expect(port.db.nextval(missingSeq)).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
      await expect(port.db`select ${nextval(missingSeq)}`).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
      await expect(port.db`select ${currval(orderSeq)}`).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
    });
  });

  describe("in a transaction", () => {
    test("commits, and returns what the work returned", async () => {
      const drawn = await port.db.begin(async (tx) => {
        const { id } = await tx<{ id: bigint }>`
          insert into notes values (${nextval(orderSeq)}, 'kept') returning id`.one();
        expect(await tx.currval(orderSeq)).toBe(id);
        expect(await tx.lastval()).toBe(id);
        expect(await tx`select ${currval(orderSeq).as("c")}, ${lastval().as("l")}`).toEqual([{ c: id, l: id }]);
        return id;
      });
      expect(drawn).toEqual(expect.any(BigInt));
      expect(await notes()).toEqual(["kept"]);
    });

    test("rolls back if the work throws, or a statement fails that the work has caught", async () => {
      const own = new Error("mine");
      const thrown = port.db.begin(async (tx) => {
        await tx`insert into notes values (-1, 'gone')`;
        throw own;
      });
      await expect(thrown).rejects.toBe(own);
      const caught = port.db.begin(async (tx) => {
        await tx`insert into notes values (-2, 'gone')`;
        await tx`select 1 / 0`.catch(() => {});
      });
      await expect(caught).rejects.toMatchObject({ code: "22012" });
      expect(await notes()).toEqual(["kept"]);
    });

    test("savepoints roll back alone", async () => {
      await port.db.begin(async (tx) => {
        await tx`insert into notes values (-3, 'outer')`;
        await expect(
          tx.savepoint(async (inner) => {
            await inner`insert into notes values (-4, 'inner')`;
            await inner`select 1 / 0`;
          }),
        ).rejects.toMatchObject({ code: "22012" });
        await tx.savepoint((inner) => inner`insert into notes values (-5, 'second')`);
      });
      expect((await notes()).slice(0, 2)).toEqual(["second", "outer"]);
    });

    test("has its modes, and is refused what would end it", async () => {
      const modes = "isolation level serializable, read only";
      const row = await port.db.begin(modes, (tx) => tx`show transaction_isolation`.one());
      expect(row).toEqual({ transaction_isolation: "serializable" });
      await expect(port.db.begin("read only", (tx) => tx.nextval(orderSeq))).rejects.toMatchObject({
        code: "READ_ONLY",
      });
      await expect(port.db.begin((tx) => tx`commit`)).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
      await expect(port.db.begin("wrong", async () => {})).rejects.toMatchObject({ code: "42601" });
    });

    test("fails at the commit, if a deferred constraint does", async () => {
      await port.db`create table parents (id integer primary key)`;
      await port.db`create table children (id integer references parents deferrable initially deferred)`;
      await expect(port.db.begin((tx) => tx`insert into children values (1)`)).rejects.toMatchObject({ code: "23503" });
      expect(await port.db`select from children`).toHaveLength(0);
    });

    test("runs again after a serialization failure", async () => {
      let attempts = 0;
      const work = () =>
        port.db.begin(
          async (tx) => {
            attempts++;
            if (attempts < 3) await tx`do $$ begin raise exception 'again' using errcode = '40001'; end $$`;
            return "done";
          },
          { retries: 3 },
        );
      expect(await work()).toBe("done");
      expect(attempts).toBe(3);
    });

    test("a handle that is used after its end is refused", async () => {
      const left = await port.db.begin((tx) => ({ tx }));
      await expect(left.tx`select 1`).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
    });
  });

  describe("in a session", () => {
    test("keeps settings and the last values, and leaves nothing of them", async () => {
      await port.db.session(async (session) => {
        await session`set statement_timeout = '55s'`;
        await session`create temporary table only_here (a integer)`;
        const drawn = await session.nextval(orderSeq);
        expect(await session.currval(orderSeq)).toBe(drawn);
        await session.begin((tx) => tx`insert into only_here values (1)`);
        expect(await session`select * from only_here`).toEqual([{ a: 1 }]);
        expect(await session`show statement_timeout`).toEqual([{ statement_timeout: "55s" }]);
      });
      const [row] =
        await port.db`select current_setting('statement_timeout') as timeout, to_regclass('only_here') as t`;
      expect(row).toEqual({ timeout: "0", t: null });
    });

    test("a transaction that was begun by hand, and has failed, is rolled back", async () => {
      const failing = port.db.session(async (session) => {
        await session`begin`;
        await session`insert into notes values (-9, 'by hand')`;
        await session`select 1 / 0`;
      });
      await expect(failing).rejects.toMatchObject({ code: "22012" });
      expect(await notes()).not.toContain("by hand");
      expect(await port.db`select pg_current_xact_id_if_assigned() is null as idle`).toEqual([{ idle: true }]);
    });
  });

  describe("reads with a cursor", () => {
    const numbers = sql<{ n: number }>`select n from generate_series(1, ${5}::integer) n`;
    const batches = async (cursor: AsyncIterable<unknown[]>) => {
      const sizes: number[] = [];
      for await (const rows of cursor) sizes.push(rows.length);
      return sizes;
    };

    test("of a pool, a session and a transaction", async () => {
      expect(await batches(port.db.cursor(numbers, 2))).toEqual([2, 2, 1]);
      expect(await batches(port.db.cursor(sql`select 1 where false`, 2))).toEqual([]);
      await port.db.session(async (session) => {
        expect(await batches(session.cursor(numbers, 3))).toEqual([3, 2]);
        await session`select 1`;
        expect(await batches(session.cursor(numbers, 3))).toEqual([3, 2]);
        await session.begin(async (tx) => {
          await tx`insert into notes values (-20, 'cursor')`;
          expect(await batches(tx.cursor(numbers, 5))).toEqual([5]);
          await expect(tx`select 1`).resolves.toHaveLength(1);
        });
      });
      expect(await notes()).toContain("cursor");
    });

    test("whose loop is left, and whose statement fails", async () => {
      for await (const rows of port.db.cursor(numbers, 2)) {
        expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
        break;
      }
      const failing = sql`select 1 / (3 - n) as x from generate_series(1, 5) n`;
      await expect(batches(port.db.cursor(failing, 1))).rejects.toMatchObject({ code: "22012" });
      await expect(batches(port.db.cursor(sql`select ${"a"} + ${"b"}`))).rejects.toMatchObject({
        hint: expect.stringContaining("value 2") as string,
      });
      await port.db.session(async (session) => {
        await session`select 1`;
        await expect(batches(session.cursor(failing, 1))).rejects.toMatchObject({ code: "22012" });
        expect(await session`select 1 as a`).toEqual([{ a: 1 }]);
      });
    });

    test("and fails at a value that cannot be read, also the first of a batch", async () => {
      // On the server the sequence has other options than declared.
      await port.db`create sequence far_seq start 9007199254740990`;
      const far = nextval(pgSequence("far_seq", { mode: "number", maxValue: 9007199254740991n }));
      const read: unknown[] = [];
      const reading = async () => {
        const query = sql`select ${far.as("id")} from generate_series(1, 9)`;
        for await (const rows of port.db.cursor(query, 2)) read.push(...rows.map(({ id }) => id));
      };
      await expect(reading()).rejects.toThrow("far_seq");
      expect(read).toEqual([9007199254740990, 9007199254740991]);
      expect(await port.db`select 1 as one`).toEqual([{ one: 1 }]);
    });

    test("values as they are promised, and of types that are new", async () => {
      await port.db`create type color as enum ('red')`;
      const query = sql`select ${nextval(ticketSeq).as("id")}, array['red'::color] as colors
        from generate_series(1, 2)`;
      for await (const rows of port.db.cursor(query, 1))
        expect(rows).toEqual([{ id: expect.any(Number) as number, colors: ["red"] }]);
    });

    test("and nothing else, while it is open", async () => {
      await port.db.session(async (session) => {
        for await (const rows of session.cursor(numbers, 2)) {
          expect(rows).toHaveLength(2);
          await expect(session`select 1`).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
          break;
        }
        expect(await session`select 1 as a`).toEqual([{ a: 1 }]);
      });
    });

    test("of a statement that writes", async (context) => {
      port.needs("portals", context);
      expect(await batches(port.db.cursor(sql`insert into notes values (-30, 'x') returning id`))).toEqual([1]);
    });
  });

  describe("limits its calls", () => {
    test("a statement that takes too long fails, and the server stops it", async (context) => {
      port.needs("stop a running statement", context);
      const start = Date.now();
      await expect(port.db.with({ timeout: 100 })`select pg_sleep(20)`).rejects.toMatchObject({ code: "TIMEOUT" });
      await expect.poll(() => port.db`select 1 as a`).toEqual([{ a: 1 }]);
      expect(Date.now() - start).toBeLessThan(10_000);
    });

    test("cancel stops the statement that the server works on", async (context) => {
      port.needs("stop a running statement", context);
      const query = port.db`select pg_sleep(20)`.execute();
      await new Promise((resolve) => setTimeout(resolve, 100));
      query.cancel();
      await expect(query).rejects.toMatchObject({ code: "57014" });
      expect(await port.db`select 1 as a`).toEqual([{ a: 1 }]);
    });

    test("a signal ends a transaction, which is rolled back", async () => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const work = port.db.begin(
        async (tx) => {
          await tx`insert into notes values (-40, 'aborted')`;
          controller.abort(reason);
          await new Promise((resolve) => setTimeout(resolve, 50));
        },
        { signal: controller.signal },
      );
      await expect(work).rejects.toBe(reason);
      expect(await notes()).not.toContain("aborted");
    });

    test("a wait is as long as its own handle says, whoever else waits, and whatever the clock is set to", async () => {
      const now = Date.now;
      let free!: () => void;
      const freed = new Promise<void>((resolve) => (free = resolve));
      const held: Promise<void>[] = [];
      try {
        const work = port.db.begin((tx) => tx`select 1 as a, pg_sleep(0.02)`, { timeout: 10_000 });
        Date.now = () => now() + 3_600_000;
        expect(await work).toEqual([expect.objectContaining({ a: 1 })]);
        // More than there are connections, so some wait as well, and for longer.
        for (let count = 0; count < 6; count++) held.push(port.db.begin(() => freed));
        const own = port.bind({ waitTimeout: 50 });
        const outcome = () => own`select 1`.then(String, (error: unknown) => (error as { code?: string }).code);
        const start = performance.now();
        await expect.poll(outcome).toBe("POOL_EXHAUSTED");
        const last = outcome();
        Date.now = () => now() - 3_600_000;
        expect(await last).toBe("POOL_EXHAUSTED");
        expect(performance.now() - start).toBeLessThan(15_000);
      } finally {
        Date.now = now;
        free();
        await Promise.all(held);
      }
    });

    test("a statement that waits for its own transaction fails, and was never sent", async () => {
      const own = port.bind({ waitTimeout: 100 });
      const held = Array.from({ length: 4 }, () =>
        own.begin(async (tx) => {
          await tx`select 1`;
          await new Promise((resolve) => setTimeout(resolve, 50));
          await own.nextval(ticketSeq);
        }),
      );
      const outcomes = await Promise.allSettled(held);
      expect(outcomes).toContainEqual({
        status: "rejected",
        reason: expect.objectContaining({ code: "POOL_EXHAUSTED" }) as Error,
      });
      expect(await port.db`select 1 as a`).toEqual([{ a: 1 }]);
    });
  });
});
