import * as fc from "fast-check";
import { nextval, pgSequence, type Splice, sql } from "nextval";
import { expect, test } from "vitest";
import { runs } from "../support/effort.js";

/** SQL in its simplest form: text, and values in between. */
type Model = readonly (string | { readonly value: unknown })[];

interface Built {
  readonly thing: Splice;
  readonly model: Model;
}

const orderSeq = pgSequence("order_seq");

function render(model: Model): { text: string; values: unknown[] } {
  const values = model.flatMap((part) => (typeof part === "string" ? [] : [part.value]));
  let count = 0;
  return { text: model.map((part) => (typeof part === "string" ? part : `$${++count}`)).join(""), values };
}

const leaf: fc.Arbitrary<Built> = fc.oneof(
  fc
    .oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.bigInt())
    .map((value) => ({ thing: value, model: [{ value }] })),
  fc.constant({ thing: orderSeq, model: ['"order_seq"'] }),
  fc.constant({ thing: nextval(orderSeq), model: [`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`] }),
  fc.stringMatching(/^[a-z]{1,9}$/).map((name) => ({ thing: sql.identifier(name), model: [`"${name}"`] })),
  fc.stringMatching(/^[a-z]{1,9}$/).map((text) => ({ thing: sql.raw(`f_${text}()`), model: [`f_${text}()`] })),
);

/** Few templates with many kinds of things, so every one has many shapes. */
const { built } = fc.letrec<{ built: Built }>((tie) => ({
  built: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    tie("built").map(({ thing, model }) => ({ thing: sql`(${thing})`, model: ["(", ...model, ")"] })),
    fc
      .tuple(tie("built"), tie("built"))
      .map(([a, b]) => ({ thing: sql`${a.thing} = ${b.thing}`, model: [...a.model, " = ", ...b.model] })),
    fc.tuple(tie("built"), tie("built"), tie("built")).map(([a, b, c]) => ({
      thing: sql`case ${a.thing} when ${b.thing} then ${c.thing} end`,
      model: ["case ", ...a.model, " when ", ...b.model, " then ", ...c.model, " end"],
    })),
    fc.array(tie("built"), { minLength: 1, maxLength: 5 }).map((items) => ({
      thing: sql.join(
        items.map(({ thing }) => thing),
        sql` or `,
      ),
      model: items.flatMap(({ model }, index) => (index === 0 ? model : [" or ", ...model])),
    })),
    fc.array(fc.tuple(tie("built"), tie("built")), { minLength: 1, maxLength: 4 }).map((rows) => ({
      thing: sql.insert(rows.map(([a, b]) => ({ a: a.thing, b: b.thing }))),
      model: rows.flatMap(([a, b], index) => [
        index === 0 ? '("a", "b") values (' : ", (",
        ...a.model,
        ", ",
        ...b.model,
        ")",
      ]),
    })),
    tie("built").map(({ thing, model }) => ({ thing: sql.set({ a: thing }), model: ['"a" = ', ...model] })),
  ),
}));

test("any nesting of fragments has the text and values of the flat statement", () => {
  fc.assert(
    fc.property(fc.array(built, { minLength: 1, maxLength: 8 }), (all) => {
      for (const { thing, model } of all) {
        const { text, values, strings } = sql`select ${thing} as x`;
        expect({ text, values }).toEqual(render(["select ", ...model, " as x"]));
        expect(strings.reduce((before, after, index) => `${before}$${index}${after}`)).toBe(text);
      }
    }),
    runs(200),
  );
});
