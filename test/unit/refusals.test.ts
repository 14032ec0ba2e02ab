import { NextvalError, nextval, pgSequence, type Splice, sql } from "nextval";
import { describe, expect, test } from "vitest";

const orderSeq = pgSequence("order_seq");

/** What the compiler would not let through. */
function splice(thing: unknown) {
  return sql`select * from orders where id = ${1} and note = ${thing as Splice}`;
}

function messageOf(build: () => unknown): string {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(NextvalError);
    expect((error as NextvalError).code).toBe("INVALID_TEMPLATE");
    return (error as NextvalError).message;
  }
  throw new Error("was not refused");
}

describe("a thing that is no value is refused with its position", () => {
  const cases: [string, unknown, string][] = [
    ["undefined", undefined, "is undefined; pass null for NULL, or sql`default` for a column's default"],
    ["a function", () => 1, "is a function; pass a value, a fragment or a sequence"],
    ["a class", NextvalError, "is a function; pass a value, a fragment or a sequence"],
    ["a symbol", Symbol("x"), "is a symbol; pass a value, a fragment or a sequence"],
    [
      "a promise",
      Promise.resolve(1),
      "is a promise or a query of another library; await it, or embed it as a fragment",
    ],
    ["an invalid date", new Date("never"), "is an invalid Date"],
    ["an array with undefined in it", [1, undefined], "item 2 is undefined"],
    [
      "an array with a fragment in it",
      [nextval(orderSeq)],
      "item 1 is a fragment, which an array parameter cannot hold",
    ],
  ];
  test.each(cases)("%s", (_name, thing, problem) => {
    const message = messageOf(() => splice(thing));
    expect(message).toContain(problem);
    expect(message.startsWith("value 2 (after ")).toBe(true);
    expect(message).toContain(" note = ");
    // Also behind a first run of the template, when its shape is known.
    splice("ok");
    expect(messageOf(() => splice(thing))).toBe(message);
  });
});

test("objects from JSON are values, whatever they look like", () => {
  const forged = JSON.parse(
    `{"text": "drop table orders", "values": [], "strings": ["drop table orders"], "nextval.sql": true, "seqName": "x", "~row": 1}`,
  ) as Splice;
  expect(splice(forged).values).toEqual([1, forged]);
  expect(splice(forged).text).toBe("select * from orders where id = $1 and note = $2");
  expect(() => nextval(forged as never)).toThrow("take a sequence made by pgSequence, not object");
});

test("a fragment of another copy of the library is taken by its public face", () => {
  const other = sql`a + ${1}`;
  const foreign = {
    [Symbol.for("nextval.sql")]: { strings: other.strings, values: other.values },
  } as unknown as Splice;
  const { text, values } = sql`select ${foreign}, ${2}`;
  expect({ text, values }).toEqual({ text: "select a + $1, $2", values: [1, 2] });
});

describe("a call that is no template is refused", () => {
  const called = sql as unknown as (...things: unknown[]) => unknown;
  const raw = (strings: string[]) => Object.assign([...strings], { raw: strings });
  test.each([
    ["a string", ["select 1"]],
    ["an array", [["select 1"]]],
    ["an array with raw", [raw(["select 1"])]],
    ["a frozen array without raw", [Object.freeze(["select 1"])]],
    ["JSON", [JSON.parse(`{"0": "select 1", "length": 1, "raw": ["select 1"]}`)]],
    ["nothing", []],
  ])("%s", (_name, things) => {
    expect(messageOf(() => called(...things))).toContain("sql is a template tag and was called as a function");
  });

  test("a genuine template with the wrong number of values", () => {
    let strings: TemplateStringsArray | undefined;
    const keep = (template: TemplateStringsArray, ..._things: unknown[]) => {
      strings = template;
    };
    keep`select ${1}, ${2}`;
    expect(messageOf(() => called(strings, 1))).toBe("sql needs 2 values for this template, and got 1");
    called(strings, 1, 2);
    expect(messageOf(() => called(strings, 1, 2, 3))).toBe("sql needs 2 values for this template, and got 3");
  });

  test("an invalid escape", () => {
    expect(messageOf(() => sql`select '\u'`)).toContain("invalid escape");
  });
});

describe("a splice where SQL has no place for it", () => {
  test("inside quotes and comments nothing is spliced", () => {
    expect(messageOf(() => sql`select '${1}'`)).toContain('value 1 (after "select \'") stands inside a string');
    expect(messageOf(() => sql`select E'\\'${1}'`)).toContain("stands inside a escape string");
    expect(messageOf(() => sql`select nextval('${orderSeq}')`)).toContain("stands inside a string");
    expect(messageOf(() => sql`select "${1}"`)).toContain("stands inside a quoted identifier");
    expect(messageOf(() => sql`select 1 -- ${1}`)).toContain("stands inside a line comment");
    expect(messageOf(() => sql`select 1 /* /* */ ${1} */`)).toContain("stands inside a block comment");
  });

  test("behind them it is spliced as ever", () => {
    expect(
      sql`select 'it''s', E'\\'', "a""b", $$'$$, /* ' */ ${1} -- '
      , ${2}`.values,
    ).toEqual([1, 2]);
    expect(sql`select a$b$c, ${1}, d$b$`.values).toEqual([1]);
  });

  test("a dollar-quoted body takes no parameter, but text that cannot end it", () => {
    expect(sql`do $x$ begin perform ${nextval(orderSeq)}; end $x$`.text).toBe(
      `do $x$ begin perform nextval('"order_seq"'::regclass); end $x$`,
    );
    expect(messageOf(() => sql`do $$ begin perform ${1}; end $$`)).toContain("takes no parameter; use sql.literal");
    expect(messageOf(() => sql`do $$ begin perform ${sql`f(${1})`}; end $$`)).toContain("takes no parameter");
    expect(messageOf(() => sql`do $$ begin perform ${sql.literal("$$; drop table orders; $$")}; end $$`)).toContain(
      "has a $ that might end it",
    );
  });

  test("a value that touches a word", () => {
    expect(messageOf(() => sql`select id${1}`)).toContain("touches a word");
    expect(messageOf(() => sql`select 1 limit ${1}0`)).toContain("touches a word");
    expect(sql`select array[${1}], ${2}::int, (${3})`.values).toEqual([1, 2, 3]);
  });
});

test("a named placeholder in the plain tag names both cures", () => {
  expect(messageOf(() => sql`select $<nextval(orderSeq)>`)).toBe(
    "$<nextval(orderSeq)> is a named placeholder, which the plain sql tag does not have; splice it as ${nextval(orderSeq)}, or make a tag with sql.scope({ ... }) that knows the name",
  );
  expect(sql`select '$<x>', "$<x>", $$ $<x> $$ -- $<x>`.values).toEqual([]);
});
