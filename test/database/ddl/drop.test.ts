import { createSequence, dropSequence, nextval, pgSchema, pgSequence, sql } from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { PLAIN, useCatalog } from "../../support/stored-options.js";

const database = useCatalog();

beforeAll(() => database.client`create schema billing`);

describe("dropSequence", () => {
  test("drops one sequence and no other", async () => {
    const [gone, kept] = [pgSequence("gone_seq"), pgSequence("kept_seq")];
    await database.db.query(createSequence(gone));
    await database.db.query(createSequence(kept));
    await database.run(dropSequence(gone), 'drop sequence "gone_seq"');
    expect(await database.catalog(gone)).toBeUndefined();
    expect(await database.catalog(kept)).toEqual(PLAIN);
  });

  test("drops several in one statement, also missing ones with ifExists", async () => {
    const sequences = [pgSequence("one_seq"), pgSchema("billing").sequence("two_seq")] as const;
    for (const seq of sequences) await database.db.query(createSequence(seq));
    await database.run(dropSequence(sequences), 'drop sequence "one_seq", "billing"."two_seq"');
    for (const seq of sequences) expect(await database.catalog(seq)).toBeUndefined();
    await database.run(
      dropSequence(sequences, { ifExists: true }),
      'drop sequence if exists "one_seq", "billing"."two_seq"',
    );
    await expect(database.db.query(dropSequence(sequences))).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
  });

  test("drops the default that draws from it only with cascade", async () => {
    const seq = pgSequence("default_seq");
    await database.db.query(createSequence(seq));
    await database.run(
      sql`create table with_default (id bigint default ${nextval(seq)}, note text)`,
      `create table with_default (id bigint default pg_catalog.nextval('"default_seq"'::pg_catalog.regclass), ` +
        "note text)",
    );
    await database.db`insert into with_default (note) values (${"first"})`;
    expect(await database.db`select id from with_default`).toEqual([{ id: 1n }]);

    await expect(database.db.query(dropSequence(seq))).rejects.toMatchObject({ code: "2BP01" });
    await database.run(
      dropSequence(seq, { ifExists: true, cascade: true }),
      'drop sequence if exists "default_seq" cascade',
    );
    expect(await database.catalog(seq)).toBeUndefined();
    expect(
      await database.db`select column_default from information_schema.columns where table_name = 'with_default'`,
    ).toEqual([{ column_default: null }, { column_default: null }]);
  });
});
