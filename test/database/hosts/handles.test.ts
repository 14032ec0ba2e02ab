import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle } from "drizzle-orm/postgres-js";
import createKnex, { type Knex } from "knex";
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect } from "kysely";
import { bind as bindClient, createSequence, type HostTransaction, nextval, pgSequence, sql } from "nextval";
import { blockAllocator, gaplessCounter } from "nextval/allocate";
import { bind as bindDrizzle } from "nextval/drizzle";
import { bind, bindTransaction } from "nextval/host";
import { bind as bindKnex } from "nextval/knex";
import { bind as bindKysely } from "nextval/kysely";
import { Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { testHostHandle } from "../../support/hosts/host-handle.js";

testHostHandle("Kysely", (url) => {
  const dialect = new PostgresDialect({ pool: new Pool({ connectionString: url }) });
  const db = new Kysely({ dialect, plugins: [new CamelCasePlugin()] });
  return {
    db: bindKysely(db),
    transaction: (work) => db.transaction().execute((trx) => work(bindKysely(trx))),
    close: () => db.destroy(),
  };
});

testHostHandle("Drizzle over node-postgres", (url) => {
  const pool = new Pool({ connectionString: url });
  const db = drizzlePg(pool);
  return {
    db: bindDrizzle(db),
    transaction: (work) => db.transaction((tx) => work(bindDrizzle(tx))),
    close: () => pool.end(),
  };
});

testHostHandle("Drizzle over postgres.js", (url) => {
  const client = postgres(url, { onnotice: () => {} });
  const db = drizzle(client);
  return {
    db: bindDrizzle(db),
    transaction: (work) => db.transaction((tx) => work(bindDrizzle(tx))),
    close: () => client.end(),
  };
});

testHostHandle("Knex", (url) => {
  const knex = createKnex({ client: "pg", connection: url });
  return {
    db: bindKnex(knex),
    transaction: (work) => knex.transaction((trx) => work(bindKnex(trx))),
    close: () => knex.destroy(),
  };
});

describe("a handle inside a library", () => {
  const database = useDatabase();
  const orderSeq = pgSequence("order_seq");
  const invoiceNo = gaplessCounter("invoice_no");
  const seen: { readonly [library: string]: string[] } = { kysely: [], drizzle: [], knex: [] };
  let kysely: Kysely<{}>;
  let drizzled: ReturnType<typeof drizzlePg>;
  let knex: Knex;

  beforeAll(async () => {
    const own = bindClient(database.client);
    await own.query(createSequence(orderSeq));
    await own.query(invoiceNo.create());
    const pool = new Pool({ connectionString: database.url });
    kysely = new Kysely({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => void seen["kysely"]?.push(query.sql),
    });
    drizzled = drizzlePg(pool, { logger: { logQuery: (text) => void seen["drizzle"]?.push(text) } });
    knex = createKnex({ client: "pg", connection: database.url });
    knex.on("query", (query: { sql: string }) => seen["knex"]?.push(query.sql));
  });
  afterAll(async () => {
    await kysely.destroy();
    await knex.destroy();
  });

  test("is seen by its log", async () => {
    const fragment = sql`select ${nextval(orderSeq)}, ${5n}`;
    const expected = `select ${nextval(orderSeq).text}, ($1::pg_catalog.text::pg_catalog.int8)`;
    await bindKysely(kysely).query(fragment);
    await bindDrizzle(drizzled).query(fragment);
    await bindKnex(knex).query(fragment);
    expect(seen).toEqual({ kysely: [expected], drizzle: [expected], knex: [expect.stringContaining("nextval")] });
  });

  test("has cursors of its own, beside those of another handle of the transaction", async () => {
    const read: string[] = [];
    const numbers = (from: number) => sql<{ n: string }>`select n::text as n from generate_series(${from}::int, 4) n`;
    await kysely.transaction().execute(async (trx) => {
      for await (const outer of bindKysely(trx).cursor(numbers(3), 1))
        for await (const inner of bindKysely(trx).cursor(numbers(4), 1))
          read.push([...outer, ...inner].map(({ n }) => n).join());
    });
    expect(read).toEqual(["3,4", "4,4"]);
  });

  test("draws in its savepoints, whose rollback returns a number", async () => {
    const trx = await kysely.startTransaction().execute();
    expect(await invoiceNo.next(bindKysely(trx))).toBe(1n);
    const inner = await trx.savepoint("inner").execute();
    expect(await invoiceNo.next(bindKysely(inner))).toBe(2n);
    await inner.rollbackToSavepoint("inner").execute();
    expect(await invoiceNo.next(bindKysely(trx))).toBe(2n);
    await trx.commit().execute();

    const undone = new Error("undone");
    await drizzled.transaction(async (outer) => {
      const nested = outer.transaction(async (tx) => {
        expect(await invoiceNo.next(bindDrizzle(tx))).toBe(3n);
        throw undone;
      });
      await expect(nested).rejects.toBe(undone);
      expect(await invoiceNo.next(bindDrizzle(outer))).toBe(3n);
    });
    await knex.transaction(async (outer) => {
      const nested = outer.transaction(async (tx) => {
        expect(await invoiceNo.next(bindKnex(tx))).toBe(4n);
        throw undone;
      });
      await expect(nested).rejects.toBe(undone);
      expect(await invoiceNo.next(bindKnex(outer))).toBe(4n);
    });
  });

  test("refuses statements while its cursor is open, and goes on after it", async () => {
    await kysely.transaction().execute(async (trx) => {
      const tx = bindKysely(trx);
      for await (const _rows of tx.cursor(sql`select generate_series(1, 10)`, 2)) {
        await expect(tx.nextval(orderSeq)).rejects.toMatchObject({ code: "SESSION_REQUIRED" });
        break;
      }
      expect(await tx.nextval(orderSeq)).toBeTypeOf("bigint");
    });
    const outside = bindTransaction((text, values) => database.client.unsafe(text, values));
    const read = async () => {
      for await (const rows of outside.cursor(sql`select 1`)) expect(rows).toBe("never read");
    };
    await expect(read()).rejects.toMatchObject({ code: "TRANSACTION_REQUIRED" });
  });

  test("sends nothing of a transaction after its rollback", async () => {
    await database.client`create table kept (by text)`;
    const work = (by: string, tx: HostTransaction, first: PromiseLike<unknown>) =>
      Promise.all([first, ...[1, 2, 3].map(() => tx`insert into kept values (${by})`)]);
    const failing = (by: string, tx: HostTransaction) => work(by, tx, tx`select 1 / 0`);
    const late = (by: string, tx: HostTransaction) =>
      work(by, tx, tx.with({ timeout: 20 })`select pg_sleep(0.1)::text`);
    for (const run of [failing, late]) {
      await expect(kysely.transaction().execute((trx) => run("kysely", bindKysely(trx)))).rejects.toThrow();
      await expect(drizzled.transaction((tx) => run("drizzle", bindDrizzle(tx)))).rejects.toThrow();
      await expect(knex.transaction((trx) => run("knex", bindKnex(trx)))).rejects.toThrow();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await database.client`select by from kept`).toEqual([]);
  });

  test("in a transaction runs one statement at a time, and after a failure none that waits", async () => {
    let running = 0;
    const most = { database: 0, transaction: 0 };
    const run = (kind: keyof typeof most) => async (text: string) => {
      most[kind] = Math.max(most[kind], ++running);
      await new Promise((resolve) => setTimeout(resolve));
      running--;
      if (text === "fail") throw new Error("failed");
      return [];
    };
    const statements = ["select 1", "fail", "select 2"].map((text) => sql.raw(text));
    const tx = bindTransaction(run("transaction"));
    const outcomes = await Promise.allSettled(statements.map((statement) => tx.query(statement)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(outcomes[2]).toMatchObject({ reason: { code: "TRANSACTION_FAILED", cause: new Error("failed") } });
    // The library may have rolled back to a savepoint.
    expect(await tx`select 3`).toEqual([]);
    const db = bind(run("database"));
    await Promise.allSettled(statements.map((statement) => db.query(statement)));
    expect(most).toEqual({ database: 3, transaction: 1 });
  });

  test("a number that has lost its digits is refused", async () => {
    const rounding = bind(async () => [{ id: 2 ** 53 + 2, note: 2 ** 53 + 2 }]);
    const run = rounding`select ${nextval(orderSeq).as("id")}`;
    await expect(run).rejects.toMatchObject({
      code: "UNEXPECTED_VALUE",
      message: expect.stringContaining("lost digits"),
    });
    await expect(bind(async () => [{ id: null }])`select ${nextval(orderSeq).as("id")}`).rejects.toMatchObject({
      code: "UNEXPECTED_VALUE",
    });
    // Nothing is promised of any other column.
    expect(await rounding`select 1`).toEqual([{ id: 2 ** 53 + 2, note: 2 ** 53 + 2 }]);
  });

  test("raw text that only the server can judge fails its statement, and leaves no transaction open", async () => {
    const broken = kysely.transaction().execute(async (trx) => bindKysely(trx).query(sql.raw("select 'it")));
    await expect(broken).rejects.toThrow("unterminated quoted string");
    const open = "select from pg_stat_activity where datname = current_database() and state ~ 'in transaction'";
    expect(await database.client.unsafe(open)).toHaveLength(0);
    await kysely.transaction().execute(async (trx) => {
      const tx = bindKysely(trx);
      await tx`set local standard_conforming_strings = off`;
      expect(await tx.query(sql.raw(String.raw`select 'it\'s' as it`))).toEqual([{ it: "it's" }]);
    });
  });

  test("a stored document does not fail the statement that reads it", async () => {
    const document = { toString: 1, valueOf: [{}] };
    for (const db of [bindKysely(kysely), bindDrizzle(drizzled), bindKnex(knex)])
      expect(await db`select ${sql.json(document)} as document, 1 as one`).toEqual([{ document, one: 1 }]);
  });

  test("blocks are drawn beside a plugin that parses JSON", async () => {
    await database.client`create sequence blocks_seq increment 10`;
    const blocks = blockAllocator(
      bindKysely(kysely.withPlugin(new ParseJSONResultsPlugin())),
      pgSequence("blocks_seq", { increment: 10 }),
    );
    expect(await blocks.take(2)).toEqual([1n, 2n]);
    await blocks.close();
  });

  test("a gapless number needs the handle of a transaction of Knex, not the transaction itself", async () => {
    const unbound = knex.transaction(async (trx) => invoiceNo.next(trx as never));
    await expect(unbound).rejects.toMatchObject({ code: "TRANSACTION_REQUIRED" });
  });
});
