import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import * as fc from "fast-check";
import * as nextval from "nextval";
import {
  type DatabaseState,
  inspectSequences,
  planChanges,
  pullDeclarations,
  type SequenceState,
} from "nextval/catalog";
import { beforeEach, describe, expect, test } from "vitest";
import { createAssortedSequences } from "../../support/assorted-sequences.js";
import { COMPILERS } from "../../support/compiler.js";
import { empty, useDatabase } from "../../support/database.js";
import { runs } from "../../support/effort.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase({ onnotice: () => {} });
const root = fileURLToPath(new URL("../../../", import.meta.url));

beforeEach(() => empty(database.client));

const state = (schemas?: string[]) => inspectSequences(nextval.bind(database.client), { schemas });

/** The constants of a source, as a program that imports it gets them. */
function evaluate(source: string): Record<string, unknown> {
  const { code } = transformSync(source, { loader: "ts", format: "cjs" });
  const module = { exports: {} as Record<string, unknown> };
  // oxlint-disable-next-line no-new-func, no-implied-eval
  new Function("module", "require", code)(module, () => nextval);
  return { ...module.exports };
}

function sequencesOf(source: string): nextval.SequenceLike[] {
  return Object.values(evaluate(source)).filter((each) => "seqName" in (each as object)) as nextval.SequenceLike[];
}

/** The complaints of a compiler, and of the formatter with 80 columns, about a source. */
async function complaintsOf(source: string, tool: string): Promise<string> {
  const folder = await mkdtemp(`${root}node_modules/.nextval-pull-`);
  try {
    await writeFile(`${folder}/sequences.ts`, source);
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022"],
      module: "nodenext",
      types: [],
      strict: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      noEmit: true,
      // All that a source imports; the compiler would check the whole library otherwise.
      paths: { nextval: [`${root}lib/sequence/sequence.ts`] },
    };
    await writeFile(`${folder}/package.json`, '{ "type": "module" }');
    await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ["sequences.ts"] }));
    await writeFile(`${folder}/.oxfmtrc.json`, '{ "printWidth": 80 }');
    const [bin, ...args] =
      tool === "oxfmt"
        ? [`${root}node_modules/oxfmt/bin/oxfmt`, "--stdin-filepath", "sequences.ts"]
        : [`${root}node_modules/${COMPILERS[tool]}/bin/tsc`, "-p", folder, "--pretty", "false"];
    const output = await new Promise<string>((resolve) => {
      const child = execFile(process.execPath, [bin!, ...args], { cwd: folder }, (_, out, err) => resolve(out + err));
      child.stdin?.end(tool === "oxfmt" ? source : "");
    });
    return output;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("a database with all sorts of sequences", () => {
  test("is declared by a source that compiles, is formatted, and leads to an empty plan", async () => {
    await createAssortedSequences(database.client);
    const before = await state();
    const source = pullDeclarations(before);
    expect(await complaintsOf(source, "oxfmt")).toBe(source);
    for (const tool of Object.keys(COMPILERS)) {
      expect(await complaintsOf(source, tool)).toBe("");
    }
    const sequences = sequencesOf(source);
    expect(sequences).toHaveLength(before.sequences.filter(({ definedBy }) => definedBy === "user").length);
    const { changes, questions } = planChanges(sequences, before, { prune: true });
    expect(changes).toEqual([]);
    expect(questions).toEqual([]);
    expect(pullDeclarations({ ...before, sequences: [...before.sequences].reverse() })).toBe(source);
  }, 120_000);

  longTest("can be created again from its source", async () => {
    await createAssortedSequences(database.client);
    const before = await state();
    const sequences = sequencesOf(pullDeclarations(before));
    for (const { schema, seqName, definedBy } of before.sequences) {
      if (definedBy === "user")
        await database.client.unsafe(
          nextval.sql`drop sequence ${nextval.pgSchema(schema).sequence(seqName)} cascade`.text,
        );
    }
    for (const { sql } of planChanges(sequences, await state()).changes) await database.client.unsafe(sql);
    const optionsOf = ({ sequences }: DatabaseState) =>
      sequences.map(({ schema, seqName, options }) => [schema, seqName, options]);
    expect(optionsOf(await state())).toEqual(optionsOf(before));
  });

  longTest("a role with another default schema gets other declarations of the same", async () => {
    await createAssortedSequences(database.client);
    const billing = database.connect({ connection: { search_path: "billing" } });
    const before = await inspectSequences(nextval.bind(billing));
    const source = pullDeclarations(before);
    expect(source).toContain('export const orderSeq = pgSequence("order_seq", { as: "integer" });');
    expect(source).toContain('export const plainSeq = publicSchema.sequence("plain_seq");');
    expect(await complaintsOf(source, "oxfmt")).toBe(source);
    expect(planChanges(sequencesOf(source), before, { prune: true }).changes).toEqual([]);
  });
});

test("the source", async () => {
  await database.client.unsafe(`
    create table orders (id serial, code int generated always as identity);
    create sequence "class" increment by -1;
    create sequence ticket_seq as smallint minvalue 100 maxvalue 10000 cycle cache 10;
    create sequence far_seq start with 9007199254740992;
    comment on sequence far_seq is 'far "away"';
    create schema billing;
    create sequence billing.invoice_seq start with 100;
    create sequence billing.far_seq`);
  expect(pullDeclarations(await state())).toBe(`import { pgSchema, pgSequence } from "nextval";

export const billing = pgSchema("billing");
export const billingFarSeq = billing.sequence("far_seq");
export const invoiceSeq = billing.sequence("invoice_seq", { startWith: 100 });

export const classSeq = pgSequence("class", { increment: -1 });
export const farSeq = pgSequence("far_seq", {
  startWith: 9007199254740992n,
  comment: 'far "away"',
});
// Left out: public.orders_code_seq, which belongs to an identity column.
export const ordersIdSeq = pgSequence("orders_id_seq", {
  as: "integer",
  ownedBy: { table: "orders", column: "id" },
});
export const ticketSeq = pgSequence("ticket_seq", {
  minValue: 100,
  maxValue: 10000,
  cache: 10,
  cycle: true,
  as: "smallint",
});
`);
});

longTest("an empty database gives a module that declares nothing", async () => {
  const source = pullDeclarations(await state());
  expect(source).toBe("// The database has no sequences to declare.\nexport {};\n");
  expect(evaluate(source)).toEqual({});
  expect(await complaintsOf(source, "TypeScript 7")).toBe("");
});

function sequence(seqName: string, schema = "public", change: Partial<SequenceState> = {}): SequenceState {
  const {
    mode: _mode,
    feeds: _feeds,
    blocks: _blocks,
    ...options
  } = nextval.resolveOptions(nextval.pgSequence("any_seq"));
  return {
    seqName,
    schema,
    options,
    definedBy: "user",
    feeds: [],
    isReferenced: false,
    namedIn: [],
    lastValue: null,
    isCalled: null,
    missingPrivileges: [],
    ...change,
  };
}

function stateOf(...sequences: SequenceState[]): DatabaseState {
  const schemas = sequences.map(({ schema }) => schema);
  return {
    inspected: null,
    defaultSchema: "public",
    pathNames: ["public"],
    searchPath: ["public"],
    serverVersion: 180_000,
    schemas,
    sequences,
    otherSequences: [],
    taken: [],
    keys: [],
    tables: [],
    unloggedTables: [],
  };
}

/** The names of the constants by those of the sequences and schemas. */
function namesIn(source: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(evaluate(source)).map(([identifier, each]) => {
      const { schema, seqName, schemaName } = each as Record<string, string | undefined>;
      return [seqName === undefined ? `schema ${schemaName}` : [schema, seqName].filter(Boolean).join("."), identifier];
    }),
  );
}

test("keeps what only programs know from the declarations of before", async () => {
  await database.client.unsafe(
    `create schema billing; create sequence a; create sequence billing.b increment 20; create sequence c;
      create sequence d`,
  );
  const { pgSchema, pgSequence } = nextval;
  const keep = [
    pgSequence("a", { feeds: { table: "orders", column: "id" }, startWith: 7 }),
    pgSchema("billing").sequence("b", {
      feeds: [
        { table: "docs", column: "id" },
        { schema: "other", table: 'a "b"', column: "id" },
      ],
      blocks: "downwards",
      mode: "string",
    }),
    // The sequence of the database has values that no number holds.
    pgSequence("c", { maxValue: 1000, mode: "number" }),
    pgSequence("gone", { feeds: { table: "orders", column: "id" } }),
  ];
  const source = pullDeclarations(await state(), { keep });
  expect(source.replaceAll(/\s+/g, " ")).toContain('pgSequence("a", { feeds: { table: "orders", column: "id" }');
  expect(source).toContain('export const c = pgSequence("c");\nexport const d = pgSequence("d");\n');
  const pulled = new Map(sequencesOf(source).map((each) => [each.seqName, nextval.resolveOptions(each)]));
  expect(pulled.size).toBe(4);
  expect(pulled.get("a")).toMatchObject({ feeds: [{ table: "orders", column: "id" }], startWith: 1n });
  const { feeds, blocks, mode } = nextval.resolveOptions(keep[1]!);
  expect(pulled.get("b")).toMatchObject({ feeds, blocks, mode, increment: 20n });
  expect(pullDeclarations(await state(), { keep: sequencesOf(source) })).toBe(source);
  expect(() => pullDeclarations({} as never, { keep: ["a"] as never })).toThrow("keep as a list of sequences");
});

test("names of constants", () => {
  const names = [
    ["order_seq", "orderSeq"],
    ["orders_id_seq", "ordersIdSeq"],
    ["OrderItems", "orderItems"],
    ["HTTPServer_ID", "httpServerId"],
    ["orderNo", "orderNo"],
    ["ORDER NO SEQ", "orderNoSeq"],
    ["order--x", "orderX"],
    ["a$b", "aB"],
    ["2024", "seq2024"],
    ["2024_orders", "seq2024Orders"],
    ["class", "classSeq"],
    ["Enum", "enumSeq"],
    ["pg_schema", "pgSchemaSeq"],
    ["arguments", "argumentsSeq"],
    ["😀", "sequence"],
    ["__", "sequence2"],
    ["größe_übung", "größeÜbung"],
    ["заказ_номер", "заказНомер"],
    ["订单 序列", "订单序列"],
    ["a ƛ", "aƛ"],
    ["constructor", "constructor"],
    ["__proto__", "proto"],
    ["x; drop", "xDrop"],
  ] as const;
  for (const [name, identifier] of names) {
    const others = identifier === "sequence2" ? [sequence("_")] : [];
    expect(namesIn(pullDeclarations(stateOf(...others, sequence(name))))[name]).toBe(identifier);
  }
});

test("a name or comment hides nothing from a reviewer of the source", () => {
  const invisible = ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u{e0041}", "\u202e", "\x9b"];
  const family = "\u{1f468}\u200d\u{1f469}";
  for (const each of [...invisible, family]) {
    const name = `order${each}_seq`;
    const plain = sequence(name, each);
    const source = pullDeclarations(stateOf({ ...plain, options: { ...plain.options, comment: each } }));
    // eslint-disable-next-line no-control-regex
    expect(source).not.toMatch(/(?!\u200d)[\p{Cf}\x7f-\x9f]/u);
    expect(source.includes(family)).toBe(each === family);
    expect(Object.keys(namesIn(source))).toContain(`${each}.${name}`);
  }
});

test("two names that give one constant", () => {
  expect(
    namesIn(pullDeclarations(stateOf(sequence("order_seq"), sequence("order-seq"), sequence("order_seq_2")))),
  ).toEqual({
    order_seq: "orderSeq",
    "order-seq": "orderSeq3",
    order_seq_2: "orderSeq2",
  });
});

test("one name in several schemas", () => {
  const source = pullDeclarations(
    stateOf(sequence("a_seq"), sequence("a_seq", "x"), sequence("a_seq", "y"), sequence("b_seq", "y")),
  );
  expect(namesIn(source)).toEqual({
    a_seq: "aSeq",
    "x.a_seq": "xASeq",
    "y.a_seq": "yASeq",
    "y.b_seq": "bSeq",
    "schema x": "x",
    "schema y": "y",
  });
  expect(namesIn(pullDeclarations(stateOf(sequence("a_seq", "x"), sequence("a_seq", "y"))))).toMatchObject({
    "x.a_seq": "xASeq",
    "y.a_seq": "yASeq",
  });
});

test("a schema and a sequence of one name, and schemas that give one constant", () => {
  const source = pullDeclarations(
    stateOf(sequence("billing"), sequence("s", "billing"), sequence("t", "a-b"), sequence("u", "a_b")),
  );
  expect(namesIn(source)).toMatchObject({
    billing: "billing",
    "schema billing": "billingSchema",
    "schema a-b": "aB",
    "schema a_b": "aBSchema",
  });
});

test("sequences that must not be declared are named", () => {
  const tooLong = "ä".repeat(40);
  const source = pullDeclarations(
    stateOf(
      sequence("id_seq", "public", { definedBy: "identity" }),
      sequence("e\nexport const evil = 1; //\u2028", "only", { definedBy: "extension" }),
      sequence(tooLong),
    ),
  );
  expect(source).toBe(`// The database has no sequences to declare.
export {};

// Left out: only."e\\nexport const evil = 1; //\\u2028", which belongs to an extension.

// Left out: public.id_seq, which belongs to an identity column.
// Left out: public.${tooLong}, which cannot be declared: the sequence name ${tooLong} is longer than 63 bytes.
`);
  expect(evaluate(source)).toEqual({});
});

const text = fc.oneof(
  fc.constantFrom(
    "order",
    "_",
    "seq",
    "Order",
    "ID",
    "2",
    " ",
    "-",
    "class",
    "schema",
    "default",
    "ä",
    "é",
    "\u0301",
    "😀",
    "'",
  ),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
);
const name = fc
  .array(text, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("").replaceAll("\0", ""))
  .filter((name) => name !== "" && Buffer.byteLength(name) <= 63);

longTest("constants have valid unique names, whatever the names of the sequences", async () => {
  const { default: ts } = await import("typescript-5");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.oneof(fc.constant("public"), name), name), { maxLength: 12, selector: String }),
      (places) => {
        const given = stateOf(...places.map(([schema, seqName]) => sequence(seqName, schema)));
        const source = pullDeclarations(given);
        const parsed = ts.transpileModule(source, {
          reportDiagnostics: true,
          compilerOptions: { target: 99, module: 99 },
        });
        expect(parsed.diagnostics).toEqual([]);
        const sequences = sequencesOf(source);
        expect(sequences).toHaveLength(places.length);
        expect(planChanges(sequences, given).changes).toEqual([]);
      },
    ),
    runs(20),
  );
});
