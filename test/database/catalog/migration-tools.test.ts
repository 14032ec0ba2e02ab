import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { resolveBinary } from "dbmate";
import { bind, pgSchema, pgSequence, type SequenceLike } from "nextval";
import { apply, type Change, generate, inspect, type MigrationFormat, plan } from "nextval/catalog";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startProcess } from "../../cli/project.js";
import { useDatabase } from "../../database.js";

// The tools themselves run what is generated for them. generate.test.ts imitates those that npm does not have.

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

const ODD = `it's; -- "odd" $$ $1 /* \\ é😀 :v :'v' {{x}} %s`;
const MARKERS = "-- migrate:down +goose Down -- Down Migration";
const TABLE = "t\\ -- Down Migration; $$";
const OLD = `old\n-- migrate:down\n-- Down Migration\n-- +goose Down\n\${x} :v ' '' " \\ ; $$ /* \u2028\n\\.\n\t{{ .X }} %s`;
const NEW = `new; it's\r\n-- migrate:up\r\n -- Up Migration\n\\\${y} $$ $1 ? \x85 é😀 */ {x} \\`;

const before: SequenceLike[] = [
  pgSequence(ODD, { as: "integer", minValue: -5, startWith: 3, cache: 3, comment: OLD }),
  pgSequence("moved_seq"),
  pgSequence(MARKERS, { as: "smallint", increment: -1, minValue: -10 }),
];

const declared: SequenceLike[] = [
  pgSequence(ODD, { cycle: true, ownedBy: { table: TABLE, column: "id" }, comment: NEW }),
  pgSchema(ODD).sequence("moved_seq", { comment: OLD }),
  pgSchema(ODD).sequence(MARKERS, { startWith: 100, cache: 7, comment: NEW }),
];

/** What no plan has so far: no way back, and a hazard that says anything. */
const withoutInverse: Change = {
  kind: "comment",
  subject: TABLE,
  sql: `comment on column "${TABLE}"."id" is E'${NEW.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`,
  inverse: null,
  hazards: [{ code: "LOCKS_INSERTS", message: `${OLD} ${NEW}`, blocked: false }],
};

const database = useDatabase({ onnotice: () => {} });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/nextval-migrations-`);
  const { client } = database;
  await client`drop schema if exists ${client(ODD)} cascade`;
  await client`drop schema public cascade`;
  await client`create schema public`;
  await client`create table ${client(TABLE)} (id bigint primary key)`;
  await apply(bind(client), plan(before, await inspect(bind(client))));
});

afterEach(() => rm(folder, { recursive: true }));

const ofTools = /^(pgmigrations|schema_migrations)/;

/** What there is, but for the tables where the tools remember what they did. */
async function state() {
  const { sequences, taken, keys, ...rest } = await inspect(bind(database.client));
  return {
    ...rest,
    sequences: sequences.filter(({ seqName }) => !ofTools.test(seqName)),
    taken: taken.filter(({ name }) => !ofTools.test(name)),
    keys: keys.filter(({ table }) => !ofTools.test(table)),
  };
}

test.each(tools)(
  "$format takes the database to the declarations and back",
  async ({ format, command, args, up, down }) => {
    const first = await state();
    const made = plan(declared, first, { prune: true, renames: { moved_seq: `${ODD}.moved_seq` } });
    expect(made.changes.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["create schema", "create", "move", "alter", "own", "comment", "drop"]),
    );
    const changes = [...made.changes, withoutInverse];
    for (const { path, content } of generate({ ...made, changes }, { name: "all_of_it", format })) {
      await writeFile(`${folder}/${path}`, content);
    }
    const run = async (direction: string) => {
      const env = { DATABASE_URL: database.url, PGSSLMODE: "disable" };
      const { status, ...output } = await startProcess(command, [...args, direction], { cwd: folder, env }).finished;
      expect(status, JSON.stringify(output)).toBe(0);
    };

    await run(up);
    const after = await state();
    expect(plan(declared, after, { prune: true }).changes).toEqual([]);
    expect(after.sequences.map(({ options }) => options.comment)).toEqual([NEW, OLD, NEW]);
    const [column] = await database.client`select col_description(${`"${TABLE}"`}::regclass, 1) as comment`;
    expect(column?.["comment"]).toBe(NEW);

    await run(down);
    expect(await state()).toEqual(first);
  },
  // Two processes, which the others of a run may hold up.
  60_000,
);
