import { bind, type Database, sql } from "nextval";
import { beforeEach, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";

const database = useDatabase();
let db: Database;

beforeEach(async () => {
  db = bind(database.connect({ max: 1, fetch_types: false }));
  await database.client.unsafe(`
    drop table if exists people;
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

test.each<[string, (db: Pick<Database, "query">) => PromiseLike<readonly unknown[]>, unknown[]]>([
  ["a value of a condition", (db) => db.query(sql`select id from people where mood = ${"sad"}`), [{ id: 1 }]],
  ["an array", (db) => db.query(sql`select id from people where mood = any(${["sad", "ok"]})`), [{ id: 1 }]],
  ["a value with its type", (db) => db.query(sql`select ${"sad"}::mood as mood`), [{ mood: "sad" }]],
  ["a value of an update", (db) => db.query(sql`update people set mood = ${"sad"} returning id`), [{ id: 1 }]],
  ["a column", (db) => db.query(sql`select 'ok'::mood as mood`), [{ mood: "ok" }]],
  ["a list", (db) => db.query(sql`select array['ok', null]::mood[] as moods`), [{ moods: ["ok", null] }]],
  ["a value that becomes text", (db) => db.query(sql`select ${"sad"}::mood::text as mood`), [{ mood: "sad" }]],
])("a prepared statement goes on after its enum was replaced: %s", async (_what, run, rows) => {
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
