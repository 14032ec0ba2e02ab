import {
  alterSequence,
  commentOnSequence,
  createSequence,
  setSequenceSchema,
  nextval,
  setSequenceOwnedBy,
  setSequenceOwner,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  setSequenceLogged,
  sql,
  type Sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { serverVersion } from "../../support/database.js";
import { PLAIN, useCatalog } from "../../support/stored-options.js";

const database = useCatalog();

beforeAll(() => database.client`create schema billing`);

describe("renameSequence and setSequenceSchema", () => {
  test("keep the value and the default of a column", async () => {
    const before = pgSequence("before_seq", { startWith: 41 });
    const after = pgSequence("after_seq");
    await database.db.query(createSequence(before));
    await database.db`create table renamed (id bigint default ${nextval(before)})`;
    await database.db.nextval(before);
    await database.run(renameSequence(before, "after_seq"), 'alter sequence "before_seq" rename to "after_seq"');
    expect([await database.catalog(before), await database.catalog(after)]).toEqual([
      undefined,
      { ...PLAIN, startWith: 41n },
    ]);

    const moved = pgSchema("billing").sequence("after_seq");
    await database.run(
      setSequenceSchema(after, pgSchema("billing")),
      'alter sequence "after_seq" set schema "billing"',
    );
    expect([await database.catalog(after), await database.catalog(moved)]).toEqual([
      undefined,
      { ...PLAIN, startWith: 41n },
    ]);
    await database.db`insert into renamed default values`;
    expect(await database.db`select id from renamed`).toEqual([{ id: 42n }]);
    await database.run(setSequenceSchema(moved, "public"), 'alter sequence "billing"."after_seq" set schema "public"');
    expect(await database.catalog(after)).toBeDefined();
  });
});

describe("setSequenceOwnedBy", () => {
  const declared = pgSchema("billing").sequence("invoice_seq", { ownedBy: { table: "invoice", column: "id" } });

  test("sets the declared column, another one, and none as owner", async () => {
    await database.db`create table billing.invoice (id bigint, "No." bigint)`;
    await database.db.query(createSequence(declared));
    expect(await database.catalog(declared)).toEqual(PLAIN);
    await database.run(
      setSequenceOwnedBy(declared),
      'alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."id"',
    );
    const owner = { table: "invoice", column: "id", tie: "owned by" };
    expect(await database.catalog(declared)).toEqual({ ...PLAIN, owner });
    await database.run(
      setSequenceOwnedBy(declared, { table: "invoice", column: "No." }),
      'alter sequence "billing"."invoice_seq" owned by "billing"."invoice"."No."',
    );
    expect(await database.catalog(declared)).toEqual({ ...PLAIN, owner: { ...owner, column: "No." } });
    await database.run(setSequenceOwnedBy(declared, null), 'alter sequence "billing"."invoice_seq" owned by none');
    expect(await database.catalog(declared)).toEqual(PLAIN);
  });

  test("leaves the schema of the table to the search_path if the sequence has no schema", async () => {
    const seq = pgSequence("owned_seq");
    await database.db`create table owning (id bigint)`;
    await database.db.query(createSequence(seq));
    await database.run(
      setSequenceOwnedBy(seq, { table: "owning", column: "id" }),
      'alter sequence "owned_seq" owned by "owning"."id"',
    );
    expect((await database.catalog(seq))?.owner).toEqual({ table: "owning", column: "id", tie: "owned by" });
  });
});

test("restartSequence goes to the start or to a value, and the start stays", async () => {
  const seq = pgSequence("restart_seq", { startWith: 10, maxValue: 100 });
  await database.db.query(createSequence(seq));
  expect(await database.db.nextvals(seq, 3)).toEqual([10n, 11n, 12n]);
  await database.run(restartSequence(seq), 'alter sequence "restart_seq" restart');
  expect(await database.db.nextval(seq)).toBe(10n);
  await database.run(restartSequence(seq, "50"), 'alter sequence "restart_seq" restart with 50');
  expect(await database.db.nextvals(seq, 2)).toEqual([50n, 51n]);
  expect(await database.catalog(seq)).toEqual({ ...PLAIN, startWith: 10n, maxValue: 100n });
});

test("setSequenceLogged makes it unlogged and logged, at the same value; a server before 15 refuses", async () => {
  const seq = pgSequence("logged_seq");
  await database.db.query(createSequence(seq));
  await database.db.nextval(seq);
  const unlog = () => database.run(setSequenceLogged(seq, false), 'alter sequence "logged_seq" set unlogged');
  const log = () => database.run(setSequenceLogged(seq, true), 'alter sequence "logged_seq" set logged');
  if ((await serverVersion(database.client)) < 15) {
    for (const change of [unlog, log]) await expect(change()).rejects.toMatchObject({ code: "42809" });
  } else {
    await unlog();
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, persistence: "unlogged" });
    await log();
  }
  expect(await database.catalog(seq)).toEqual(PLAIN);
  expect(await database.db.nextval(seq)).toBe(2n);
});

test("commentOnSequence sets the declared comment, another, and none", async () => {
  const seq = pgSequence("comment_seq", { comment: "it's 100% \\ declared" });
  await database.db.query(createSequence(seq));
  await database.run(commentOnSequence(seq), `comment on sequence "comment_seq" is E'it''s 100% \\\\ declared'`);
  expect(await database.catalog(seq)).toEqual({ ...PLAIN, comment: "it's 100% \\ declared" });
  await database.run(commentOnSequence(seq, "two\nlines"), `comment on sequence "comment_seq" is 'two\nlines'`);
  expect(await database.catalog(seq)).toEqual({ ...PLAIN, comment: "two\nlines" });
  await database.run(commentOnSequence(seq, null), 'comment on sequence "comment_seq" is null');
  expect(await database.catalog(seq)).toEqual(PLAIN);
  await database.run(commentOnSequence(seq, "text"), `comment on sequence "comment_seq" is 'text'`);
  await database.run(commentOnSequence(seq, ""), `comment on sequence "comment_seq" is ''`);
  expect(await database.catalog(seq)).toEqual(PLAIN);
});

test("setSequenceOwner gives it to a role, or to the role of the session", async () => {
  const seq = pgSequence("given_seq");
  // Roles belong to the whole server. The rolled-back transaction leaves none.
  const giving = database.db.begin(async (tx) => {
    const owner = () =>
      tx<{ owner: string }>`
      select rolname as owner from pg_class join pg_roles on pg_roles.oid = relowner where relname = 'given_seq'`.one();
    const name = `${database.name} "app"`;
    await tx`create role ${sql.identifier(name)}`;
    await tx`create role "current_user"`;
    await tx.query(createSequence(seq));
    const { owner: me } = await owner();
    const text = `alter sequence "given_seq" owner to "${database.name} ""app"""`;
    await database.run(setSequenceOwner(seq, name), text, tx);
    expect(await owner()).toEqual({ owner: name });
    for (const role of [sql`current_user`, sql`SESSION_USER`, sql` current_role `]) {
      // In quotes it is the name of a role.
      await database.run(
        setSequenceOwner(seq, "current_user"),
        'alter sequence "given_seq" owner to "current_user"',
        tx,
      );
      expect(await owner()).toEqual({ owner: "current_user" });
      const keyword = role.text.trim().toLowerCase();
      await database.run(setSequenceOwner(seq, role), `alter sequence "given_seq" owner to ${keyword}`, tx);
      expect(await owner()).toEqual({ owner: me });
    }
    throw new Error("leave nothing");
  });
  await expect(giving).rejects.toThrow("leave nothing");
});

test("every ALTER SEQUENCE accepts a missing sequence with ifExists, and only then", async () => {
  const none = pgSchema("billing").sequence("none_seq");
  const some = { ifExists: true };
  const all: (readonly [(options: { ifExists?: boolean }) => Sql, string])[] = [
    [(options) => alterSequence(none, { cycle: true, restart: true }, options), "cycle restart"],
    [(options) => restartSequence(none, undefined, options), "restart"],
    [(options) => restartSequence(none, 5, options), "restart with 5"],
    [(options) => renameSequence(none, "other_seq", options), 'rename to "other_seq"'],
    [(options) => setSequenceSchema(none, "public", options), 'set schema "public"'],
    [(options) => setSequenceOwnedBy(none, null, options), "owned by none"],
    [(options) => setSequenceOwner(none, sql`current_user`, options), "owner to current_user"],
    [(options) => setSequenceLogged(none, false, options), "set unlogged"],
  ];
  for (const [build, action] of all) {
    await database.run(build(some), `alter sequence if exists "billing"."none_seq" ${action}`);
    const statement = build({ ifExists: false });
    expect(statement.text).toBe(`alter sequence "billing"."none_seq" ${action}`);
    await expect(database.db.query(statement)).rejects.toMatchObject({ code: "SEQUENCE_NOT_FOUND" });
  }
});
