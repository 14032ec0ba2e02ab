import { currval, nextval, pgSchema, pgSequence, setval, sql, type Sql } from "nextval";
import { describe, expect, test } from "vitest";
import { IS_LONG } from "../support/effort.js";

const orderSeq = pgSequence("order_seq");
const invoiceSeq = pgSchema("billing").sequence("invoice_seq");

function compiled({ text, values }: Sql) {
  return { text, values };
}

test("values become numbered parameters", () => {
  expect(compiled(sql`select ${1}, ${"two"}, ${3n}, ${true}, ${null}`)).toEqual({
    text: "select $1, $2, $3, $4, $5",
    values: [1, "two", 3n, true, null],
  });
});

test("dates, bytes, arrays and plain objects are also values", () => {
  const values = [new Date(0), new Uint8Array([1]), [1, [2, null]], { a: 1 }] as const;
  expect(compiled(sql`select ${values[0]}, ${values[1]}, ${values[2]}, ${values[3]}`)).toEqual({
    text: "select $1, $2, $3, $4",
    values: [...values],
  });
});

test("a template without values is its text", () => {
  expect(compiled(sql`select 1`)).toEqual({ text: "select 1", values: [] });
  expect(compiled(sql``)).toEqual({ text: "", values: [] });
});

test("sequences become their quoted, qualified names, and functions of them fragments", () => {
  expect(compiled(sql`select last_value, ${nextval(orderSeq)} from ${invoiceSeq}`)).toEqual({
    text: `select last_value, pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) from "billing"."invoice_seq"`,
    values: [],
  });
});

test("fragments nest to any depth, and values are numbered across them", () => {
  const inner = sql`a = ${1}`;
  const middle = sql`(${inner} or b = ${2})`;
  expect(compiled(sql`select ${0} where ${middle} and ${inner} and c = ${3}`)).toEqual({
    text: "select $1 where (a = $2 or b = $3) and a = $4 and c = $5",
    values: [0, 1, 2, 1, 3],
  });
});

test("five thousand fragments one inside the other", () => {
  let fragment: Sql = sql`a = ${0}`;
  for (let index = 1; index <= 5000; index++) fragment = sql`(${fragment} or a = ${index})`;
  expect(fragment.values).toEqual(Array.from({ length: 5001 }, (_, index) => index));
  expect(fragment.text.startsWith("(((")).toBe(true);
  expect(fragment.text.endsWith("or a = $5000) or a = $5001)")).toBe(true);
});

// Far more than the stack has room for.
describe("thousands of fragments one inside the other", () => {
  const count = IS_LONG ? 20_000 : 12_000;
  const numbers = Array.from({ length: count }, (_, index) => index);

  test("in sql.join", () => {
    const fragment = numbers.reduce((inner: Sql, index) => sql.join([inner, index]), sql`x`);
    expect(fragment.values).toEqual(numbers);
    expect(fragment.text).toBe(`x, ${numbers.map((index) => `$${index + 1}`).join(", ")}`);
  });

  test("in sql.insert", () => {
    const fragment = numbers.reduce((a: Sql, b) => sql.insert({ a, b }), sql`x`);
    expect(fragment.values).toEqual(numbers);
    expect(fragment.text.startsWith(`("a", "b") values (("a", "b") values (`)).toBe(true);
  });

  test("in sql.set", () => {
    const fragment = numbers.reduce((a: Sql, b) => sql.set({ a, b }), sql`x`);
    expect(fragment.values).toEqual(numbers);
    expect(fragment.text.endsWith(`, "b" = $${count}`)).toBe(true);
  });

  test("in setval and an alias", () => {
    const fragment = numbers.reduce((inner: Sql) => setval(orderSeq, inner), sql`${1}`);
    expect(fragment.values).toEqual([1]);
    const aliased = numbers.reduce((inner: Sql) => sql`(select ${setval(orderSeq, inner).as("a")})`, sql`${1}`);
    expect(aliased.values).toEqual([1]);
    expect(aliased.text.endsWith(') as "a")')).toBe(true);
  });
});

test("a comment at the end of a nested fragment swallows no later text", () => {
  const noted = sql`a = ${1} -- note`;
  expect(noted.text).toBe("a = $1 -- note");
  expect(sql`delete from t where ${noted} and tenant = ${5}`.text).toBe(
    "delete from t where a = $1 -- note\n and tenant = $2",
  );
  expect(sql`(${sql`${noted}`})`.text).toBe("(a = $1 -- note\n)");
  expect(sql`(${sql.raw("1 -- 1")})`.text).toBe("(1 -- 1\n)");
  expect(sql`(${sql.named({}).parse("1 -- 1")})`.text).toBe("(1 -- 1\n)");
  expect(sql.join([noted, sql`b`], sql` and -- next`).text).toBe("a = $1 -- note\n and -- next\nb");
  expect(sql.insert([{ a: sql`default --` }, { a: noted }]).text).toBe(
    '("a") values (default --\n), (a = $1 -- note\n)',
  );
  expect(sql.set({ a: noted, b: 1 }).text).toBe('"a" = a = $1 -- note\n, "b" = $2');
  expect(setval(orderSeq, sql`1 --`).text).toBe(`pg_catalog.setval('"order_seq"'::pg_catalog.regclass, 1 --\n)`);
});

test("text that only looks like a comment at the end stays unchanged", () => {
  for (const text of [`'--'`, `"--"`, "$$ -- $$", "/* -- */", "-- a\n", "-- a\r", "E'\\' --'"]) {
    expect(sql`(${sql.raw(text)})`.text).toBe(`(${text})`);
  }
  expect(sql`(${sql`$$ ${sql.raw("it's")} $$, '-- $$ --'`})`.text).toBe("($$ it's $$, '-- $$ --')");
  expect(sql`(${sql`$$ ${sql.raw("it's")} ' $$ --'`})`.text).toBe("($$ it's ' $$ --'\n)");
});

test("one template has many shapes, and each keeps its own text", () => {
  const build = (thing: Parameters<typeof sql>[1]) => compiled(sql`select ${thing} as x, ${1} as y`);
  const expected = [
    [7, "select $1 as x, $2 as y", [7, 1]],
    [nextval(orderSeq), `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as x, $1 as y`, [1]],
    [sql`${5} + ${6}`, "select $1 + $2 as x, $3 as y", [5, 6, 1]],
    [null, "select $1 as x, $2 as y", [null, 1]],
    [invoiceSeq, `select "billing"."invoice_seq" as x, $1 as y`, [1]],
  ] as const;
  for (let round = 0; round < 3; round++) {
    for (const [thing, text, values] of expected) expect(build(thing)).toEqual({ text, values });
  }
});

test("one template has more shapes than it remembers", () => {
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 1000; index++) {
      const names = sql`${sql.raw(`f${index}`)}(${index})`;
      expect(compiled(sql`select ${names}, ${index}`)).toEqual({
        text: `select f${index}($1), $2`,
        values: [index, index],
      });
    }
  }
});

test("a fragment does not change when its values array is changed", () => {
  const fragment = sql`select ${1}`;
  fragment.values.push(2);
  fragment.values[0] = 3;
  expect(compiled(fragment)).toEqual({ text: "select $1", values: [1] });
  expect(() => Object.assign(fragment, { text: "drop table orders" })).toThrow(TypeError);
});

test("strings are those of a template, the same array for the same shape", () => {
  const build = (value: number) => sql`select ${value}, ${sql`${value} + 1`}`;
  const { strings } = build(1);
  expect(strings).toEqual(["select ", ", ", " + 1"]);
  expect(strings.raw).toEqual(["select ", ", ", " + 1"]);
  expect(Object.isFrozen(strings) && Object.isFrozen(strings.raw)).toBe(true);
  expect(build(2).strings).toBe(strings);
});

test("it shows its text and values in JSON and in the console", async () => {
  const { inspect } = await import("node:util");
  expect(JSON.parse(JSON.stringify(sql`select ${1}`))).toEqual({ text: "select $1", values: [1] });
  expect(inspect(sql`select ${1}`)).toBe("{ text: 'select $1', values: [ 1 ] }");
});

test("nextval and currval of a sequence are one object each", () => {
  expect(nextval(orderSeq)).toBe(nextval(orderSeq));
  expect(currval(orderSeq)).toBe(currval(orderSeq));
});

test("a fragment has each mark once, at its last position", () => {
  const [a, b] = [nextval(orderSeq).as("x"), nextval(invoiceSeq).as("x")];
  const marks = (fragment: Sql) => (fragment as Sql & { marks: { kind: string }[] }).marks;
  const columns = (fragment: Sql) => marks(fragment).filter(({ kind }) => kind === "column");
  expect(columns(sql`select ${a}, ${b}, ${a}`)).toEqual([...columns(b), ...columns(a)]);
  expect(marks(sql`select ${a}, ${b}, ${a}`)).toHaveLength(4);
});

test("a column is named with as", () => {
  expect(compiled(sql`select ${nextval(orderSeq).as('new "id"')}`)).toEqual({
    text: `select pg_catalog.nextval('"order_seq"'::pg_catalog.regclass) as "new ""id"""`,
    values: [],
  });
});

test("a copy of a fragment, property by property, reads the same, as node-postgres needs it", () => {
  const fragment = sql`select ${1}, ${sql`${2} + ${sql`${3}`}`}, ${4}`;
  const copy = Object.defineProperties(
    Object.create(Object.getPrototypeOf(fragment) as object) as Sql,
    Object.getOwnPropertyDescriptors(fragment),
  );
  for (const one of [copy, Object.create(fragment) as Sql, new Proxy(fragment, {})]) {
    expect(compiled(one)).toEqual({ text: "select $1, $2 + $3, $4", values: [1, 2, 3, 4] });
    expect(compiled(sql`${one} limit ${5}`).values).toEqual([1, 2, 3, 4, 5]);
  }
});

test("an object with the properties of a fragment is not a fragment anywhere", () => {
  const spread = { ...sql`f(${1})` } as never;
  expect(compiled(sql`select ${spread}`)).toEqual({ text: "select $1", values: [spread] });
  expect(sql.join([spread, 2]).text).toBe("$1, $2");
  expect(sql.insert({ a: spread }).text).toBe(`("a") values ($1)`);
});
