import {
  alterSequence,
  commentOnSequence,
  createSchema,
  createSequence,
  dropSequence,
  grantOnSequence,
  generatedAsIdentity,
  setSequenceSchema,
  NextvalError,
  setSequenceOwnedBy,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  setSequenceLogged,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { useCatalog } from "../../support/stored-options.js";

const database = useCatalog();
const seq = pgSequence("order_seq", { minValue: 100, maxValue: 10_000 });
const smallSeq = pgSequence("small_seq", { as: "smallint", minValue: -5, startWith: 5 });
const long = "x".repeat(64);

beforeAll(async () => {
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
    if (!(error instanceof NextvalError)) throw error;
    const { code, sequence, message } = error;
    return { code, sequence, message };
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
        message: "u: a temporary sequence is never logged; leave out unlogged",
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
        message: "order_seq: grantOnSequence and revokeOnSequence need at least one role",
        server: ["grant usage on sequence order_seq to", "42601"],
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
      // The meaning is not clear.
      { build: () => alterSequence(seq, {}), message: "order_seq: alterSequence needs at least one change" },
      {
        build: () => alterSequence(seq, { cycle: undefined }),
        message: "order_seq: alterSequence needs at least one change",
      },
      {
        build: () => alterSequence(seq, untyped({ ownedBy: null })),
        message:
          "order_seq: alterSequence: ownedBy is not an option; the options are as, startWith, increment, minValue, maxValue, cache, cycle",
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
          "order_seq: maxValue 9007199254740992 is beyond 2^53-1 and has already lost digits; use a bigint or a string",
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
          "identity: ownedBy is not an option; the options are startWith, increment, minValue, maxValue, cache, cycle, as",
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
  ] as const)("a name that is no sequence, for %s", (_, build) => {
    expect(refusalOf(() => build(untyped("order_seq"))).message).toMatch(
      /made by pgSequence is needed, not order_seq$/,
    );
    const json: unknown = JSON.parse('{"seqName":"order_seq","seqOptions":{}}');
    expect(refusalOf(() => build(untyped(json))).message).toMatch(/made by pgSequence is needed, not an object$/);
  });
});
