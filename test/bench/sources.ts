import { pgSchema, pgSequence, resolveOptions, type SequenceOptions } from "nextval";
import { pullDeclarations } from "nextval/catalog";

/** Returns the same numbers below a limit in every run. */
function randomNumbers(): (below: number) => number {
  let state = 42;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ["order", "invoice", "ticket_of_the_day"] as const;

/** A file of declarations with the names that `from` exports, which are the same in Drizzle and in nextval. */
export function declarationsFile(from: string, lines: readonly string[]): string {
  return [
    `import { pgSchema, pgSequence } from "${from}";`,
    'const billing = pgSchema("billing");',
    "export { billing, pgSequence };",
    ...lines,
    "",
  ].join("\n");
}

/**
 * Declarations with everything drawn at random, but the same in every run. With `all`, they have options that Drizzle
 * lacks: types, bigints, decimal strings near the limits, modes, owners.
 */
export function declarations(count: number, all = false): string[] {
  const random = randomNumbers();
  const maybe = (chance: number, option: () => string) => (random(100) < chance ? [option()] : []);
  const written = (value: bigint) =>
    all ? [`${value}`, `${value}n`, `"${value}"`][random(3)] : [`${value}`, `"${value}"`][random(2)];

  return Array.from({ length: count }, (_, index) => {
    const descending = random(5) === 0;
    const size = BigInt(Math.floor((1 + random(1e6) / 1e6) * 10 ** (2 + random(random(10) === 0 ? 13 : 6))));
    const type = all ? ["smallint", "integer", "bigint", undefined][random(4)] : undefined;
    const range = type === "smallint" ? size % 30000n : type === "integer" ? size % 2000000000n : size;
    const low = descending ? -range - 10n : range % 1000n;
    const high = descending ? -(range % 9n) - 1n : range + 1001n;
    const bounded = random(10) < 4;
    const bare = random(10) < 2;
    const options = bare
      ? []
      : [
          ...(bounded ? [`minValue: ${written(low)}`, `maxValue: ${written(high)}`] : []),
          ...maybe(50, () => `startWith: ${written(low + (high - low) / BigInt(2 + random(9)))}`),
          ...(descending
            ? [`increment: -${1 + random(50)}`]
            : maybe(40, () => `increment: ${written(BigInt(1 + random(1000)))}`)),
          ...maybe(30, () => `cache: ${1 + random(500)}`),
          ...maybe(30, () => `cycle: ${random(2) === 0}`),
          ...(type === undefined ? [] : [`as: "${type}"`]),
          ...(all ? maybe(30, () => `ownedBy: { table: "orders_${random(90)}", column: "id" }`) : []),
          ...(all ? maybe(30, () => `comment: "numbers of kind ${index}"`) : []),
          ...(all ? maybe(20, () => 'mode: "string"') : []),
        ];
    const given = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
    const declare = random(3) === 0 ? "billing.sequence" : "pgSequence";
    return `export const seq${index} = ${declare}("${NAMES[random(3)]}_${index}_seq"${given});`;
  });
}

/** What `pull` writes of a database whose sequences mostly belong to columns, as serials and identities do. */
export function pulledFile(count: number): string {
  const random = randomNumbers();
  const sequences = Array.from({ length: count }, (_, index) => {
    const table = `${NAMES[random(3)]}_${index}`;
    const owned = random(3) > 0;
    const schema = random(3) === 0 ? "billing" : "public";
    const options: SequenceOptions = {
      ...(random(2) === 0 && { as: "integer" }),
      ...(random(6) === 0 && { startWith: 1000 + index }),
      ...(random(8) === 0 && { cache: 20 }),
      ...(random(8) === 0 && { maxValue: 1_000_000 }),
      ...(random(10) === 0 && { comment: `numbers of the table ${table}` }),
      ...(owned && { ownedBy: { table, column: "id" } }),
      ...(owned && random(2) === 0 && { identity: "always" }),
    };
    const seqName = `${table}_id_seq`;
    const sequence =
      schema === "public"
        ? pgSequence<string, SequenceOptions>(seqName, options)
        : pgSchema(schema).sequence<string, SequenceOptions>(seqName, options);
    const { mode: _mode, feeds: _feeds, blocks: _blocks, ...stateOptions } = resolveOptions(sequence);
    return {
      seqName,
      schema,
      options: stateOptions,
      definedBy: options.identity === undefined ? ("user" as const) : ("identity" as const),
      feeds: [],
      isReferenced: false,
      namedIn: [],
      lastValue: null,
      isCalled: null,
      missingPrivileges: [],
    };
  });
  const state = {
    inspected: null,
    defaultSchema: "public",
    searchPath: ["public"],
    pathNames: ["public"],
    serverVersion: 180000,
    schemas: ["billing", "public"],
    sequences,
    otherSequences: [],
    taken: [],
  };
  const file = pullDeclarations(state as unknown as Parameters<typeof pullDeclarations>[0], { identity: true });
  if (file.includes("Left out")) throw new Error(file);
  return file;
}

interface Templates {
  readonly head: string;
  readonly statement: string;
}

const CONDITIONS = "org = ${org} and note = ${note} and due < ${due} and ${sql`paid`}";
const template = (tag: string, id: string) => `${tag}\`select ${id}, total from orders where ${CONDITIONS}\``;

/** A statement with three values, a nested fragment and a named result, as each library writes it. */
export const TEMPLATES: { readonly [contender: string]: Templates } = {
  "postgres.js": {
    head: 'import postgres from "postgres";\nconst sql = postgres();',
    statement: template("sql<{ id: string }[]>", "${sql`nextval('order_seq')`} as id"),
  },
  nextval: {
    head:
      'import { bind, nextval, pgSequence, sql } from "nextval";\nimport postgres from "postgres";\n' +
      'const db = bind(postgres());\nconst orderSeq = pgSequence("order_seq");',
    statement: template("db", '${nextval(orderSeq).as("id")}'),
  },
  "Kysely sql": {
    head: 'import { sql } from "kysely";',
    statement: template("sql<{ id: string }>", "${sql<string>`nextval('order_seq')`.as(\"id\")}"),
  },
  "Drizzle sql": {
    head: 'import { sql } from "drizzle-orm";',
    statement: template("sql<{ id: string }>", "${sql<string>`nextval('order_seq')`.as(\"id\")}"),
  },
  "Kysely, built": {
    head:
      'import { type Kysely, sql } from "kysely";\n' +
      "interface Orders { id: string; total: string; org: number; note: string; due: Date; paid: boolean }\n" +
      "declare const db: Kysely<{ orders: Orders }>;",
    statement:
      'db.selectFrom("orders").select([sql<string>`nextval(\'order_seq\')`.as("id"), "total"])' +
      '.where("org", "=", org).where("note", "=", note).where("due", "<", due).where(sql<boolean>`paid`)',
  },
};

/** A file of `count` statements as a contender of `TEMPLATES` writes them. */
export function templatesFile({ head, statement }: Templates, count: number): string {
  const lines = Array.from({ length: count }, (_, index) => `export const query${index} = ${statement};`);
  return [head, "declare const org: number, note: string, due: Date;", ...lines, ""].join("\n");
}
