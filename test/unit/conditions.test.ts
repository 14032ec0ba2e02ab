import { nextval, pgSequence, sql, type Sql } from "nextval";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../support/said.js";

const orderSeq = pgSequence("order_seq");
const open = sql`closed_at is null`;
const tenant = sql`tenant = ${7}`;

function compiled({ text, values }: Sql) {
  return { text, values };
}

describe("sql.and and sql.or", () => {
  test("enclose each condition and the whole", () => {
    for (let round = 0; round < 2; round++) {
      expect(compiled(sql.and(tenant, open, sql`note = ${"x"} or ${true}`))).toEqual({
        text: "((tenant = $1) and (closed_at is null) and (note = $2 or $3))",
        values: [7, "x", true],
      });
      expect(compiled(sql`select not ${sql.or(open, tenant)} and ${1} = 1`)).toEqual({
        text: "select not ((closed_at is null) or (tenant = $1)) and $2 = 1",
        values: [7, 1],
      });
      expect(sql.and(tenant, open).text).toBe("((tenant = $1) and (closed_at is null))");
      expect(sql.or(tenant, open).text).toBe("((tenant = $1) or (closed_at is null))");
    }
  });

  test("leave out null, undefined, false, and fragments without SQL", () => {
    expect(sql.and(null, open, undefined, false, sql.empty, sql` ${sql.empty}\n`).text).toBe("(closed_at is null)");
    expect(sql.or(false, tenant, null, open).text).toBe("((tenant = $1) or (closed_at is null))");
    expect(sql.and(sql`${true}`, sql.empty).text).toBe("($1)");
  });

  test("become true and false without a condition", () => {
    expect([sql.and().text, sql.and(null, false).text]).toEqual(["true", "true"]);
    expect([sql.or().text, sql.or(undefined, sql.empty).text]).toEqual(["false", "false"]);
  });

  test("enclose what is enclosed already only once", () => {
    expect(sql.and(sql.or(open, tenant), sql.and(tenant, open), sql.or(open)).text).toBe(
      "(((closed_at is null) or (tenant = $1)) and ((tenant = $2) and (closed_at is null)) and (closed_at is null))",
    );
    const either = sql.or(open, tenant);
    expect(sql.and(either)).toBe(either);
    expect(sql.and(sql`${either} or true`).text).toBe("(((closed_at is null) or (tenant = $1)) or true)");
    expect(sql.and(sql`a`, sql.or(sql`b`, sql`c`)).text).toBe("((a) and ((b) or (c)))");
    expect(sql.and(sql`a`, sql`(b) or (c)`).text).toBe("((a) and ((b) or (c)))");
  });

  test("lists of any length, repeatedly", () => {
    for (let round = 0; round < 2; round++) {
      for (let length = 2; length <= 40; length++) {
        const items = Array.from({ length }, (_, index) => sql`x = ${index}`);
        const values = items.map((_, index) => index);
        const texts = values.map((index) => `(x = $${index + 1})`);
        expect(compiled(sql.and(...items))).toEqual({ text: `(${texts.join(" and ")})`, values });
        expect(compiled(sql.or(...items))).toEqual({ text: `(${texts.join(" or ")})`, values });
        expect(compiled(sql.join(items))).toEqual({ text: texts.map((text) => text.slice(1, -1)).join(", "), values });
      }
    }
  });

  test("a comment at the end of a condition swallows nothing, and marks of sequences stay", () => {
    expect(sql.and(sql`a -- note`, sql`b --`).text).toBe("((a -- note\n) and (b --\n))");
    const { marks } = sql.or(open, sql`${nextval(orderSeq)} > 5`) as Sql & { marks: unknown };
    expect(marks).toEqual((nextval(orderSeq) as Sql & { marks: unknown }).marks);
  });

  test("take conditions nested to any depth", () => {
    const numbers = Array.from({ length: 1500 }, (_, index) => index);
    const fragment = numbers.reduce((inner: Sql, value) => sql.or(inner, sql`x = ${value}`), sql`x`);
    expect(fragment.values).toEqual(numbers);
    const back = numbers.reduce((inner: Sql, value) => sql.and(sql`x = ${value}`, inner), sql`x`);
    expect(back.values).toEqual([...numbers].reverse());
  });

  test.each([
    ["a) or (b", "closes a parenthesis that it does not open"],
    ["a)", "closes a parenthesis that it does not open"],
    ["(a", "opens a parenthesis that it does not close"],
    ["a = f(1", "opens a parenthesis that it does not close"],
    ["a = '", "ends inside a string"],
    ["a /* (", "ends inside a block comment"],
    ["a = $x$ )", "ends inside a dollar-quoted body"],
  ])("refuse %s, which would end the parentheses around it", (text, problem) => {
    for (let round = 0; round < 2; round++) {
      const wrong = `condition 3 of sql.or ${problem}`;
      expect(refusalOf(() => sql.or(null, open, sql.raw(text), tenant))).toBe(wrong);
      expect(refusalOf(() => sql.and(sql.raw(text)))).toBe(`condition 1 of sql.and ${problem}`);
    }
    expect(() => sql.and(sql`not ${sql.raw(text)}`)).toThrow(problem);
  });

  test("take parentheses that belong together, and those in quotes and comments", () => {
    for (const text of ["(a) or (b)", "f((1), 2)", "a = ')' or b = \"(\"", "a /* ) */", "a = $x$ ) $x$", "a -- )"]) {
      expect(sql.or(open, sql.raw(text)).text).toContain(`(${text}`);
    }
    expect(sql.and(sql`${sql.raw("f(")}${1}${sql.raw(")")}`).text).toBe("(f($1))");
  });

  test.each([
    ["true", true],
    ["an empty string", ""],
    ["0", 0],
    ["a string", "a = 1"],
    ["a list", [open]],
    ["a plain object", { a: 1 }],
    ["a date", new Date()],
    ["a sequence", orderSeq],
    ["a function", () => open],
    ["an object from JSON", JSON.parse('{"text":"true","values":[]}')],
  ])("refuse %s", (_name, wrong) => {
    expect(refusalOf(() => sql.and(open, wrong as never))).toBe(
      "condition 2 of sql.and must be a fragment, null, undefined or false. Write a constant as sql`true`.",
    );
    expect(() => sql.or(wrong as never)).toThrow("condition 1 of sql.or must be a fragment");
  });
});
