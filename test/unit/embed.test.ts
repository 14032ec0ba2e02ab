import { PgDialect } from "drizzle-orm/pg-core";
import { embed, nextval, pgSchema, sql } from "nextval";
import { toDrizzle } from "nextval/drizzle";
import { expect, test } from "vitest";

const orderSeq = pgSchema('we"ird').sequence("Order Seq");

/** A host that shows what its tag was called with. */
const host = (strings: TemplateStringsArray, ...values: unknown[]) => ({ strings, values });

test("calls the host's tag with the text around the values, and the values", () => {
  expect(embed(host, sql`a = ${1} or ${sql`b = ${2}`}`)).toEqual({ strings: ["a = ", " or b = ", ""], values: [1, 2] });
  expect(embed(host, nextval(orderSeq))).toEqual({
    strings: [`pg_catalog.nextval('"we""ird"."Order Seq"'::pg_catalog.regclass)`],
    values: [],
  });
  expect(embed(host, orderSeq)).toEqual({ strings: ['"we""ird"."Order Seq"'], values: [] });
});

test("a comment at the end does not swallow text that the host writes after it", () => {
  expect(embed(host, sql`a = ${1} -- why`).strings).toEqual(["a = ", " -- why\n"]);
  expect(embed(host, sql`a ${sql`= 1 -- x`}`).strings).toEqual(["a = 1 -- x\n"]);
  expect(embed(host, sql`a = '-- no'`).strings).toEqual(["a = '-- no'"]);
});

test("the strings are a genuine template, as hosts check it", () => {
  const { strings } = embed(host, sql`a = ${1}`);
  expect(Array.isArray(strings) && Object.isFrozen(strings) && Object.isFrozen(strings.raw)).toBe(true);
  expect(strings.raw).toEqual(strings);
  expect(Object.keys(strings)).toEqual(["0", "1"]);
});

test("a host that caches templates caches each shape once", () => {
  const templates = new Set<TemplateStringsArray>();
  for (let value = 0; value < 100_000; value++) {
    templates.add(embed(host, sql`a = ${value} and b in (${sql.join([value, value + 1])})`).strings);
  }
  expect(templates.size).toBe(1);
});

test("Drizzle gets bytes in an array as one item each", () => {
  const bytes = [new Uint8Array([1, 2]), [Buffer.from('a","b'), null]];
  const { params } = new PgDialect().sqlToQuery(toDrizzle(sql`select ${bytes}::bytea[], ${new Uint8Array([3])}`));
  expect(params).toEqual(['{"\\\\x0102",{"\\\\x61222c2262",null}}', new Uint8Array([3])]);
});
