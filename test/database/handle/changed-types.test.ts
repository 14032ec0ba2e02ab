import { bind, type Database, sql } from "nextval";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.connect({ max: 1, fetch_types: false }));
  await database.client.unsafe(`
    drop table if exists people, numbers;
    drop type if exists mood;
    create type mood as enum ('sad', 'ok');
    create table people (id integer, mood mood);
    insert into people values (1, 'sad')`);
});

/** As a migration does that removes a label. */
async function replaceEnum(): Promise<void> {
  await database.client.unsafe(`
    alter type mood rename to old_mood;
    create type mood as enum ('sad', 'ok', 'happy');
    alter table people alter mood type mood using mood::text::mood;
    drop type old_mood`);
}

test.each<[string, (db: Pick<Database, "query">) => PromiseLike<readonly unknown[]>, unknown[]]>(
  first(1, [
    ["a value of a condition", (db) => db.query(sql`select id from people where mood = ${"sad"}`), [{ id: 1 }]],
    ["an array", (db) => db.query(sql`select id from people where mood = any(${["sad", "ok"]})`), [{ id: 1 }]],
    ["a value with its type", (db) => db.query(sql`select ${"sad"}::mood as mood`), [{ mood: "sad" }]],
    ["a value of an update", (db) => db.query(sql`update people set mood = ${"sad"} returning id`), [{ id: 1 }]],
    ["a column", (db) => db.query(sql`select 'ok'::mood as mood`), [{ mood: "ok" }]],
    ["a list", (db) => db.query(sql`select array['ok', null]::mood[] as moods`), [{ moods: ["ok", null] }]],
    ["a value that becomes text", (db) => db.query(sql`select ${"sad"}::mood::text as mood`), [{ mood: "sad" }]],
  ]),
)("a prepared statement goes on after its enum was replaced: %s", async (_what, run, rows) => {
  for (let replaced = 0; replaced < 3; replaced++) {
    for (let time = 0; time < 3; time++) expect([...(await run(db))]).toEqual(rows);
    await replaceEnum();
    // Those that are sent together fail together, and each is sent again.
    expect((await Promise.all([run(db), run(db)])).map((result) => [...result])).toEqual([rows, rows]);
  }
});

test("a transaction fails once, and the next one goes on", async () => {
  const work = () => db.begin((tx) => tx`select id from people where mood = ${"sad"}`);
  for (let time = 0; time < 3; time++) await work();
  await replaceEnum();
  await expect(work()).rejects.toMatchObject({ code: "XX000" });
  for (let time = 0; time < 3; time++) expect([...(await work())]).toEqual([{ id: 1 }]);
});

test("it is prepared again, and not refused and sent twice from then on", async () => {
  const texts: string[] = [];
  const own = bind(database.connect({ max: 1, debug: (_connection: number, text: string) => texts.push(text) }));
  const run = () => own`select id from people where mood = ${"sad"}`;
  for (let time = 0; time < 3; time++) await run();
  await replaceEnum();
  await run();
  texts.length = 0;
  for (let time = 0; time < 4; time++) await run();
  expect(texts).toHaveLength(4);
});

/** What a statement is before a migration, and a value that only the new type takes. */
const MIGRATIONS: readonly (readonly [
  what: string,
  run: (db: Pick<Database, "query">, value: number) => PromiseLike<unknown>,
])[] = [
  ["an insert", (db, id) => db.query(sql`insert into numbers (id) values (${id})`)],
  ["a condition", (db, id) => db.query(sql`select * from numbers where id = ${id}`)],
  ["an array", (db, id) => db.query(sql`select * from numbers where id = any(${[id]})`)],
  ["an update", (db, id) => db.query(sql`update numbers set id = ${id} where id = ${id}`)],
];

describe("a column that was widened takes larger numbers at once", () => {
  beforeEach(async () => {
    await database.client.unsafe("create table numbers (id integer)");
  });

  test.each(MIGRATIONS)("outside a transaction: %s", async (_what, run) => {
    for (let time = 0; time < 3; time++) await run(db, 5);
    await database.client.unsafe("alter table numbers alter id type bigint");
    await Promise.all([run(db, 3_000_000_000), run(db, 3_000_000_001)]);
    await db.begin((tx) => run(tx, 3_000_000_002));
  });

  test.each(MIGRATIONS)("in a transaction after the first one that fails: %s", async (_what, run) => {
    const work = (value: number) => db.begin((tx) => run(tx, value));
    for (let time = 0; time < 3; time++) await work(5);
    await database.client.unsafe("alter table numbers alter id type bigint");
    await expect(work(3_000_000_000)).rejects.toMatchObject({ code: "22003" });
    for (let time = 0; time < 4; time++) await work(3_000_000_000);
  });

  test("a wrong value fails, is sent twice at most, and keeps the statement prepared", async () => {
    const texts: string[] = [];
    const own = bind(database.connect({ max: 1, debug: (_connection: number, text: string) => texts.push(text) }));
    for (let time = 0; time < 3; time++) await MIGRATIONS[0]![1](own, 5);
    texts.length = 0;
    for (let time = 0; time < 3; time++) {
      await expect(MIGRATIONS[0]![1](own, 3_000_000_000)).rejects.toMatchObject({ code: "22003" });
    }
    expect(texts).toHaveLength(6);
    for (let time = 0; time < 3; time++) await MIGRATIONS[0]![1](own, 5);
    expect(await own`select statement from pg_prepared_statements where statement like ${"insert%"}`).toHaveLength(1);
  });

  test("wrong values in transactions do not fill the server with statements", async () => {
    const [, insert] = MIGRATIONS[0]!;
    for (let time = 0; time < 60; time++) {
      const work = db.begin((tx) => insert(tx, time % 2 === 0 ? 5 : 3_000_000_000));
      await (time % 2 === 0 ? work : expect(work).rejects.toMatchObject({ code: "22003" }));
    }
    const [row] = await db<{ all: bigint }>`select count(*) as all from pg_prepared_statements`;
    expect(row?.all).toBeLessThan(20n);
  });
});

test("a text column that became an enum", async () => {
  await database.client.unsafe("create table numbers (mood text)");
  const reads = [
    () => db`select mood from numbers where mood = ${"ok"}`,
    () => db`select mood from numbers where mood = any(${["ok"]})`,
  ];
  for (let time = 0; time < 3; time++) for (const read of reads) await read();
  await database.client.unsafe("alter table numbers alter mood type mood using mood::mood");
  for (let time = 0; time < 3; time++) for (const read of reads) expect([...(await read())]).toEqual([]);
});
