import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { COMPILERS, type Diagnostic, diagnose } from "../support/compiler.js";
import { ACCEPTED, REFUSED } from "../support/refused-declarations.js";

const OPTIONS = fileURLToPath(new URL("../../types/sequence-options.js", import.meta.url));

/** What the compiler does not know passes it. */
const UNKNOWN = [
  "declare const text: string, num: number, big: bigint, any: any, never: never, bool: boolean, maybe: 0 | 5;",
  'declare const type: "smallint" | "integer", digits: `${number}`, bigDigits: `${bigint}`, ' +
    "longName: `order_${string}`;",
  'declare const either: { startWith: 5; minValue: 5 } | { as: "smallint"; cycle: true } | { startWith: number };',
  "declare const some: { startWith: 5 } | { readonly cache: 5n } | undefined;",
  `declare const options: import(${JSON.stringify(OPTIONS)}).SequenceOptions;`,
  "pgSequence(text);",
  "pgSequence(longName, options);",
  "pgSchema(text).sequence(any, any);",
  'pgSequence("order_seq", { startWith: num, minValue: big, maxValue: text, increment: digits, ' +
    "cache: any, as: type });",
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
  'pgSequence("order_seq", { feeds: { schema: text, table: text, column: any } });',
  'pgSequence("order_seq", { feeds: [{ table: text, column: text }, any] });',
  'pgSequence("order_seq", { feeds: any, blocks: any });',
  'pgSequence("order_seq", { blocks: text });',
  'pgSequence("order_seq", bool ? { startWith: 0, minValue: 0 } : { startWith: 0, minValue: -1, maxValue: 5 });',
  "{ const make = <N extends string>(name: N) => pgSequence(name); make('order_seq'); }",
  "{ const make = <const N extends `${string}_seq`>(name: N) => pgSchema('a').sequence(name, " +
    "{ cache: 5 }); make('a_seq'); }",
  '{ const make = <N extends string, const O extends { readonly as?: "integer" }>(n: N, o: O) => pgSequence(n, o); }',
  "{ const make = <T extends string>(table: T) => pgSequence(`${table}_id_seq`, { ownedBy: " +
    '{ table, column: "id" } }); }',
  '{ const make = <A extends "smallint" | "integer">(as: A, startWith: ' +
    'number) => pgSequence("a", { startWith, as }); }',
  '{ const make = (options?: typeof either) => pgSequence("order_seq", options); }',
  'pgSequence("order_seq", either);',
  'pgSequence("order_seq", some);',
  'pgSchema("billing").sequence("order_seq", either);',
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

    test("reports each problem once, at the property, in the words of the run time", () => {
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

    test("accepts valid options, and those that it does not know", () => {
      const fine = [...ACCEPTED, ...UNKNOWN];
      expect(fine.filter((_, index) => saidOf(refused.length + index).length > 0)).toEqual([]);
    });

    test("shows a declaration as it was written", () => {
      const [a, b, c] = [3, 2, 1].map((fromEnd) => saidOf(lines.length - fromEnd).map(({ text }) => text));
      expect(a).toEqual([
        `Type 'PgSequence<"order_seq", { readonly startWith: 100; readonly increment: 2; ` +
          "}, undefined>' is not assignable to type '0'.",
      ]);
      expect(b).toEqual([`Type 'PgSequence<"invoice_seq", {}, "billing">' is not assignable to type '0'.`]);
      expect(c?.[0]).toContain(`Type '5' is not assignable to type '"order_seq: startWith 5 is below minValue 100"'`);
    });
  },
);

const NAMES = {
  "lib/index.js":
    "sql nextval currval setval resolveOptions createSequence alterSequence dropSequence " +
    "setSequenceOwnedBy renameSequence " +
    "setSequenceSchema commentOnSequence restartSequence setSequenceLogged setSequenceOwner " +
    "grantOnSequence revokeOnSequence",
  "lib/allocate/index.js": "allocator blockAllocator stride",
  "lib/catalog/index.js": "planChanges inspectSequences",
};

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const IMPORTS = Object.entries(NAMES).map(
  ([file, names]) => `import { ${names.split(" ").join(", ")} } from ${JSON.stringify(ROOT + file)};`,
);

const SETTING = [
  `import type { Database, Session, Splice } from ${JSON.stringify(`${ROOT}lib/index.js`)};`,
  "declare const db: Database, session: Session, text: string, any: any, never: never, either: boolean;",
  "declare const state: Awaited<ReturnType<typeof inspectSequences>>;",
  "declare const row: { id: number; note?: string }, rows: (typeof row)[], record: Record<string, Splice>;",
  "declare const mixed: ({ a: 1 } | { b: 2 })[];",
  "interface Foreign { seqName: string }; declare const foreign: Foreign;",
  "const orderSeq = pgSequence('order_seq');",
];

const UNLIKE = "this row has other columns than row 1; give all rows the same keys, or state the columns";

const STATED = "only values, fragments and sequences can stand in a template; pass null for NULL, and await promises";

/** What is refused in statements, and what the compiler says of it. */
const REFUSED_IN_STATEMENTS = [
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
  [
    "sql`${foreign}`",
    "a sequence of Drizzle or of another version of nextval; use fromDrizzle(...), or install one version",
  ],
  ["sql`${() => 1}`", "a function cannot stand in a template; pass a value, a fragment or a sequence"],
  ...[
    "sql<{ note: string }>`${undefined}`",
    "db<{ note: string }>`select ${undefined}`",
    "db<{ note: string }>`select ${() => 1}`",
    "session<{ note: string }>`select ${orderSeq}, ${undefined}`",
    "db<{ note: string }>`select ${text as unknown}`",
  ].map((code) => [code, STATED] as const),
  ...[
    "sql.insert([{ id: 1, note: 'x' }, { id: 2 }])",
    "sql.insert([{ id: 1 }, { id: 2, note: 'x' }])",
    "sql.insert([{ id: nextval(orderSeq) }, { idd: nextval(orderSeq), x: 5, y: 7 }])",
    "sql.insert([row, { note: 'x', no: 5 }])",
    "sql.insert([{ id: 1 }, { id: 2 }, { no: 3 }])",
    "sql.insert([{ id: 1 }, { id: 2, note: 'x' }], { overriding: 'system' })",
  ].map((code) => [code, UNLIKE] as const),
  ...[
    "nextval(NAME)",
    "currval(NAME)",
    "setval(NAME, 5)",
    "setval(NAME, sql``)",
    "resolveOptions(NAME)",
    "db.nextval(NAME)",
    "db.nextvals(NAME, 5)",
    "db.setval(NAME, 5)",
    "session.currval(NAME)",
    "createSequence(NAME)",
    "alterSequence(NAME, {})",
    "dropSequence(NAME)",
    "renameSequence(NAME, 'a')",
    "setSequenceSchema(NAME, 'a')",
    "setSequenceOwnedBy(NAME)",
    "commentOnSequence(NAME)",
    "restartSequence(NAME)",
    "setSequenceLogged(NAME, true)",
    "setSequenceOwner(NAME, 'a')",
    "grantOnSequence(NAME, 'all', 'a')",
    "revokeOnSequence(NAME, 'all', 'a')",
    "stride(NAME, { node: 0, nodes: 1 })",
    "allocator(db, NAME, { size: 5 })",
    "blockAllocator(db, NAME)",
    "planChanges([NAME], state)",
  ].map((code) => [code.replace("NAME", "'order_seq'"), "a sequence made by pgSequence is needed"] as const),
] as const;

const ACCEPTED_IN_STATEMENTS = [
  "sql.insert({ id: nextval(orderSeq), note: 'x' })",
  "sql.insert([{ id: nextval(orderSeq), note: 'x' }, { id: sql`5`, note: null }])",
  "sql.insert(rows)",
  "sql.insert([row, row, { id: 1 }, { id: 1, note: 'x' }])",
  "sql.insert(rows.map((each) => ({ ...each, at: new Date() })))",
  "sql.insert([...rows, row])",
  "sql.insert([record, { id: 1 }])",
  "sql.insert(mixed)",
  "sql.insert([])",
  "sql.insert(any)",
  "sql.insert(never)",
  "sql.insert([any, { id: 1 }])",
  "sql.insert([{ id: 1, note: null }, { id: 2 }], { columns: ['id'] })",
  "sql.insert(rows, { columns: ['id', 'note'], overriding: 'user' })",
  "sql.insert(record, { columns: [text] })",
  "sql.insert([either ? { a: 1 } : { b: 1 }, { a: 1 }])",
  "<T extends { readonly id: number }>(list: readonly T[], one: T) => [sql.insert(list), sql.insert(one)]",
  "<T extends readonly { readonly id: number }[]>(list: T) => sql.insert(list)",
  "sql<{ a: 1 }>`${text} ${any} ${1} ${orderSeq} ${nextval(orderSeq).as('x')} ${[null]} ${{ a: 'x' }} ${record}`",
  "<T extends string, Row extends object>(value: T) => db<Row>`select ${value}`",
];

test.each(Object.entries(COMPILERS))("%s says in one sentence what a statement cannot have", async (_, compiler) => {
  const head = [...IMPORTS, ...SETTING].join(" ");
  const lines = [
    head,
    ...[...REFUSED_IN_STATEMENTS.map(([code]) => code), ...ACCEPTED_IN_STATEMENTS].map((code) => `(${code});`),
  ];
  const found = await diagnose(compiler, lines, { exactOptionalPropertyTypes: true }, ["es2022", "dom"]);
  const sentence = (text: string) =>
    text.replace(/^.* is not assignable to (?:parameter of )?type '(?:[^"]* \| )?"([^"]*)"(?: \| [^"]*)?'\.$/s, "$1");
  expect(found.map(({ line, text }) => [lines[line - 1], sentence(text)])).toEqual(
    REFUSED_IN_STATEMENTS.map(([code, says]) => [`(${code});`, says]),
  );
});
