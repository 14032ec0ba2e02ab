import { nextval, pgSequence, sql } from "nextval";
import { bind, bindTransaction } from "nextval/host";
import { describe, expect, test } from "vitest";
import { answerOf } from "../../lib/drivers/host/read-rows.js";

const orderSeq = pgSequence("order_seq");
const request = { kind: "texts" } as Parameters<typeof answerOf>[1];

test.each([
  ["(1)", ["1"]],
  ["()", [null]],
  ["(,x)", [null, "x"]],
  ["(,)", [null, null]],
  ["(x,,)", ["x", null, null]],
  ['("",", "," "" \\\\ ")', ["", ", ", ' " \\ ']],
])("the text of a row, %s", (value, texts) => {
  expect([...answerOf([{ value }], request).rows]).toEqual([texts]);
});

test("the text of a row with millions of values, or quotes", () => {
  const array = `{${"12345,".repeat(1_000_000)}1}`;
  const quotes = '"'.repeat(1_000_000);
  const value = `("${array}","${quotes.repeat(2)}",)`;
  const [[first, second, last] = []] = answerOf([{ value }], request).rows as unknown as [(string | null)[]];
  // A failure must not print them.
  expect([first === array, second === quotes, last]).toEqual([true, true, null]);
});

describe("a value that is not a number", () => {
  const deep = JSON.parse(`${"[".repeat(6000)}${"]".repeat(6000)}`) as unknown;
  const VALUES = [{ toString: 1 }, [[{ toString: 1 }]], { valueOf: null }, Object.create(null), deep, Symbol("5"), [5]];

  test.each(VALUES.map((value) => [value]))("arrives as the library has read it", async (value) => {
    for (const handle of [bind(async () => [{ value }]), bindTransaction(async () => [{ value }])]) {
      const [row] = (await handle.query(sql`select ${nextval(orderSeq).as("value")}`)) as [{ value: unknown }];
      expect(row.value).toBe(value);
    }
  });
});

test("an error after a statement says that it has run", async () => {
  const broken = () => {
    throw new Error("of the library");
  };
  const rows = [Object.defineProperty({}, "id", { enumerable: true, get: broken })];
  for (const returned of [rows, Object.defineProperty({}, "rows", { get: broken }), [5], 5]) {
    for (const handle of [bind(async () => returned), bindTransaction(async () => returned)]) {
      for (const run of [() => handle`select 1`, () => handle.nextval(orderSeq)])
        await expect(run()).rejects.toThrow(/The statement has run\.$/);
    }
  }
});

test("the text of a row that the library has changed is refused", () => {
  for (const value of ['("1)', '("', 5, null])
    expect(answerOf([{ value }], request).failure?.error).toMatchObject({ code: "UNEXPECTED_VALUE" });
});
