import { NextvalError, pgSchema, pgSequence, resolveOptions, type SequenceOptions } from "nextval";
import { describe, expect, test } from "vitest";
import { sequenceName } from "../../lib/sequence/sequence-name.js";
import { PgSequence, sequenceOf } from "../../lib/sequence/sequence.js";
import { SQL } from "../../lib/sql/fragment.js";
import { ACCEPTED, inOneSentence, REFUSED } from "../support/refused-declarations.js";
import { said } from "../support/said.js";

/** As text, because the compiler would not let most of them through. */
function run(code: string): unknown {
  return new Function("pgSequence", "pgSchema", `return ${code}`)(pgSequence, pgSchema);
}

function errorOf(declare: () => unknown): NextvalError {
  try {
    declare();
  } catch (error) {
    expect(error).toBeInstanceOf(NextvalError);
    expect((error as NextvalError).code).toBe("INVALID_OPTIONS");
    return error as NextvalError;
  }
  throw new Error("was not refused");
}

describe.each(Object.entries(REFUSED))("refused: %s", (_, cases) => {
  test.each(cases)("$code", ({ code, says }) => {
    const error = errorOf(() => run(code));
    expect(inOneSentence(error)).toBe(says);
    const [, sequence] = /^([\w.]+): /.exec(says) ?? [];
    if (sequence !== undefined) expect(error.sequence).toBe(sequence);
  });
});

test.each(ACCEPTED)("accepted: %s", (code) => {
  expect(run(code)).toBeInstanceOf(PgSequence);
});

describe("refused at run time only", () => {
  test.each<[string, () => unknown, string]>([
    ["half a pair", () => pgSequence("a\ud83d"), "the sequence name contains half a surrogate pair"],
    ["the other half", () => pgSequence("\ude00a"), "the sequence name contains half a surrogate pair"],
    [
      "half a pair in a comment",
      () => pgSequence("order_seq", { comment: "\ud83d" }),
      "order_seq: comment contains half a surrogate pair",
    ],
    [
      "3 bytes a character",
      () => pgSequence("漢".repeat(22)),
      `the sequence name ${"漢".repeat(22)} is longer than 63 bytes`,
    ],
    [
      "4 bytes a character",
      () => pgSequence(`${"🧾".repeat(15)}abcd`),
      `the sequence name ${"🧾".repeat(15)}abcd is longer than 63 bytes`,
    ],
    ["a name that is none", () => pgSequence(5 as never), "the sequence name must be a string, not 5"],
    ["a schema that is none", () => pgSchema(null as never), "the schema name must be a string, not null"],
    [
      "options that are none",
      () => pgSequence("order_seq", null as never),
      "order_seq: the options must be an object, not null",
    ],
    ["an array", () => pgSequence("order_seq", []), "order_seq: the options must be an object, not an array"],
    [
      "infinity",
      () => pgSequence("order_seq", { startWith: Infinity }),
      "order_seq: startWith must be an integer, not Infinity",
    ],
    ["NaN", () => pgSequence("order_seq", { cache: NaN }), "order_seq: cache must be an integer, not NaN"],
    [
      "a symbol",
      () => pgSequence("order_seq", { cache: Symbol("5") as never }),
      "order_seq: cache must be an integer, not a symbol",
    ],
    [
      "a prototype from JSON",
      () => pgSequence("order_seq", JSON.parse('{ "__proto__": { "cache": 5 } }')),
      "order_seq: __proto__ is not an option. The options are startWith, increment, minValue, maxValue, cache, " +
        "cycle, as, ownedBy, identity, feeds, blocks, unlogged, comment, mode.",
    ],
  ])("%s", (_, declare, says) => {
    expect(said(errorOf(declare))).toBe(says);
  });

  test("values that the compiler did not know", () => {
    const startWith: number = 0;
    expect(errorOf(() => pgSequence("order_seq", { startWith })).message).toBe(
      "order_seq: startWith 0 is below minValue 1 (the default)",
    );
  });
});

test("names of 63 bytes are accepted", () => {
  for (const name of ["漢".repeat(21), `${"🧾".repeat(15)}abc`]) expect(pgSequence(name).seqName).toBe(name);
});

describe("resolveOptions", () => {
  const smallint = { min: -32768n, max: 32767n };
  const integer = { min: -2147483648n, max: 2147483647n };
  const bigint = { min: -9223372036854775808n, max: 9223372036854775807n };

  test.each<[SequenceOptions, bigint, bigint, bigint]>([
    [{}, 1n, bigint.max, 1n],
    [{ as: "bigint" }, 1n, bigint.max, 1n],
    [{ as: "integer" }, 1n, integer.max, 1n],
    [{ as: "smallint" }, 1n, smallint.max, 1n],
    [{ increment: -1 }, bigint.min, -1n, -1n],
    [{ as: "integer", increment: "-5" }, integer.min, -1n, -1n],
    [{ as: "smallint", increment: -5n }, smallint.min, -1n, -1n],
    [{ minValue: 10 }, 10n, bigint.max, 10n],
    [{ minValue: -10, maxValue: "10" }, -10n, 10n, -10n],
    [{ minValue: -10, maxValue: 10n, increment: -1 }, -10n, 10n, 10n],
    [{ minValue: -10, maxValue: 10, startWith: 0 }, -10n, 10n, 0n],
    [{ maxValue: 10, increment: -1 }, bigint.min, 10n, 10n],
  ])("%o", (options, minValue, maxValue, startWith) => {
    expect(resolveOptions(pgSequence("order_seq", options))).toMatchObject({ minValue, maxValue, startWith });
  });

  test("returns every option", () => {
    expect(resolveOptions(pgSequence("order_seq"))).toEqual({
      as: "bigint",
      startWith: 1n,
      increment: 1n,
      minValue: 1n,
      maxValue: bigint.max,
      cache: 1n,
      cycle: false,
      ownedBy: null,
      identity: null,
      feeds: [],
      blocks: null,
      unlogged: false,
      comment: null,
      mode: "bigint",
    });
    const given = {
      as: "integer",
      startWith: 3n,
      increment: 2n,
      minValue: 1n,
      maxValue: 9n,
      cache: 5n,
      cycle: true,
      ownedBy: { table: "orders", column: "id" },
      identity: "always",
      feeds: [{ schema: "billing", table: "invoices", column: "order_id" }],
      blocks: "downwards",
      unlogged: true,
      comment: "numbers",
      mode: "string",
    } as const;
    expect(resolveOptions(pgSequence("order_seq", given))).toEqual(given);
  });

  test("the mode follows the type", () => {
    const modes = (["smallint", "integer", "bigint"] as const).map(
      (as) => resolveOptions(pgSequence("s", { as })).mode,
    );
    expect(modes).toEqual(["number", "number", "bigint"]);
  });

  test("an empty comment is none, as on the server", () => {
    expect(resolveOptions(pgSequence("order_seq", { comment: "" })).comment).toBe(null);
  });

  test("is computed once", () => {
    const sequence = pgSequence("order_seq");
    expect(resolveOptions(sequence)).toBe(resolveOptions(sequence));
    expect(resolveOptions(sequence)).toSatisfy(Object.isFrozen);
  });
});

describe("a sequence", () => {
  const invoiceSeq = pgSchema("billing").sequence("invoice_seq", { startWith: 5 });

  test("has Drizzle's names", () => {
    expect({ ...invoiceSeq }).toEqual({ seqName: "invoice_seq", schema: "billing", seqOptions: { startWith: 5 } });
    expect({ ...pgSequence("order_seq") }).toEqual({ seqName: "order_seq", schema: undefined, seqOptions: {} });
    expect(pgSchema("billing").schemaName).toBe("billing");
  });

  test("is called by its schema and name", () => {
    expect(sequenceName(invoiceSeq)).toBe("billing.invoice_seq");
    expect(sequenceName(pgSequence("order_seq"))).toBe("order_seq");
  });

  test("becomes its quoted, qualified name, the same object each time", () => {
    expect(invoiceSeq[SQL].text).toBe('"billing"."invoice_seq"');
    expect(pgSequence('or"der')[SQL].text).toBe('"or""der"');
    expect(invoiceSeq[SQL]).toBe(invoiceSeq[SQL]);
  });

  test("never changes", () => {
    const options = { startWith: 5, ownedBy: { table: "orders", column: "id" } };
    const sequence = pgSequence("order_seq", options);
    options.startWith = 7;
    options.ownedBy.table = "other";
    expect(sequence.seqOptions).toEqual({ startWith: 5, ownedBy: { table: "orders", column: "id" } });
    for (const part of [sequence, sequence.seqOptions, sequence.seqOptions.ownedBy, pgSchema("billing")]) {
      expect(part).toSatisfy(Object.isFrozen);
    }
  });

  test("keeps the checked value, even if a getter returns another one the second time", () => {
    let reads = 0;
    const sequence = pgSequence("order_seq", {
      get cache() {
        return reads++ === 0 ? 5 : 0;
      },
    });
    expect(sequence.seqOptions.cache).toBe(5);
    expect(resolveOptions(sequence).cache).toBe(5n);
  });

  test("is distinguished from everything else", () => {
    expect(sequenceOf(invoiceSeq)).toBe(invoiceSeq);
    for (const other of [JSON.parse(JSON.stringify(invoiceSeq)), { ...invoiceSeq }, null, undefined, "order_seq", 5]) {
      expect(() => sequenceOf(other as never)).toThrow("a sequence made by pgSequence is needed, not ");
    }
  });
});
