import { createSchema, createSequence, dropSequence, pgSchema, pgSequence } from "nextval";
import { describe, expect, test } from "vitest";
import { serverVersion } from "../../support/database.js";
import { PLAIN, useCatalog } from "../../support/stored-options.js";

const database = useCatalog();

describe("createSequence", () => {
  test("leaves out every option that is not declared", async () => {
    const seq = pgSequence("plain_seq");
    await database.run(createSequence(seq), 'create sequence "plain_seq"');
    expect(await database.catalog(seq)).toEqual(PLAIN);
  });

  test("writes every option that is declared, and leaves owner and comment to their own statements", async () => {
    const seq = pgSequence("full_seq", {
      as: "integer",
      increment: 2,
      minValue: "-5",
      maxValue: 10_000n,
      startWith: 100,
      cache: 10,
      cycle: true,
      ownedBy: { table: "later", column: "id" },
      comment: "later, too",
      mode: "string",
    });
    await database.run(
      createSequence(seq),
      'create sequence "full_seq" as integer increment by 2 minvalue -5 maxvalue 10000 start with 100 cache 10 cycle',
    );
    expect(await database.catalog(seq)).toEqual({
      ...PLAIN,
      as: "integer",
      increment: 2n,
      minValue: -5n,
      maxValue: 10_000n,
      startWith: 100n,
      cache: 10n,
      cycle: true,
    });
  });

  test.each([
    ["as smallint", pgSequence("as_seq", { as: "smallint" }), { as: "smallint", maxValue: 32_767n }],
    ["start with 7", pgSequence("start_seq", { startWith: 7 }), { startWith: 7n }],
    [
      "increment by -3",
      pgSequence("down_seq", { increment: -3 }),
      { increment: -3n, minValue: -(2n ** 63n), maxValue: -1n, startWith: -1n },
    ],
    ["minvalue 5", pgSequence("min_seq", { minValue: 5 }), { minValue: 5n, startWith: 5n }],
    ["maxvalue 99", pgSequence("max_seq", { maxValue: "99" }), { maxValue: 99n }],
    ["cache 9223372036854775807", pgSequence("cache_seq", { cache: 2n ** 63n - 1n }), { cache: 2n ** 63n - 1n }],
    ["cycle", pgSequence("cycle_seq", { cycle: true }), { cycle: true }],
    ["no cycle", pgSequence("no_cycle_seq", { cycle: false }), { cycle: false }],
    [
      "minvalue -9223372036854775808 maxvalue 9223372036854775807 start with -9223372036854775808",
      pgSequence("widest_seq", { minValue: -(2n ** 63n), maxValue: 2n ** 63n - 1n, startWith: "-9223372036854775808" }),
      { minValue: -(2n ** 63n), startWith: -(2n ** 63n) },
    ],
  ])("writes %s, and no other option", async (clauses, seq, difference) => {
    await database.run(createSequence(seq), `create sequence "${seq.seqName}" ${clauses}`);
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, ...difference });
  });

  test("makes an unlogged sequence, which a server before 15 refuses", async () => {
    const seq = pgSequence("unlogged_seq", { unlogged: true });
    const create = () => database.run(createSequence(seq), 'create unlogged sequence "unlogged_seq"');
    if ((await serverVersion(database.client)) < 15) {
      await expect(create()).rejects.toMatchObject({ code: "0A000" });
      expect(await database.catalog(seq)).toBeUndefined();
      return;
    }
    await create();
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, persistence: "unlogged" });
  });

  test("keeps an existing relation of that name with ifNotExists", async () => {
    const seq = pgSequence("there_seq", { startWith: 5 });
    await database.run(
      createSequence(seq, { ifNotExists: true }),
      'create sequence if not exists "there_seq" start with 5',
    );
    const other = pgSequence("there_seq", { startWith: 6 });
    await database.run(
      createSequence(other, { ifNotExists: true }),
      'create sequence if not exists "there_seq" start with 6',
    );
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, startWith: 5n });
    await expect(database.db.query(createSequence(other))).rejects.toMatchObject({ code: "42P07" });
  });

  test("makes a temporary sequence that shadows the permanent one, in its session only", async () => {
    const seq = pgSequence("shadow_seq", { startWith: 5 });
    const temporary = pgSequence("shadow_seq", { startWith: 500 });
    await database.db.query(createSequence(seq));
    await database.db.session(async (session) => {
      const text = 'create temporary sequence if not exists "shadow_seq" start with 500';
      await database.run(createSequence(temporary, { temporary: true, ifNotExists: true }), text, session);
      expect(await session.nextval(seq)).toBe(500n);
      expect(await session`select relpersistence as kind from pg_class where oid = 'shadow_seq'::regclass`).toEqual([
        { kind: "t" },
      ]);
      await session.query(dropSequence(temporary));
    });
    expect(await database.db.nextval(seq)).toBe(5n);
  });
});

test("createSchema creates a schema, which may exist with ifNotExists", async () => {
  await database.run(createSchema(pgSchema("sales")), 'create schema "sales"');
  await database.run(createSchema("sales", { ifNotExists: true }), 'create schema if not exists "sales"');
  await database.run(createSchema("stock", { ifNotExists: true }), 'create schema if not exists "stock"');
  const schemas =
    await database.db`select nspname as name from pg_namespace where nspname in ('sales', 'stock') order by 1`;
  expect(schemas).toEqual([{ name: "sales" }, { name: "stock" }]);
  await expect(database.db.query(createSchema("sales"))).rejects.toMatchObject({ code: "42P06" });
});
