import {
  bind,
  createSequence,
  currval,
  type HostDatabase,
  type HostTransaction,
  nextval,
  NextvalError,
  pgSequence,
  sql,
} from "nextval";
import { allocator, blockAllocator, gaplessCounter } from "nextval/allocate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../database.js";

/** A library that runs the statements of a handle. */
export interface OpenHandles {
  readonly db: HostDatabase;
  /** Runs work in a transaction of the library's own. */
  transaction<Result>(work: (tx: HostTransaction) => Promise<Result>): PromiseLike<Result>;
  close(): PromiseLike<unknown> | void;
}

const orderSeq = pgSequence("order_seq");
/** Its values are beyond 2^53-1, where a number has lost digits. */
const bigSeq = pgSequence("big_seq", { startWith: 9007199254740993n });
const wideSeq = pgSequence("wide_seq", { increment: 2n ** 60n, cycle: true });
const textSeq = pgSequence("text_seq", { mode: "string" });
const shortSeq = pgSequence("short_seq", { as: "smallint", maxValue: 2 });
const unusedSeq = pgSequence("unused_seq");
const blockSeq = pgSequence("block_seq", { increment: 100 });
const missingSeq = pgSequence("missing_seq");
const SEQUENCES = [orderSeq, bigSeq, wideSeq, textSeq, shortSeq, unusedSeq, blockSeq];
const invoiceNo = gaplessCounter("invoice_no", { startWith: 9007199254740993n });

const HOSTILE = `it's $1 ? :a \\ " 名 \n --`;

/** Each value, and an expression that is true if it has arrived. */
const VALUES = [
  sql`${9007199254740993n} + 1 = 9007199254740994`,
  sql`${true} and not ${false}`,
  sql`${new Date("2026-01-31T12:00:00.123Z")} = timestamptz '2026-01-31 12:00:00.123+00'`,
  sql`${new Uint8Array([0, 255, 92, 39])} = '\\x00ff5c27'::bytea`,
  sql`${[1, null, 3]}::int[] is not distinct from array[1, null, 3]`,
  sql`${["a,b", 'q"', "\\", null]}::text[] is not distinct from array['a,b', 'q"', E'\\\\', null]`,
  sql`${sql.json({ a: [1, "it's"] })} = ${'{"a": [1, "it\'s"]}'}::jsonb`,
  sql`${sql.json({ a: [7, "x"] })}['a'][1] = '"x"'`,
  sql`${null}::int is null`,
  sql`${HOSTILE}::text = pg_catalog.convert_from(${new TextEncoder().encode(HOSTILE)}, 'UTF8')`,
  sql`${-0}::float8::text = '-0' and ${NaN}::float8 = 'NaN'`,
];

/** The tests of every library that a handle runs its statements through. */
export function testHostHandle(name: string, open: (url: string) => Promise<OpenHandles> | OpenHandles): void {
  describe(`the handle of ${name}`, () => {
    const database = useDatabase();
    let host: OpenHandles;
    const rejection = async (promise: PromiseLike<unknown>): Promise<Error> =>
      promise.then(
        () => expect.unreachable("it must fail"),
        (error: Error) => error,
      ) as Promise<Error>;

    beforeAll(async () => {
      const own = bind(database.client);
      for (const sequence of SEQUENCES) await own.query(createSequence(sequence));
      await own.query(invoiceNo.create());
      host = await open(database.url);
    });
    afterAll(() => host?.close());

    test("a gapless number belongs to the library's transaction", async () => {
      const draw = (tx: HostTransaction) => invoiceNo.next(tx);
      const error = await rejection(
        host.transaction(async (tx) => {
          expect([await draw(tx), await draw(tx)]).toEqual([9007199254740993n, 9007199254740994n]);
          throw new Error("changed my mind");
        }),
      );
      expect(error.message).toContain("changed my mind");
      expect(await host.transaction(draw)).toBe(9007199254740993n);
      expect(await host.transaction(draw)).toBe(9007199254740994n);
      await expect(invoiceNo.next(host.db as never)).rejects.toMatchObject({ code: "TRANSACTION_REQUIRED" });
    });

    test("draws are exact", async () => {
      const { db } = host;
      expect(await Promise.all([db.nextval(bigSeq), db.nextval(bigSeq)])).toEqual([
        9007199254740993n,
        9007199254740994n,
      ]);
      expect(await db.nextvals(bigSeq, 2)).toEqual([9007199254740995n, 9007199254740996n]);
      expect(await db.nextvals(wideSeq, 2)).toEqual([1n, 1n + 2n ** 60n]);
      expect(await db.nextval(textSeq)).toBe("1");
      expect(await db.nextval(orderSeq, { durable: false })).toBe(1n);
      expect(await db.setval(bigSeq, sql`${9007199254740999n}::bigint + 0`)).toBe(9007199254740999n);
      const ids = allocator(db, orderSeq, { size: 3, timeout: 5000 });
      expect([await ids.next(), await ids.next()]).toEqual([2n, 3n]);
      await ids.close();
      const blocks = blockAllocator(db, blockSeq, { timeout: 5000 });
      expect(await blocks.take(2)).toEqual([1n, 2n]);
      await blocks.close();
    });

    test("a transaction has a session", async () => {
      await host.transaction(async (tx) => {
        const [first, second, last] = await Promise.all([tx.nextval(bigSeq), tx.nextval(bigSeq), tx.currval(bigSeq)]);
        expect([second, last]).toEqual([first + 1n, first + 1n]);
        expect(await tx.nextval(textSeq)).toBe("2");
        expect(await tx.lastval()).toBe(2n);
        expect(await tx.currval(textSeq)).toBe("2");
        const read: unknown[] = [];
        const numbers = sql<{ n: number }>`select n::text as n from generate_series(1, ${5}::int) as n`;
        for await (const rows of tx.cursor(numbers, 2)) read.push(rows.map(({ n }) => n));
        expect(read).toEqual([["1", "2"], ["3", "4"], ["5"]]);
        expect(await tx.one(sql<{ n: string }>`select ${"after"}::text as n`)).toEqual({ n: "after" });
      });
    });

    test("a handle has only what the library can do", async () => {
      const { db } = host;
      for (const absent of ["begin", "session", "currval", "lastval", "cursor", "isTransaction"])
        expect(absent in db, absent).toBe(false);
      await host.transaction(async (tx) => {
        for (const absent of ["begin", "session", "savepoint"]) expect(absent in tx, absent).toBe(false);
        await expect(tx.query(sql`commit`)).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
      });
      await expect(db.query(sql`select ${currval(orderSeq)}`)).rejects.toMatchObject({
        hint: expect.stringContaining("Run it on the handle of a transaction"),
      });
      await expect(db.query(sql`begin`)).rejects.toMatchObject({ code: "TRANSACTION_CONTROL" });
    });

    test("a text is one statement", async () => {
      const { db } = host;
      const several = { code: "INVALID_TEMPLATE", message: "the text has more than one statement" };
      for (const text of [
        "select 1; commit",
        "select 1;begin",
        ";select 1; select 2",
        "select 1; /* x */ -- y\n select 2",
      ])
        await expect(db.query(sql.raw(text)), text).rejects.toMatchObject(several);
      for (const text of ["select 1 as a;", "select 1 as a; -- ; select 2", "select 1 as a /* ; x */;;"])
        expect(await db.query(sql.raw(text)), text).toHaveLength(1);
      expect(await db.query(sql.raw("select ';' as a, $$;x$$ as b"))).toHaveLength(1);
      await db.query(sql.raw("create function atomic() returns int begin atomic select 1; select 2; end"));
      await db.query(sql.raw("drop function atomic()"));
    });

    test("a column that .as() names is exact", async () => {
      const [row] =
        await host.db`select ${nextval(bigSeq).as("id")}, ${nextval(textSeq).as("ticket")}, ${"x"}::text as note`;
      expect(row).toEqual({ id: expect.any(BigInt), ticket: expect.stringMatching(/^\d+$/), note: "x" });
      expect(row?.id).toBeGreaterThan(9007199254740992n);
      expect(await host.db.query(sql`select 1 where false`).maybeOne()).toBeUndefined();
      await expect(host.db.one(sql`select 1 where false`)).rejects.toMatchObject({ code: "UNEXPECTED_ROW_COUNT" });
    });

    test("values mean what they mean on any handle", async () => {
      for (const holds of VALUES) {
        const { is } = await host.db.one(sql<{ is: string }>`select (${holds})::text as is`);
        expect(is, holds.text).toBe("true");
      }
    });

    test("errors about sequences have their codes", async () => {
      const { db } = host;
      const inTransaction = (set: string) => () =>
        host.transaction(async (tx) => {
          await tx.query(sql.raw(set));
          await tx.nextval(orderSeq);
        });
      const codes = {
        SEQUENCE_EXHAUSTED: () => db.nextvals(shortSeq, 3),
        SEQUENCE_NOT_FOUND: () => db.nextval(missingSeq),
        SEQUENCE_OUT_OF_BOUNDS: () => db.setval(shortSeq, sql`3`),
        SEQUENCE_NOT_CALLED: () => host.transaction((tx) => tx.currval(unusedSeq)),
        READ_ONLY: inTransaction("set transaction read only"),
        PERMISSION_DENIED: inTransaction("set local role pg_monitor"),
      };
      for (const [code, run] of Object.entries(codes)) {
        const error = await rejection(run());
        expect(error, code).toBeInstanceOf(NextvalError);
        expect(error).toMatchObject({ code, sequence: expect.stringMatching(/_seq$/), cause: expect.any(Error) });
        expect(error.message).toMatch(/^\w+_seq: [a-z]/);
        expect(error.message).not.toContain("select");
      }
    });

    test("any other error is the library's own", async () => {
      const [by] = [await rejection(host.db`select 1 / ${0}::int`)];
      expect(by).not.toBeInstanceOf(NextvalError);
      expect(await host.db.nextval(orderSeq)).toBeTypeOf("bigint");
    });

    test("a statement that was not sent can be canceled", async () => {
      await host.transaction(async (tx) => {
        await tx.nextval(orderSeq);
        const slow = tx`select pg_sleep(0.05)::text`.one();
        const draw = tx`select ${nextval(orderSeq)}`;
        const error = rejection(draw);
        draw.cancel();
        await slow;
        expect(await error).toMatchObject({ code: "57014" });
        expect(await tx.nextval(orderSeq)).toBe(await tx.currval(orderSeq));
      });
    });

    test("a statement has limits", async () => {
      const quick = host.db.with({ timeout: 20 });
      expect(await rejection(quick`select pg_sleep(0.1)::text`)).toMatchObject({ code: "TIMEOUT" });
      const aborted = host.db.with({ signal: AbortSignal.abort(new Error("stopped")) });
      expect((await rejection(aborted.nextval(orderSeq))).message).toBe("stopped");
    });
  });
}
