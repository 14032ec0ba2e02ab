import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Project, useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";
import { ACTION, commandsIn, runAction } from "../support/github/runner.js";

const database = useDatabase();
const newProject = useProjects();

/** Names that would be commands of GitHub's runner, or end one. */
const HOSTILE = [
  "::error file=forged.ts::forged",
  "a\n::add-mask::forged",
  "x ##[error]forged",
  "b\r\n ::set-env name=forged::1",
  "y,line=1,file=forged.ts:%0A::error::forged",
  "#\u200d#\u200d[error]forged",
  "\u200d:\u200d:error::forged",
];

let project: Project;

beforeAll(async () => {
  project = await newProject({
    "src/sequences.ts": `import { pgSchema, pgSequence } from "nextval";
// export const orderSeq = pgSequence("order_seq");
export const orderSeq = pgSequence("order_seq", { increment: 5, comment: "orders" });
export const billing = pgSchema("billing");
export const invoiceSeq = billing.sequence(
  "order_seq",
);
export * from "./others.js";
`,
    "src/others.ts": `import { pgSequence } from "nextval";
const declare = (name: string) => pgSequence(\`\${name}_seq\`);

export const all = [pgSequence("one_seq"), declare("two")];
export const same = pgSequence('same_seq');
`,
    "src/hostile.ts": `import { pgSequence } from "nextval";
export const hostile = [
  ${HOSTILE.map((name) => `pgSequence(${JSON.stringify(name)})`).join(",\n  ")}
];
`,
    "src/wrong.ts": `import { pgSequence } from "nextval";

export const wrong = pgSequence("wrong_seq", { minValue: 10, startWith: 5 } as never);
`,
    "nextval.config.ts": `export default {
  declarations: "src/sequences.ts", url: ${JSON.stringify(database.url)}, prune: true };
`,
  });
  // As npm installs it.
  const bin = "node_modules/.bin/nextval";
  await project.write({ [bin]: `#!/usr/bin/env node\nawait import("../nextval/dist/lib/cli/main.js");\n` });
  await chmod(`${project.folder}/${bin}`, 0o755);
});

beforeEach(async () => {
  await database.client.unsafe(
    "drop schema if exists billing cascade; drop schema public cascade; create schema public; create sequence same_seq",
  );
});

/** postgres.js would split a name at its dots. */
const createSequence = (name: string) => database.client.unsafe(`create sequence "${name}"`);

const placed = (output: string) =>
  commandsIn(output).map(({ name, properties: { file, line, title } }) => `${name} ${file}:${line} ${title}`);

describe("check --format github", () => {
  test("annotates the line of each declaration, and the configuration for what is not declared", async () => {
    await database.client`create sequence order_seq`;
    await database.client`create sequence left_seq`;
    const { status, stdout, stderr } = await project.runShared("check", "--format", "github");
    expect([status, stderr]).toEqual([1, ""]);
    expect(placed(stdout)).toEqual([
      "error src/sequences.ts:4 schema billing is missing in the database",
      "error src/sequences.ts:6 billing.order_seq is missing in the database",
      "error src/others.ts:4 one_seq is missing in the database",
      "error src/others.ts:4 two_seq is missing in the database",
      "error src/sequences.ts:3 order_seq differs from the database",
      "error nextval.config.ts:1 public.left_seq is not declared",
    ]);
    const messages = commandsIn(stdout).map(({ data }) => data);
    expect(messages[4]).toMatch(/^alter order_seq\n {2}alter sequence "public"\."order_seq" increment by 5.*;\n/);
    expect(messages[4]).toContain(`comment order_seq\n  comment on sequence "public"."order_seq" is 'orders';`);
    expect(stdout.split("\n").slice(-2)).toEqual(["The database differs from the declarations.", ""]);
  });

  test("prints no command if nothing differs", async () => {
    await project.runShared("push", "--yes");
    const { status, stdout } = await project.runShared("check", "--format", "github");
    expect([status, stdout]).toEqual([0, "Nothing differs.\n"]);
  });

  test("annotates the line of an error of a file", async () => {
    const args = ["check", "--declarations", "src/wrong.ts", "--format", "github"];
    const { status, stdout, stderr } = await project.runShared(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(placed(stderr)).toEqual(["error src/wrong.ts:3 nextval failed"]);
    expect(commandsIn(stderr)[0]?.data).toContain("wrong_seq: startWith 5 is below minValue 10");
  });

  test.each([["check --json"], ["status --watch 5"]])("is not for %s", async (command) => {
    const { status, stderr } = await project.runShared(...command.split(" "), "--format", "github");
    expect([status, commandsIn(stderr)]).toMatchObject([2, [{ data: expect.stringContaining("--format ") }]]);
  });
});

describe("hostile names", () => {
  const forged = (output: string) =>
    commandsIn(output).filter(({ name, properties: { file = "", title = "" } }) => {
      return name !== "error" || /forged/.test(file) || !/ |^nextval failed$/.test(title);
    });

  test("cannot forge a command, declared or in the database", async () => {
    for (const name of HOSTILE) await createSequence(name);
    const declared = await project.runShared("check", "--format", "github", "--declarations", "src/hostile.ts");
    const undeclared = await project.runShared("check", "--format", "github");
    const drops = commandsIn(undeclared.stdout).filter(({ properties: { title = "" } }) => title.endsWith("declared"));
    expect(drops).toHaveLength(HOSTILE.length);
    for (const { stdout, stderr } of [declared, undeclared]) {
      expect(forged(stdout)).toEqual([]);
      expect(commandsIn(stderr)).toEqual([]);
    }
  });

  test("cannot forge a command in the ordinary output of a step", async () => {
    for (const name of HOSTILE) await createSequence(name);
    const outputs = await Promise.all(
      ["diff", "status", "diff --json", `diff --schemas ${HOSTILE[0]?.replaceAll(" ", "_")}`].map((command) =>
        project.runSharedWith(command.split(" "), { GITHUB_ACTIONS: "true" }),
      ),
    );
    expect(outputs.map(({ status }) => status)).toEqual([0, 0, 0, 2]);
    for (const { stdout, stderr } of outputs) expect(commandsIn(`${stdout}\n${stderr}`)).toEqual([]);
    expect(outputs[1]?.stdout).toContain("x ##\\u005berror]forged");
    expect(outputs[2]?.stdout).toContain("x ##\\u005berror]forged");
    expect(JSON.stringify(JSON.parse(outputs[2]?.stdout ?? ""))).toContain("x ##[error]forged");
  });
});

describe("the action", () => {
  test("is composed of shell steps, into whose text nothing is inserted", () => {
    const { using, steps } = ACTION.runs;
    expect(using).toBe("composite");
    expect(steps.map(({ shell }) => shell)).toEqual(["bash"]);
    expect(steps.filter(({ run }) => run.includes("${{"))).toEqual([]);
  });

  test("checks in a folder of the repository, with arguments one a line", async () => {
    const at = project.folder.lastIndexOf("/");
    const [workspace, folder] = [project.folder.slice(0, at), project.folder.slice(at + 1)];
    const inputs = { "working-directory": folder, arguments: "\n  --declarations=src/others.ts\n--no-prune\n" };
    const { status, stdout } = await runAction(workspace, inputs);
    expect([status, placed(stdout)]).toEqual([
      1,
      [
        `error ${folder}/src/others.ts:4 one_seq is missing in the database`,
        `error ${folder}/src/others.ts:4 two_seq is missing in the database`,
      ],
    ]);
  });

  test("shows the status, and the problem is at the declaration", async () => {
    await database.client.unsafe("create sequence order_seq maxvalue 10; select setval('order_seq', 10)");
    const { status, stdout } = await runAction(project.folder, { command: "status", url: database.url });
    expect([status, placed(stdout)]).toEqual([1, ["error src/sequences.ts:3 EXHAUSTED public.order_seq"]]);
    expect(commandsIn(stdout)[0]?.data).toMatch(
      /: no value is left up to 10: nextval fails with 2200H\nHint: .+\nFix: /,
    );
    expect(stdout).toContain("2 sequences: 1 critical, 0 warning, 1 ok\n");
  });

  test("runs no text of an input", async () => {
    const injected = '"; touch injected; $(touch injected) `touch injected`';
    const wrong = await runAction(project.folder, { command: injected });
    expect([wrong.status, placed(wrong.stdout)]).toEqual([2, ["error undefined:undefined nextval failed"]]);
    const { status, stderr } = await runAction(project.folder, { arguments: injected, url: injected });
    expect([status, commandsIn(stderr).length]).toEqual([2, 0]);
    expect(existsSync(`${project.folder}/injected`)).toBe(false);
  });
});
