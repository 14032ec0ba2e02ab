import {
  createSequence,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  pgSchema,
  pgSequence,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  revokeOnSequence,
  sql,
  type Transaction,
} from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useCatalog } from "../../support/stored-options.js";

const database = useCatalog();
const ALL = ["usage", "select", "update"];

describe("grantOnSequence and revokeOnSequence", () => {
  const seq = pgSequence("granted_seq");
  const roles: string[] = [];

  beforeAll(async () => {
    // Roles belong to the whole server, so their names must not meet those of another run.
    roles.push(`${database.name} app`, `${database.name} "two"`);
    for (const role of roles) await database.db`create role ${sql.identifier(role)}`;
    await database.db.query(createSequence(seq));
  });

  afterAll(async () => {
    for (const role of roles) {
      await database.db`drop owned by ${sql.identifier(role)}`;
      await database.db`drop role ${sql.identifier(role)}`;
    }
  });

  async function allowed(role: string): Promise<string[]> {
    const rows = await database.db<{ privilege: string }>`
      select privilege from unnest(array['usage', 'select', 'update']) privilege
       where has_sequence_privilege(${role}::name, 'granted_seq', privilege)`;
    return rows.map(({ privilege }) => privilege);
  }

  test("grant and revoke single privileges, for one role or several", async () => {
    const [app, two] = roles as [string, string];
    const quotedTwo = `"${database.name} ""two"""`;
    await database.run(grantOnSequence(seq, "usage", app), `grant usage on sequence "granted_seq" to "${app}"`);
    expect([await allowed(app), await allowed(two)]).toEqual([["usage"], []]);
    await database.run(
      grantOnSequence(seq, ["select", "update"], [app, two]),
      `grant select, update on sequence "granted_seq" to "${app}", ${quotedTwo}`,
    );
    expect([await allowed(app), await allowed(two)]).toEqual([ALL, ["select", "update"]]);
    await database.run(
      revokeOnSequence(seq, ["update", "usage"], [app, two]),
      `revoke update, usage on sequence "granted_seq" from "${app}", ${quotedTwo}`,
    );
    expect([await allowed(app), await allowed(two)]).toEqual([["select"], ["select"]]);
    await database.run(
      revokeOnSequence(seq, "all", roles),
      `revoke all on sequence "granted_seq" from "${app}", ${quotedTwo}`,
    );
    expect([await allowed(app), await allowed(two)]).toEqual([[], []]);
  });

  test("grant and revoke all privileges, for all roles", async () => {
    const [app] = roles as [string];
    await database.run(grantOnSequence(seq, "all", "public"), 'grant all on sequence "granted_seq" to public');
    expect([await allowed("public"), await allowed(app)]).toEqual([ALL, ALL]);
    await database.run(revokeOnSequence(seq, "all", "public"), 'revoke all on sequence "granted_seq" from public');
    expect([await allowed("public"), await allowed(app)]).toEqual([[], []]);
  });
});

/** Runs work in a transaction that is rolled back, because roles belong to the whole server. */
async function rolledBack(work: (tx: Transaction) => Promise<void>): Promise<void> {
  const outcome = database.db.begin(async (tx) => {
    await work(tx);
    throw new Error("leave nothing");
  });
  await expect(outcome).rejects.toThrow("leave nothing");
}

/** Roles belong to the whole server, so their names must not meet those of another run. */
const named = (name: string) => `${database.name}_${name}`;
const [app, lead, other, deploy] = [named("app"), named("lead"), named("other"), named("deploy er")];

/** The privileges that others than its owner have on a sequence, as the server writes them: `app=U*`. */
async function granted(tx: Transaction, name: string): Promise<string[]> {
  const rows = await tx<{ item: string }>`
    select replace(split_part(item::text, '/', 1), ${`${database.name}_`}, '') as item
      from pg_class, unnest(relacl) item, aclexplode(array[item]) e
     where pg_class.oid = ${name}::text::regclass and grantee <> relowner
     group by item order by item::text`;
  return rows.map(({ item }) => item);
}

describe("roles that are not names", () => {
  test("public and the roles of the session, beside roles that are named so", () =>
    rolledBack(async (tx) => {
      const seq = pgSequence("roles_seq");
      await tx`create role "current_user"`;
      await tx`create role "CURRENT_USER"`;
      await tx.query(createSequence(seq));
      await database.run(
        grantOnSequence(seq, "usage", ["public", "current_user", "CURRENT_USER"]),
        'grant usage on sequence "roles_seq" to public, "current_user", "CURRENT_USER"',
        tx,
      );
      expect(await granted(tx, "roles_seq")).toEqual(["=U", "CURRENT_USER=U", "current_user=U"]);
      await database.run(
        revokeOnSequence(seq, "all", [sql`public`, "current_user", "CURRENT_USER"]),
        'revoke all on sequence "roles_seq" from public, "current_user", "CURRENT_USER"',
        tx,
      );
      expect(await granted(tx, "roles_seq")).toEqual([]);
      await tx`create role ${sql.identifier(other)}`;
      await tx`grant create on schema public to ${sql.identifier(other)}`;
      await tx`set local role ${sql.identifier(other)}`;
      const mine = pgSequence("mine_seq");
      await tx.query(createSequence(mine));
      const can = () => tx<{ can: boolean }>`select has_sequence_privilege('mine_seq', 'usage') as can`.one();
      const text = 'revoke all on sequence "mine_seq" from current_user';
      await database.run(revokeOnSequence(mine, "all", sql`current_user`), text, tx);
      expect(await can()).toEqual({ can: false });
      await database.run(
        grantOnSequence(mine, "usage", [sql`Current_Role`, sql`session_user`]),
        'grant usage on sequence "mine_seq" to current_role, session_user',
        tx,
      );
      expect(await can()).toEqual({ can: true });
    }));
});

describe("grant options", () => {
  test("are granted, used, and revoked with what was granted by them", () =>
    rolledBack(async (tx) => {
      const seq = pgSequence("option_seq");
      await tx`create role ${sql.identifier(lead)}`;
      await tx`create role ${sql.identifier(app)}`;
      await tx.query(createSequence(seq));
      await database.run(
        grantOnSequence(seq, ["usage", "select"], lead, { withGrantOption: true }),
        `grant usage, select on sequence "option_seq" to "${lead}" with grant option`,
        tx,
      );
      await tx`set local role ${sql.identifier(lead)}`;
      await tx.query(grantOnSequence(seq, "usage", app));
      await tx`reset role`;
      expect(await granted(tx, "option_seq")).toEqual(["app=U", "lead=r*U*"]);
      const revoked = revokeOnSequence(seq, "usage", lead, { grantOptionFor: true });
      expect(revoked.text).toBe(`revoke grant option for usage on sequence "option_seq" from "${lead}"`);
      await expect(tx.savepoint((sp) => sp.query(revoked))).rejects.toMatchObject({ code: "2BP01" });
      await database.run(
        revokeOnSequence(seq, "usage", lead, { grantOptionFor: true, cascade: true }),
        `revoke grant option for usage on sequence "option_seq" from "${lead}" cascade`,
        tx,
      );
      expect(await granted(tx, "option_seq")).toEqual(["lead=r*U"]);
      await database.run(
        revokeOnSequence(seq, "all", lead, { cascade: true }),
        `revoke all on sequence "option_seq" from "${lead}" cascade`,
        tx,
      );
      expect(await granted(tx, "option_seq")).toEqual([]);
    }));
});

describe("grantOnAllSequences and revokeOnAllSequences", () => {
  test("cover the sequences that schemas have, also those of columns", () =>
    rolledBack(async (tx) => {
      await tx`create schema "it's one"`;
      await tx`create schema two`;
      await tx`create role ${sql.identifier(app)}`;
      await tx`create table "it's one".t (a serial, b int generated always as identity)`;
      await tx`create sequence two.s`;
      const all = async () => {
        const found: string[][] = [];
        for (const name of [`"it's one".t_a_seq`, `"it's one".t_b_seq`, "two.s"]) found.push(await granted(tx, name));
        return found;
      };
      await database.run(
        grantOnAllSequences(["it's one", pgSchema("two")], ["usage", "update"], app, { withGrantOption: true }),
        `grant usage, update on all sequences in schema "it's one", "two" to "${app}" with grant option`,
        tx,
      );
      expect(await all()).toEqual([["app=w*U*"], ["app=w*U*"], ["app=w*U*"]]);
      await database.run(
        revokeOnAllSequences(pgSchema("it's one"), "usage", app, { grantOptionFor: true }),
        `revoke grant option for usage on all sequences in schema "it's one" from "${app}"`,
        tx,
      );
      expect(await all()).toEqual([["app=w*U"], ["app=w*U"], ["app=w*U*"]]);
      await database.run(
        revokeOnAllSequences(["it's one", "two"], "all", [app, "public"], { cascade: true }),
        `revoke all on all sequences in schema "it's one", "two" from "${app}", public cascade`,
        tx,
      );
      expect(await all()).toEqual([[], [], []]);
      await tx`create sequence two.later`;
      expect(await granted(tx, "two.later")).toEqual([]);
    }));
});

describe("grantOnFutureSequences and revokeOnFutureSequences", () => {
  test("change the privileges of sequences that are created later", () =>
    rolledBack(async (tx) => {
      await tx`create schema one`;
      await tx`create role ${sql.identifier(app)}`;
      await tx`create role ${sql.identifier(deploy)}`;
      await tx`grant create, usage on schema one to ${sql.identifier(deploy)}`;
      let made = 0;
      const next = async (schema: string) => {
        const name: string = `s${made++}`;
        await tx.query(createSequence(pgSchema(schema).sequence(name)));
        return granted(tx, `${schema}.${name}`);
      };
      await database.run(
        grantOnFutureSequences({}, ["usage", "select"], app),
        `alter default privileges grant usage, select on sequences to "${app}"`,
        tx,
      );
      expect([await next("one"), await next("public")]).toEqual([["app=rU"], ["app=rU"]]);
      await database.run(
        grantOnFutureSequences({ schemas: "one", createdBy: sql`current_user` }, "update", app, {
          withGrantOption: true,
        }),
        'alter default privileges for role current_user in schema "one" grant update on sequences ' +
          `to "${app}" with grant option`,
        tx,
      );
      expect([await next("one"), await next("public")]).toEqual([["app=rw*U"], ["app=rU"]]);
      await database.run(
        grantOnFutureSequences({ schemas: [pgSchema("one"), "public"], createdBy: [deploy] }, "all", "public"),
        `alter default privileges for role "${deploy}" in schema "one", "public" grant all on sequences to public`,
        tx,
      );
      await tx`set local role ${sql.identifier(deploy)}`;
      expect(await next("one")).toEqual(["=rwU"]);
      await tx`reset role`;
      await database.run(
        revokeOnFutureSequences({ schemas: "one" }, "update", app, { grantOptionFor: true }),
        `alter default privileges in schema "one" revoke grant option for update on sequences from "${app}"`,
        tx,
      );
      expect(await next("one")).toEqual(["app=rwU"]);
      await database.run(
        revokeOnFutureSequences({ createdBy: [sql`session_user`, deploy] }, "all", app, { cascade: true }),
        `alter default privileges for role session_user, "${deploy}" revoke all on sequences from "${app}" cascade`,
        tx,
      );
      expect([await next("one"), await next("public")]).toEqual([["app=w"], []]);
    }));
});
