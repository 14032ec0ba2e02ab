import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { resolveBinary } from "dbmate";
import { bind, pgSchema, pgSequence, type SequenceLike } from "nextval";
import {
  applyPlan,
  type Change,
  generateMigration,
  inspectSequences,
  type MigrationFormat,
  planChanges,
} from "nextval/catalog";
import { expect, test } from "vitest";
import { attack } from "../support/attacks/attack.js";
import type { Random } from "../support/attacks/random.js";
import { startProcess } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";

// The tools themselves run what is generated for them. test/database/catalog/generate.test.ts imitates those that npm
// does not have.

interface Tool {
  readonly format: MigrationFormat;
  readonly command: string;
  readonly args: readonly string[];
  readonly up: string;
  readonly down: string;
}

const tools: Tool[] = [
  {
    format: "dbmate",
    command: resolveBinary(),
    // A dump would need pg_dump.
    args: ["--no-dump-schema", "--migrations-dir", "."],
    up: "migrate",
    down: "rollback",
  },
  {
    format: "node-pg-migrate",
    command: process.execPath,
    args: [fileURLToPath(import.meta.resolve("node-pg-migrate/bin/node-pg-migrate")), "--migrations-dir", "."],
    up: "up",
    down: "down",
  },
];

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
  otherName: "-- migrate:down +goose Down -- Down Migration",
  table: "t\\ -- Down Migration; $$",
  comment:
    `old\n-- migrate:down\n-- Down Migration\n-- +goose Down\n` +
    `\${x} :v ' '' " \\ ; $$ /* \u2028\n\\.\n\t{{ .X }} %s`,
  newComment: `new; it's\r\n-- migrate:up\r\n -- Up Migration\n\\\${y} $$ $1 ? \x85 é😀 */ {x} \\`,
};

const PIECES = [
  [...`'"\\;$%:?{}()ab `],
  ["\n", "\r\n", "\r", "\t", "\x01", "\x85", "\u2028", "\u202e", "\ufeff", "é", "😀"],
  ["''", "$$", "$1", "$a$", "${x}", "{{x}}", "%s", ":v", "--", "/*", "*/", "E'", "\\n", "\\'", "\\.", "\\x24{"],
  ["-- migrate:up", "-- migrate:down", "\n-- migrate:down\n", "-- migrate:up transaction:false"],
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

const database = useDatabase({ onnotice: () => {} });

const ofTools = /^(pgmigrations|schema_migrations)/;

/** The objects of the database, without the tables of the tools' own records. */
async function state() {
  const { sequences, taken, keys, tables, ...rest } = await inspectSequences(bind(database.client));
  return {
    ...rest,
    // What is dropped and created again has another OID.
    sequences: sequences.filter(({ seqName }) => !ofTools.test(seqName)).map(({ oid: _oid, ...each }) => each),
    taken: taken.filter(({ name }) => !ofTools.test(name)),
    keys: keys.filter(({ table }) => !ofTools.test(table)),
    tables: tables.filter(({ table }) => !ofTools.test(table)),
  };
}

/** Runs the tool to migrate a database to the declarations and back. */
async function migrate(tool: Tool, hostile: Hostile): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/nextval-migrations-`);
  try {
    await migrateIn(folder, tool, hostile);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function migrateIn(folder: string, { format, command, args, up, down }: Tool, hostile: Hostile): Promise<void> {
  const { before, declared } = declarationsOf(hostile);
  const { name, table, comment, newComment } = hostile;
  // Every statement is prepared, so the connection is not kept.
  const client = database.connect({ max: 1 });
  await client`drop schema public cascade`;
  await client`create schema public`;
  await client.unsafe(`create table ${quoted(table)} (id bigint primary key)`);
  await applyPlan(bind(client), planChanges(before, await inspectSequences(bind(client))));

  const first = await state();
  const made = planChanges(declared, first, { prune: true, renames: { moved_seq: `${name}.moved_seq` } });
  expect(made.changes.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["create schema", "create", "move", "alter", "own", "comment", "drop"]),
  );
  const changes = [...made.changes, withoutInverse(hostile)];
  for (const { path, content } of generateMigration({ ...made, changes }, { name: "all_of_it", format })) {
    await writeFile(`${folder}/${path}`, content);
  }
  const run = async (direction: string) => {
    const env = { DATABASE_URL: database.url, PGSSLMODE: "disable" };
    const { status, ...output } = await startProcess(command, [...args, direction], { cwd: folder, env }).finished;
    expect(status, JSON.stringify({ hostile, output })).toBe(0);
  };

  await run(up);
  const after = await state();
  expect(planChanges(declared, after, { prune: true }).changes, JSON.stringify(hostile)).toEqual([]);
  const commentsOf = ({ sequences }: typeof after) => sequences.map(({ options }) => options.comment).sort();
  expect(commentsOf(after)).toEqual([newComment, comment, newComment].sort());
  const [column] = await client`select col_description(${quoted(table)}::regclass, 1) as comment`;
  expect(column?.["comment"]).toBe(newComment);

  await run(down);
  expect(await state(), JSON.stringify(hostile)).toEqual(first);
  await client.end({ timeout: 1 });
}

// Two processes, which other tests may delay.
test.each(tools)("$format migrates the database to the declarations and back", (tool) => migrate(tool, KNOWN), 60_000);

attack("migrations: tools run what is generated for any names and comments", async ({ random, count }) => {
  const tool = random.pick(tools);
  const [name, otherName, table] = [hostileName(random), hostileName(random), hostileName(random)] as const;
  const hostile = { name, otherName, table, comment: hostileComment(random), newComment: hostileComment(random) };
  if (new Set(Object.values(hostile)).size < 5) return;
  await migrate(tool, hostile);
  count(`migrations by ${tool.format}`);
});
