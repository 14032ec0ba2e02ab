import { runInNewContext } from "node:vm";
import { transformSync } from "esbuild";
import { NextvalError, nextval, pgSequence, type Splice, type Sql, sql } from "nextval";
import postgres from "postgres";
import ts from "typescript-5";
import { describe, expect, test } from "vitest";
import { said } from "../support/said.js";

const orderSeq = pgSequence("order_seq");

/** Values that the compiler would reject. */
function splice(thing: unknown) {
  return sql`select * from orders where id = ${1} and note = ${thing as Splice}`;
}

function messageOf(build: () => unknown): string {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(NextvalError);
    expect((error as NextvalError).code).toBe("INVALID_TEMPLATE");
    return said(error);
  }
  throw new Error("was not refused");
}

function circular(): unknown[] {
  const items: unknown[] = [];
  items.push(items, items);
  return items;
}

describe("anything but a value is refused with its position", () => {
  const cases: [string, unknown, string][] = [
    ["undefined", undefined, "is undefined. Pass null for NULL, or sql`default` for a column's default."],
    ["a function", () => 1, "is a function, not a value, a fragment or a sequence"],
    ["a class", NextvalError, "is a function, not a value, a fragment or a sequence"],
    ["a symbol", Symbol("x"), "is a symbol, not a value, a fragment or a sequence"],
    ["a promise", Promise.resolve(1), "is a promise or another library's query. Await it, or make it a fragment."],
    ["an invalid date", new Date("never"), "is an invalid Date"],
    ["an invalid date of another realm", runInNewContext("new Date(NaN)"), "is an invalid Date"],
    ["an array with undefined in it", [1, undefined], "item 2 is undefined"],
    ["an array with undefined in an array in it", [[1], [1, undefined]], "item 2, item 2 is undefined"],
    ["an array that holds itself", circular(), "item 1 is nested too deep, or holds itself"],
    ["a Map", new Map([["a", 1]]), "is a Map, not a plain object. Pass its values, or { ...object } for JSON."],
    ["a Set", new Set([1]), "is a Set, not a plain object. Pass its values, or { ...object } for JSON."],
    ["a regular expression", /x/, "is a RegExp, not a plain object. Pass its values, or { ...object } for JSON."],
    ["an error", new TypeError("x"), "is a TypeError, not a plain object. Pass its values, or { ...object } for JSON."],
    [
      "an object of a class",
      new (class Point {
        x = 1;
      })(),
      "is a Point, not a plain object. Pass its values, or { ...object } for JSON.",
    ],
    ["an array with a Map in it", [1, new Map()], "item 2 is a Map, not a plain object"],
    ["a buffer without a view", new ArrayBuffer(2), "is a ArrayBuffer, not a plain object"],
    ["a generator", (function* empty() {})(), "not a plain object. Pass its values, or { ...object } for JSON."],
    ["the prototype of fragments", Object.getPrototypeOf(sql`x`), "imitates a fragment"],
    ["an object with the key of fragments", { [Symbol.for("nextval.sql")]: null }, "imitates a fragment"],
    ["an heir of that prototype", Object.create(Object.getPrototypeOf(sql`x`)), "imitates a fragment"],
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
    // Also after a first run of the template, when its shape is known.
    splice("ok");
    expect(messageOf(() => splice(thing))).toBe(message);
  });
});

test("objects with a meaning as JSON or bytes are values", () => {
  const client = postgres();
  const elsewhere = (source: string): unknown => runInNewContext(source);
  const bare: unknown = Object.assign(Object.create(null), { a: 1 });
  for (const thing of [
    { a: new Map() },
    bare,
    elsewhere("({ a: 1 })"),
    elsewhere("[{ a: 1 }]"),
    elsewhere("new Uint8Array(2)"),
    elsewhere("new Date(0)"),
    Buffer.from("a"),
    new (class extends Uint8Array {})(2),
    new URL("https://example.org"),
    new (class Money {
      toJSON = () => "1.00";
    })(),
    client.json({ a: 1 }),
    client.typed(1 as never, 25),
    client.array([1]),
  ]) {
    expect(splice(thing).values[1]).toBe(thing);
    expect(splice([thing]).values[1]).toEqual([thing]);
  }
});

test("objects from JSON are values, whatever their keys", () => {
  const forged = JSON.parse(
    '{"text": "drop table orders", "values": [], "strings": ["drop table orders"], "nextval.sql": true, ' +
      '"seqName": "x", "~row": 1}',
  ) as Splice;
  expect(splice(forged).values).toEqual([1, forged]);
  expect(splice(forged).text).toBe("select * from orders where id = $1 and note = $2");
  expect(() => nextval(forged as never)).toThrow("a sequence made by pgSequence is needed, not an object");
});

test("a fragment of another copy of the library is read by its public properties", () => {
  const other = sql`a + ${1}`;
  const foreign = {
    [Symbol.for("nextval.sql")]: { strings: other.strings, values: other.values },
  } as unknown as Splice;
  const { text, values } = sql`select ${foreign}, ${2}`;
  expect({ text, values }).toEqual({ text: "select a + $1, $2", values: [1, 2] });
});

test("a fragment of another copy keeps its marks of sequences and columns", () => {
  const other = nextval(orderSeq).as("id") as unknown as { strings: string[]; values: unknown[]; marks: unknown[] };
  const { strings, values, marks } = other;
  const foreign = { [Symbol.for("nextval.sql")]: { strings, values, marks } } as unknown as Splice;
  expect(marks).toHaveLength(2);
  expect((sql`select ${foreign}` as unknown as { marks: unknown[] }).marks).toEqual(marks);
});

describe("a call that is not a template is refused", () => {
  const called = sql as unknown as (...things: unknown[]) => unknown;
  const raw = (strings: string[]) => Object.assign([...strings], { raw: strings });
  const frozen = (strings: string[]) => Object.freeze(raw(Object.freeze(strings) as string[]));
  test.each([
    ["a string", ["select 1"]],
    ["an array", [["select 1"]]],
    ["an array with raw", [raw(["select 1"])]],
    ["a frozen array without raw", [Object.freeze(["select 1"])]],
    ["a frozen array with a frozen raw that was assigned", [frozen(["select 1"])]],
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
    expect(messageOf(() => called(strings, 1))).toBe("sql needs 2 values for this template, not 1");
    called(strings, 1, 2);
    expect(messageOf(() => called(strings, 1, 2, 3))).toBe("sql needs 2 values for this template, not 3");
  });

  test("a genuine template passes, whichever compiler made it", () => {
    const source = "export const build = (tag, thing) => tag`select ${thing}, 'a\\\\n'`";
    const compile = [
      (target: string) => transformSync(source, { target, supported: { "template-literal": false } }).code,
      (target: string) => transformSync(source, { target }).code,
      (target: string) =>
        ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget[target as "ES2022"] } }).outputText,
    ];
    for (const each of compile) {
      const code = each("ES2022")
        .replace("export const build =", "return")
        .replace(/export \{[^}]*\};?/, "return build;");
      const build = new Function(code)() as (tag: unknown, thing: unknown) => Sql;
      expect(build(sql, 5)).toMatchObject({ text: "select $1, 'a\\n'", values: [5] });
    }
  });

  test("an invalid escape", () => {
    expect(messageOf(() => sql`select '\u'`)).toContain("invalid escape");
  });
});

describe("a splice in a place that SQL does not allow", () => {
  test("inside quotes and comments nothing is spliced", () => {
    expect(messageOf(() => sql`select '${1}'`)).toContain('value 1 (after "select \'") stands inside a string');
    expect(messageOf(() => sql`select E'\\'${1}'`)).toContain("stands inside a string with escapes");
    expect(messageOf(() => sql`select nextval('${orderSeq}')`)).toContain("stands inside a string");
    expect(messageOf(() => sql`select "${1}"`)).toContain("stands inside a quoted identifier");
    expect(messageOf(() => sql`select 1 -- ${1}`)).toContain("stands inside a line comment");
    expect(messageOf(() => sql`select 1 /* /* */ ${1} */`)).toContain("stands inside a block comment");
  });

  test("after them a value is spliced as usual", () => {
    expect(
      sql`select 'it''s', E'\\'', "a""b", $$'$$, /* ' */ ${1} -- '
      , ${2}`.values,
    ).toEqual([1, 2]);
    expect(sql`select a$b$c, ${1}, d$b$`.values).toEqual([1]);
  });

  test("a dollar-quoted body accepts no parameter, but text that cannot end it", () => {
    expect(sql`do $x$ begin perform ${nextval(orderSeq)}; end $x$`.text).toBe(
      `do $x$ begin perform pg_catalog.nextval('"order_seq"'::pg_catalog.regclass); end $x$`,
    );
    expect(messageOf(() => sql`do $$ begin perform ${1}; end $$`)).toContain(
      "takes no parameter. Write the value with sql.literal.",
    );
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

  test("fragments that would begin a comment or merge their quotes", () => {
    const negative = sql`-x`;
    expect(messageOf(() => sql`delete from t where a > 5 -${negative} and b = 7`)).toContain(
      'value 1 (after "delete from t where a > 5 -") would form -- with the text beside it',
    );
    expect(messageOf(() => sql`select 5 -${sql.empty}- 1`)).toContain("would form --");
    expect(messageOf(() => sql.join([sql`a`, negative], sql` -`))).toContain("would form --");
    expect(messageOf(() => sql`select 4 /${sql`*`} 2 */`)).toContain("would form /*");
    expect(messageOf(() => sql`select 'a'${sql.literal("b")}`)).toContain("would form ''");
    expect(messageOf(() => sql`select "a"${sql.identifier("b")}`)).toContain('would form ""');
    expect(sql`select 5 - ${negative}, -${sql`(x)`}, ${sql.literal("a")} ${sql.literal("b")}`.text).toBe(
      "select 5 - -x, -(x), 'a' 'b'",
    );
  });

  test("a value that touches a word across the edge of a fragment", () => {
    const value = sql`${5}`;
    expect(messageOf(() => sql`select ${value}0`)).toContain('value 1 (after "select ") touches a word');
    expect(messageOf(() => sql`select id${value}`)).toContain('value 1 (after "select id") touches a word');
    expect(messageOf(() => sql`select $${value}`)).toContain("touches a word");
    expect(messageOf(() => sql`select é${sql`${value} `}`)).toContain("touches a word");
    expect(messageOf(() => sql`select ${sql` ${value}`}é`)).toContain("touches a word");
    expect(messageOf(() => sql`select ${value}${sql.raw("0")}`)).toContain("value 2 touches a word");
    expect(messageOf(() => sql`select ${5}${sql.empty}${sql.raw("0")}`)).toContain("value 3 touches a word");
    expect(messageOf(() => sql`select ${sql.raw("a")}${5}`)).toContain("value 2 touches a word");
    expect(messageOf(() => sql.join([1, 2], sql`or`))).toContain("value 1 touches a word");
    expect(messageOf(() => sql.join([sql`a = ${1}`, sql`b`], sql`or `))).toContain("touches a word");
    expect(messageOf(() => sql.set({ a: sql`${1}${sql.raw("0")}` }))).toContain("touches a word");
    expect(sql`${value}, ${sql` ${value} `}0, ${sql`(${5})`}0, f${sql`(${5})`}, ${sql.raw("a")}b`.values).toHaveLength(
      4,
    );
  });

  test("text that is not closed", () => {
    const problem = (kind: string) => `the SQL ends inside a ${kind}. Close the ${kind}.`;
    expect(messageOf(() => sql`select 'a`)).toBe(problem("string"));
    expect(messageOf(() => sql`select E'\\'`)).toBe(problem("string with escapes"));
    expect(messageOf(() => sql`select "a`)).toBe(problem("quoted identifier"));
    expect(messageOf(() => sql`select ${1} /* /* */`)).toBe(problem("block comment"));
    expect(messageOf(() => sql`do $x$ begin end $$`)).toBe(problem("dollar-quoted body"));
    expect(messageOf(() => sql.named({})`select 'a`)).toBe(problem("string"));
    expect(messageOf(() => sql.named({ a: 1 }).parse("select $<a> /* a"))).toBe(problem("block comment"));
  });

  test("an escape string that continues on the next line", () => {
    const start = "select E'a'";
    for (const between of ["\n", " \t\n  ", "\r\n", " -- it's\n\n -- a\n "]) {
      const { text } = sql.named({ a: 1 }).parse(`${start}${between}'b\\' $<a>', $<a>`);
      expect(text).toBe(`${start}${between}'b\\' $<a>', $1`);
    }
    for (const between of [" ", " /* */\n", ",\n"]) {
      const { text } = sql.named({ a: 1 }).parse(`${start}${between}'b\\', $<a>`);
      expect(text).toBe(`${start}${between}'b\\', $1`);
    }
    expect(
      messageOf(
        () => sql`select E'a'
      'b\\' ${1}'`,
      ),
    ).toContain("stands inside a string with escapes");
  });
});

test("a named placeholder in the plain tag names both solutions", () => {
  expect(messageOf(() => sql`select $<nextval(orderSeq)>`)).toBe(
    "$<nextval(orderSeq)> is a named placeholder, which only sql.named understands. " +
      "Splice it as ${nextval(orderSeq)}, or make a tag with sql.named({ ... }).",
  );
  expect(sql`select '$<x>', "$<x>", $$ $<x> $$ -- $<x>`.values).toEqual([]);
  expect(sql`select * from t where price$<10 and é$<5`.values).toEqual([]);
});
