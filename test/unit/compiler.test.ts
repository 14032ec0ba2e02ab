import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { COMPILERS, type Diagnostic, diagnose } from "../support/compiler.js";
import { ACCEPTED, REFUSED } from "../support/refused-declarations.js";

const OPTIONS = fileURLToPath(new URL("../../types/sequence-options.js", import.meta.url));

/** What the compiler does not know passes it. */
const UNKNOWN = [
  "declare const text: string, num: number, big: bigint, any: any, never: never, bool: boolean, maybe: 0 | 5;",
  'declare const type: "smallint" | "integer", digits: `${number}`, bigDigits: `${bigint}`, longName: `order_${string}`;',
  `declare const options: import(${JSON.stringify(OPTIONS)}).SequenceOptions;`,
  "pgSequence(text);",
  "pgSequence(longName, options);",
  "pgSchema(text).sequence(any, any);",
  'pgSequence("order_seq", { startWith: num, minValue: big, maxValue: text, increment: digits, cache: any, as: type });',
  'pgSequence("order_seq", { startWith: -5, increment: num });',
  'pgSequence("order_seq", { startWith: -5, increment: bigDigits });',
  'pgSequence("order_seq", { startWith: -5, increment: any });',
  'pgSequence("order_seq", { startWith: -5, minValue: big });',
  'pgSequence("order_seq", { startWith: big, minValue: 5, maxValue: 10 });',
  'pgSequence("order_seq", { startWith: 5, minValue: 5, maxValue: bigDigits });',
  'pgSequence("order_seq", { startWith: maybe });',
  'pgSequence("order_seq", { startWith: never });',
  'pgSequence("order_seq", { startWith: 40000, as: type === "smallint" ? "smallint" : "integer" });',
  'pgSequence("order_seq", { startWith: 40000, as: text });',
  'pgSequence("order_seq", { mode: any, cycle: bool });',
  'pgSequence("order_seq", { mode: text, comment: text });',
  'pgSequence("order_seq", { ownedBy: { table: text, column: any } });',
  'pgSequence("order_seq", bool ? { startWith: 0, minValue: 0 } : { startWith: 0, minValue: -1, maxValue: 5 });',
  "{ const make = <N extends string>(name: N) => pgSequence(name); make('order_seq'); }",
  "{ const make = <const N extends `${string}_seq`>(name: N) => pgSchema('a').sequence(name, { cache: 5 }); make('a_seq'); }",
  '{ const given = { startWith: 0 }; pgSequence("order_seq", given); }',
  '{ const given = { startWith: 5, as: "smallint" } as const; pgSequence("order_seq", given); }',
];

const refused = Object.values(REFUSED).flat();
const shown = [
  'const a: 0 = pgSequence("order_seq", { startWith: 100, increment: 2 });',
  'const b: 0 = pgSchema("billing").sequence("invoice_seq");',
  'const c = { startWith: 5, minValue: 100 } as const; pgSequence("order_seq", c);',
];
const lines = [...refused.map(({ code }) => `${code};`), ...ACCEPTED.map((code) => `${code};`), ...UNKNOWN, ...shown];

/** Without exactOptionalPropertyTypes, too, under the newest of them: what it changes is the same for all. */
const settings = Object.entries(COMPILERS).flatMap(([name, compiler], index, { length }) =>
  (index === length - 1 ? [true, false] : [true]).map((exact) => ({
    name,
    compiler,
    exactOptionalPropertyTypes: exact,
  })),
);

describe.each(settings)(
  "$name, exactOptionalPropertyTypes $exactOptionalPropertyTypes",
  ({ compiler, exactOptionalPropertyTypes }) => {
    let found: Diagnostic[];
    beforeAll(async () => {
      found = await diagnose(compiler, lines, { exactOptionalPropertyTypes });
    });
    const saidOf = (index: number) => found.filter(({ line }) => line === index + 1);

    test("says what is wrong, once, at the property, in the words of the run time", () => {
      const said = refused.map(({ code }, index) => [
        code,
        ...saidOf(index).map((each) => `${each.column}: ${each.text}`),
      ]);
      const expected = refused.map(({ code, at, says }) => {
        const words = says.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        const column = code.indexOf(at) + 1;
        return [
          code,
          expect.stringMatching(`^${column}: .* is not assignable to (parameter of )?type '"${words}"'\\.$`) as string,
        ];
      });
      expect(said).toEqual(expected);
    });

    test("accepts what is fine, and what it does not know", () => {
      const fine = [...ACCEPTED, ...UNKNOWN];
      expect(fine.filter((_, index) => saidOf(refused.length + index).length > 0)).toEqual([]);
    });

    test("shows a declaration as it was written", () => {
      const [a, b, c] = [3, 2, 1].map((fromEnd) => saidOf(lines.length - fromEnd).map(({ text }) => text));
      expect(a).toEqual([
        `Type 'PgSequence<"order_seq", { readonly startWith: 100; readonly increment: 2; }, undefined>' is not assignable to type '0'.`,
      ]);
      expect(b).toEqual([`Type 'PgSequence<"invoice_seq", {}, "billing">' is not assignable to type '0'.`]);
      expect(c?.[0]).toContain(`Type '5' is not assignable to type '"order_seq: startWith 5 is below minValue 100"'`);
    });
  },
);

const SQL_TAG = fileURLToPath(new URL("../../lib/sequence/sql.js", import.meta.url));

const FUNCTIONS = fileURLToPath(new URL("../../lib/sequence/functions.js", import.meta.url));

/** What cannot stand in a template, and what the compiler says of it. */
const TEMPLATES = [
  [
    "sql`${undefined}`",
    "undefined cannot stand in a template; pass null for NULL, or sql`default` for a column's default",
  ],
  [
    "sql`${Promise.resolve(1)}`",
    "a promise or another library's query cannot stand in a template; await it, or make it a fragment",
  ],
  [
    "sql`${new URL('a:b')}`",
    "an object of a class or interface cannot stand in a template; pass its values, or { ...object } for JSON",
  ],
  ["nextval('order_seq')", "a sequence made by pgSequence is needed"],
  ["sql`${() => 1}`", "a function cannot stand in a template; pass a value, a fragment or a sequence"],
] as const;

test.each(Object.entries(COMPILERS))(
  "%s says of a template in one sentence what cannot stand in it",
  async (_, compiler) => {
    const head = `import { sql } from ${JSON.stringify(SQL_TAG)}; import { nextval } from ${JSON.stringify(FUNCTIONS)}; declare class URL { constructor(text: string); #a: 1; }`;
    const found = await diagnose(compiler, [head, ...TEMPLATES.map(([code]) => `${code};`)], {
      exactOptionalPropertyTypes: true,
    });
    expect(
      found.map(({ text }) =>
        text
          .replace(/^.* is not assignable to parameter of type '(.*)'\.$/s, "$1")
          .replace(/^(?:SequenceLike \| )?"([^"]*)"(?: \| SequenceLike)?$/, "$1"),
      ),
    ).toEqual(TEMPLATES.map(([, sentence]) => sentence));
  },
);
