import { generateDrizzleJson, generateMigration, pushSchema } from "drizzle-kit/api";
import { eq, gt, max, sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import * as core from "drizzle-orm/pg-core";
import { bigint, date, integer, json, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import {
  alterSequence,
  type AnySequence,
  bind,
  commentOnSequence,
  createSequence,
  currval,
  dropSequence,
  embed,
  grantOnSequence,
  setSequenceSchema,
  nextval,
  setSequenceOwnedBy,
  pgSchema,
  pgSequence,
  renameSequence,
  resolveOptions,
  restartSequence,
  setSequenceLogged,
  setval,
  sql,
} from "nextval";
import { bind as bindDrizzle, fromDrizzle, sequenceColumn, toDrizzle } from "nextval/drizzle";
import { Pool } from "pg";
import postgres from "postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { serverVersion, useDatabase } from "../../support/database.js";
import { testHost } from "../../support/hosts/host.js";
import { refusalOf } from "../../support/said.js";

const orders = pgTable("orders", { id: bigint({ mode: "bigint" }).primaryKey(), note: text() });
const orderSeq = pgSequence("order_seq", { startWith: 100 });

testHost("nextval/drizzle on postgres.js", {
  text: (call) => `insert into "orders" ("id", "note") values (${call}, $1)`,
  open: (url) => {
    const client = postgres(url, { max: 1 });
    const db = drizzle(client);
    return {
      insert: (sequence, note) => db.insert(orders).values({ id: toDrizzle(nextval(sequence)), note }),
      close: () => client.end(),
    };
  },
});

testHost("nextval/drizzle on node-postgres", {
  text: (call) => `insert into "orders" ("id", "note") values (${call}, $1)`,
  open: (url) => {
    const pool = new Pool({ connectionString: url });
    const db = drizzlePg(pool);
    return {
      insert: (sequence, note) => db.insert(orders).values({ id: toDrizzle(nextval(sequence)), note }),
      close: () => pool.end(),
    };
  },
});

testHost("embed into Drizzle's sql", {
  text: (call) => `insert into orders (id, note) values (${call}, $1)`,
  open: (url) => {
    const client = postgres(url, { max: 1 });
    const db = drizzle(client);
    return {
      insert: (sequence, note) =>
        db.execute(drizzleSql`insert into orders (id, note) values (${embed(drizzleSql, nextval(sequence))}, ${note})`),
      close: () => client.end(),
    };
  },
});

describe("a Drizzle query", () => {
  const database = useDatabase();
  let db: PostgresJsDatabase;
  beforeAll(async () => {
    await bind(database.client).query(createSequence(orderSeq));
    await database.client`create table orders (id bigint primary key, note text)`;
    // A separate client, because Drizzle changes how its client reads and writes.
    db = drizzle(database.connect());
  });

  const decoded = {
    big: toDrizzle(setval(orderSeq, 5)),
    small: toDrizzle(setval(pgSequence("order_seq", { as: "integer" }), 6)),
    text: toDrizzle(setval(pgSequence("order_seq", { mode: "string" }), 7)),
    drawn: toDrizzle(nextval(orderSeq)),
  };
  const one = drizzleSql`(values (1)) as one (x)`;

  test("of a handle takes as many values as a statement does", async () => {
    const items = sql.join(Array.from({ length: 65_533 }, (_, n) => sql`${n}::int`));
    const rows = await bindDrizzle(db).query(sql<{ n: number }>`select cardinality(array[${items}]) as n`);
    expect(rows).toEqual([{ n: 65_533 }]);
  });

  test("gets values of the sequence's own type, on every driver", async () => {
    const pool = new Pool({ connectionString: database.url });
    try {
      for (const rows of [await db.select(decoded).from(one), await drizzlePg(pool).select(decoded).from(one)]) {
        expect(rows).toEqual([{ big: 5n, small: 6, text: "7", drawn: 8n }]);
      }
    } finally {
      await pool.end();
    }
  });

  test.each(["0044-03-15T00:00:00.123Z", "-000043-03-15T00:00:00.123Z", "+010000-01-01T00:00:00.123Z"])(
    "a Date of the year %s arrives, also in an array and as a literal",
    async (text) => {
      const at = new Date(text);
      const part = (value: unknown) => sql`(extract(epoch from ${value as Date}::timestamptz) * 1000)::bigint::text`;
      const listed = part(sql`(${[at]}::timestamptz[])[1]`);
      const whole = sql`select ${part(at)} as one, ${listed} as listed, ${part(sql.literal(at))} as literal`;
      const time = String(at.getTime());
      const expected = { one: time, listed: time, literal: time };
      expect([...(await db.execute(toDrizzle(whole)))]).toEqual([expected]);
      expect([...(await bind(database.client).query(whole))]).toEqual([expected]);
    },
  );

  test("accepts fragments, with everything that they can contain", async () => {
    const when = new Date("2026-01-31T12:00:00Z");
    const fragment = sql`(select count(*) from jsonb_each(${{ a: 1, b: [2] }})
      where ${when}::timestamptz > ${"2026-01-31"} and 3 = any(${[3, 4]}))::int`;
    expect(await db.select({ keys: toDrizzle<number>(fragment) }).from(one)).toEqual([{ keys: 2 }]);
    expect(await db.execute(toDrizzle(sql`select ${2n ** 62n}::bigint as x, ${null}::text as y`))).toEqual([
      { x: String(2n ** 62n), y: null },
    ]);
  });

  test("goes into a template, with its values", async () => {
    await db.insert(orders).values([
      { id: 70n, note: "x" },
      { id: 90n, note: `$1 '?'` },
    ]);
    const newest = db
      .select({ id: max(orders.id) })
      .from(orders)
      .where(eq(orders.note, `$1 '?'`));
    const move = sql`select ${setval(orderSeq, sql`(${fromDrizzle(newest)})`).as("at")}, ${"after"}::text as after`;
    expect(move.toJSON()).toEqual({
      text:
        `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, ` +
        '(select max("id") from "orders" where "orders"."note" = $1)) as "at", $2::text as after',
      values: [`$1 '?'`, "after"],
    });
    expect(await bind(database.client).query(move)).toEqual([{ at: 90n, after: "after" }]);
  });

  test("accepts arrays of everything that an array can hold, and objects with toJSON", async () => {
    class Money {
      toJSON = () => ({ cents: 100 });
    }
    for (const run of [db, drizzlePg(new Pool({ connectionString: database.url, idleTimeoutMillis: 1 }))]) {
      const fragment = sql`
        select ${[1n, 2n ** 62n]}::bigint[]::text as a, ${[true, null]}::bool[]::text as b,
        ${[new Date(0)]}::timestamptz[] = array[to_timestamp(0)] as c,
        ${['"', "\\", ""]}::text[] = array['"', '\\', ''] as d,
        ${[{ a: 1 }]}::jsonb[] as e,
        ${new Money() as never}::jsonb as f, ${[]}::int[] = '{}' as g, ${[[1], [2]]}::int[]::text as h`;
      const { rows = undefined, ...first } = (await run.execute(toDrizzle(fragment))) as unknown as {
        rows?: unknown[];
      };
      expect(rows?.[0] ?? (first as unknown[])[0]).toEqual({
        a: `{1,${2n ** 62n}}`,
        b: "{t,NULL}",
        c: true,
        d: true,
        e: [{ a: 1 }],
        f: { cents: 100 },
        g: true,
        h: "{{1},{2}}",
      });
    }
  });

  test("stores the same through our handle as through Drizzle", async () => {
    const { client } = database;
    await client`create table events (id int, data jsonb, raw json, placed timestamp, zoned timestamptz, day date)`;
    const events = pgTable("events", {
      id: integer(),
      data: jsonb(),
      raw: json(),
      placed: timestamp({ mode: "string" }),
      zoned: timestamp({ withTimezone: true }),
      day: date(),
    });
    const row = {
      data: { a: [1] },
      raw: "text",
      placed: "2026-01-31 12:00:00.123456",
      zoned: new Date(0),
      day: "1969-12-31",
    };
    await db.insert(events).values({ id: 1, ...row });
    await bind(client).query(fromDrizzle(db.insert(events).values({ id: 2, ...row })));
    const stored = await client`select data, raw, placed::text, zoned, day::text from events order by id`;
    expect(stored[1]).toEqual(stored[0]);
    expect(stored[0]).toMatchObject({ data: { a: [1] }, raw: "text", placed: "2026-01-31 12:00:00.123456" });
    const found = fromDrizzle(
      db
        .select({ id: events.id })
        .from(events)
        .where(eq(events.data, { a: [1] })),
    );
    expect(await bind(client).query(found)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test("goes into a template whether it is a query, a subquery, a WITH or a view", () => {
    const query = db.select({ id: orders.id }).from(orders);
    expect(fromDrizzle(query.as("sq")).text).toBe('(select "id" from "orders") "sq"');
    expect(fromDrizzle(db.$with("w").as(query)).text).toBe('"w"');
    expect(fromDrizzle(core.pgView("orders_view").as(query)).text).toBe('"orders_view"');
    expect(() => fromDrizzle(undefined as never)).toThrow(
      "fromDrizzle takes a sequence, SQL or a query of Drizzle, not undefined",
    );
  });

  test("goes into a template as its columns write their values", () => {
    const events = pgTable("events", { placedAt: timestamp(), data: jsonb(), size: bigint({ mode: "number" }) });
    const fragment = fromDrizzle(
      drizzleSql`${eq(events.data, { a: 1 })} and ${gt(events.placedAt, new Date(0))} and ${events.size} in ${[1, 2]}`,
      { casing: "snake_case" },
    );
    expect(fragment.toJSON()).toEqual({
      text:
        '"events"."data" = $1::pg_catalog.text::pg_catalog.jsonb ' +
        'and "events"."placed_at" > $2::pg_catalog.text::timestamp and "events"."size" in ($3, $4)',
      values: ['{"a":1}', "1970-01-01T00:00:00.000Z", 1, 2],
    });
    expect(fromDrizzle(orders).text).toBe('"orders"');
    expect(fromDrizzle(drizzleSql.raw("now()")).text).toBe("now()");
  });

  test("is refused if it cannot be a fragment", () => {
    expect(() => fromDrizzle(drizzleSql`id = ${drizzleSql.placeholder("id")}`)).toThrow(
      /value 1 \(after "id = "\) is a Placeholder/,
    );
    expect(() => fromDrizzle(drizzleSql.raw("select '\0'"))).toThrow("has a NUL in it");
    expect(() => fromDrizzle(drizzleSql.raw("select 'open"))).toThrow("ends inside a string");
  });
});

describe("sequences of Drizzle", () => {
  const database = useDatabase();
  const plain = core.pgSequence("plain_seq");
  const full = core.pgSchema('we"ird').sequence("Order Seq", {
    startWith: 7,
    increment: -2,
    minValue: "-9223372036854775808",
    maxValue: 7,
    cache: 3,
    cycle: true,
  });

  test("are accepted by every function and every statement", async () => {
    const db = bind(database.client);
    await db`create schema "we""ird"`;
    await db`create table "we""ird".orders (id bigint)`;
    for (const sequence of [plain, full]) await db.query(createSequence(sequence));
    expect(
      await database.client`
        select start_value, increment_by, min_value, max_value, cache_size, cycle
        from pg_sequences order by schemaname`,
    ).toEqual([
      {
        start_value: "1",
        increment_by: "1",
        min_value: "1",
        max_value: "9223372036854775807",
        cache_size: "1",
        cycle: false,
      },
      {
        start_value: "7",
        increment_by: "-2",
        min_value: "-9223372036854775808",
        max_value: "7",
        cache_size: "3",
        cycle: true,
      },
    ]);
    const drawn: bigint = await db.nextval(full);
    expect(drawn).toBe(7n);
    expect(await db.nextvals(plain, 3)).toEqual([1n, 2n, 3n]);
    expect(await db.setval(plain, 10)).toBe(10n);
    const [row] = await db.begin((tx) => tx`select ${nextval(plain).as("next")}, ${currval(plain).as("current")}`);
    expect(row).toEqual({ next: 11n, current: 11n });
    await expect(db.setval(full, 8)).rejects.toThrow(
      'we"ird.Order Seq: setval takes a value from -9223372036854775808 to 7, not 8',
    );
    expect(await db.one(sql.named({ plain: fromDrizzle(plain) })`select $<setval(plain, 20)> as x`)).toEqual({
      x: 20n,
    });

    for (const statement of [setSequenceLogged(full, false), setSequenceLogged(full, true)]) {
      // Before 15 no sequence is unlogged.
      if ((await serverVersion(database.client)) >= 15) await db.query(statement);
      else await expect(db.query(statement)).rejects.toMatchObject({ code: "42809" });
    }
    for (const statement of [
      alterSequence(full, { cycle: false }),
      restartSequence(full, 3),
      commentOnSequence(full, "from Drizzle"),
      grantOnSequence(full, "usage", "public"),
      setSequenceOwnedBy(full, { table: "orders", column: "id" }),
      setSequenceOwnedBy(full, null),
      renameSequence(full, "renamed_seq"),
      setSequenceSchema(core.pgSchema('we"ird').sequence("renamed_seq"), "public"),
      dropSequence([plain, core.pgSequence("renamed_seq")]),
    ]) {
      await db.query(statement);
    }
    expect(resolveOptions(full)).toMatchObject({ startWith: 7n, increment: -2n, cycle: true });
  });

  test("become ours, with bigint values, and go into templates", () => {
    const ours: AnySequence = fromDrizzle(full);
    expect(sql`select last_value from ${ours}`.text).toBe('select last_value from "we""ird"."Order Seq"');
    expect(resolveOptions(ours)).toEqual(resolveOptions(full));
    expect(createSequence(fromDrizzle(plain)).text).toBe('create sequence "plain_seq"');
  });

  test("that PostgreSQL would not accept are refused", () => {
    expect(() => nextval(core.pgSequence("bad_seq", { minValue: 5, startWith: 1 }))).toThrow(
      "bad_seq: startWith 1 is below minValue 5",
    );
    expect(() => createSequence(core.pgSequence("x".repeat(64)))).toThrow("63 bytes");
    expect(() => nextval({ seqName: "x", schema: undefined, seqOptions: undefined })).toThrow(
      "a sequence made by pgSequence is needed",
    );
    expect(refusalOf(() => sql`select ${plain as never}`)).toContain("Use fromDrizzle(...).");
  });
});

describe("a column of a sequence", () => {
  const database = useDatabase();
  const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
  const tickets = pgTable("tickets", {
    id: sequenceColumn(orderSeq).primaryKey(),
    size: sequenceColumn(ticketSeq, "ticket_size"),
    many: sequenceColumn(orderSeq).array().default([]),
  });

  test("has the type of the sequence on both sides, and its values by default", async () => {
    const { client } = database;
    const db = drizzle(database.connect());
    for (const sequence of [orderSeq, ticketSeq]) await bind(client).query(createSequence(sequence));
    const kit = await generateMigration(generateDrizzleJson({}), generateDrizzleJson({ tickets }));
    expect(kit.join(";")).toContain(`"ticket_size" integer DEFAULT nextval('ticket_seq'::regclass)`);
    for (const statement of kit) await client.unsafe(statement);

    expect(await db.insert(tickets).values({}).returning()).toEqual([{ id: 100n, size: 1, many: [] }]);
    const big = 2n ** 63n - 1n;
    await db.insert(tickets).values({ id: big, size: null, many: [big] });
    expect(await db.select().from(tickets).where(eq(tickets.id, big))).toEqual([{ id: big, size: null, many: [big] }]);
    const prepared = db
      .insert(tickets)
      .values({ id: 1n, size: drizzleSql.placeholder("size") })
      .returning()
      .prepare("p");
    expect(await prepared.execute({ size: null })).toEqual([{ id: 1n, size: null, many: [] }]);
    const [shape] = await client`select pg_typeof(id)::text as id, pg_typeof(ticket_size)::text as size from tickets`;
    expect(shape).toEqual({ id: "bigint", size: "integer" });
  });

  test("keeps its default when drizzle-kit pushes again", async () => {
    const pool = new Pool({ connectionString: database.url });
    try {
      const { statementsToExecute } = await pushSchema({ tickets }, drizzlePg(pool) as never, undefined, ["tickets"]);
      expect(statementsToExecute.filter((statement) => statement.includes("nextval"))).toEqual([]);
    } finally {
      await pool.end();
    }
  });

  test("refuses a number that has lost digits", () => {
    expect(() => tickets.id.mapFromDriverValue(2 ** 53)).toThrow("order_seq: the driver gave 9007199254740992");
    expect(tickets.id.mapFromDriverValue(5)).toBe(5n);
    expect(sequenceColumn(pgSchema("we'ird").sequence("Seq"), "x")).toBeDefined();
  });
});

describe("sequences given to drizzle-kit", () => {
  const database = useDatabase();
  const billing = toDrizzle(pgSchema("billing"));
  const declared = {
    plain: pgSequence("plain_seq"),
    small: pgSequence("small_seq", { as: "smallint", cycle: true }),
    down: pgSchema("billing").sequence("Down Seq", {
      increment: -5,
      minValue: "-9223372036854775808",
      maxValue: 0n,
      cache: 7,
    }),
    wide: pgSequence("wide_seq", { maxValue: "9223372036854775806", startWith: 3 }),
  };

  test("are refused if an identity column creates them", () => {
    const options = { identity: "always", ownedBy: { table: "orders", column: "id" } } as const;
    expect(() => toDrizzle(pgSequence("orders_id_seq", options))).toThrow(
      "orders_id_seq: an identity column creates its sequence itself",
    );
  });

  test("are created as declared, also in their own schema, and serve as defaults", async () => {
    const tickets = pgTable("tickets", {
      id: bigint({ mode: "bigint" })
        .primaryKey()
        .default(toDrizzle(nextval(declared.wide))),
      size: integer(),
    });
    const sequences = Object.fromEntries(
      Object.entries(declared).map(([name, sequence]) => [name, toDrizzle(sequence)]),
    );
    const statements = await generateMigration(
      generateDrizzleJson({}),
      generateDrizzleJson({ billing, tickets, ...sequences }),
    );
    const { client } = database;
    for (const statement of statements) await client.unsafe(statement);

    for (const sequence of Object.values(declared)) {
      const { startWith, increment, minValue, maxValue, cache, cycle } = resolveOptions(sequence);
      const [state] = await client`
        select start_value, increment_by, min_value, max_value, cache_size, cycle from pg_sequences
        where schemaname = ${sequence.schema ?? "public"} and sequencename = ${sequence.seqName}`;
      expect(state).toEqual({
        start_value: `${startWith}`,
        increment_by: `${increment}`,
        min_value: `${minValue}`,
        max_value: `${maxValue}`,
        cache_size: `${cache}`,
        cycle,
      });
    }
    expect(await client`insert into tickets default values returning id`).toEqual([{ id: "3" }]);
  });

  test("have their schema as Drizzle's, which also declares tables", () => {
    expect(billing).toBeInstanceOf(core.PgSchema);
    expect(core.getTableConfig(billing.table("invoices", { id: integer() })).schema).toBe("billing");
    expect(refusalOf(() => toDrizzle(pgSchema("public")))).toBe(
      "Drizzle has no object for the schema public, which always exists there. " +
        "Use pgTable and pgEnum for it, and leave the schema out of the file that drizzle-kit reads.",
    );
  });

  // What docs/builders/drizzle.md says. A version of drizzle-kit that can do it fails here.
  describe("cannot", () => {
    const kit = (from: Record<string, unknown>, to: Record<string, unknown>) =>
      generateMigration(generateDrizzleJson(from), generateDrizzleJson(to));

    test("have a type other than bigint, only its bounds", async () => {
      const [create] = await kit({}, { small: toDrizzle(declared.small) });
      expect(create).toContain("MAXVALUE 32767");
      expect(create).not.toMatch(/smallint| as /i);
    });

    test("stop cycling", async () => {
      const from = { seq: toDrizzle(pgSequence("a_seq", { cycle: true })) };
      const [alter] = await kit(from, { seq: toDrizzle(pgSequence("a_seq")) });
      expect(alter).toMatch(/^ALTER SEQUENCE/);
      expect(alter).not.toMatch(/cycle/i);
    });

    test("have a quote in their name", async () => {
      const [create] = await kit({}, { seq: toDrizzle(pgSequence('a"b')) });
      await expect(database.client.unsafe(create!)).rejects.toMatchObject({ code: "42601" });
    });

    test("be created before their schema, unless the schema is given, too", async () => {
      const invoiceSeq = toDrizzle(pgSchema("unknown").sequence("invoice_seq"));
      const [create] = await kit({}, { invoiceSeq });
      await expect(database.client.unsafe(create!)).rejects.toMatchObject({ code: "3F000" });
      const statements = await kit({}, { invoiceSeq, unknown: toDrizzle(pgSchema("unknown")) });
      for (const statement of statements) await database.client.unsafe(statement);
    });
  });
});
