import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/node-postgres";
import createKnex from "knex";
import { Kysely, PostgresDialect } from "kysely";
import { bind, createSequence, type Database, nextval, type NextvalError, pgSequence, sql } from "nextval";
import { bind as bindDrizzle } from "nextval/drizzle";
import { bind as bindHost, bindTransaction } from "nextval/host";
import { bind as bindKnex } from "nextval/knex";
import { bind as bindKysely } from "nextval/kysely";
import { bind as bindPg, type PgPool } from "nextval/pg";
import { bind as bindPGlite } from "nextval/pglite";
import { type Client, Pool } from "pg";
import createPgPromise from "pg-promise";
import postgres from "postgres";
import { DataSource } from "typeorm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { longTest } from "../support/long-test.js";

const database = useDatabase();
const orderSeq = pgSequence("order_seq");
const ends: (() => unknown)[] = [];
let pool: Pool;

beforeAll(async () => {
  pool = new Pool({ connectionString: database.url, max: 2 });
  await bindPg(pool).query(createSequence(orderSeq));
});
afterAll(async () => {
  for (const end of ends) await end();
  await pool.end();
});

/** What somebody may pass by mistake. */
async function mistakes(): Promise<{ readonly [what: string]: unknown }> {
  const client = database.connect();
  const reserved = await client.reserve();
  ends.push(() => reserved.release());
  const knex = createKnex({ client: "pg", connection: database.url });
  ends.push(() => knex.destroy());
  return {
    undefined: undefined,
    null: null,
    "a number": 5,
    "an address": database.url,
    "an object": {},
    "a function": () => {},
    postgres,
    "a class": Pool,
    "a client of postgres.js": client,
    "a reserved connection": reserved,
    "a pool of pg": pool,
    "a PGlite": Object.assign(Object.create(PGlite.prototype) as object, { parsers: {} }),
    "a handle": bind(client),
    knex,
    drizzle: drizzle(pool),
    kysely: new Kysely({ dialect: new PostgresDialect({ pool }) }),
    "pg-promise": createPgPromise({ noWarnings: true })(database.url),
  };
}

describe("bind refuses what it cannot serve, in a sentence that says what to pass", () => {
  const binds = {
    nextval: bind,
    "nextval/drizzle": bindDrizzle,
    "nextval/host": bindHost,
    "nextval/knex": bindKnex,
    "nextval/kysely": bindKysely,
    "nextval/pg": bindPg,
    "nextval/pglite": bindPGlite,
  };
  const serves: { readonly [subpath: string]: readonly string[] } = {
    nextval: ["a client of postgres.js"],
    "nextval/drizzle": ["drizzle"],
    // What runs no statement fails with the first one.
    "nextval/host": ["a function", "postgres", "a class"],
    "nextval/knex": ["knex"],
    "nextval/kysely": ["kysely"],
    "nextval/pg": ["a pool of pg"],
    "nextval/pglite": ["a PGlite"],
  };

  test.each(Object.entries(binds))("of %s", async (subpath, bindIt) => {
    for (const [what, thing] of Object.entries(await mistakes())) {
      const given = () => (bindIt as (thing: unknown) => unknown)(thing);
      if (serves[subpath]?.includes(what) === true) given();
      else expect(given, what).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
  });

  test("with its message", async () => {
    const { knex, drizzle: ofDrizzle, kysely, "pg-promise": pgPromise, ...others } = await mistakes();
    const message = (thing: unknown) => {
      try {
        bindPg(thing as never);
      } catch (error) {
        const { message, hint } = error as NextvalError;
        const given = message.replace(/^bind takes a Pool or a connected Client of pg, not /, "");
        return hint === undefined ? given : `${given} - ${hint}`;
      }
      return undefined;
    };
    expect(message(knex)).toBe('a Knex - Import bind from "nextval/knex".');
    expect(message(ofDrizzle)).toBe('a database of Drizzle - Import bind from "nextval/drizzle", or bind its $client.');
    expect(message(kysely)).toBe('a Kysely - Import bind from "nextval/kysely", or bind the pool of its dialect.');
    expect(message(pgPromise)).toBe('a database of pg-promise - Bind its $pool, from "nextval/pg".');
    expect(message(new DataSource({ type: "postgres" }))).toBe(
      'a DataSource - Use "nextval/host", which serves any library that runs SQL.',
    );
    expect(message(others["a client of postgres.js"])).toBe('a client of postgres.js - Import bind from "nextval".');
    expect(message(others["a reserved connection"])).toBe(
      'a connection that postgres.js has reserved - Bind the client itself, from "nextval".',
    );
    expect(message(others["a PGlite"])).toBe('a PGlite - Import bind from "nextval/pglite".');
    expect(message(others["a handle"])).toBe("a handle - Use it as it is, because it is bound already.");
    expect(message(others["an address"])).toBe("an address");
    expect(message(others["undefined"])).toBe("undefined");
    expect(message({ host: "localhost" })).toBe("this object: {host}");
  });

  test("a function that returns no rows", async () => {
    const message = "the function that runs statements must return the rows";
    for (const returned of [undefined, null, 5, {}, { rows: 5 }, [[{ id: 1 }], 1], ["1"]]) {
      const handle = bindTransaction(async () => returned);
      const error = { code: "INVALID_ARGUMENT", message: expect.stringContaining(message) as string };
      await expect(handle.query(sql`select 1`)).rejects.toMatchObject(error);
      await expect(handle.nextval(orderSeq)).rejects.toMatchObject(error);
    }
    expect(() => bindTransaction(bindPg(pool) as never)).toThrow(
      "bindTransaction takes a function such as (text, values) => queryRunner.query(text, values), not a handle",
    );
  });

  test("a transaction of PGlite", async () => {
    expect(() => bindPGlite({ exec() {}, query() {}, rollback() {} } as never)).toThrow(
      "bind takes a PGlite, not a transaction of PGlite",
    );
  });

  test("a PGlite of another version", () => {
    const older = Object.assign(Object.create(PGlite.prototype) as object, {
      parsers: {},
      execProtocolStream: undefined,
    });
    expect(() => bindPGlite(older as never)).toThrow(
      "bind takes a PGlite of version 0.5.5 to 0.x, and this one has no execProtocolStream",
    );
    const newer = Object.assign(Object.create(PGlite.prototype) as object, { parsers: {}, _getWrittenBlob: undefined });
    expect(() => bindPGlite(newer as never)).toThrow("and this one has no _getWrittenBlob");
  });

  test("an unknown option", () => {
    expect(() => bindPg(pool, { waitTimout: 5 } as never)).toThrow("waitTimout");
    expect(() => bindPg(pool, { waitTimeout: -1 })).toThrow("waitTimeout takes milliseconds");
  });
});

describe("what follows the interface of pg is served", () => {
  const works = async (db: Database) => {
    const before = await db.nextval(orderSeq);
    await db.begin(async (tx) => {
      expect(await tx`select ${nextval(orderSeq).as("id")}, ${5n} as five`).toEqual([{ id: before + 1n, five: 5n }]);
      expect(await tx.currval(orderSeq)).toBe(before + 1n);
    });
    for await (const rows of db`select 1 as a`.cursor()) expect(rows).toEqual([{ a: 1 }]);
  };

  test("the $pool of pg-promise", async () => {
    const host = createPgPromise({ noWarnings: true })({ connectionString: database.url, max: 2 });
    ends.push(() => host.$pool.end());
    await works(bindPg(host.$pool as unknown as PgPool));
  });

  test("the $client of Drizzle", () => works(bindPg(drizzle(pool).$client)));

  test("a client of Knex's pool", async () => {
    const knex = createKnex({ client: "pg", connection: database.url });
    const client = (await knex.client.acquireConnection()) as Client;
    try {
      await works(bindPg(client));
    } finally {
      await knex.client.releaseConnection(client);
      await knex.destroy();
    }
  });

  test("a client of a pool, inside a transaction of its own", async () => {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const db = bindPg(client);
      const drawn = await db.nextval(orderSeq);
      expect((await client.query("select currval('order_seq') as now")).rows).toEqual([{ now: String(drawn) }]);
      await client.query("rollback");
    } finally {
      client.release();
    }
  });

  test("two handles of one pool share its connections", async () => {
    const [one, other] = [bindPg(pool, { waitTimeout: 100 }), bindPg(pool, { waitTimeout: 100 })];
    await one.begin((tx) =>
      other.begin(async (inner) => {
        await expect(one.nextval(orderSeq)).rejects.toMatchObject({
          code: "POOL_EXHAUSTED",
          message: expect.stringContaining("hold 2 of its 2") as string,
        });
        expect(await tx`select 1 as a`).toEqual(await inner`select 1 as a`);
      }),
    );
    expect([pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
  });

  test("waits for connections that other code has", async () => {
    const others = await Promise.all([pool.connect(), pool.connect()]);
    try {
      await expect(bindPg(pool, { waitTimeout: 50 }).nextval(orderSeq)).rejects.toMatchObject({
        code: "POOL_EXHAUSTED",
        message: "no connection was free for 0.05 s: none could be opened, or other code has all 2 of the client",
        hint: "Check that the server can be reached.",
      });
    } finally {
      for (const other of others) other.release();
    }
  });

  longTest("survives thousands of waits that were given up, and goes on", async () => {
    const others = await Promise.all([pool.connect(), pool.connect()]);
    const db = bindPg(pool, { waitTimeout: 50 });
    const given = await Promise.allSettled(Array.from({ length: 3000 }, () => db.query(sql`select 1`).execute()));
    expect(new Set(given.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    // Each connection goes through all of the waits.
    for (const other of others) other.release();
    await expect.poll(() => pool.waitingCount).toBe(0);
    expect(await bindPg(pool)`select 1 as a`).toEqual([{ a: 1 }]);
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });
});

test("the types of a pool and of int8 in other places are the client's own", async () => {
  const own = new Pool({
    connectionString: database.url,
    types: { getTypeParser: (type: number) => (type === 1700 ? Number : (text: string) => `own ${text}`) } as never,
  });
  ends.push(() => own.end());
  expect(await bindPg(own)`select 1.5 as a, 'x'::text as b, 7::int8 as c, array[8::int8] as d`).toEqual([
    { a: 1.5, b: "own x", c: 7n, d: [8n] },
  ]);
  expect((await own.query("select 7::int8 as c")).rows).toEqual([{ c: "own 7" }]);
});
