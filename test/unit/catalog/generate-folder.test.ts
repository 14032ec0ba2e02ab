import { generateMigration, type GenerateOptions, type MigrationFormat } from "nextval/catalog";
import { describe, expect, test } from "vitest";
import { folderOf } from "../../support/migration-folder.js";
import { planOf } from "../../support/plan-of.js";

const AT = new Date("2026-01-31T23:59:58.765Z");
const plan = planOf({ sql: 'drop sequence "a"' });

function filesIn(files: Readonly<Record<string, string>>, options: Partial<GenerateOptions>) {
  return generateMigration(plan, { name: "x", format: "sql", at: AT, folder: folderOf(files), ...options });
}

/** The path of the first file among these names. */
function pathAmong(format: MigrationFormat, ...names: string[]): string | undefined {
  return filesIn(Object.fromEntries(names.map((name) => [name, ""])), { format })[0]?.path;
}

describe("the next name", () => {
  test.each<[MigrationFormat, others: string[], expected: string]>([
    ["sql", [], "0001_x.up.sql"],
    ["sql", ["0001_a.up.sql", "0001_a.down.sql", "README.md", "seed.sql"], "0002_x.up.sql"],
    // By number, not by text; the width is that of the last one.
    ["sql", ["9_a.sql", "10_b.sql"], "11_x.up.sql"],
    ["sql", ["099-a.sql"], "100-x.up.sql"],
    ["sql", ["20250101000000_a.up.sql"], "20260131235958_x.up.sql"],
    // A folder within is not one of its migrations.
    ["sql", ["old/0007_a.sql"], "0001_x.up.sql"],
    // Made in the same second, or where the clock is ahead.
    ["knex", ["20260131235958_a.ts"], "20260131235959_x.ts"],
    ["knex", ["20260131235959_a.ts"], "20260201000000_x.ts"],
    ["knex", ["99999999999999_a.ts"], "20260131235958_x.ts"],
    ["knex", ["001_a.ts", "002_b.ts", "helper.ts", "002_b.d.ts"], "003_x.ts"],
    ["kysely", [], "1769903998765_x.ts"],
    ["kysely", ["1769903998765_a.ts"], "1769903999765_x.ts"],
    ["kysely", ["20240101000000_a.ts"], "20260131235958_x.ts"],
    ["umzug", ["2026.01.31T23.59.58.a.ts"], "2026.01.31T23.59.59.x.ts"],
    ["umzug", ["20240101000000-a.js"], "20260131235958-x.js"],
    ["prisma", ["20240101000000_a/migration.sql", "migration_lock.toml"], "20260131235958_x/migration.sql"],
    ["prisma", ["0_init/migration.sql"], "1_x/migration.sql"],
    ["graphile-migrate", ["current.sql"], "committed/000001-x.sql"],
  ])("%s after %j", (format, others, expected) => {
    expect(pathAmong(format, ...others)).toBe(expected);
  });

  test("plain SQL keeps a number that it is given, as golang-migrate users do", () => {
    expect(filesIn({ "0001_a.up.sql": "" }, { name: "0009_x" })[0]?.path).toBe("0009_x.up.sql");
  });
});

describe("modules", () => {
  test("are of the kind of the last one", () => {
    expect(pathAmong("umzug", "2025.01.01T00.00.00.a.mjs")).toBe("2026.01.31T23.59.58.x.mjs");
    expect(pathAmong("knex", "20250101000000_a.cjs")).toBe("20260131235958_x.cjs");
    // Knex does not load these.
    expect(pathAmong("knex", "20250101000000_a.mjs")).toBe("20260131235958_x.ts");
  });

  test("are CommonJS if the last one is", () => {
    const moduleAfter = (text: string, format: MigrationFormat) =>
      filesIn({ "20250101000000_a.js": text }, { format })[0]?.content;
    expect(moduleAfter("exports.up = () => {};\n", "kysely")).toContain(
      'const { sql } = require("kysely");\n\nexports.up = async function (db) {\n',
    );
    expect(moduleAfter("'use strict';\nmodule.exports = { up };\n", "knex")).toMatch(/^exports\.up = .*knex\) \{\n/);
    expect(moduleAfter("export const up = () => {};\n", "knex")).toMatch(/^export async function up\(knex\) \{\n/);
    expect(filesIn({}, { format: "knex", extension: "cjs" })[0]?.content).toMatch(/^exports\.up/);
  });
});

describe("drizzle", () => {
  const journalOf = (...entries: object[]) => JSON.stringify({ version: "7", dialect: "postgresql", entries });
  const first = { idx: 0, version: "7", when: 1, tag: "0000_a", breakpoints: true };

  test("continues the journal and the snapshots, and marks the journal as replaced", () => {
    const files = filesIn(
      {
        "0000_a.sql": "",
        "meta/_journal.json": journalOf(first, { ...first, idx: 1, when: 2, tag: "0001_b" }),
        "meta/0000_snapshot.json": '{ "id": "one", "prevId": "none", "version": "7", "tables": { "old": 1 } }',
        "meta/0001_snapshot.json": '{ "id": "two", "prevId": "one", "version": "7", "tables": { "new": 1 } }',
      },
      { format: "drizzle" },
    );
    expect(files.map(({ path, replaces }) => [path, replaces])).toEqual([
      ["0002_x.sql", undefined],
      ["meta/0002_snapshot.json", undefined],
      ["meta/_journal.json", true],
    ]);
    expect(JSON.parse(files[1]!.content)).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      prevId: "two",
      version: "7",
      tables: { new: 1 },
    });
    expect(JSON.parse(files[2]!.content)).toMatchObject({
      entries: [first, { idx: 1 }, { idx: 2, version: "7", when: AT.getTime(), tag: "0002_x", breakpoints: true }],
    });
  });

  // The migrator skips an entry that is not later than the last one it has run.
  test("is later than the last entry, also if a clock is ahead", () => {
    const when = AT.getTime() + 3_600_000;
    const journal = journalOf({ ...first, when, tag: "20260201005958_a" });
    const files = filesIn({ "meta/_journal.json": journal }, { format: "drizzle" });
    expect(files[0]?.path).toBe("20260201005959_x.sql");
    expect(JSON.parse(files.at(-1)!.content)).toMatchObject({ entries: [{ when }, { when: when + 1 }] });
  });

  test.each([
    [{ "meta/_journal.json": "<<<<<<< HEAD" }, /^meta\/_journal.json is not JSON: /],
    [
      { "meta/_journal.json": '{ "dialect": "mysql", "entries": [] }' },
      "is not a journal of drizzle-kit for PostgreSQL",
    ],
    [{ "meta/_journal.json": '{ "dialect": "postgresql" }' }, "is not a journal of drizzle-kit for PostgreSQL"],
    [{ "meta/0000_snapshot.json": "{" }, /^meta\/0000_snapshot.json is not JSON: /],
  ])("refuses the folder %j", (files: Record<string, string>, message) => {
    expect(() => filesIn(files, { format: "drizzle" })).toThrow(message);
  });
});

test("prisma leaves the lock file as it is", () => {
  const paths = filesIn({ "migration_lock.toml": "mine" }, { format: "prisma" }).map(({ path }) => path);
  expect(paths).toEqual(["20260131235958_x/migration.sql", "20260131235958_x/down.sql"]);
});

describe("graphile-migrate", () => {
  const committed = (hash: string) => `--! Previous: -\n--! Hash: ${hash}\n--! Message: a\n\nselect 1;\n`;

  test("continues the chain of hashes", () => {
    const [file] = filesIn(
      {
        "committed/000001-a.sql": committed("sha1:one"),
        "committed/000010.sql": committed("sha1:ten"),
        "committed/000002-b.sql": committed("sha1:two"),
      },
      { format: "graphile-migrate", name: "Some_Name" },
    );
    expect(file?.path).toBe("committed/000011-some_name.sql");
    expect(file?.content).toMatch(/^--! Previous: sha1:ten\n--! Hash: sha1:[\da-f]{40}\n--! Message: Some_Name\n\n/);
  });

  test("refuses to follow a migration without a hash", () => {
    const folder = { "committed/000001-a.sql": "select 1;\n--! Hash: sha1:late\n" };
    expect(() => filesIn(folder, { format: "graphile-migrate" })).toThrow(
      "committed/000001-a.sql has no hash, so graphile-migrate would refuse what follows it",
    );
  });
});

describe("Atlas", () => {
  // Files of ariga/atlas with the sums that Atlas made of them: atlasexec/testdata/migrations,
  // cmd/atlas/internal/cmdapi/testdata/baseline2.
  const MADE_BY_ATLAS: readonly Readonly<Record<string, string>>[] = [
    {
      "20230727105553_init.sql": "CREATE TABLE t1 ( c1 int );\n",
      "20230727105615_t2.sql": "CREATE TABLE t2 ( c1 int, c2 text );\n",
      "20230926085734_destructive-change.sql": "DROP TABLE t2;\n",
      "atlas.sum": `h1:hnQZfRcN6sV+y+0YePtkLazMy+Ty3lhyGv69ixeYoXc=
20230727105553_init.sql h1:jxgvnWO6tZD3lSPpH1ao5E/6VjapP7iwvBCUJ6aez58=
20230727105615_t2.sql h1:UvzeoFxe90Y/7b21ziwg6pPzWJQSV7LeYwJl8J63lMU=
20230926085734_destructive-change.sql h1:Gf/bSvUkfqHr/MEXKCxdGu2YvG8zwe4ER5TW8T/laA0=
`,
    },
    {
      "1_baseline.sql": '-- create "baseline" table\nCREATE TABLE baseline (`c` int NOT NULL);\n',
      "20220318104614_initial.sql": '-- create "tbl" table\nCREATE TABLE tbl (`col` int NOT NULL);\n',
      "20220318104615_second.sql": "ALTER TABLE `tbl` ADD `col_2` bigint;\n",
      "atlas.sum": `h1:sxNQqhuqhm1fLpr3WN9N/M/niaS81Y7k5RrSaKpmBZE=
1_baseline.sql h1:rZgkRmNcN2UEKgxru1nHCpBRVn/fjFavyQ4xxPxhrD4=
20220318104614_initial.sql h1:/B1/+IxzgrRc4tCm1tpcpMhocHgqkdWF+iffxuguYaQ=
20220318104615_second.sql h1:nUc1cUvm8BzjTZdbavM1IRlNpfhtyY3YyZJ8v23K9j4=
`,
    },
  ];

  test.each(MADE_BY_ATLAS)("takes a folder that Atlas made, and adds to its sums", (folder) => {
    const files = filesIn(folder, { format: "atlas" });
    expect(files.map(({ path, replaces }) => [path, replaces])).toEqual([
      ["20260131235958_x.sql", undefined],
      ["atlas.sum", true],
    ]);
    const sums = (text: string) => text.split("\n").slice(1, -1);
    const before = sums(folder["atlas.sum"]!);
    expect(sums(files[1]!.content).slice(0, -1)).toEqual(before);
    // What it wrote, it takes.
    const next = { ...folder, ...Object.fromEntries(files.map(({ path, content }) => [path, content])) };
    expect(filesIn(next, { format: "atlas", name: "y" })[0]?.path).toBe("20260131235959_y.sql");
  });

  // Of dir_test.go: the name counts, the content does not, and the file has no line.
  test("leaves out a file that says so in its first line", () => {
    const ignored = { "1_a.sql": "-- atlas:sum ignore\nselect 1;\n" };
    const sum = filesIn({}, { format: "atlas" }).at(-1)!.content;
    const empty = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    const files = filesIn({ ...ignored, "atlas.sum": empty }, { format: "atlas" });
    expect(files[0]?.path).toBe("2_x.sql");
    expect(files.at(-1)!.content).not.toContain("1_a.sql");
    expect(files.at(-1)!.content).not.toBe(sum);
  });

  test.each([
    ["was edited", { "20230727105615_t2.sql": "CREATE TABLE t3 ();\n" }],
    ["was added", { "20230727105616_t3.sql": "" }],
    ["has no sum", { "atlas.sum": "" }],
  ])("refuses a folder in which a file %s", (_what, changed) => {
    expect(() => filesIn({ ...MADE_BY_ATLAS[0]!, ...changed }, { format: "atlas" })).toThrow(
      expect.objectContaining({
        message: "atlas.sum is not that of the files in its folder",
        hint: "Run atlas migrate validate to see what differs, and atlas migrate hash if that is intended.",
      }),
    );
  });
});
