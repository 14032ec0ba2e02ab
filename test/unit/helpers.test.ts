import { nextval, pgSequence, sql, type Sql } from "nextval";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../support/said.js";

const orderSeq = pgSequence("order_seq");

function compiled({ text, values }: Sql) {
  return { text, values };
}

/** The marks of a fragment for sequences and columns, for the driver and for other copies of the library. */
function marksOf(fragment: Sql): unknown {
  return (fragment as Sql & { marks: unknown }).marks;
}

test("sql.identifier quotes and qualifies", () => {
  expect(sql.identifier("id").text).toBe('"id"');
  expect(sql.identifier('we"ird', "Order Seq", "a.b").text).toBe('"we""ird"."Order Seq"."a.b"');
  expect(() => sql.identifier("")).toThrow(/takes names without NUL/);
  expect(() => sql.identifier("a\0b")).toThrow(/takes names without NUL/);
  expect(sql.identifier("a", "b").text).toBe('"a"."b"');
  expect(() => sql.identifier("2\0a\0b")).toThrow(/takes names without NUL/);
  expect(() => sql.insert({ "a\0b": 1 })).toThrow(/takes names without NUL/);
  expect(() => sql.identifier("\ud800")).toThrow(/takes names without NUL/);
  expect(() => sql.identifier(...([] as unknown as [string]))).toThrow(/takes names without NUL/);
});

describe("sql.join", () => {
  test("joins with a comma, or another fragment", () => {
    expect(compiled(sql.join([1, sql`now()`, orderSeq, "x"]))).toEqual({
      text: `$1, now(), "order_seq", $2`,
      values: [1, "x"],
    });
    expect(compiled(sql.join([sql`a = ${1}`, sql`b = ${2}`], sql` and `))).toEqual({
      text: "a = $1 and b = $2",
      values: [1, 2],
    });
  });

  test("lists of any length, repeatedly, with either separator", () => {
    for (let round = 0; round < 2; round++) {
      for (let length = 1; length <= 40; length++) {
        const items = Array.from({ length }, (_, index) => sql`(${index})`);
        const values = items.map((_, index) => index);
        const texts = values.map((index) => `($${index + 1})`);
        expect(compiled(sql.join(items))).toEqual({ text: texts.join(", "), values });
        expect(compiled(sql.join(items, sql` or `))).toEqual({ text: texts.join(" or "), values });
        expect(compiled(sql.join(values))).toEqual({ text: values.map((index) => `$${index + 1}`).join(", "), values });
      }
    }
  });

  test("does not change with the array that it was made of", () => {
    const items = [1, 2];
    const list = sql.join(items);
    items[0] = 9;
    items.push(3);
    expect(compiled(list)).toEqual({ text: "$1, $2", values: [1, 2] });
  });

  test("a separator keeps its marks of sequences, and differs from another one with the same text", () => {
    const fresh = pgSequence("fresh_seq");
    const list = (separator: Sql) => sql.join([1, 2], sql` + ${separator} + `);
    const text = `$1 + pg_catalog.nextval('"fresh_seq"'::pg_catalog.regclass) + $2`;
    for (const separator of [
      sql.raw(`pg_catalog.nextval('"fresh_seq"'::pg_catalog.regclass)`),
      nextval(fresh),
      nextval(fresh),
    ]) {
      expect(list(separator).text).toBe(text);
      expect(marksOf(list(separator))).toEqual(marksOf(separator));
    }
    expect(marksOf(list(nextval(fresh)))).toHaveLength(1);
  });

  test("takes an empty list if told what stands for it", () => {
    const empty = sql`select ${nextval(orderSeq)} where ${1} = ${2}`;
    expect(sql.join([], undefined, { empty })).toBe(empty);
    expect(sql.join([], sql` or `, { empty: sql.empty })).toBe(sql.empty);
    expect(compiled(sql.join([1, 2], sql` + `, { empty }))).toEqual({ text: "$1 + $2", values: [1, 2] });
    expect(() => sql.join([], sql` or `, { empty: "false" as never })).toThrow(
      "sql.join takes a fragment as empty, such as sql`null`",
    );
    expect(refusalOf(() => sql.join([], sql` or `, {}))).toBe(
      "sql.join needs at least one item. State what an empty list means, such as { empty: sql`null` }.",
    );
    expect(refusalOf(() => sql.join([], sql` or `, { emtpy: empty } as never))).toBe(
      "sql.join: emtpy is not an option. Did you mean empty?",
    );
    for (const wrong of [null, empty, "x"]) {
      expect(() => sql.join([], sql` or `, wrong as never)).toThrow("sql.join takes options as an object, with empty");
    }
    expect(() => sql.join("ab" as never)).toThrow("sql.join takes a list of items");
  });

  test("refuses an empty list, and a separator that is text or has values", () => {
    expect(() => sql.join([])).toThrow("sql.join needs at least one item");
    expect(() => sql.join([1, 2], " or " as never)).toThrow("takes a fragment without values as separator");
    expect(() => sql.join([1, 2], sql`${1}`)).toThrow("takes a fragment without values as separator");
  });
});

test("sql.raw is unchanged text, and sql.empty is empty", () => {
  expect(compiled(sql`select 1 ${sql.raw("order by 1")}${sql.empty}`)).toEqual({
    text: "select 1 order by 1",
    values: [],
  });
  expect(() => sql.raw(5 as never)).toThrow("sql.raw takes a string, not number");
});

test("sql.literal writes values out", () => {
  const literals = [
    ["it's", "'it''s'"],
    ["a\\b'", "E'a\\\\b'''"],
    ["", "''"],
    [5, "5"],
    [-5, " -5"],
    [1.5, "1.5"],
    [1e21, "1e+21"],
    [9223372036854775807n, "9223372036854775807"],
    [-1n, " -1"],
    [Number.NaN, "'NaN'"],
    [Number.NEGATIVE_INFINITY, "'-Infinity'"],
    [true, "true"],
    [null, "null"],
    [new Date(0), "'1970-01-01T00:00:00.000Z'"],
    [new Uint8Array([0, 255]), "E'\\\\x00ff'"],
  ] as const;
  for (const [value, text] of literals) expect(compiled(sql.literal(value))).toEqual({ text, values: [] });
  expect(sql`select 1-${sql.literal(-1)}`.text).toBe("select 1- -1");
  for (const wrong of ["a\0b", "\udc00", undefined, Symbol.iterator, {}, [1], new Date(Number.NaN), () => 1]) {
    expect(() => sql.literal(wrong as never)).toThrow(/^sql.literal takes/);
  }
});

describe("sql.insert", () => {
  test("one object", () => {
    expect(
      compiled(sql`insert into orders ${sql.insert({ id: nextval(orderSeq), note: "x", 'we"ird': null })}`),
    ).toEqual({
      text:
        'insert into orders ("id", "note", "we""ird") values ' +
        `(pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), $1, $2)`,
      values: ["x", null],
    });
  });

  test("many objects, with fragments in some rows only, and keys in any order", () => {
    const rows = [
      { id: 1, note: "a" },
      { note: sql`upper(${"b"})`, id: nextval(orderSeq) },
      { id: 3, note: sql`default` },
    ];
    for (let round = 0; round < 2; round++) {
      expect(compiled(sql.insert(rows))).toEqual({
        text:
          `("id", "note") values ($1, $2), (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass), ` +
          "upper($3)), ($4, default)",
        values: [1, "a", "b", 3],
      });
    }
  });

  test("chosen columns", () => {
    expect(compiled(sql.insert({ id: 1, note: "a", secret: "s" }, { columns: ["note", "id"] }))).toEqual({
      text: `("note", "id") values ($1, $2)`,
      values: ["a", 1],
    });
    expect(
      compiled(
        sql.insert(
          [
            { id: 1, note: "a" },
            { id: 2, note: "b" },
          ],
          { columns: ["id"] },
        ),
      ),
    ).toEqual({
      text: `("id") values ($1), ($2)`,
      values: [1, 2],
    });
  });

  test("values that replace those of identity columns", () => {
    const row = { id: 1, note: "a" };
    for (let round = 0; round < 2; round++) {
      expect(compiled(sql.insert(row, { overriding: "system" }))).toEqual({
        text: `("id", "note") overriding system value values ($1, $2)`,
        values: [1, "a"],
      });
      expect(compiled(sql.insert([row, row], { columns: ["id"], overriding: "user" }))).toEqual({
        text: `("id") overriding user value values ($1), ($2)`,
        values: [1, 1],
      });
      expect(sql.insert(row, { overriding: undefined }).text).toBe(`("id", "note") values ($1, $2)`);
      expect(sql.insert(row).text).toBe(`("id", "note") values ($1, $2)`);
    }
    expect(() => sql.insert(row, { overriding: "all" as never })).toThrow(
      'sql.insert takes overriding as "system" or "user", not "all"',
    );
    expect(refusalOf(() => sql.insert(row, { column: ["id"] } as never))).toBe(
      "sql.insert: column is not an option. Did you mean columns?",
    );
    expect(() => sql.insert(row, ["id"] as never)).toThrow(
      "sql.insert takes options as an object, with columns or overriding",
    );
    expect(() => sql.insert(row, { columns: "id" as never })).toThrow("sql.insert takes columns as a list, not string");
    expect(() => sql.insert(row, { columns: [] })).toThrow("sql.insert needs at least one column");
  });

  test("a list of columns that answers each reading differently is read once", () => {
    let readings = 0;
    const changing = new Proxy(["changing"], {
      get: (list, key) => (key === "0" ? ["changing", "other"][readings++ % 2] : Reflect.get(list, key)),
    });
    expect(sql.insert({ changing: 1, other: 2 }, { columns: changing as never }).text).toBe(`("changing") values ($1)`);
    readings = 0;
    expect(sql.set({ changing: 1, other: 2 }, changing as never).text).toBe(`"changing" = $1`);
    expect(sql.insert({ changing: 1 }).text).toBe(`("changing") values ($1)`);
    expect(sql.set({ changing: 1 }).text).toBe(`"changing" = $1`);
  });

  test("columns whose names contain separators are distinguished", () => {
    expect(sql.insert({ "a, b": 1 }).text).toBe(`("a, b") values ($1)`);
    expect(sql.insert({ a: 1, b: 2 }).text).toBe(`("a", "b") values ($1, $2)`);
  });

  test("batches of any size", () => {
    for (const size of [1, 2, 17, 1000, 17, 2]) {
      const rows = Array.from({ length: size }, (_, index) => ({ id: index, note: `n${index}` }));
      const { text, values } = sql.insert(rows);
      expect(values).toEqual(rows.flatMap(({ id, note }) => [id, note]));
      expect(text).toBe(
        `("id", "note") values ${rows.map((_, index) => `($${index * 2 + 1}, $${index * 2 + 2})`).join(", ")}`,
      );
    }
  });

  test("refuses values that would be lost", () => {
    expect(() => sql.insert([])).toThrow("sql.insert needs at least one row");
    expect(() => sql.insert({})).toThrow("sql.insert needs at least one column");
    expect(() => sql.insert({ id: undefined })).toThrow('row 1 of sql.insert, column "id" is undefined');
    const rows = [{ id: 1 }, { id: 2, note: "lost" }];
    expect(refusalOf(() => sql.insert(rows))).toBe(
      'row 2 of sql.insert has a column "note" that row 1 does not have. ' +
        "Give all rows the same keys, or state the columns.",
    );
    expect(() => sql.insert([{ id: 1, note: "a" }, { id: 2 } as never])).toThrow(
      'row 2 of sql.insert, column "note" is undefined',
    );
    expect(() => sql.insert([{ a: 1, b: 2 }, { b: 3, c: 4 } as never])).toThrow(
      'row 2 of sql.insert has a column "c" that row 1 does not have',
    );
    expect(() => sql.insert([{ a: 1 }, null as never])).toThrow(
      "row 2 of sql.insert must be an object of columns, not null",
    );
  });
});

describe("anything but an object of columns is refused", () => {
  test.each([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a number", 1, "number"],
    ["a string", "ab", "string"],
    ["a function", () => 1, "function"],
    ["an array", [1, 2], "an array"],
    ["a fragment", sql`a = ${1}`, "a fragment or sequence"],
    ["a sequence", orderSeq, "a fragment or sequence"],
  ])("%s", (_name, thing, kind) => {
    const given = thing as never;
    expect(() => sql.set(given)).toThrow(`the argument of sql.set must be an object of columns, not ${kind}`);
    const problem = (row: number) => `row ${row} of sql.insert must be an object of columns, not ${kind}`;
    expect(() => sql.insert([given])).toThrow(problem(1));
    expect(() => sql.insert([{ a: 1 }, given])).toThrow(problem(2));
    expect(() => sql.insert([{ length: 1 }, given], { columns: ["length"] })).toThrow(problem(2));
    if (!Array.isArray(thing)) expect(() => sql.insert(given)).toThrow(problem(1));
  });

  test("a sparse list", () => {
    const [second, first] = [[{ a: 1 }, { a: 2 }], [{ a: 1 }]];
    second.length = 3;
    expect(() => sql.insert(second)).toThrow("row 3 of sql.insert must be an object of columns, not undefined");
    first.unshift(undefined as never);
    delete first[0];
    expect(() => sql.insert(first)).toThrow("row 1 of sql.insert must be an object of columns, not undefined");
  });
});

test("sql.set", () => {
  expect(compiled(sql`update t set ${sql.set({ note: "x", at: sql`now()`, 'we"ird': 1 })} where id = ${5}`)).toEqual({
    text: `update t set "note" = $1, "at" = now(), "we""ird" = $2 where id = $3`,
    values: ["x", 1, 5],
  });
  expect(() => sql.set({})).toThrow("sql.set needs at least one column");
  expect(() => sql.set({ note: "x", at: undefined })).toThrow('value 2 (after ", \\"at\\" = ") is undefined');
  expect(compiled(sql.set({ id: 1, note: "x", at: sql`now()` }, ["at", "note"]))).toEqual({
    text: `"at" = now(), "note" = $1`,
    values: ["x"],
  });
  expect(() => sql.set({ note: "x" } as { note: string; at?: string }, ["note", "at"])).toThrow(
    'value 2 (after ", \\"at\\" = ") is undefined',
  );
  expect(() => sql.set({ note: "x" }, ["toString" as "note"])).toThrow("is undefined");
  expect(() => sql.set({ note: "x" }, [])).toThrow("sql.set needs at least one column");
  expect(() => sql.set({ note: "x" }, "note" as never)).toThrow("sql.set takes columns as a list, not string");
  expect(compiled(sql.set({ "$<a>'": 1 }))).toEqual({ text: `"$<a>'" = $1`, values: [1] });
});

test("more than 65,533 parameters are refused when the fragment is made", () => {
  const most = Array.from({ length: 65_533 }, (_, index) => index);
  expect(sql.join(most).values).toHaveLength(65_533);
  expect(sql.join(most).text.endsWith(", $65533")).toBe(true);
  expect(refusalOf(() => sql.join([...most, 1]))).toBe(
    "a statement takes at most 65,533 parameters, not 65534. Split it, or pass arrays to unnest().",
  );
  expect(() => sql`select ${1}, ${sql.join(most)}`).toThrow("a statement takes at most 65,533 parameters");
  expect(() => sql.insert(most.map((id) => ({ id, note: "x" })))).toThrow("parameters, not 131066");
});
