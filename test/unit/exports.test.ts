import { readFile } from "node:fs/promises";
import * as nextval from "nextval";
import * as allocate from "nextval/allocate";
import * as catalog from "nextval/catalog";
import * as config from "nextval/config";
import * as drizzle from "nextval/drizzle";
import * as host from "nextval/host";
import * as knex from "nextval/knex";
import * as kysely from "nextval/kysely";
import * as operate from "nextval/operate";
import * as pg from "nextval/pg";
import * as pglite from "nextval/pglite";
import { expect, test } from "vitest";

test("the public values", () => {
  expect(Object.keys(nextval).sort()).toEqual([
    "NextvalError",
    "addIdentity",
    "alterIdentity",
    "alterSequence",
    "bind",
    "commentOnSequence",
    "createSchema",
    "createSequence",
    "currval",
    "dropIdentity",
    "dropSequence",
    "embed",
    "generatedAsIdentity",
    "grantOnAllSequences",
    "grantOnFutureSequences",
    "grantOnSequence",
    "lastval",
    "nextval",
    "pgSchema",
    "pgSequence",
    "renameSequence",
    "resolveOptions",
    "restartSequence",
    "revokeOnAllSequences",
    "revokeOnFutureSequences",
    "revokeOnSequence",
    "setSequenceLogged",
    "setSequenceOwnedBy",
    "setSequenceOwner",
    "setSequenceSchema",
    "setval",
    "sql",
  ]);
  expect(Object.keys(nextval.sql).sort()).toEqual([
    "and",
    "empty",
    "identifier",
    "insert",
    "join",
    "json",
    "literal",
    "named",
    "or",
    "raw",
    "set",
  ]);
});

test.each([
  ["allocate", allocate, ["allocator", "blockAllocator", "checkStrides", "gaplessCounter", "stride"]],
  ["catalog", catalog, ["applyPlan", "generateMigration", "inspectSequences", "planChanges", "pullDeclarations"]],
  ["config", config, ["defineConfig"]],
  ["drizzle", drizzle, ["bind", "fromDrizzle", "sequenceColumn", "toDrizzle"]],
  ["host", host, ["bind", "bindTransaction"]],
  ["knex", knex, ["bind", "toKnex"]],
  ["kysely", kysely, ["bind", "fromKysely", "toKysely"]],
  [
    "operate",
    operate,
    [
      "ResyncError",
      "TransferError",
      "WidenError",
      "applyResync",
      "applyTransfer",
      "applyWiden",
      "planResync",
      "planTransfer",
      "planWiden",
      "sequenceStatus",
      "toJson",
      "toPrometheus",
      "usageRates",
      "widenFiles",
    ],
  ],
  ["pg", pg, ["bind"]],
  ["pglite", pglite, ["bind"]],
])("the values of nextval/%s", (_subpath, module: object, names) => {
  expect(Object.keys(module).sort()).toEqual(names);
});

test("the public types", async () => {
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
    "AlterOptions",
    "AlterTableOptions",
    "AnySequence",
    "BeginOptions",
    "BindOptions",
    "BlockReading",
    "Condition",
    "Database",
    "DrawOptions",
    "DropIdentityOptions",
    "FutureSequences",
    "GrantOptions",
    "HostDatabase",
    "HostQuery",
    "HostTransaction",
    "IdentityChanges",
    "IdentityOptions",
    "InsertOptions",
    "Integer",
    "JsonValue",
    "Limits",
    "NamedTag",
    "NamedValues",
    "NextvalErrorCode",
    "OwningColumn",
    "PgSchema",
    "PgSequence",
    "Query",
    "Queryable",
    "ResolvedOptions",
    "RevokeOptions",
    "Role",
    "Rows",
    "SequenceChanges",
    "SequenceLike",
    "SequenceNeeded",
    "SequenceOptions",
    "SequencePrivilege",
    "SequenceType",
    "Session",
    "Splice",
    "Spliceable",
    "Sql",
    "SqlExpression",
    "SqlTag",
    "TableColumn",
    "TargetColumn",
    "Transaction",
    "Value",
    "ValueMode",
    "ValueOf",
  ]);
});
