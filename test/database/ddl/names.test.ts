import {
  alterSequence,
  commentOnSequence,
  createSchema,
  createSequence,
  dropSequence,
  grantOnAllSequences,
  grantOnSequence,
  revokeOnFutureSequences,
  setSequenceOwner,
  setSequenceSchema,
  nextval,
  setSequenceOwnedBy,
  pgSchema,
  renameSequence,
  restartSequence,
  setSequenceLogged,
  sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { serverVersion } from "../../support/database.js";
import { PLAIN, useCatalog } from "../../support/stored-options.js";

const database = useCatalog();

beforeAll(() => database.client`create schema billing`);

describe("a name that needs quoting", () => {
  test.each([
    { schema: 'we"ird', name: "Order Seq", quoted: '"we""ird"."Order Seq"' },
    { schema: "it's", name: "back\\slash 'n' \"quote\"", quoted: `"it's"."back\\slash 'n' ""quote"""` },
    { schema: "zażółć.日本", name: "🧾 счёт $1", quoted: '"zażółć.日本"."🧾 счёт $1"' },
    { schema: "select", name: "a.b;--", quoted: '"select"."a.b;--"' },
  ])("goes through every statement: $quoted", async ({ schema, name, quoted }) => {
    const [space, seq] = [pgSchema(schema), pgSchema(schema).sequence(name, { maxValue: 9 })];
    const quotedSchema = `"${schema.replaceAll('"', '""')}"`;
    await database.run(createSchema(space), `create schema ${quotedSchema}`);
    await database.run(createSequence(seq), `create sequence ${quoted} maxvalue 9`);
    await database.db.query(commentOnSequence(seq, name));
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, maxValue: 9n, comment: name });
    expect([await database.db.nextval(seq), await database.db.setval(seq, 4), await database.db.nextval(seq)]).toEqual([
      1n,
      4n,
      5n,
    ]);
    expect(await database.db`select last_value from ${seq}`).toEqual([{ last_value: 5n }]);
    await database.run(restartSequence(seq), `alter sequence ${quoted} restart`);
    const unlog = () => database.run(setSequenceLogged(seq, false), `alter sequence ${quoted} set unlogged`);
    const log = () => database.run(setSequenceLogged(seq, true), `alter sequence ${quoted} set logged`);
    if ((await serverVersion(database.client)) < 15) {
      // Refused, but the name has been understood.
      const refusal = { code: "42809", message: `"${name}" is not a table` };
      for (const change of [unlog, log]) await expect(change()).rejects.toMatchObject(refusal);
    } else {
      await unlog();
      await log();
    }
    await database.run(setSequenceOwner(seq, sql`current_user`), `alter sequence ${quoted} owner to current_user`);
    await database.run(
      alterSequence(seq, { cycle: true, restart: true }, { ifExists: true }),
      `alter sequence if exists ${quoted} cycle restart`,
    );
    await database.run(alterSequence(seq, { cycle: false }), `alter sequence ${quoted} no cycle`);
    await database.run(
      grantOnAllSequences(space, "select", "public"),
      `grant select on all sequences in schema ${quotedSchema} to public`,
    );
    await database.run(
      revokeOnFutureSequences({ schemas: space }, "all", "public"),
      `alter default privileges in schema ${quotedSchema} revoke all on sequences from public`,
    );
    await database.run(grantOnSequence(seq, "usage", "public"), `grant usage on sequence ${quoted} to public`);
    await database.db`create table ${sql.identifier(schema, name + "t")} (${sql.identifier(name)} bigint
      default ${nextval(seq)})`;
    const column = { table: name + "t", column: name };
    await database.db.query(setSequenceOwnedBy(seq, column));
    expect((await database.catalog(seq))?.owner).toEqual({ ...column, tie: "owned by" });
    await database.db.query(setSequenceOwnedBy(seq, null));
    const after: string = `${name}'"`;
    await database.db.query(renameSequence(seq, after));
    await database.db.query(setSequenceSchema(space.sequence(after), "billing"));
    const moved = pgSchema("billing").sequence(after);
    expect(await database.catalog(seq)).toBeUndefined();
    expect(await database.catalog(moved)).toEqual({ ...PLAIN, maxValue: 9n, comment: name });
    await database.db.query(dropSequence(moved, { cascade: true }));
    expect(await database.catalog(moved)).toBeUndefined();
  });
});
