import { createSequence, grantOnSequence, pgSequence, revokeOnSequence, sql } from "nextval";
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
