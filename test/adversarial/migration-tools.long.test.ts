import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bind, pgSchema, pgSequence, type SequenceLike } from "nextval";
import { applyPlan, type Change, generateMigration, inspectSequences, planChanges } from "nextval/catalog";
import { expect, test } from "vitest";
import { attack } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";
import { folderOf } from "../support/migration-folder.js";
import { MIGRATION_TOOLS, type MigrationTool, textsIn } from "../support/migration-tools.js";
import { planOf } from "../support/plan-of.js";

// The tools themselves run what is generated for them. test/database/catalog/generate.test.ts imitates those that npm
// does not have.

/** Names and comments that a tool could misread. */
interface Hostile {
  readonly name: string;
  readonly otherName: string;
  readonly table: string;
  readonly comment: string;
  readonly newComment: string;
}

const KNOWN: Hostile = {
  name: `it's; -- "odd" $$ $1 /* \\ é😀 :v :'v' {{x}} %s`,
  otherName: "-- migrate:down +goose Down -- Down Migration `",
  table: "t\\ -- Down Migration; $$",
  comment:
    `old\n-- migrate:down\n-- Down Migration\n-- +goose Down\n` +
    `\${x} :v ' '' " \\ ; $$ /* \u2028\n\\.\n\t{{ .X }} %s\n--> statement-breakpoint\n:DATABASE_NAME \\? \` \\\``,
  newComment: `new; it's\r\n-- migrate:up\r\n -- Up Migration\n\\\${y} $$ $1 ? \x85 é😀 */ {x} \\`,
};

const PIECES = [
  [...`'"\\;$%:?{}()ab `],
  ["\n", "\r\n", "\r", "\t", "\x01", "\x85", "\u2028", "\u202e", "\ufeff", "é", "😀"],
  ["''", "$$", "$1", "$a$", "${x}", "{{x}}", "%s", ":v", "--", "/*", "*/", "E'", "\\n", "\\'", "\\.", "\\x24{"],
  ["-- migrate:up", "-- migrate:down", "\n-- migrate:down\n", "-- migrate:up transaction:false"],
  ["--> statement-breakpoint", "\n--> statement-breakpoint\n", ":DATABASE_NAME", ":A", "`", "\\`", "\\?", "*/"],
  ["-- Up Migration", "-- Down Migration", "\n-- Down Migration\n", "+goose Down", "-- +goose StatementEnd"],
].flat();

/** Characters that `generate` refuses in a name, and names that the server reserves. */
const REFUSED_IN_NAMES = /[\n-\r\x85\u2028\u2029\ufeff]|\$\{|^pg_/;

function hostileName(random: Random): string {
  for (;;) {
    const name = `${random.pick(PIECES)}${random.pick(PIECES)}${random.pick(PIECES)}${random.between(1, 1000)}`;
    if (Buffer.byteLength(name) < 63 && !REFUSED_IN_NAMES.test(name)) return name;
  }
}

function hostileComment(random: Random): string {
  return Array.from({ length: random.between(1, 12) }, () => random.pick(PIECES)).join("");
}

function declarationsOf({ name, otherName, table, comment, newComment }: Hostile) {
  const before: SequenceLike[] = [
    pgSequence(name, { as: "integer", minValue: -5, startWith: 3, cache: 3, comment }),
    pgSequence("moved_seq"),
    pgSequence(otherName, { as: "smallint", increment: -1, minValue: -10 }),
  ];
  const declared: SequenceLike[] = [
    pgSequence(name, { cycle: true, ownedBy: { table, column: "id" }, comment: newComment }),
    pgSchema(name).sequence("moved_seq", { comment }),
    pgSchema(name).sequence(otherName, { startWith: 100, cache: 7, comment: newComment }),
  ];
  return { before, declared };
}

/** Steps that no plan has yet: without an inverse, and with a hazard of any text. */
function withoutInverse({ table, comment, newComment }: Hostile): Change {
  const literal = `E'${newComment.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return {
    kind: "comment",
    subject: table,
    sql: `comment on column ${quoted(table)}."id" is ${literal}`,
    inverse: null,
    hazards: [{ code: "LOCKS_INSERTS", message: `${comment} ${newComment}`, blocked: false }],
  };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

const SCHEMAS_OF_TOOLS = ["drizzle", "graphile_migrate"];

const database = useDatabase({ onnotice: () => {} });

const ofTools = /^_?(pgmigrations|schema_migrations|knex_migrations|kysely_migration|prisma_migrations)/;

/** The objects of the database, without the tables of the tools' own records. */
async function state() {
  const { sequences, taken, keys, tables, schemas, ...rest } = await inspectSequences(bind(database.client));
  const isOurs = ({ schema }: { schema: string }) => !SCHEMAS_OF_TOOLS.includes(schema);
  return {
    ...rest,
    schemas: schemas.filter((schema) => isOurs({ schema })),
    // What is dropped and created again has another OID.
    sequences: sequences
      .filter((each) => !ofTools.test(each.seqName) && isOurs(each))
      .map(({ oid: _oid, ...each }) => each),
    taken: taken.filter((each) => !ofTools.test(each.name) && isOurs(each)),
    keys: keys.filter((each) => !ofTools.test(each.table) && isOurs(each)),
    tables: tables.filter((each) => !ofTools.test(each.table) && isOurs(each)),
  };
}

/** Modules import their tool from here. */
const NEW_FOLDER = fileURLToPath(new URL("../../node_modules/.nextval-migrations-", import.meta.url));

/** Runs the tool to migrate a database to the declarations and back. */
async function migrate(tool: MigrationTool, hostile: Hostile): Promise<void> {
  const folder = await mkdtemp(NEW_FOLDER);
  const { refused = /(?!)/g } = tool;
  const nameOf = (name: string) => name.replaceAll(refused, "_");
  const { name, otherName, table, ...comments } = hostile;
  try {
    await migrateIn(folder, tool, {
      name: nameOf(name),
      otherName: nameOf(otherName),
      table: nameOf(table),
      ...comments,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function migrateIn(folder: string, tool: MigrationTool, hostile: Hostile): Promise<void> {
  const { before, declared } = declarationsOf(hostile);
  const { name, table, comment, newComment } = hostile;
  // Every statement is prepared, so the connection is not kept.
  const client = database.connect({ max: 1 });
  await client`drop schema public cascade`;
  for (const schema of SCHEMAS_OF_TOOLS) await client`drop schema if exists ${client(schema)} cascade`;
  await client`create schema public`;
  await client.unsafe(`create table ${quoted(table)} (id bigint primary key)`);
  await applyPlan(bind(client), planChanges(before, await inspectSequences(bind(client))));

  const first = await state();
  const made = planChanges(declared, first, { prune: true, renames: { moved_seq: `${name}.moved_seq` } });
  expect(made.changes.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["create schema", "create", "move", "alter", "own", "comment", "drop"]),
  );
  const changes = [...made.changes, withoutInverse(hostile)];
  const options = { name: "all_of_it", ...tool.options, folder: folderOf() };
  const files = generateMigration({ ...made, changes }, options);
  if (tool.options.extension !== undefined) files.push({ path: "package.json", content: '{ "type": "module" }' });
  for (const { path, content } of files) {
    await mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await writeFile(`${folder}/${path}`, content);
  }

  await tool.up(folder, database.url);
  const after = await state();
  expect(planChanges(declared, after, { prune: true }).changes, JSON.stringify(hostile)).toEqual([]);
  const commentsOf = ({ sequences }: typeof after) => sequences.map(({ options }) => options.comment).sort();
  expect(commentsOf(after)).toEqual([newComment, comment, newComment].sort());
  const [column] = await client`select col_description(${quoted(table)}::regclass, 1) as comment`;
  expect(column?.["comment"]).toBe(newComment);

  if (tool.down === undefined) await client.unsafe(wayBackIn((await textsIn(folder)).join("")));
  else await tool.down(folder, database.url);
  expect(await state(), JSON.stringify(hostile)).toEqual(first);
  await client.end({ timeout: 1 });
}

/** The statements of the comments at the end, without "-- ". */
function wayBackIn(text: string): string {
  const lines = text.split(/^-- The way back, which .* does not run:\n/m)[1]!.split("\n");
  return lines
    .filter((line) => !line.startsWith("-- Cannot be undone: "))
    .map((line) => line.slice(3))
    .join("\n");
}

// Processes, which other tests may delay.
test.each(MIGRATION_TOOLS.map((tool) => [Object.values(tool.options).join(" "), tool] as const))(
  "%s migrates the database to the declarations and back",
  (_name, tool) => migrate(tool, KNOWN),
  180_000,
);

// The tools run CommonJS and ES modules above; TypeScript leaves the types out.
test("modules in TypeScript compile in a strict project", async () => {
  const folder = await mkdtemp(NEW_FOLDER);
  try {
    const change = { sql: 'alter sequence "a" cycle', inverse: 'alter sequence "a" no cycle' };
    const plans = { both_ways: planOf(change, withoutInverse(KNOWN)), one_way: planOf(withoutInverse(KNOWN)) };
    for (const format of ["knex", "kysely", "umzug"] as const) {
      for (const [name, plan] of Object.entries(plans)) {
        const [file] = generateMigration(plan, { name, format });
        await writeFile(`${folder}/${file!.path}`, file!.content);
      }
    }
    const compilerOptions = {
      module: "nodenext",
      target: "es2022",
      strict: true,
      noEmit: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      types: [],
    };
    await writeFile(`${folder}/package.json`, '{ "type": "module" }');
    await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
    const { stdout } = await startProcess(process.execPath, [compiler, "-p", folder], { cwd: folder, env: {} })
      .finished;
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

attack("migrations: tools run what is generated for any names and comments", async ({ random, count }) => {
  const tool = random.pick(MIGRATION_TOOLS);
  const [name, otherName, table] = [hostileName(random), hostileName(random), hostileName(random)] as const;
  const hostile = { name, otherName, table, comment: hostileComment(random), newComment: hostileComment(random) };
  if (new Set(Object.values(hostile)).size < 5) return;
  await migrate(tool, hostile);
  count(`migrations by ${tool.options.format}`);
});
