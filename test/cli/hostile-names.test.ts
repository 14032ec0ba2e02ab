import { beforeAll, expect, test } from "vitest";
import { type Project, useProjects } from "../support/command/project.js";
import type { Finished } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";
import { withLong } from "../support/effort.js";

const database = useDatabase();
const newProject = useProjects();

/** Text that controls a terminal, changes the reading direction, is invisible, or looks like a line of the command. */
const HOSTILE = [
  "\x1b]0;title\x07\x1b[2J\x1b[31mred",
  "\x9b31m\x90x\x9c\x7f",
  "\u202edesrever\u2066\u200f\u061c",
  "\u200b\u00ad\ufeff\u{e0041}",
  "x\r\nok  public.forged_seq  0.0 %\u2028ok\u2029ok\x85\x0b\x0cok",
];
const name = (kind: string, index: number) => `"${kind}${HOSTILE[index]?.slice(0, 40)}"`;

// eslint-disable-next-line no-control-regex
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0041}]/u;

let project: Project;

beforeAll(async () => {
  const statements = HOSTILE.map((_, index) => {
    const [schema, table, column, seq] = ["s", "t", "c", "q"].map((kind) => name(kind, index));
    return `
      create schema ${schema};
      create domain ${schema}.${name("d", index)} as integer;
      create sequence ${schema}.${seq} cache 30;
      create table ${schema}.${table} (${column} ${schema}.${name("d", index)} primary key
        default nextval('${schema}.${seq}'));
      insert into ${schema}.${table} values (500);
      comment on sequence ${schema}.${seq} is E'note ${HOSTILE[index]?.replaceAll("\r", "\\r")}';
      create sequence ${seq};
      create view ${schema}.${name("v", index)} as select nextval('${seq}') as id;
      create table ${schema}.${name("n", index)} (${column} integer primary key default nextval('${seq}'))`;
  });
  await database.client.unsafe(statements.join(";"));
  const declared = HOSTILE.map((text, index) => {
    const [schema, seq] = ["s", "q"].map((kind) => JSON.stringify(`${kind}${text.slice(0, 40)}`));
    return `
      const comment${index} = ${JSON.stringify(text)}, ownedBy${index} = { table: "t", column: ${seq} };
      export const one${index} = pgSequence(${seq}, {
        cycle: true, cache: 20, maxValue: 400, comment: comment${index} });
      export const two${index} = pgSchema(${schema}).sequence(${seq}, { as: "integer", ownedBy: ownedBy${index} });`;
  });
  project = await newProject({
    "s.ts": `import { pgSchema, pgSequence } from "nextval"; ${declared.join("")}`,
    "nextval.config.ts": `export default { declarations: "s.ts", url: "${database.url}" };`,
    "typo.ts": `throw new Error(${JSON.stringify(HOSTILE.join("\n"))});`,
  });
});

/** A line of rows on stdout, by what stands at its beginning. */
const ROWS = [
  / {2,6}(?:Hint|Fix): /,
  /level +used/,
  /ok/,
  /warning/,
  /CRITICAL/,
  / {4}! [A-Z_]+ /,
  /\d+ sequences?: /,
  /\d+ changes?:/,
  /(?:create|alter|comment|own|pending|drop|rename|move|set|grant|schema)\b.* /,
  /\d+ owners? pending/,
  / {2}(?:!|[a-z])/,
  /\?/,
  /Nothing/,
  /The database/,
  /Wrote/,
  /"?[a-z].*: next is/,
  /.* is left alone: /,
  /[\w"].* {2}source /,
];
const ROW = new RegExp(`^(?:${ROWS.map(({ source }) => source).join("|")})`);

test.each(
  withLong(
    ["status --verbose --all-columns", "pull"],
    [
      "push --yes",
      "resync --dry-run",
      "diff --prune",
      "generate --out migrations",
      "status --schemas \u001b[2J",
      "diff --json --declarations typo.ts",
    ],
  ),
)("no text of a database controls the terminal: %s", { concurrent: true }, async (command) => {
  const { stdout, stderr } = await project.runShared(...command.split(" "));
  for (const output of [stdout, stderr]) expect(UNSEEN.exec(output)).toBeNull();
  expect(stdout + stderr).not.toMatch(/^ok {2}.*public\.forged_seq$/m);
  if (/--json|pull/.test(command)) return;
  const rows = stdout.split("\n").filter((line) => line !== "");
  for (const row of rows) expect(row).toMatch(ROW);
  // Of an error, all lines but the first are indented.
  const lines = stderr.trimEnd().split("\n");
  const warning = /^Warning: pgSequence\(".*"\) declares a sequence with a dot |^ {2}Hint: Declare pgSchema\(/;
  const error = lines.filter((line) => !warning.test(line));
  for (const line of error.slice(1)) expect(line).toMatch(/^ /);
});

test("JSON means the same with and without escapes, and metrics follow the rules of Prometheus", async () => {
  const [json, metrics] = await Promise.all([
    project.runShared("status", "--json"),
    project.runShared("status", "--prometheus"),
  ]);
  const { sequences } = JSON.parse((json as Finished).stdout) as { sequences: { sequence: { name: string } }[] };
  const names = sequences.map(({ sequence }) => sequence.name);
  expect(new Set(names)).toEqual(new Set(HOSTILE.map((text) => `q${text.slice(0, 40)}`)));
  const lines = (metrics as Finished).stdout.trimEnd().split("\n");
  for (const line of lines) expect(line).toMatch(/^(?:# (?:HELP|TYPE) nextval_|nextval_\w+(?:\{.*\})? [\d.e+-]+$)/s);
});
