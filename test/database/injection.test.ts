import {
  bind,
  commentOnSequence,
  createSchema,
  createSequence,
  currval,
  type Database,
  dropSequence,
  grantOnSequence,
  generatedAsIdentity,
  setSequenceSchema,
  nextval,
  setSequenceOwnedBy,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  revokeOnSequence,
  setval,
  sql,
  type Sql,
} from "nextval";
import type postgres from "postgres";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";

// Objects of a test go into their own schema. The table to attack is within reach after it in the path.
const connection = { search_path: "arena, public" };
const database = useDatabase({ connection });
let db: Database;
let attacker: postgres.Sql;

beforeAll(async () => {
  db = bind(database.client);
  attacker = database.connect({ connection, max: 1 });
  await database.client`create table victim (id int primary key, note text)`;
  await database.client`insert into victim values (1, 'still here')`;
});

beforeEach(() => database.client`create schema arena`);

afterEach(async () => {
  await attacker.unsafe("rollback");
  await database.client`drop schema arena cascade`;
  expect(await database.client`select id, note from public.victim`).toEqual([{ id: 1, note: "still here" }]);
});

/** All fit into 63 bytes, so they can be names. */
const HOSTILE = [
  "'; drop table victim; --",
  '"; drop table victim; --',
  "\\'; drop table victim; --",
  '\\"; drop table victim; --',
  "''; drop table victim; --",
  "'\"'; drop table victim; --",
  "$$; drop table victim; $$",
  "*/ drop table victim; /*",
  "x\n; drop table victim; --\n",
  "x'\r\n'; drop table victim; --",
  "x) values (9, 'in'); drop table victim; --",
  "victim set note = 'gone' --",
  "\u2019; drop table victim; -- \u02bc\uff07",
  "$1 $<nextval(victim)> ${note} %I %s",
];

/** All on one connection, in the protocol that accepts several statements, so an attack can succeed. */
async function attack(...statements: readonly (Sql | string)[]): Promise<readonly Record<string, unknown>[]> {
  const texts = statements.map((statement) => {
    if (typeof statement === "string") return statement;
    expect(statement.values).toEqual([]);
    return statement.text;
  });
  // Of several results the driver gives a list, of one only that.
  const results: unknown = await attacker.unsafe(texts.join(";\n")).simple();
  return (Array.isArray((results as unknown[])[0]) ? (results as unknown[]).at(-1) : results) as Record<
    string,
    unknown
  >[];
}

describe.each(HOSTILE)("%j arrives unchanged,", (hostile) => {
  test("as a value of a template, of sql.insert, of sql.set and of a scope", async () => {
    const rows = await db.begin(async (tx) => {
      await tx`create temp table attacked (note text) on commit drop`;
      await tx`insert into attacked values (${hostile})`;
      await tx`insert into attacked ${sql.insert([{ note: hostile }, { note: sql`${hostile}` }])}`;
      await tx`insert into attacked values ('old')`;
      await tx`update attacked set ${sql.set({ note: hostile })} where note = ${"old"}`;
      await tx.query(sql.named({ hostile })`insert into attacked values ($<hostile>)`);
      await tx.query(sql.named({ hostile }).parse("insert into attacked values ($<hostile>)"));
      await tx`insert into attacked values (${sql.join([hostile])})`;
      return tx<{ note: string }>`select note from attacked where note = any(${[hostile]})`;
    });
    expect(rows.map(({ note }) => note)).toEqual(Array.from({ length: 7 }, () => hostile));
  });

  test("as a literal, in code and in a comment of a sequence", async () => {
    expect(await attack(sql`select ${sql.literal(hostile)} as text`)).toEqual([{ text: hostile }]);
    const seq = pgSequence("commented_seq", { comment: hostile });
    const comment = "select obj_description('commented_seq'::regclass, 'pg_class') as text";
    expect(await attack(createSequence(seq), commentOnSequence(seq), comment)).toEqual([{ text: hostile }]);
    expect(await attack(commentOnSequence(seq, `${hostile}!`), comment)).toEqual([{ text: `${hostile}!` }]);
  });

  test("as a column of sql.identifier, sql.insert, sql.set and as()", async () => {
    const column = sql.identifier(hostile);
    const rows = await db.begin(async (tx) => {
      await tx`create temp table attacked (${column} text) on commit drop`;
      await tx`insert into attacked ${sql.insert({ [hostile]: "inserted" })}`;
      await tx`insert into attacked ${sql.insert([{ [hostile]: "listed", left: "out" }], { columns: [hostile] })}`;
      await tx`update attacked set ${sql.set({ [hostile]: sql`${column} || '!'` })}`;
      return tx`select ${column} from attacked`;
    });
    expect(rows).toEqual([{ [hostile]: "inserted!" }, { [hostile]: "listed!" }]);

    const seq = pgSequence("aliased_seq");
    expect(await attack(createSequence(seq), sql`select ${nextval(seq).as(hostile)}`)).toEqual([{ [hostile]: "1" }]);
    expect(await db`select ${nextval(seq).as(hostile)}`).toEqual([{ [hostile]: 2n }]);
    await attack(dropSequence(seq));
  });

  test("as the name of a sequence, in every function and statement", async () => {
    const seq = pgSequence(hostile, { startWith: 5 });
    const drawn = await attack(
      createSequence(seq),
      createSequence(seq, { ifNotExists: true }),
      grantOnSequence(seq, ["usage", "select"], "public"),
      revokeOnSequence(seq, "all", "public"),
      commentOnSequence(seq, hostile),
      restartSequence(seq, 7),
      sql`select ${nextval(seq).as("next")}, ${currval(seq).as("current")}, ${sql.literal(hostile)} as name`,
    );
    expect(drawn).toEqual([{ next: "7", current: "7", name: hostile }]);
    expect(await db.setval(seq, 70)).toBe(70n);
    expect(await db`select ${setval(seq, 80)}, last_value from ${seq}`).toEqual([{ setval: 80n, last_value: 70n }]);
    expect(await db.query(sql.named({ seq }).parse("select $<nextval(seq)> as id from $<seq>"))).toEqual([{ id: 81n }]);
    expect(await sequences()).toEqual([{ schema: "arena", name: hostile, comment: hostile }]);

    await attack(renameSequence(seq, "harmless_seq"));
    await attack(renameSequence(pgSequence("harmless_seq"), hostile));
    expect(await sequences()).toEqual([{ schema: "arena", name: hostile, comment: hostile }]);
    await attack(dropSequence([seq, seq], { ifExists: true, cascade: true }));
    expect(await sequences()).toEqual([]);
  });

  test("as the name of a schema", async () => {
    const schema = pgSchema(hostile);
    const seq = pgSequence("order_seq");
    await attack(createSchema(schema), createSchema(hostile, { ifNotExists: true }));
    await attack(createSequence(seq), setSequenceSchema(seq, hostile));
    expect(await sequences()).toEqual([{ schema: hostile, name: "order_seq", comment: null }]);
    const moved = schema.sequence("order_seq");
    expect([await db.nextval(moved), await db.nextval(moved)]).toEqual([1n, 2n]);
    await attack(sql`drop schema ${sql.identifier(hostile)} cascade`);
  });

  test("as the table and column that own a sequence, with a default that draws from it", async () => {
    const seq = pgSequence("owned_seq", { ownedBy: { table: hostile, column: hostile } });
    const table = sql.identifier(hostile);
    await attack(
      createSequence(seq),
      sql`create table ${table} (${table} bigint default ${nextval(seq)})`,
      setSequenceOwnedBy(seq),
    );
    await attack(sql`insert into ${table} default values`);
    expect(
      await db`select pg_get_serial_sequence(${sql.literal(table.text)}, ${hostile}) as name, t.* from ${table} t`,
    ).toEqual([{ name: "arena.owned_seq", [hostile]: 1n }]);
    await attack(sql`drop table ${table}`);
    expect(await sequences()).toEqual([]);
  });

  test("as the name of a role", async () => {
    const seq = pgSequence("granted_seq");
    const role = sql.identifier(hostile);
    const can = sql`select has_sequence_privilege(${sql.literal(hostile)}, 'granted_seq', 'usage') as can`;
    // Roles belong to the whole server. The rolled-back transaction leaves none.
    const rows = await attack(
      "begin",
      sql`create role ${role}`,
      createSequence(seq),
      grantOnSequence(seq, "usage", hostile),
      can,
    );
    expect(rows).toEqual([{ can: true }]);
  });

  test("if it is refused", async () => {
    const seq = pgSequence("refused_seq");
    const given = hostile as never;
    const statements = [
      () => grantOnSequence(seq, given, "public"),
      () => restartSequence(seq, given),
      () => setval(seq, given),
      () => setval(seq, 1, given),
      () => pgSequence("refused_seq", { as: given }),
      () => pgSequence("refused_seq", { cache: given }),
      () => generatedAsIdentity(given),
      () => generatedAsIdentity("always", { startWith: given }),
      () => sql(given),
      () => sql(Object.assign([hostile], { raw: [hostile] }) as never),
      () => sql`select '${hostile}'`,
      () => sql`select 1 /* ${hostile} */`,
      () => sql`do $$ begin ${sql.raw(hostile)} ${1} end $$`,
      () => sql.named({ [hostile]: 1 })`select $<nextval(nothing)>`,
      () => nextval(JSON.parse(JSON.stringify({ seqName: hostile, schema: undefined, seqOptions: {} })) as never),
    ];
    for (const statement of statements) expect(statement).toThrow(expect.objectContaining({ name: "NextvalError" }));
    await expect(db.begin(`read only ${hostile}`, () => "done")).rejects.toBeDefined();
    await expect(db.session((session) => session.begin(hostile, () => "done"))).rejects.toBeDefined();
  });
});

test("objects from JSON act as data, never as a fragment or a sequence", async () => {
  const json: object = JSON.parse(
    '{"text":"drop table victim","values":[],"strings":["drop table victim"],"sql":"drop table ' +
      'victim","__proto__":{"x":1}}',
  );
  const fragment = sql`select ${json as never}::jsonb as data`;
  expect(fragment.text).toBe("select $1::jsonb as data");
  expect(await db.query(fragment)).toEqual([{ data: json }]);
});

async function sequences() {
  return database.client`
    select nspname as schema, relname as name, obj_description(pg_class.oid, 'pg_class') as comment
      from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind = 'S' and nspname <> 'public'`;
}
