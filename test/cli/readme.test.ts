import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Project, useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const target = useDatabase();
const makeProject = useProjects();
const README = new URL("../../README.md", import.meta.url);

/** The events that the README describes before the command at this position. */
const EDITS: { readonly [command: string]: (source: string) => string } = {
  "npx nextval diff": (source) =>
    `${source
      .replace("  cycle: true,\n", "")
      .replace('as: "integer",\n  ownedBy', 'cache: 20,\n  as: "integer",\n  ownedBy')}
export const voucherSeq = pgSequence("voucher_seq");
`,
  "npx nextval generate --name cap_vouchers --format dbmate": (source) =>
    source.replace('pgSequence("voucher_seq")', 'pgSequence("voucher_seq", { maxValue: 5000 })'),
};

/** The changes of the database before the command at this position. */
const EVENTS: { readonly [command: string]: string } = {
  "npx nextval status": "insert into orders (id) select n from generate_series(1, 500) n on conflict do nothing",
};

/** The time in the name of a migration is that of the run. */
const withoutTime = (text: string) => text.replaceAll(/(?<!\d)\d{14}(?!\d)/g, "20261124120000");

test("the README shows what the command prints", async () => {
  for (const { client } of [database, target]) {
    await client.unsafe(`
      create table orders (id serial primary key, note text);
      create sequence ticket_seq as integer maxvalue 10000 cycle;
      create schema billing;
      create sequence billing.invoice_seq start 1000`);
  }
  await target.client.unsafe(
    "alter sequence ticket_seq no cycle; alter sequence orders_id_seq cache 20; create sequence voucher_seq",
  );
  const readme = await readFile(README, "utf8");
  const blocks = [...readme.matchAll(/^```console\n([^]*?)^```$/gm)].map((match) => match[1] as string);
  const config = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map((match) => match[1] as string);
  expect(blocks.length).toBeGreaterThanOrEqual(5);
  const project = await makeProject({
    "nextval.config.ts": config.find((text) => text.includes("defineConfig")) ?? "",
  });

  let printed = readme;
  for (const block of blocks) {
    const commands = block.split("\n").filter((line) => line.startsWith("$ "));
    let output = "";
    for (const command of commands) output += `${command}\n${await outputOf(project, command.slice(2))}`;
    printed = printed.replace(`\`\`\`console\n${block}`, () => `\`\`\`console\n${output}`);
  }
  if (process.env["UPDATE_README"] !== undefined) await writeFile(README, printed);
  else expect(printed).toBe(readme);
});

async function outputOf(project: Project, command: string): Promise<string> {
  const event = EVENTS[command];
  if (event !== undefined) await database.client.unsafe(event);
  const edit = EDITS[command];
  const source = `${project.folder}/src/sequences.ts`;
  if (edit !== undefined) await writeFile(source, edit(await readFile(source, "utf8")));
  const [program, ...args] = command.split(" ");
  if (program === "cat") {
    return withoutTime(await readFile(await fileOf(project, args[0] as string), "utf8"));
  }
  const urls: { readonly [variable: string]: string } = { $OLD_URL: database.url, $NEW_URL: target.url };
  const { stdout, stderr } = await project.start(
    args.slice(1).map((arg) => urls[arg] ?? arg),
    { DATABASE_URL: database.url },
  ).finished;
  return withoutTime(withNames(`${stdout}${stderr}`));
}

/** The servers of this run, by the names that the README has for them. */
function withNames(output: string): string {
  return output
    .replaceAll(new RegExp(`${database.name} at \\S+ as [^\\s.:]+`, "g"), "shop at localhost:5432 as deploy")
    .replaceAll(new RegExp(`${target.name} at \\S+ as [^\\s.:]+`, "g"), "shop at db.example.com:5432 as deploy");
}

/** The file, or the one that has been written with the time of this run in its name. */
async function fileOf({ folder }: Project, name: string): Promise<string> {
  const [directory, file] = name.split("/") as [string, string];
  const found = (await readdir(`${folder}/${directory}`)).find((each) => withoutTime(each) === file);
  return `${folder}/${directory}/${found}`;
}
