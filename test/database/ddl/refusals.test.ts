import {
  addIdentity,
  alterIdentity,
  alterSequence,
  commentOnSequence,
  createSchema,
  createSequence,
  dropIdentity,
  dropSequence,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  generatedAsIdentity,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  setSequenceOwner,
  setSequenceSchema,
  type NextvalError,
  setSequenceOwnedBy,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  setSequenceLogged,
  sql,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { said } from "../../support/said.js";
import { useCatalog } from "../../support/stored-options.js";

const database = useCatalog();
const seq = pgSequence("order_seq", { minValue: 100, maxValue: 10_000 });
const smallSeq = pgSequence("small_seq", { as: "smallint", minValue: -5, startWith: 5 });
const long = "x".repeat(64);

beforeAll(async () => {
  await database.client`create table identities (id int generated always as identity, plain int not null)`;
  await database.client`create sequence order_seq minvalue 100 maxvalue 10000`;
  await database.client`create sequence small_seq as smallint minvalue -5 start 5`;
});

/** Arguments that no well-typed program passes, but data from outside may contain. */
function untyped(value: unknown): never {
  return value as never;
}

function refusalOf(build: () => unknown): { code: string; sequence: string | undefined; message: string } {
  try {
    build();
  } catch (error) {
    const { code, sequence } = error as NextvalError;
    return { code, sequence, message: said(error) };
  }
  throw new Error("It was not refused.");
}

/** `server` is the statement as it would have been sent, and the SQLSTATE that the server has for it. */
interface Refusal {
  readonly build: () => unknown;
  readonly message: string;
  readonly server?: readonly [text: string, code: string];
  readonly code?: string;
  readonly sequence?: string | undefined;
}

function byMessage(refusals: readonly Refusal[]): (readonly [string, Refusal])[] {
  return refusals.map((refusal) => [refusal.message, refusal]);
}

describe("statements that the server would refuse are refused before they are sent:", () => {
  test.each(
    byMessage([
      {
        build: () => createSequence(pgSchema("billing").sequence("invoice_seq"), { temporary: true }),
        message: "billing.invoice_seq: temporary sequences have a schema of their own, not billing",
        sequence: "billing.invoice_seq",
        server: ["create temporary sequence public.invoice_seq", "42P16"],
      },
      {
        build: () => createSequence(pgSequence("u", { unlogged: true }), { temporary: true }),
        message:
          "u: a temporary sequence cannot be unlogged. " +
          "Leave out unlogged, because the server never logs a temporary sequence.",
        sequence: "u",
        server: ["create temporary unlogged sequence u", "42601"],
      },
      {
        build: () => createSchema(""),
        message: "the schema name is empty",
        sequence: undefined,
        server: ['create schema ""', "42601"],
        code: "INVALID_OPTIONS",
      },
      {
        build: () => dropSequence([]),
        message: "dropSequence needs at least one sequence",
        sequence: undefined,
        server: ["drop sequence", "42601"],
      },
      {
        build: () => renameSequence(seq, ""),
        message: "order_seq: the name is empty",
        server: ['alter sequence order_seq rename to ""', "42601"],
      },
      {
        build: () => restartSequence(seq, 99),
        message: "order_seq: restartSequence takes a value from 100 to 10000, not 99",
        code: "SEQUENCE_OUT_OF_BOUNDS",
        server: ["alter sequence order_seq restart with 99", "22023"],
      },
      {
        build: () => restartSequence(seq, 10_001n),
        message: "order_seq: restartSequence takes a value from 100 to 10000, not 10001",
        code: "SEQUENCE_OUT_OF_BOUNDS",
        server: ["alter sequence order_seq restart with 10001", "22023"],
      },
      {
        build: () => restartSequence(seq, untyped(null)),
        message: "order_seq: restartSequence takes a whole number, bigint or decimal string, not null",
        server: ["alter sequence order_seq restart with null", "42601"],
      },
      {
        build: () => grantOnSequence(seq, untyped("delete"), "app"),
        message: 'order_seq: the privileges of a sequence are usage, select, update, all, not "delete"',
        server: ["grant delete on sequence order_seq to public", "0LP01"],
      },
      {
        build: () => grantOnSequence(seq, ["all", "usage"], "app"),
        message: "order_seq: the privilege all includes the others, and stands alone",
        server: ["grant all, usage on sequence order_seq to public", "42601"],
      },
      {
        build: () => grantOnSequence(seq, [], "app"),
        message: "order_seq: the privileges of a sequence are usage, select, update, all, not []",
        server: ["grant on sequence order_seq to public", "42601"],
      },
      {
        build: () => grantOnSequence(seq, "usage", []),
        message: "order_seq: at least one role is needed",
        server: ["grant usage on sequence order_seq to", "42601"],
      },
      {
        build: () => alterSequence(seq, { maxValue: 500, restart: 501 }),
        message: "order_seq: alterSequence: restart takes a value from 100 to 500, not 501",
        code: "SEQUENCE_OUT_OF_BOUNDS",
        server: ["alter sequence order_seq maxvalue 500 restart with 501", "22023"],
      },
      {
        build: () => alterSequence(seq, { restart: 99n }),
        message: "order_seq: alterSequence: restart takes a value from 100 to 10000, not 99",
        code: "SEQUENCE_OUT_OF_BOUNDS",
        server: ["alter sequence order_seq restart with 99", "22023"],
      },
      {
        build: () => alterSequence(seq, { restart: 2n ** 63n }),
        message: "order_seq: restart 9223372036854775808 is beyond 64 bits",
        code: "INVALID_OPTIONS",
        server: ["alter sequence order_seq restart with 9223372036854775808", "22003"],
      },
      {
        build: () => setSequenceOwner(seq, untyped("public")),
        message: "order_seq: public stands for all roles and is not one itself. Name one role.",
        server: ["alter sequence order_seq owner to public", "42704"],
      },
      {
        build: () => setSequenceOwner(seq, ""),
        message: "order_seq: the name is empty",
        server: ['alter sequence order_seq owner to ""', "42601"],
      },
      {
        build: () => grantOnSequence(seq, "usage", ["public", "app"], { withGrantOption: true }),
        message: "order_seq: withGrantOption is for roles, not for public. Grant without it, or name the roles.",
        server: ["grant usage on sequence order_seq to public with grant option", "0LP01"],
      },
      {
        build: () => grantOnAllSequences([], "usage", "app"),
        message: "grantOnAllSequences: at least one schema is needed",
        sequence: undefined,
        server: ["grant usage on all sequences in schema to public", "42601"],
      },
      {
        build: () => revokeOnAllSequences(["public", ""], "usage", "app"),
        message: "revokeOnAllSequences: the schema name is empty",
        sequence: undefined,
        server: ['revoke usage on all sequences in schema public, "" from public', "42601"],
      },
      {
        build: () => grantOnFutureSequences({ createdBy: "public" }, "usage", "app"),
        message: "grantOnFutureSequences: public stands for all roles and is not one itself. Name one role.",
        sequence: undefined,
        server: ["alter default privileges for role public grant usage on sequences to public", "42704"],
      },
      {
        build: () => grantOnFutureSequences({ createdBy: [] }, "usage", "app"),
        message: "grantOnFutureSequences: at least one role is needed",
        sequence: undefined,
        server: ["alter default privileges for role grant usage on sequences to public", "42601"],
      },
      {
        build: () => revokeOnFutureSequences({ schemas: [] }, "usage", "app"),
        message: "revokeOnFutureSequences: at least one schema is needed",
        sequence: undefined,
        server: ["alter default privileges in schema revoke usage on sequences from public", "42601"],
      },
      {
        build: () => grantOnFutureSequences({}, untyped("insert"), "app"),
        message: 'grantOnFutureSequences: the privileges of a sequence are usage, select, update, all, not "insert"',
        sequence: undefined,
        server: ["alter default privileges grant insert on sequences to public", "0LP01"],
      },
      {
        build: () => generatedAsIdentity("always", { name: "" }),
        message: "identity: the sequence name is empty",
        sequence: undefined,
        server: ['create table t (id int generated always as identity (sequence name ""))', "42601"],
        code: "INVALID_OPTIONS",
      },
      {
        build: () => addIdentity({ table: "t", column: "" }, "always"),
        message: "addIdentity: the column name is empty",
        sequence: undefined,
        server: ['alter table t alter column "" add generated always as identity', "42601"],
      },
      {
        build: () => addIdentity({ table: "t", column: "id" }, untyped("default")),
        message: 't.id is generated "always" or "by default", not "default"',
        sequence: undefined,
        server: ["alter table t alter column id add generated default as identity", "42601"],
      },
      {
        build: () => addIdentity({ table: "t", column: "id" }, "always", { cache: 0 }),
        message: "t.id: cache 0 is below 1",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column plain add generated always as identity (cache 0)", "22023"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, {}),
        message: "t.id: alterIdentity needs at least one change",
        sequence: undefined,
        server: ["alter table t alter column id", "42601"],
      },
      {
        build: () => alterIdentity({ schema: "s", table: "t", column: "id" }, { minValue: 5, maxValue: 5 }),
        message: "s.t.id: minValue 5 is not below maxValue 5",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set minvalue 5 set maxvalue 5", "22023"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, { minValue: 5, startWith: 4 }),
        message: "t.id: startWith 4 is below minValue 5",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set minvalue 5 set start with 4", "22023"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, { maxValue: 5n, restart: "6" }),
        message: "t.id: restart 6 is above maxValue 5",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set maxvalue 5 restart with 6", "22023"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, { increment: 0 }),
        message: "t.id: increment must not be 0",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set increment 0", "22023"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, untyped({ startWith: null })),
        message: "t.id: startWith must be an integer, not null",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set start with null", "42601"],
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, untyped({ as: "bigint" })),
        message:
          "t.id: alterIdentity: as is not an option. The options are generated, startWith, increment, minValue, " +
          "maxValue, cache, cycle, restart.",
        sequence: undefined,
        code: "INVALID_OPTIONS",
        server: ["alter table identities alter column id set as bigint", "42601"],
      },
      {
        build: () => dropIdentity(untyped({ table: "t" })),
        message: "dropIdentity: the column name must be a string, not undefined",
        sequence: undefined,
        server: ["alter table t alter column drop identity", "42601"],
      },
      {
        build: () => grantOnSequence(seq, "usage", ["app", ""]),
        message: "order_seq: the name is empty",
        server: ['grant usage on sequence order_seq to ""', "42601"],
      },
      {
        build: () => setSequenceOwnedBy(seq, { table: "", column: "id" }),
        message: "order_seq: the name is empty",
        server: ['alter sequence order_seq owned by "".id', "42601"],
      },
      {
        build: () => commentOnSequence(seq, untyped(5)),
        message: "order_seq: comment must be a string, not 5",
        server: ["comment on sequence order_seq is 5", "42601"],
      },
      {
        build: () => generatedAsIdentity(untyped("sometimes")),
        message: 'identity is generated "always" or "by default", not "sometimes"',
        sequence: undefined,
        server: ["create table t (id int generated sometimes as identity)", "42601"],
      },
      {
        build: () => generatedAsIdentity("always", { minValue: 5, maxValue: 4 }),
        message: "identity: minValue 5 is not below maxValue 4",
        sequence: undefined,
        server: ["create table t (id int generated always as identity (minvalue 5 maxvalue 4))", "22023"],
        code: "INVALID_OPTIONS",
      },
    ]),
  )("%s", async (message, { build, server, code = "INVALID_ARGUMENT", ...rest }) => {
    const sequence = "sequence" in rest ? rest.sequence : "order_seq";
    expect(refusalOf(build)).toEqual({ code, sequence, message });
    if (server !== undefined)
      await expect(database.client.unsafe(server[0])).rejects.toMatchObject({ code: server[1] });
  });

  test.each([
    ["minValue 20000 is not below maxValue 10000", seq, { minValue: 20_000 }, "minvalue 20000"],
    ["minValue 100 is not below maxValue 100", seq, { maxValue: 100 }, "maxvalue 100"],
    ["startWith 5 is below minValue 100", seq, { startWith: 5 }, "start with 5"],
    ["startWith 10001 is above maxValue 10000", seq, { startWith: "10001" }, "start with 10001"],
    ["startWith 100 is below minValue 101", seq, { minValue: 101 }, "minvalue 101"],
    [
      "minValue 9223372036854775808 is beyond 64 bits",
      seq,
      { maxValue: null, minValue: 2n ** 63n },
      "minvalue 9223372036854775808",
    ],
    ["increment must not be 0", seq, { increment: 0 }, "increment 0"],
    [
      "startWith 100 is above maxValue -1",
      seq,
      { increment: -1, minValue: null, maxValue: null },
      "increment -1 no minvalue no maxvalue",
    ],
    ["cache 0 is below 1", seq, { cache: 0 }, "cache 0"],
    [
      "maxValue 32768 is above 32767, the maximum of smallint",
      seq,
      { as: "smallint", maxValue: 32_768 },
      "as smallint maxvalue 32768",
    ],
    ["minValue -32769 is below -32768, the minimum of smallint", smallSeq, { minValue: "-32769" }, "minvalue -32769"],
    ["startWith 0 is below minValue 1", smallSeq, { minValue: null, startWith: 0 }, "no minvalue start 0"],
    ["startWith 5 is above maxValue -1", smallSeq, { increment: -1, maxValue: null }, "increment -1 no maxvalue"],
  ] as const)("alterSequence where %s", async (problem, sequence, changes, clauses) => {
    const refused = { code: "INVALID_OPTIONS", sequence: sequence.seqName, message: `${sequence.seqName}: ${problem}` };
    expect(refusalOf(() => alterSequence(sequence, changes))).toEqual(refused);
    const answer = database.client.unsafe(`alter sequence ${sequence.seqName} ${clauses}`);
    await expect(answer).rejects.toMatchObject({ code: clauses.includes("9223372036854775808") ? "22003" : "22023" });
  });
});

describe("refused although the server might take it:", () => {
  test.each(
    byMessage([
      // The server would cut the name, with no more than a notice.
      {
        build: () => createSchema(long),
        message: `the schema name ${long} is longer than 63 bytes`,
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      { build: () => renameSequence(seq, long), message: `order_seq: the name ${long} is longer than 63 bytes` },
      { build: () => setSequenceSchema(seq, long), message: `order_seq: the name ${long} is longer than 63 bytes` },
      {
        build: () => grantOnSequence(seq, "usage", long),
        message: `order_seq: the name ${long} is longer than 63 bytes`,
      },
      {
        build: () => setSequenceOwnedBy(seq, { table: "t", column: long }),
        message: `order_seq: the name ${long} is longer than 63 bytes`,
      },
      {
        build: () => renameSequence(seq, "é".repeat(32)),
        message: `order_seq: the name ${"é".repeat(32)} is longer than 63 bytes`,
      },
      // The driver would truncate or replace text that cannot be stored.
      { build: () => renameSequence(seq, "a\0b"), message: "order_seq: the name contains a NUL character" },
      { build: () => setSequenceSchema(seq, "\ud800"), message: "order_seq: the name contains half a surrogate pair" },
      { build: () => commentOnSequence(seq, "a\0b"), message: "order_seq: comment contains a NUL character" },
      { build: () => commentOnSequence(seq, "\udfff"), message: "order_seq: comment contains half a surrogate pair" },
      {
        build: () => setSequenceOwner(seq, long),
        message: `order_seq: the name ${long} is longer than 63 bytes`,
      },
      {
        build: () => generatedAsIdentity("always", { name: long }),
        message: `identity: the sequence name ${long} is longer than 63 bytes`,
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      {
        build: () => dropIdentity({ table: long, column: "id" }),
        message: `dropIdentity: the table name ${long} is longer than 63 bytes`,
        sequence: undefined,
      },
      {
        build: () => grantOnAllSequences(long, "usage", "app"),
        message: `grantOnAllSequences: the schema name ${long} is longer than 63 bytes`,
        sequence: undefined,
      },
      // Only these fragments are roles, and nothing else of a fragment gets into the statement.
      ...["app", '"current_user"', "current_user; drop table t", "current_user, app", ""].map((text) => ({
        build: () => grantOnSequence(seq, "usage", sql.raw(text)),
        message:
          "order_seq: a role is a name or a fragment of public, current_user, current_role, " +
          `session_user, not sql\`${text}\``,
      })),
      {
        build: () => setSequenceOwner(seq, sql`${"app"}`),
        message:
          "order_seq: a role is a name or a fragment of public, current_user, current_role, session_user, not sql`$1`",
      },
      {
        build: () => setSequenceOwner(seq, untyped(JSON.parse('{"text":"current_user","values":[]}'))),
        message: "order_seq: the name must be a string, not an object",
      },
      // The meaning is not clear.
      {
        build: () => alterSequence(seq, untyped({ restart: null })),
        message: "order_seq: restart must be true or an integer, not null",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, { restart: "now" }),
        message: "order_seq: restart must be true or an integer, not now",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, { restart: 2 ** 53 }),
        message:
          "order_seq: restart beyond 2^53-1 must be a bigint or a string, " +
          "not the number 9007199254740992, which has lost digits",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, { restart: false }),
        message: "order_seq: alterSequence needs at least one change",
      },
      {
        build: () => generatedAsIdentity("always", untyped({ unlogged: "yes" })),
        message: "identity: unlogged must be true or false, not yes",
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      {
        build: () => generatedAsIdentity("always", untyped({ name: 5 })),
        message: "identity: the sequence name must be a string, not 5",
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterIdentity(untyped("t.id"), { restart: true }),
        message: "alterIdentity: a table and a column are needed, not t.id",
        sequence: undefined,
      },
      {
        build: () => alterIdentity(untyped({ table: "t", column: "id", shema: "s" }), { restart: true }),
        message: "alterIdentity: shema is not an option. Did you mean schema?",
        sequence: undefined,
      },
      {
        build: () => alterIdentity({ table: "t", column: "id" }, { restart: "1.5" }),
        message: "t.id: restart must be true or an integer, not 1.5",
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      {
        build: () => grantOnFutureSequences(untyped("billing"), "usage", "app"),
        message: "grantOnFutureSequences: an object with schemas or createdBy is needed",
        sequence: undefined,
      },
      {
        build: () => revokeOnFutureSequences(untyped(null), "usage", "app"),
        message: "revokeOnFutureSequences: an object with schemas or createdBy is needed",
        sequence: undefined,
      },
      { build: () => alterSequence(seq, {}), message: "order_seq: alterSequence needs at least one change" },
      {
        build: () => alterSequence(seq, { cycle: undefined }),
        message: "order_seq: alterSequence needs at least one change",
      },
      {
        build: () => alterSequence(seq, untyped({ ownedBy: null })),
        message:
          "order_seq: alterSequence: ownedBy is not an option. The options are as, startWith, increment, minValue, " +
          "maxValue, cache, cycle, restart.",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, untyped({ cycle: "no" })),
        message: "order_seq: cycle must be true or false, not no",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, untyped({ as: "int8" })),
        message: "order_seq: as must be smallint, integer or bigint, not int8",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, { increment: 1.5 }),
        message: "order_seq: increment must be an integer, not 1.5",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => alterSequence(seq, { maxValue: 2 ** 53 }),
        message:
          "order_seq: maxValue beyond 2^53-1 must be a bigint or a string, " +
          "not the number 9007199254740992, which has lost digits",
        code: "INVALID_OPTIONS",
      },
      {
        build: () => restartSequence(seq, "0x64"),
        message: 'order_seq: restartSequence takes a whole number, bigint or decimal string, not "0x64"',
      },
      {
        build: () => setSequenceOwnedBy(seq),
        message: "order_seq: setSequenceOwnedBy needs a column, because none is declared as ownedBy",
      },
      {
        build: () => commentOnSequence(seq),
        message: "order_seq: commentOnSequence needs a text, because no comment is declared",
      },
      {
        build: () => setSequenceLogged(seq, untyped("false")),
        message: "order_seq: setSequenceLogged takes true or false, not false",
      },
      {
        build: () => setSequenceLogged(seq, untyped(undefined)),
        message: "order_seq: setSequenceLogged takes true or false, not undefined",
      },
      {
        build: () => generatedAsIdentity("always", { as: "smallint", maxValue: 40_000 }),
        message: "identity: maxValue 40000 is above 32767, the maximum of smallint",
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
      {
        build: () => generatedAsIdentity("always", untyped({ ownedBy: { table: "t", column: "id" } })),
        message:
          "identity: ownedBy is not an option. The options are startWith, increment, minValue, maxValue, cache, " +
          "cycle, as, name, unlogged.",
        sequence: undefined,
        code: "INVALID_OPTIONS",
      },
    ]),
  )("%s", (message, { build, code = "INVALID_ARGUMENT", ...rest }) => {
    const sequence = "sequence" in rest ? rest.sequence : "order_seq";
    expect(refusalOf(build)).toEqual({ code, sequence, message });
  });

  test.each([
    ["createSequence", createSequence],
    ["dropSequence", dropSequence],
    ["restartSequence", restartSequence],
    ["commentOnSequence", (name: never) => commentOnSequence(name, "text")],
    ["renameSequence", (name: never) => renameSequence(name, "other_seq")],
    ["setSequenceOwner", (name: never) => setSequenceOwner(name, "app")],
    ["grantOnSequence", (name: never) => grantOnSequence(name, "usage", "app")],
  ] as const)("a name that is no sequence, for %s", (_, build) => {
    expect(refusalOf(() => build(untyped("order_seq"))).message).toMatch(
      /made by pgSequence is needed, not order_seq$/,
    );
    const json: unknown = JSON.parse('{"seqName":"order_seq","seqOptions":{}}');
    expect(refusalOf(() => build(untyped(json))).message).toMatch(/made by pgSequence is needed, not an object$/);
  });
});
