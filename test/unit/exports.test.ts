import { readFile } from "node:fs/promises";
import * as nextval from "nextval";
import { expect, test } from "vitest";

test("the values that are public", () => {
  expect(Object.keys(nextval).sort()).toEqual([
    "NextvalError",
    "alterSequence",
    "bind",
    "commentOnSequence",
    "createSchema",
    "createSequence",
    "currval",
    "dropSequence",
    "embed",
    "grantOnSequence",
    "identity",
    "lastval",
    "moveSequence",
    "nextval",
    "ownSequence",
    "pgSchema",
    "pgSequence",
    "renameSequence",
    "resolveOptions",
    "restartSequence",
    "revokeOnSequence",
    "setSequenceLogged",
    "setval",
    "sql",
  ]);
  expect(Object.keys(nextval.sql).sort()).toEqual([
    "empty",
    "identifier",
    "insert",
    "join",
    "literal",
    "raw",
    "scope",
    "set",
  ]);
});

test.each([
  ["drizzle", ["fromDrizzle", "sequenceColumn", "toDrizzle"]],
  ["knex", ["toKnex"]],
  ["kysely", ["fromKysely", "toKysely"]],
])("the values of nextval/%s", async (subpath, names) => {
  const adapter = (await import(`../../lib/embed/${subpath}.ts`)) as object;
  expect(Object.keys(adapter).sort()).toEqual(names);
});

test("the types that are public", async () => {
  const index = await readFile(new URL("../../lib/index.ts", import.meta.url), "utf8");
  const listed = [...index.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, allTypes, names = ""]) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && (allTypes !== undefined || name.startsWith("type ")))
      .map((name) => name.replace(/^type /, "")),
  );
  expect(index).not.toContain("export *");
  expect(listed.sort()).toEqual([
    "AliasedExpression",
    "AnySequence",
    "Bindings",
    "Database",
    "DrawOptions",
    "Handle",
    "IdentityOptions",
    "Integer",
    "NextvalErrorCode",
    "OwningColumn",
    "PgSchema",
    "PgSequence",
    "Query",
    "ResolvedOptions",
    "Rows",
    "ScopedTag",
    "SequenceChanges",
    "SequenceLike",
    "SequenceOptions",
    "SequencePrivilege",
    "SequenceType",
    "Session",
    "SessionHandle",
    "Splice",
    "Spliceable",
    "Sql",
    "SqlExpression",
    "SqlTag",
    "Transaction",
    "Value",
    "ValueMode",
    "ValueOf",
  ]);
});
