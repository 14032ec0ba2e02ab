import { expect, test } from "vitest";
import { acceptedFindings, withinSchemas } from "../../lib/operate/accepted-findings.js";
import { excluded } from "../../lib/server/name-patterns.js";

const name = (schema: string, name: string) => ({ schema, name });

test.each([
  ["order_seq", true],
  ["public.order_seq", true],
  ["order*", true],
  ["*_seq", true],
  ["*", true],
  ["public.*", true],
  ["p*.o*q", true],
  ['"order_seq"', true],
  ['"public"."order_*"', true],
  ['public."order_seq"', true],
  ["order", false],
  ["order_se?", false],
  ["order.seq", false],
  ["ORDER_SEQ", false],
  ["other.order_seq", false],
  ["(order_seq|x)", false],
])("the pattern %s", (pattern, isMatch) => {
  const patterns = excluded("test", [pattern]);
  expect(patterns.has(name("public", "order_seq"))).toBe(isMatch);
  expect(patterns.unmatched()).toEqual(isMatch ? [] : [pattern]);
});

test("names with special characters and line breaks are names", () => {
  for (const odd of ["a[b", "x\ny", "$^", "a\\b", "ü.😀", "x".repeat(100)]) {
    expect(excluded("test", [odd]).has(name("s", odd))).toBe(true);
    expect(excluded("test", ["*"]).has(name("s", odd))).toBe(true);
  }
});

test.each([["legacy_*"], [[""]], [[5]], [{}]])("%j is no list of names", (exclude) => {
  expect(() => excluded("sequenceStatus", exclude as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: `sequenceStatus takes exclude as a list of names, not ${JSON.stringify(exclude)}`,
      hint: 'Write exclude: ["legacy_*", "audit.*"].',
    }),
  );
});

const CODES = ["BEHIND_COLUMN", "NOT_COMPARED"] as const;
const entry = { code: "BEHIND_COLUMN", sequence: "order_seq", reason: "known" } as const;
const column = { schema: "public", table: "orders", column: "id" };

test.each([
  [{}, null, true],
  [{}, column, true],
  [{ column: "orders.id" }, column, true],
  [{ column: "public.orders.*" }, column, true],
  [{ column: "orders.*" }, null, false],
  [{ column: "other.id" }, column, false],
  [{ sequence: "other.*" }, column, false],
  [{ code: "NOT_COMPARED" }, column, false],
] as const)("an accepted finding %j", (more, column, isMatch) => {
  const given = { ...entry, ...more };
  const accepted = acceptedFindings("test", [given], CODES);
  const reason = accepted.reasonFor("BEHIND_COLUMN", name("public", "order_seq"), column);
  expect(reason).toBe(isMatch ? "known" : undefined);
  expect(accepted.unmatched()).toEqual(isMatch ? [] : [given]);
});

const EXAMPLE = 'Write accepted: [{ code: "COLUMN_NARROWER", sequence: "orders_*", reason: "it ends in 2090" }].';

test.each([
  [
    { ...entry, code: "BEHIND_COLUM" },
    'has an entry with an unknown code "BEHIND_COLUM"',
    "Did you mean BEHIND_COLUMN?",
  ],
  [{ ...entry, code: undefined }, "has an entry without a code"],
  [{ ...entry, sequence: "" }, "has an entry for BEHIND_COLUMN without the name of a sequence"],
  [{ ...entry, reason: "" }, "has an entry for order_seq without a reason"],
  [{ ...entry, reason: undefined }, "has an entry for order_seq without a reason"],
  [{ ...entry, column: 5 }, "has an entry for order_seq with a column that is not a name"],
  [{ ...entry, colum: "id" }, 'has an unknown option "colum"', "Did you mean column?"],
  ["order_seq", "has an entry that is not an object"],
  [null, "has an entry that is not an object"],
] as const)("%j cannot be accepted", (given, problem, hint: string = EXAMPLE) => {
  expect(() => acceptedFindings("sequenceStatus", [given as never], CODES)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: `sequenceStatus: accepted ${problem}`, hint }),
  );
});

test("accepted findings are a list", () => {
  expect(() => acceptedFindings("sequenceStatus", entry as never, CODES)).toThrow("takes accepted as a list");
});

test("entries of schemas that were not looked at are not reported as unmatched", () => {
  const accepted = [entry, { ...entry, sequence: "audit.x" }, { ...entry, sequence: "pub*.x" }];
  const unmatched = { exclude: ["a", "audit.*", "public.*", "*.b"], accepted };
  expect(withinSchemas(unmatched, undefined)).toEqual(unmatched);
  expect(withinSchemas(unmatched, ["public"])).toEqual({
    exclude: ["a", "public.*", "*.b"],
    accepted: [entry, { ...entry, sequence: "pub*.x" }],
  });
  const quoted = { exclude: ['"Order.Seq"', '"au""dit".x', '"my.schema".x', '"my.schema"."x"'], accepted: [] };
  expect(withinSchemas(quoted, ["my.schema"]).exclude).toEqual(['"Order.Seq"', '"my.schema".x', '"my.schema"."x"']);
  expect(withinSchemas(quoted, ['au"dit']).exclude).toEqual(['"Order.Seq"', '"au""dit".x']);
});

test.each(['"Order Seq"', 'public."Order Seq"', '"public"."Order Seq"', "Order Seq", "public.Order*"])(
  "an accepted finding of %s",
  (sequence) => {
    const accepted = acceptedFindings("test", [{ ...entry, sequence }], CODES);
    expect(accepted.reasonFor("BEHIND_COLUMN", name("public", "Order Seq"), null)).toBe("known");
  },
);
