import {
  bind,
  commentOnSequence,
  createSchema,
  createSequence,
  type Database,
  dropSequence,
  grantOnSequence,
  identity,
  moveSequence,
  nextval,
  ownSequence,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  revokeOnSequence,
  setSequenceLogged,
  sql,
  type Sql,
} from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../database.js";
import { inCatalog, PLAIN } from "./catalog.js";

const database = useDatabase();
let db: Database;

beforeAll(async () => {
  db = bind(database.client);
  await database.client`create schema billing`;
});

/** Runs a statement, which must read like this and have no values. */
async function run(statement: Sql, text: string, on: Pick<Database, "query"> = db): Promise<void> {
  expect({ text: statement.text, values: statement.values }).toEqual({ text, values: [] });
  await on.query(statement);
}

function catalog(sequence: Parameters<typeof inCatalog>[1]) {
  return inCatalog(database.client, sequence);
}

describe("createSequence", () => {
  test("leaves out every option that is not declared", async () => {
    const seq = pgSequence("plain_seq");
    await run(createSequence(seq), 'create sequence "plain_seq"');
    expect(await catalog(seq)).toEqual(PLAIN);
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
    await run(
      createSequence(seq),
      'create sequence "full_seq" as integer increment by 2 minvalue -5 maxvalue 10000 start with 100 cache 10 cycle',
    );
    expect(await catalog(seq)).toEqual({
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
    [pgSequence("as_seq", { as: "smallint" }), "as smallint", { as: "smallint", maxValue: 32_767n }],
    [pgSequence("start_seq", { startWith: 7 }), "start with 7", { startWith: 7n }],
    [
      pgSequence("down_seq", { increment: -3 }),
      "increment by -3",
      { increment: -3n, minValue: -(2n ** 63n), maxValue: -1n, startWith: -1n },
    ],
    [pgSequence("min_seq", { minValue: 5 }), "minvalue 5", { minValue: 5n, startWith: 5n }],
    [pgSequence("max_seq", { maxValue: "99" }), "maxvalue 99", { maxValue: 99n }],
    [pgSequence("cache_seq", { cache: 2n ** 63n - 1n }), "cache 9223372036854775807", { cache: 2n ** 63n - 1n }],
    [pgSequence("cycle_seq", { cycle: true }), "cycle", { cycle: true }],
    [pgSequence("no_cycle_seq", { cycle: false }), "no cycle", { cycle: false }],
    [
      pgSequence("widest_seq", { minValue: -(2n ** 63n), maxValue: 2n ** 63n - 1n, startWith: "-9223372036854775808" }),
      "minvalue -9223372036854775808 maxvalue 9223372036854775807 start with -9223372036854775808",
      { minValue: -(2n ** 63n), startWith: -(2n ** 63n) },
    ],
  ])("writes one option alone: $1.seqOptions", async (seq, clauses, difference) => {
    await run(createSequence(seq), `create sequence "${seq.seqName}" ${clauses}`);
    expect(await catalog(seq)).toEqual({ ...PLAIN, ...difference });
  });

  test("makes an unlogged sequence", async () => {
    const seq = pgSequence("unlogged_seq", { unlogged: true });
    await run(createSequence(seq), 'create unlogged sequence "unlogged_seq"');
    expect(await catalog(seq)).toEqual({ ...PLAIN, persistence: "unlogged" });
  });

  test("leaves a relation of that name as it is, if it may exist", async () => {
    const seq = pgSequence("there_seq", { startWith: 5 });
    await run(createSequence(seq, { ifNotExists: true }), 'create sequence if not exists "there_seq" start with 5');
    const other = pgSequence("there_seq", { startWith: 6 });
    await run(createSequence(other, { ifNotExists: true }), 'create sequence if not exists "there_seq" start with 6');
    expect(await catalog(seq)).toEqual({ ...PLAIN, startWith: 5n });
    await expect(db.query(createSequence(other))).rejects.toMatchObject({ code: "42P07" });
  });

  test("makes a temporary sequence that shadows the permanent one, in its session only", async () => {
    const seq = pgSequence("shadow_seq", { startWith: 5 });
    const temporary = pgSequence("shadow_seq", { startWith: 500 });
    await db.query(createSequence(seq));
    await db.session(async (session) => {
      const text = 'create temporary sequence if not exists "shadow_seq" start with 500';
      await run(createSequence(temporary, { temporary: true, ifNotExists: true }), text, session);
      expect(await session.nextval(seq)).toBe(500n);
      expect(await session`select relpersistence as kind from pg_class where oid = 'shadow_seq'::regclass`).toEqual([
        { kind: "t" },
      ]);
      await session.query(dropSequence(temporary));
    });
    expect(await db.nextval(seq)).toBe(5n);
  });
});

test("createSchema makes a schema, which may exist if so stated", async () => {
  await run(createSchema(pgSchema("sales")), 'create schema "sales"');
  await run(createSchema("sales", { ifNotExists: true }), 'create schema if not exists "sales"');
  await run(createSchema("stock", { ifNotExists: true }), 'create schema if not exists "stock"');
  const schemas = await db`select nspname as name from pg_namespace where nspname in ('sales', 'stock') order by 1`;
  expect(schemas).toEqual([{ name: "sales" }, { name: "stock" }]);
  await expect(db.query(createSchema("sales"))).rejects.toMatchObject({ code: "42P06" });
});

describe("dropSequence", () => {
  test("drops one sequence, and only that", async () => {
    const [gone, kept] = [pgSequence("gone_seq"), pgSequence("kept_seq")];
    await db.query(createSequence(gone));
    await db.query(createSequence(kept));
    await run(dropSequence(gone), 'drop sequence "gone_seq"');
    expect(await catalog(gone)).toBeUndefined();
    expect(await catalog(kept)).toEqual(PLAIN);
  });

  test("drops several in one statement, missing ones if so stated", async () => {
    const sequences = [pgSequence("one_seq"), pgSchema("billing").sequence("two_seq")] as const;
    for (const seq of sequences) await db.query(createSequence(seq));
    await run(dropSequence(sequences), 'drop sequence "one_seq", "billing"."two_seq"');
    for (const seq of sequences) expect(await catalog(seq)).toBeUndefined();
    await run(dropSequence(sequences, { ifExists: true }), 'drop sequence if exists "one_seq", "billing"."two_seq"');
    await expect(db.query(dropSequence(sequences))).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
  });

  test("takes the default that draws from it along only with cascade", async () => {
    const seq = pgSequence("default_seq");
    await db.query(createSequence(seq));
    await run(
      sql`create table with_default (id bigint default ${nextval(seq)}, note text)`,
      `create table with_default (id bigint default nextval('"default_seq"'::regclass), note text)`,
    );
    await db`insert into with_default (note) values (${"first"})`;
    expect(await db`select id from with_default`).toEqual([{ id: 1n }]);

    await expect(db.query(dropSequence(seq))).rejects.toMatchObject({ code: "2BP01" });
    await run(dropSequence(seq, { ifExists: true, cascade: true }), 'drop sequence if exists "default_seq" cascade');
    expect(await catalog(seq)).toBeUndefined();
    expect(await db`select column_default from information_schema.columns where table_name = 'with_default'`).toEqual([
      { column_default: null },
      { column_default: null },
    ]);
  });
});

describe("renameSequence and moveSequence", () => {
  test("take the value and the default of a column along", async () => {
    const before = pgSequence("before_seq", { startWith: 41 });
    const after = pgSequence("after_seq");
    await db.query(createSequence(before));
    await db`create table renamed (id bigint default ${nextval(before)})`;
    await db.nextval(before);
    await run(renameSequence(before, "after_seq"), 'alter sequence "before_seq" rename to "after_seq"');
    expect([await catalog(before), await catalog(after)]).toEqual([undefined, { ...PLAIN, startWith: 41n }]);

    const moved = pgSchema("billing").sequence("after_seq");
    await run(moveSequence(after, pgSchema("billing")), 'alter sequence "after_seq" set schema "billing"');
    expect([await catalog(after), await catalog(moved)]).toEqual([undefined, { ...PLAIN, startWith: 41n }]);
    await db`insert into renamed default values`;
    expect(await db`select id from renamed`).toEqual([{ id: 42n }]);
    await run(moveSequence(moved, "public"), 'alter sequence "billing"."after_seq" set schema "public"');
    expect(await catalog(after)).toBeDefined();
  });
});

describe("ownSequence", () => {
  const declared = pgSchema("billing").sequence("invoice_seq", { ownedBy: { table: "invoice", column: "id" } });

  test("ties to the declared column, to another, and to none", async () => {
    await db`create table billing.invoice (id bigint, "No." bigint)`;
    await db.query(createSequence(declared));
    expect(await catalog(declared)).toEqual(PLAIN);
    await run(ownSequence(declared), 'alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."id"');
    const owner = { table: "invoice", column: "id", tie: "owned by" };
    expect(await catalog(declared)).toEqual({ ...PLAIN, owner });
    await run(
      ownSequence(declared, { table: "invoice", column: "No." }),
      'alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."No."',
    );
    expect(await catalog(declared)).toEqual({ ...PLAIN, owner: { ...owner, column: "No." } });
    await run(ownSequence(declared, null), 'alter sequence "billing"."invoice_seq" owned by none');
    expect(await catalog(declared)).toEqual(PLAIN);
  });

  test("leaves the schema of the table to search_path where the sequence does so", async () => {
    const seq = pgSequence("owned_seq");
    await db`create table owning (id bigint)`;
    await db.query(createSequence(seq));
    await run(ownSequence(seq, { table: "owning", column: "id" }), 'alter sequence "owned_seq" owned by "owning"."id"');
    expect((await catalog(seq))?.owner).toEqual({ table: "owning", column: "id", tie: "owned by" });
  });
});

test("restartSequence goes to the start or to a value, and the start stays", async () => {
  const seq = pgSequence("restart_seq", { startWith: 10, maxValue: 100 });
  await db.query(createSequence(seq));
  expect(await db.nextvals(seq, 3)).toEqual([10n, 11n, 12n]);
  await run(restartSequence(seq), 'alter sequence "restart_seq" restart');
  expect(await db.nextval(seq)).toBe(10n);
  await run(restartSequence(seq, "50"), 'alter sequence "restart_seq" restart with 50');
  expect(await db.nextvals(seq, 2)).toEqual([50n, 51n]);
  expect(await catalog(seq)).toEqual({ ...PLAIN, startWith: 10n, maxValue: 100n });
});

test("setSequenceLogged makes it unlogged and logged again, at the same value", async () => {
  const seq = pgSequence("logged_seq");
  await db.query(createSequence(seq));
  await db.nextval(seq);
  await run(setSequenceLogged(seq, false), 'alter sequence "logged_seq" set unlogged');
  expect(await catalog(seq)).toEqual({ ...PLAIN, persistence: "unlogged" });
  await run(setSequenceLogged(seq, true), 'alter sequence "logged_seq" set logged');
  expect(await catalog(seq)).toEqual(PLAIN);
  expect(await db.nextval(seq)).toBe(2n);
});

test("commentOnSequence sets the declared comment, another, and none", async () => {
  const seq = pgSequence("comment_seq", { comment: "it's 100% \\ declared" });
  await db.query(createSequence(seq));
  await run(commentOnSequence(seq), `comment on sequence "comment_seq" is E'it''s 100% \\\\ declared'`);
  expect(await catalog(seq)).toEqual({ ...PLAIN, comment: "it's 100% \\ declared" });
  await run(commentOnSequence(seq, "two\nlines"), `comment on sequence "comment_seq" is 'two\nlines'`);
  expect(await catalog(seq)).toEqual({ ...PLAIN, comment: "two\nlines" });
  await run(commentOnSequence(seq, null), 'comment on sequence "comment_seq" is null');
  expect(await catalog(seq)).toEqual(PLAIN);
  await run(commentOnSequence(seq, "text"), `comment on sequence "comment_seq" is 'text'`);
  await run(commentOnSequence(seq, ""), `comment on sequence "comment_seq" is ''`);
  expect(await catalog(seq)).toEqual(PLAIN);
});

describe("grantOnSequence and revokeOnSequence", () => {
  const seq = pgSequence("granted_seq");
  const roles: string[] = [];

  beforeAll(async () => {
    // Roles belong to the whole server, so their names must not meet those of another run.
    roles.push(`${database.name} app`, `${database.name} "two"`);
    for (const role of roles) await db`create role ${sql.identifier(role)}`;
    await db.query(createSequence(seq));
  });

  afterAll(async () => {
    for (const role of roles) {
      await db`drop owned by ${sql.identifier(role)}`;
      await db`drop role ${sql.identifier(role)}`;
    }
  });

  async function allowed(role: string): Promise<string[]> {
    const rows = await db<{ privilege: string }>`
      select privilege from unnest(array['usage', 'select', 'update']) privilege
       where has_sequence_privilege(${role}::name, 'granted_seq', privilege)`;
    return rows.map(({ privilege }) => privilege);
  }

  test("give and take single privileges, of one role or several", async () => {
    const [app, two] = roles as [string, string];
    const quotedTwo = `"${database.name} ""two"""`;
    await run(grantOnSequence(seq, "usage", app), `grant usage on sequence "granted_seq" to "${app}"`);
    expect([await allowed(app), await allowed(two)]).toEqual([["usage"], []]);
    await run(
      grantOnSequence(seq, ["select", "update"], [app, two]),
      `grant select, update on sequence "granted_seq" to "${app}", ${quotedTwo}`,
    );
    expect([await allowed(app), await allowed(two)]).toEqual([
      ["usage", "select", "update"],
      ["select", "update"],
    ]);
    await run(
      revokeOnSequence(seq, ["update", "usage"], [app, two]),
      `revoke update, usage on sequence "granted_seq" from "${app}", ${quotedTwo}`,
    );
    expect([await allowed(app), await allowed(two)]).toEqual([["select"], ["select"]]);
    await run(revokeOnSequence(seq, "all", roles), `revoke all on sequence "granted_seq" from "${app}", ${quotedTwo}`);
    expect([await allowed(app), await allowed(two)]).toEqual([[], []]);
  });

  test("give and take all, of everybody", async () => {
    const [app] = roles as [string];
    await run(grantOnSequence(seq, "all", "public"), 'grant all on sequence "granted_seq" to public');
    expect([await allowed("public"), await allowed(app)]).toEqual(Array(2).fill(["usage", "select", "update"]));
    await run(revokeOnSequence(seq, "all", "public"), 'revoke all on sequence "granted_seq" from public');
    expect([await allowed("public"), await allowed(app)]).toEqual([[], []]);
  });
});

describe("identity", () => {
  test("makes columns that are generated always, with every option", async () => {
    await run(
      sql`create table always (id integer ${identity("always", {
        as: "integer",
        startWith: 100,
        increment: 5n,
        minValue: "50",
        maxValue: 200,
        cache: 3,
        cycle: true,
      })}, note text)`,
      "create table always (id integer generated always as identity " +
        "(increment by 5 minvalue 50 maxvalue 200 start with 100 cache 3 cycle), note text)",
    );
    expect(await catalog({ seqName: "always_id_seq", schema: undefined })).toEqual({
      as: "integer",
      startWith: 100n,
      increment: 5n,
      minValue: 50n,
      maxValue: 200n,
      cache: 3n,
      cycle: true,
      persistence: "permanent",
      owner: { table: "always", column: "id", tie: "identity" },
      comment: null,
    });
    await expect(db`insert into always (id) values (${1})`).rejects.toMatchObject({ code: "428C9" });
    expect(await db`insert into always (note) values (${"first"}) returning id`).toEqual([{ id: 100 }]);
    expect(await generation("always")).toBe("ALWAYS");
  });

  test("makes columns that are generated by default, without options", async () => {
    await run(
      sql`create table by_default (id bigint ${identity("by default")})`,
      "create table by_default (id bigint generated by default as identity)",
    );
    expect(await catalog({ seqName: "by_default_id_seq", schema: undefined })).toEqual({
      ...PLAIN,
      owner: { table: "by_default", column: "id", tie: "identity" },
    });
    expect(await db`insert into by_default (id) values (${7}), (default) returning id`).toEqual([
      { id: 7n },
      { id: 1n },
    ]);
    expect(await generation("by_default")).toBe("BY DEFAULT");
  });

  async function generation(table: string): Promise<unknown> {
    const columns = db<{ generation: string }>`
      select identity_generation as generation from information_schema.columns
       where table_name = ${table} and column_name = 'id'`;
    return (await columns)[0]?.generation;
  }
});

describe("a name that needs quoting", () => {
  test.each([
    { schema: 'we"ird', name: "Order Seq", quoted: '"we""ird"."Order Seq"' },
    { schema: "it's", name: "back\\slash 'n' \"quote\"", quoted: `"it's"."back\\slash 'n' ""quote"""` },
    { schema: "zażółć.日本", name: "🧾 счёт $1", quoted: '"zażółć.日本"."🧾 счёт $1"' },
    { schema: "select", name: "a.b;--", quoted: '"select"."a.b;--"' },
  ])("goes through every statement: $quoted", async ({ schema, name, quoted }) => {
    const [space, seq] = [pgSchema(schema), pgSchema(schema).sequence(name, { maxValue: 9 })];
    const quotedSchema = `"${schema.replaceAll('"', '""')}"`;
    await run(createSchema(space), `create schema ${quotedSchema}`);
    await run(createSequence(seq), `create sequence ${quoted} maxvalue 9`);
    await run(commentOnSequence(seq, name), commentOnSequence(seq, name).text);
    expect(await catalog(seq)).toEqual({ ...PLAIN, maxValue: 9n, comment: name });
    expect([await db.nextval(seq), await db.setval(seq, 4), await db.nextval(seq)]).toEqual([1n, 4n, 5n]);
    expect(await db`select last_value from ${seq}`).toEqual([{ last_value: 5n }]);
    await run(restartSequence(seq), `alter sequence ${quoted} restart`);
    await run(setSequenceLogged(seq, false), `alter sequence ${quoted} set unlogged`);
    await run(grantOnSequence(seq, "usage", "public"), `grant usage on sequence ${quoted} to public`);
    await db`create table ${sql.identifier(schema, name + "t")} (${sql.identifier(name)} bigint default ${nextval(seq)})`;
    const column = { table: name + "t", column: name };
    await db.query(setSequenceLogged(seq, true));
    await run(ownSequence(seq, column), ownSequence(seq, column).text);
    expect((await catalog(seq))?.owner).toEqual({ ...column, tie: "owned by" });
    await db.query(ownSequence(seq, null));
    await run(renameSequence(seq, `${name}'"`), renameSequence(seq, `${name}'"`).text);
    const renamed = space.sequence(`${name}'"` as "renamed", { maxValue: 9 });
    await run(moveSequence(renamed, "billing"), moveSequence(renamed, "billing").text);
    const moved = pgSchema("billing").sequence(`${name}'"` as "moved");
    expect(await catalog(moved)).toEqual({ ...PLAIN, maxValue: 9n, comment: name });
    await run(dropSequence(moved, { cascade: true }), dropSequence(moved, { cascade: true }).text);
    expect(await catalog(moved)).toBeUndefined();
  });
});
