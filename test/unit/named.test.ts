import { nextval, pgSchema, pgSequence, sql, type Sql } from "nextval";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../support/said.js";

const orderSeq = pgSequence("order_seq");
const invoiceSeq = pgSchema("billing").sequence("invoice_seq");
const orders = sql.named({
  orderSeq,
  invoiceSeq,
  tenant: 7,
  nothing: null,
  recent: sql`at > ${"2026-01-01"}`,
  $name_1: "x",
});

function compiled({ text, values }: Sql) {
  return { text, values };
}

describe("named placeholders", () => {
  test("functions of sequences", () => {
    expect(compiled(orders`select $<nextval(orderSeq)>`)).toEqual({
      text: `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`,
      values: [],
    });
    expect(compiled(orders`select $<currval(invoiceSeq)>, $<lastval()>, $< nextval( orderSeq ) >`)).toEqual({
      text:
        `select pg_catalog.currval('"billing"."invoice_seq"'::pg_catalog.regclass), pg_catalog.lastval(), ` +
        `pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`,
      values: [],
    });
    expect(compiled(orders`select $<setval(orderSeq, tenant)>, $<setval(orderSeq, 500, false)>`)).toEqual({
      text:
        `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, $1), ` +
        `pg_catalog.setval('"order_seq"'::pg_catalog.regclass, $2, $3)`,
      values: [7n, 500n, false],
    });
  });

  test("names of sequences, fragments and values", () => {
    expect(compiled(orders`select $<tenant>, $<nothing>, $<$name_1> from $<invoiceSeq> where $<recent>`)).toEqual({
      text: `select $1, $2, $3 from "billing"."invoice_seq" where at > $4`,
      values: [7, null, "x", "2026-01-01"],
    });
  });

  test("together with splices, on every run", () => {
    const build = (id: number) => orders`select ${id}, $<tenant>, ${nextval(orderSeq)}, $<recent>, ${id + 1}`;
    for (const id of [1, 5]) {
      expect(compiled(build(id))).toEqual({
        text: `select $1, $2, pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), at > $3, $4`,
        values: [id, 7, "2026-01-01", id + 1],
      });
    }
  });

  test("fragments of sql.named go into any template", () => {
    expect(compiled(sql`insert into t values (${orders`$<nextval(orderSeq)>, $<tenant>`}, ${1})`)).toEqual({
      text: `insert into t values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1, $2)`,
      values: [7, 1],
    });
  });

  test("text of a file", () => {
    const source = "insert into orders (id, tenant)\nvalues ($<nextval(orderSeq)>, $<tenant>)";
    for (let round = 0; round < 2; round++) {
      expect(compiled(orders.parse(source))).toEqual({
        text: `insert into orders (id, tenant)\nvalues (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1)`,
        values: [7],
      });
    }
  });

  test("a file's byte order mark is ignored", () => {
    expect(orders.parse("\ufeffselect '\ufeff', $<tenant>").text).toBe("select '\ufeff', $1");
    expect(() => orders.parse("\ufeffselect $<nope>")).toThrow("line 1, column 8: $<nope>");
  });

  test("bindings are those from when the tag was made", () => {
    const bindings = { tenant: 1 };
    const named = sql.named(bindings);
    bindings.tenant = 2;
    expect(named`select $<tenant>`.values).toEqual([1]);
  });
});

test("quoted text, dollar-quoted bodies and comments stay unchanged", () => {
  const texts = [
    `select '$<nope>', 'it''s $<nope>'`,
    `select E'\\'$<nope>', e'a''\\'$<nope>'`,
    `select "$<nope>", "a""$<nope>"`,
    "do $$ begin perform '$<nope>'; end $$",
    "do $body$ $$ $<nope> $$ $body$",
    "select 1 -- $<nope>",
    "select 1 /* $<nope> /* $<nope> */ $<nope> */",
    "select a$b$c, d$b$ from t",
    "select n'$<nope>', U&'$<nope>', b'0', 5 < 6",
  ];
  for (const text of texts) expect(compiled(orders.parse(text))).toEqual({ text, values: [] });
});

test("code after quotes and comments is code again", () => {
  for (const quoted of ["'a'", "E'\\''", '"a"', "$$'$$", "$x$ $$ $x$", "-- '\n", "/* ' /* */ */", "a$b$", "'$<'"]) {
    expect(compiled(orders.parse(`${quoted} $<tenant>`))).toEqual({ text: `${quoted} $1`, values: [7] });
  }
});

describe("mistakes are errors with line and column", () => {
  test.each([
    ["select $<ordrSeq>", "line 1, column 8: $<ordrSeq>: no binding is named ordrSeq. Did you mean orderSeq?"],
    [
      "select 1,\n  $<nextval(tenantSeq)>",
      "line 2, column 3: $<nextval(tenantSeq)>: no binding is named tenantSeq. Did you mean tenant?",
    ],
    [
      "select $<nxtval(orderSeq)>",
      "line 1, column 8: $<nxtval(orderSeq)>: there is no function nxtval. Did you mean nextval?",
    ],
    ["select $<toString>", "line 1, column 8: $<toString>: no binding is named toString. Known names: "],
    [
      "select $<constructor(orderSeq)>",
      "line 1, column 8: $<constructor(orderSeq)>: there is no function constructor. " +
        "Known names: nextval, currval, setval, lastval.",
    ],
    ["select $<nextval()>", "line 1, column 8: $<nextval()>: nextval takes 1 argument, not 0"],
    ["select $<setval(orderSeq)>", "line 1, column 8: $<setval(orderSeq)>: setval takes 2 or 3 arguments, not 1"],
    ["select $<nextval(orderSeq invoiceSeq)>", "the arguments of a function are names with commas between them"],
    ["select $<nextval(orderSeq,)>", "the arguments of a function are names with commas between them"],
    ["select $<nextval(orderSeq>", "a placeholder is $<name> or $<nextval(name)>"],
    ["select $<orderSeq.x>", "a placeholder is $<name> or $<nextval(name)>"],
    ["select $<>", "line 1, column 8: $<>: a placeholder begins with a name"],
    ["select $<1>", "a placeholder begins with a name"],
    ["select $<nextval(orderSeq)", "the placeholder is not closed. Write $<name> or $<nextval(name)>."],
    ["select\r\n1,\r\n $<x>", "line 3, column 2: $<x>: "],
    [
      "select $<nextval(tenant)>",
      "line 1, column 8: $<nextval(tenant)>: a sequence made by pgSequence is needed, not 7",
    ],
    ["select $<zz>", "no binding is named zz. Known names: orderSeq, invoiceSeq, tenant, nothing, recent, $name_1."],
  ])("%s", (text, message) => {
    expect(refusalOf(() => orders.parse(text))).toContain(message);
  });

  test("in a template a splice counts as ${}", () => {
    expect(() => orders`select ${1}, $<nope>`).toThrow("line 1, column 13: $<nope>: no binding is named nope");
  });

  test("with no bindings at all", () => {
    expect(refusalOf(() => sql.named({})`select $<a>`)).toContain("no binding is named a. No names are known.");
  });
});

test("a mistake in a function keeps its code and its cause", () => {
  expect(() => orders.parse("select $<setval(orderSeq, -1)>")).toThrow(
    expect.objectContaining({
      code: "SEQUENCE_OUT_OF_BOUNDS",
      sequence: "order_seq",
      message:
        "line 1, column 8: $<setval(orderSeq, -1)>: order_seq: " +
        "setval takes a value from 1 to 9223372036854775807, not -1",
    }),
  );
});

test("a binding that is not a value is refused", () => {
  expect(refusalOf(() => sql.named({ a: undefined as never })`select 1,\n $<a>`)).toContain(
    "line 2, column 2: $<a> is undefined. Pass null for NULL",
  );
  expect(() => sql.named({ a: (() => 1) as never })`select $<a>`).toThrow("line 1, column 8: $<a> is a function");
  expect(() => sql.named({ a: [undefined] as never }).parse("select $<a>")).toThrow(
    "line 1, column 8: $<a>, item 1 is undefined",
  );
});

test("the tag of sql.named does not accept text", () => {
  const called = orders as unknown as (text: string) => unknown;
  expect(() => called("select 1")).toThrow("sql is a template tag and was called as a function");
  expect(() => orders.parse(5 as never)).toThrow("takes a string");
});
