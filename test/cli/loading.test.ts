import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Flags, settingsOf } from "../../lib/cli/config/settings.js";
import { errorMessage } from "../../lib/cli/terminal/error-message.js";
import { useProjects } from "../support/command/project.js";
import type { Finished } from "../support/command/start-process.js";
import { useDatabase } from "../support/database.js";
import { withLong } from "../support/effort.js";
import { longTest } from "../support/long-test.js";
import { RUNTIME } from "../support/runtime.js";

const database = useDatabase();
const newProject = useProjects();

/** Nothing listens there. An error before this one has not connected, and this one means that everything was loaded. */
const NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing";
const LOADED = "Cannot connect to the database nothing at 127.0.0.1:1: nothing listens there (ECONNREFUSED)\n";

const ORDER = `import { pgSequence } from "nextval"; export const orderSeq = pgSequence("order_seq");`;

/**
 * The sequences that are declared in such files, or the sentence that refuses them: what every command begins with,
 * without the process around it.
 */
async function load(files: Record<string, string>, flags: Flags = {}): Promise<string[] | string> {
  const { folder } = await newProject(files);
  return await within(folder, async () => {
    try {
      const settings = await settingsOf({ url: NOWHERE, ...flags });
      const { sequences } = await settings.declarations();
      return sequences.map(({ schema, seqName }) => (schema === undefined ? `${seqName}` : `${schema}.${seqName}`));
    } catch (error) {
      return errorMessage(error).replaceAll(folder, "<project>");
    }
  });
}

/** Runs a function in that working folder. */
async function within<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(before);
  }
}

/** How `diff` ends with such files, and its output. */
async function diffOf(files: Record<string, string>, ...args: string[]): Promise<Finished> {
  const project = await newProject(files);
  return await project.runShared("diff", "--url", NOWHERE, ...args);
}

/** The same in a process of its own, for what ends it. */
async function diffAloneOf(files: Record<string, string>, ...args: string[]): Promise<Finished> {
  const project = await newProject(files);
  return await project.run("diff", "--url", NOWHERE, ...args);
}

const complaint = (message: string, hint?: string) => {
  const lines = hint === undefined ? [message] : [message, `  Hint: ${hint}`];
  return { status: 2, stdout: "", stderr: `${lines.join("\n")}\n` };
};

describe("help", () => {
  test("teaches, and is not an error", async () => {
    const project = await newProject();
    const { status, stdout, stderr } = await project.runShared("--help");
    expect([status, stderr]).toEqual([0, ""]);
    for (const word of ["diff", "push", "pull", "generate", "check", "Exit codes:", "nextval.config.ts"]) {
      expect(stdout).toContain(word);
    }
  });

  test.each(["diff", "push", "pull", "generate", "check"])("%s has an example and exit codes", async (command) => {
    const project = await newProject();
    const { status, stdout } = await project.runShared(command, "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\n  nextval ${command} `));
    expect(stdout).toMatch(/Exit codes: 0 .*2 /s);
  });

  test("help COMMAND prints the same as COMMAND --help", async () => {
    const project = await newProject();
    expect(await project.runShared("help", "status")).toEqual(await project.runShared("status", "--help"));
    expect(await project.runShared("help")).toEqual(await project.runShared("--help"));
    expect(await project.runShared("help", "statu")).toEqual(
      complaint("There is no command statu", "Did you mean status?"),
    );
  });

  test("--allow does not offer codes that are always blocked", async () => {
    const { stdout } = await (await newProject()).runShared("push", "--help");
    expect(stdout).toContain("CYCLE_REPEATS_KEYS");
    expect(stdout).not.toMatch(/NAME_TAKEN|CURRENT_VALUE_EXCLUDED|NEEDS_POSTGRES_15/);
  });

  test.each(["--version", "-v"])("%s", async (flag) => {
    const { status, stdout } = await (await newProject()).runShared(flag);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  test.each([
    ["transfer", ["--url", NOWHERE], "Unknown option '--url'\n  Hint: Run it with --help for its options."],
    [
      "pull",
      ["--force"],
      "--force overwrites the file of --out, which is not given\n  Hint: Add --out FILE, or leave ",
    ],
    [
      "resync",
      ["--yes", "--dry-run"],
      "--dry-run changes nothing, and --yes changes it without a question\n  Hint: Leave ",
    ],
    [
      "status",
      ["--verbose", "--prometheus"],
      "--json and --prometheus have everything that --verbose would add\n  Hint: ",
    ],
    [
      "status",
      ["--fail-at", "warning", "--prometheus"],
      "--fail-at sets an exit code, which is always 0 with --prometheus\n  ",
    ],
  ])("%s refuses flags that it would ignore: %j", async (command, flags, problem) => {
    const { status, stderr } = await (await newProject()).runShared(command, ...flags);
    expect([status, stderr.slice(0, problem.length)]).toEqual([2, problem]);
  });

  test("a missing and an unknown command are errors", async () => {
    const project = await newProject();
    expect(await project.runShared()).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining("Usage:"),
    });
    expect(await project.runShared("dif")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Did you mean diff?"),
    });
    expect(await project.runShared("plan")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Run nextval --help for its commands."),
    });
  });

  test.each([
    ["--allow", "CYCLES", "\n  Hint: It has to be one of CACHE_BREAKS_ORDER, "],
    ["--allow", "NAME_TAKEN", "It cannot be allowed, because the server would refuse such a change."],
    ["--rename", "order_seq", "It has to be old=new"],
    ["--schemas", "a,,b", "Names are needed, with commas between them."],
    ["--lock-timeout", "soon", "It has to be from 0 to 2147483647 milliseconds."],
    ["--driver", "mysql", "Allowed choices are postgres, pg."],
  ])("%s %s is rejected", async (flag, value, problem) => {
    const { status, stderr } = await (await newProject()).runShared("push", flag, value);
    expect([status, stderr]).toEqual([2, expect.stringContaining(problem)]);
  });
});

describe("configuration", () => {
  test.each(["ts", "mts", "js", "mjs"])("nextval.config.%s in the working folder", async (extension) => {
    const config = `import { defineConfig } from "nextval/config";
      export default defineConfig({ declarations: ["db/*.ts"] });`;
    const files = { [`nextval.config.${extension}`]: config, "db/order.ts": ORDER };
    expect(await load(files)).toEqual(["order_seq"]);
  });

  test("--config FILE, whose names are relative to it", async () => {
    const files = { "settings/db.ts": `export default { declarations: "../order.ts" };`, "order.ts": ORDER };
    expect(await load(files, { config: "settings/db.ts" })).toEqual(["order_seq"]);
  });

  test("it can list sequences", async () => {
    const config = `import { orderSeq } from "./order.js"; export default { declarations: [orderSeq, "order.ts"] };`;
    expect(await load({ "nextval.config.ts": config, "order.ts": ORDER })).toEqual(["order_seq"]);
  });

  test.each([
    [
      "export default { declaration: 1 };",
      'Unknown option "declaration" in nextval.config.ts\nHint: Did you mean declarations?',
    ],
    [
      "export default { verbosity: 1 };",
      'Unknown option "verbosity" in nextval.config.ts\nHint: Known names: declarations, ',
    ],
    [
      'import { defineConfig } from "nextval"; export default defineConfig({});',
      "Cannot load nextval.config.ts: defineConfig is not imported from nextval/config (nextval.config.ts:1)\n" +
        'Hint: Write import { defineConfig } from "nextval/config".',
    ],
    [
      "export default defineConfig({});",
      "Cannot load nextval.config.ts: defineConfig is not imported from nextval/config (nextval.config.ts:1)\n" +
        'Hint: Write import { defineConfig } from "nextval/config".',
    ],
    ["export default { schemas: 'public' };", "schemas in nextval.config.ts has to be a list of names"],
    [
      "export default { exclude: 'x' };",
      'exclude in nextval.config.ts has to be a list of names, such as ["legacy_*"]',
    ],
    [
      "export default { accepted: {} };",
      "accepted in nextval.config.ts has to be a list of findings, each with its code, sequence and reason",
    ],
    [
      "export default { accepted: [{ code: 'EXHAUSTD', sequence: 's', reason: 'r' }] };",
      'accepted in nextval.config.ts has an entry with an unknown code "EXHAUSTD"\nHint: Did you mean EXHAUSTED?',
    ],
    [
      "export default { accepted: [{ code: 'EXHAUSTED', sequence: 's' }] };",
      "accepted in nextval.config.ts has an entry for s without a reason",
    ],
    [
      "export default { feeds: {} };",
      "feeds in nextval.config.ts has to be a list of columns, each with its sequence, table and column",
    ],
    [
      "export default { feeds: [{ sequence: 's', tabel: 't', column: 'id' }] };",
      'feeds in nextval.config.ts has an unknown option "tabel"\nHint: Did you mean table?',
    ],
    [
      "export default { feeds: [{ sequence: 's', table: 't' }] };",
      "feeds in nextval.config.ts has a wrong entry, because feeds.column must be a string, not undefined",
    ],
    ["export default { allow: ['CYCLES'] };", "allow in nextval.config.ts has to be a list of CACHE_BREAKS_ORDER, "],
    ["export default { out: ['x'] };", "out in nextval.config.ts has to be the name of a folder"],
    ["export default { warnAt: '0.5' };", "warnAt in nextval.config.ts has to be above 0 and up to 1, such as 0.75"],
    ["export default { warnAt: 0 };", "warnAt in nextval.config.ts has to be above 0 and up to 1, such as 0.75"],
    [
      "export default { criticalAt: 90 };",
      "criticalAt in nextval.config.ts has to be above 0 and up to 1, such as 0.75",
    ],
    [
      "export default { criticalAt: NaN };",
      "criticalAt in nextval.config.ts has to be above 0 and up to 1, such as 0.75",
    ],
    ["export default { failAt: 'ok' };", "failAt in nextval.config.ts has to be warning or critical"],
    ["export default { driver: 'pg8' };", "driver in nextval.config.ts has to be postgres or pg"],
    ["export default 5;", "The default export of nextval.config.ts has to be an object\nHint: Write "],
    [
      "export const config = {};",
      "nextval.config.ts has no default export\nHint: Write export default defineConfig({ ... }).",
    ],
    [
      'import { defineConfig } from "nextval/config"; defineConfig({ declarations: "s.ts" });',
      "nextval.config.ts has no default export\nHint: Write export default defineConfig({ ... }).",
    ],
    ["export default {", "Cannot load nextval.config.ts: it does not compile: "],
  ])("%s is refused", async (config, problem) => {
    const said = await load({ "nextval.config.ts": config });
    expect(said.slice(0, problem.length)).toBe(problem);
  });

  test("an invalid one ends the command with one sentence", async () => {
    expect(await diffOf({ "nextval.config.ts": "export default { schemas: 'public' };" })).toEqual(
      complaint("schemas in nextval.config.ts has to be a list of names"),
    );
  });

  test("a missing file", async () => {
    expect(await load({}, { config: "no.ts" })).toBe("There is no file no.ts");
  });

  test("missing declarations, and a missing URL", async () => {
    expect(await load({})).toBe(
      "No declarations are given\nHint: Give --declarations FILE, or write declarations into nextval.config.ts.",
    );
    const project = await newProject({ "order.ts": ORDER });
    expect(await project.runShared("diff", "--declarations", "order.ts")).toEqual(
      complaint("No database is given", "Set DATABASE_URL, give --url, or write url into nextval.config.ts."),
    );
  });

  test("--url wins over url, and that over DATABASE_URL", async () => {
    const [variable, config, flag] = ["variable", "config", "flag"].map(
      (name) => `postgresql://127.0.0.1:1/of_${name}`,
    );
    const { folder, write } = await newProject();
    const urlOf = (flags: Flags) => within(folder, async () => (await settingsOf(flags)).url);
    vi.stubEnv("DATABASE_URL", variable);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await urlOf({})).toBe(variable);
    await write({ "nextval.config.ts": `export default { url: ${JSON.stringify(config)} };` });
    expect(await urlOf({})).toBe(config);
    expect(await urlOf({ url: flag as string })).toBe(flag);
  });

  test.each(
    withLong<[string, string]>(
      [["export default { url: process.env.STAGING_URL };", "url in nextval.config.ts is undefined"]],
      [["export default { url: '' };", "url in nextval.config.ts is empty"]],
    ),
  )("an empty url is an error, and does not fall back to DATABASE_URL: %s", async (config, problem) => {
    const env = { DATABASE_URL: "postgresql://127.0.0.1:1/of_variable" };
    const project = await newProject({ "nextval.config.ts": config, "order.ts": ORDER });
    const said = (advice: string) =>
      `${problem}\n  Hint: ${advice}, give --url, or take url out to use DATABASE_URL.\n`;
    const run = async (...args: string[]) => (await project.runSharedWith(args, env)).stderr;
    expect(await run("diff", "--declarations", "order.ts")).toBe(said("Set the variable that it is read from"));
    expect(await run("diff", "--declarations", "order.ts", "--url", NOWHERE)).toBe(LOADED);
    expect(await run("transfer", "--from", NOWHERE, "--to", NOWHERE)).toBe(LOADED);
    await project.write({ ".env": "STAGING_URL=postgresql://127.0.0.1:1/of_file\n" });
    expect(await run("pull")).toBe(said("Add --env .env if the variable is in it"));
    if (config.includes("STAGING")) expect(await run("pull", "--env", ".env")).toContain("database of_file at");
  });

  test("an empty flag is an error, and does not fall back to DATABASE_URL", async () => {
    const env = { DATABASE_URL: "postgresql://127.0.0.1:1/of_variable" };
    const project = await newProject({ "order.ts": ORDER });
    for (const [flag, ...args] of [
      ["--url", "push", "--declarations", "order.ts", "--url", ""],
      ["--to", "transfer", "--from", NOWHERE, "--to", ""],
      ["--from", "transfer", "--to", NOWHERE, "--from", ""],
    ] as const) {
      expect(await project.runSharedWith(args, env)).toEqual(
        complaint(`${flag} is empty`, `Set the variable that ${flag} is read from.`),
      );
    }
  });

  test("--env sets variables that are not set, and hides their passwords", async () => {
    const source = "throw new Error([process.env.A, process.env.B, process.env.DATABASE_URL, 's3cret'].join())";
    const project = await newProject({
      "vars.env": "A=file\nB=file\nDATABASE_URL=postgresql://me:s3cret@127.0.0.1:1/x\n",
      "s.ts": source,
    });
    const args = ["diff", "--declarations", "s.ts", "--env", "vars.env"];
    const { stderr } = await project.runSharedWith(args, { A: "shell" });
    expect(stderr).toBe("Cannot load s.ts: shell,file,postgresql://me:****@127.0.0.1:1/x,**** (s.ts:1)\n");
    expect(await project.runShared("diff", "--env", "none.env")).toEqual(
      complaint("Cannot read none.env: ENOENT: no such file or directory, open 'none.env'"),
    );
  });

  test("the command takes the url of the variable", async () => {
    const env = { DATABASE_URL: "postgresql://127.0.0.1:1/of_variable" };
    const project = await newProject();
    expect((await project.runSharedWith(["pull"], env)).stderr).toContain("database of_variable at");
  });
});

describe("files of declarations", () => {
  test("may be named one by one, and by globs", async () => {
    const files = {
      "a.ts": ORDER,
      "b/c/d.mts": `import { pgSchema } from "nextval";
        export const s = pgSchema("s"); export const t = s.sequence("t");`,
      "b/types.d.ts": "this is not looked at",
    };
    expect(await load(files, { declarations: ["a.ts", "b/**/*.*ts"] })).toEqual(["order_seq", "s.t"]);
    const args = ["--declarations", "a.ts", "--declarations", "b/c/d.mts"];
    expect(await diffOf(files, ...args)).toEqual({ status: 2, stdout: "", stderr: LOADED });
  });

  test("may use all of TypeScript, including the paths of tsconfig.json", async () => {
    const files = {
      "tsconfig.json": `{ "compilerOptions": { "paths": { "@db/*": ["./src/database/*"] } } }`,
      "src/database/names.ts": `export enum Names { Order = "order_seq" }`,
      "src/sequences.ts": `
        import { Names } from "@db/names";
        import { pgSequence, type SequenceOptions } from "nextval";
        const options = { cache: 2 } satisfies SequenceOptions;
        export type Options = typeof options;
        export interface Nothing {}
        export const orderSeq = pgSequence(await Promise.resolve(Names.Order), options);
      `,
    };
    expect(await diffOf(files, "--declarations", "src/*.ts")).toEqual({ status: 2, stdout: "", stderr: LOADED });
  });

  test("treat a sequence that is exported twice as one declaration", async () => {
    const files = {
      "a.ts": ORDER,
      "index.ts":
        'export * from "./a.js"; export { orderSeq as again } from "./a"; ' +
        'export { orderSeq as default } from "./a.ts";',
    };
    expect(await load(files, { declarations: ["*.ts"] })).toEqual(["order_seq"]);
  });

  test("reject two declarations of one name", async () => {
    const files = { "a.ts": ORDER, "b.ts": ORDER.replace("const orderSeq", "const other") };
    expect(await load(files, { declarations: ["*.ts"] })).toBe(
      "order_seq is declared twice: as orderSeq of a.ts, and as other of b.ts",
    );
  });

  test("may export anything; exports other than declarations are ignored", async () => {
    const files = {
      "s.ts": `
        import { pgEnum, pgTable, serial } from "drizzle-orm/pg-core";
        import { pgSchema, pgSequence } from "nextval";
        export const limit = 5, none = null, list: unknown[] = [];
        export const like = { seqName: "no_seq", schema: undefined, seqOptions: {} };
        export function make() {}
        export class Row {}
        export const orders = pgTable("orders", { id: serial() }), mood = pgEnum("mood", ["sad", "ok"]);
        export const all = { orderSeq: pgSequence("order_seq"), nested: [[pgSequence("deep_seq")]] };
        list.push(all, list);
        const billing = pgSchema("billing");
        export default { billing, invoiceSeq: billing.sequence("invoice_seq") };
      `,
    };
    const sequences = ["order_seq", "deep_seq", "billing.invoice_seq"];
    expect(await load(files, { declarations: ["s.ts"] })).toEqual(expect.arrayContaining(sequences));
    const { stderr } = await diffOf(files, "--declarations", "s.ts", "--verbose");
    const passed = stderr.split("\n")[0]?.replace("Passed over: ", "").split(", ");
    expect(passed).toEqual(
      expect.arrayContaining([
        "limit of s.ts (a number)",
        "none of s.ts (null)",
        "make of s.ts (a function)",
        "Row of s.ts (a class)",
        "orders of s.ts (a PgTable)",
        "mood of s.ts (a function)",
      ]),
    );
    expect(passed?.join()).not.toContain("all.orderSeq");
  });

  test.each([
    ["module.exports = { orderSeq: pgSequence('order_seq') };"],
    ["exports.orderSeq = pgSequence('order_seq');"],
    ["module.exports = [pgSequence('order_seq')];"],
    ["module.exports = pgSequence('order_seq');"],
    ["exports.__esModule = true; exports.default = { orderSeq: pgSequence('order_seq') };"],
    [
      "Object.defineProperty(exports, 'other', { enumerable: true, get() { throw Error('no') } }); " +
        "exports.s = pgSequence('order_seq');",
    ],
  ])("may be CommonJS: %s", async (source) => {
    const files = {
      "s.cjs": `const { pgSequence } = require("nextval"); ${source}`,
      "nextval.config.cjs": `module.exports = { declarations: "s.cjs" };`,
    };
    expect(await load(files)).toEqual(["order_seq"]);
  });

  test("and configurations may be any form of CommonJS", async () => {
    for (const [name, source] of [
      ["nextval.config.cjs", `exports.__esModule = true; exports.default = { declarations: "order.ts" };`],
      ["nextval.config.cts", `export = { declarations: "order.ts" };`],
    ] as const) {
      expect(await load({ [name]: source, "order.ts": ORDER }, { config: name })).toEqual(["order_seq"]);
    }
  });

  test.each([
    ["export const limit = 5;", "limit of s.ts (a number)"],
    ["export default {};", "the default export of s.ts (an object)"],
    ["export default [1];", "element 0 of the default export of s.ts (a number)"],
    [
      "export const a = 1, b = 'b', c = [], d = new Date(), e = undefined, f = 1, g = 2;",
      "a of s.ts (a number), b of s.ts (a string), c of s.ts (an array), and 4 more",
    ],
  ])("that only export other things are rejected: %s", async (source, found) => {
    expect(await load({ "s.ts": source }, { declarations: ["s.ts"] })).toBe(
      `The files of declarations export no sequence and no schema, only ${found}\n` +
        "Hint: Export sequences that pgSequence makes, or schemas that pgSchema makes.",
    );
  });

  test("found by a glob may export only other things, if another one declares", async () => {
    const files = { "db/order.ts": ORDER, "db/limits.ts": "export const limit = 5;" };
    expect(await load(files, { declarations: ["db/*.ts"] })).toEqual(["order_seq"]);
  });

  test.each(["export {};", `import { pgSchema } from "nextval"; export const s = pgSchema("s");`])(
    "that declare no sequence are an empty list: %s",
    async (source) => {
      expect(await load({ "s.ts": source }, { declarations: ["s.ts"] })).toEqual([]);
    },
  );

  test.each([
    ["export const = 5;", "Cannot load s.ts: it does not compile: Unexpected token at s.ts:1:13"],
    ["import './none.js';", "Cannot load s.ts: Cannot find module './none.js' (s.ts:1)"],
    ["throw new Error('not today');", "Cannot load s.ts: not today (s.ts:1)"],
    ["\n\nthrow new TypeError('third');", "Cannot load s.ts: third (s.ts:3)"],
    ["throw 'text';", "Cannot load s.ts: text"],
    [
      `import { pgSequense } from "nextval"; export const s = pgSequense("s");`,
      "Cannot load s.ts: pgSequense is not a function (s.ts:1)",
    ],
    [
      `import { pgSequence } from "nextval"; pgSequence("order_seq", { minValue: 100, startWith: 5 as number });`,
      "Cannot load s.ts: order_seq: startWith 5 is below minValue 100 (s.ts:1)",
    ],
  ])("report errors: %s", async (source, problem) => {
    expect(await load({ "s.ts": source }, { declarations: ["s.ts"] })).toBe(problem);
  });

  test.each(
    withLong<[string, string]>(
      [["process.nextTick(() => { throw new Error('later'); }); await new Promise(() => {});", "later (s.ts:1)"]],
      [
        ["throw new Error('not today');", "Cannot load s.ts: not today (s.ts:1)"],
        [
          "void Promise.reject(new Error('unheard')); await new Promise((go) => setTimeout(go, 60_000));",
          "unheard (s.ts:1)",
        ],
      ],
    ),
  )("end the command with one sentence: %s", async (source, problem) => {
    expect(await diffAloneOf({ "s.ts": source }, "--declarations", "s.ts")).toEqual(complaint(problem));
  });

  test("report with --debug where each error was thrown", async () => {
    const source = "function fall() { throw new Error('not today'); }\nfall();";
    const { stderr } = await diffOf({ "s.ts": source }, "--declarations", "s.ts", "--debug");
    expect(stderr).toMatch(/^Cannot load s\.ts: not today \(s\.ts:1\)\nCommandError: /);
    // Bun places what jiti has compiled in the first line.
    const caller = RUNTIME.isThisNode ? "2:1" : String.raw`\d+:\d+`;
    expect(stderr).toMatch(
      new RegExp(String.raw`Caused by: Error: not today\n +at fall \(.*s\.ts:1:\d+\)\n +at .*s\.ts:${caller}`),
    );
  });

  test("that do not exist", async () => {
    expect(await load({}, { declarations: ["src/s.ts"] })).toBe("There is no file src/s.ts");
    expect(await load({}, { declarations: ["src/*.ts"] })).toBe("No file matches src/*.ts in <project>");
    expect(await load({ "src/s.ts": ORDER }, { declarations: ["src"] })).toBe(
      `src is a folder, not a file or a glob\nHint: Name its files, as in "src/*.ts".`,
    );
  });

  longTest("that wait forever are an error", async () => {
    const files = { "s.mjs": "await new Promise(() => {}); export const a = 1;" };
    expect(await diffAloneOf(files, "--declarations", "s.mjs")).toEqual(
      complaint(
        "Cannot load s.mjs: it awaits a promise that never settles",
        "Look for an await at the top level of the file, or of a file that it imports.",
      ),
    );
  });

  test("may be Drizzle's", async () => {
    const project = await newProject({
      "drizzle.ts": `
        import { pgSchema, pgSequence } from "drizzle-orm/pg-core";
        export const plainSeq = pgSequence("plain_seq", { startWith: 5, cycle: true, maxValue: "9007199254740993" });
        export const shop = pgSchema("shop");
        export const invoiceSeq = shop.sequence("invoice_seq");
      `,
    });
    const { status, stdout, stderr } = await project.runShared(
      "diff",
      "--url",
      database.url,
      "--declarations",
      "drizzle.ts",
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain('create sequence "public"."plain_seq" maxvalue 9007199254740993 start with 5 cycle;');
    expect(stdout).toContain('create sequence "shop"."invoice_seq";');
  });

  test("cannot declare what PostgreSQL does not have, not even with Drizzle", async () => {
    const source = `import { pgSequence } from "drizzle-orm/pg-core";
      export const s = pgSequence("s", { minValue: 100, startWith: 5 });`;
    expect(await load({ "s.ts": source }, { declarations: ["s.ts"] })).toBe(
      "s of s.ts cannot be declared: s: startWith 5 is below minValue 100",
    );
  });
});

describe("compiled files", () => {
  const args = ["diff", "--url", NOWHERE, "--declarations", "a.ts"];

  test("are kept beside the packages until a file changes", async () => {
    const project = await newProject({ "a.ts": ORDER });
    expect((await project.runShared(...args)).stderr).toBe(LOADED);
    const cache = `${project.folder}/node_modules/.nextval`;
    const [compiled, ...others] = await readdir(cache);
    expect(others).toEqual([]);
    if (process.platform !== "win32") expect((await stat(cache)).mode & 0o777).toBe(0o700);
    const text = await readFile(`${cache}/${compiled}`, "utf8");
    await writeFile(`${cache}/${compiled}`, text.replace("order_seq", ""));
    expect((await project.runShared(...args)).stderr).toContain("Cannot load a.ts: ");
    await project.write({ "a.ts": `${ORDER} // changed` });
    expect((await project.runShared(...args)).stderr).toBe(LOADED);
  });

  test("are not needed, and not kept where others are, or elsewhere", async () => {
    const project = await newProject({ "a.ts": ORDER });
    const packages = `${project.folder}/node_modules`;
    await project.runShared(...args);
    const cache = `${packages}/.nextval`;
    const [compiled] = await readdir(cache);
    await rm(`${cache}/${compiled}`);
    await mkdir(`${cache}/${compiled}`);
    expect((await project.runShared(...args)).stderr).toBe(LOADED);

    // Then others could read a password there, or replace the code.
    await chmod(cache, 0o755);
    await rm(`${cache}/${compiled}`, { recursive: true });
    expect((await project.runShared(...args)).stderr).toBe(LOADED);
    expect(await readdir(cache)).toEqual([]);

    await rm(cache, { recursive: true });
    await chmod(packages, 0o777);
    expect((await project.runShared(...args)).stderr).toBe(LOADED);
    expect(await readdir(packages)).toEqual(["nextval"]);
    await chmod(packages, 0o755);
    await rename(packages, `${project.folder}/packages`);
    await symlink("packages", packages);
    expect((await project.runShared(...args)).stderr).toBe(LOADED);
    expect(await readdir(packages)).toEqual(["nextval"]);
  });

  test("an error of the loaded code does not run it again", async () => {
    const project = await newProject({
      "a.ts": `import { appendFileSync, readFileSync } from "node:fs";
        appendFileSync("ran.txt", "once"); readFileSync(".");`,
    });
    expect((await project.runShared(...args)).stderr).toContain("Cannot load a.ts: EISDIR");
    expect(await readFile(`${project.folder}/ran.txt`, "utf8")).toBe("once");
  });
});

test("what is beside another configuration counts, not what others put into the working folder", async () => {
  const project = await newProject({
    "a.ts": ORDER,
    "tsconfig.json": `{ "compilerOptions": { "paths": { "*": ["./evil.ts"] } } }`,
    "evil.ts": `throw new Error("evil");`,
    "inner/tsconfig.json": `{ "compilerOptions": { "paths": { "@own/*": ["./own/*"] } } }`,
    "inner/own/b.ts": ORDER,
    "inner/a.ts": `export * from "@own/b";`,
    "inner/nextval.config.ts": `export default { declarations: "a.ts" };`,
  });
  const config = ["--config", "inner/nextval.config.ts"];
  expect((await project.runShared("diff", "--url", NOWHERE, ...config)).stderr).toBe(LOADED);
  expect(await readdir(`${project.folder}/node_modules`)).toEqual(["nextval"]);
});

describe("passwords", () => {
  test("are masked in every error, in each of their forms", async () => {
    const password = "p@ss/w:rd ü%";
    const encoded = encodeURIComponent(password);
    const source = `
      const url = process.env.DATABASE_URL, { password } = new URL(url);
      throw new Error([url, password, decodeURIComponent(password), process.env.PGPASSWORD].join(" | "));
    `;
    const project = await newProject({ "s.ts": source });
    const env = { DATABASE_URL: `postgresql://me:${encoded}@127.0.0.1:1/x`, PGPASSWORD: "0ther" };
    for (const args of [[], ["--json"]]) {
      const { stdout, stderr } = await project.runSharedWith(["diff", "--declarations", "s.ts", ...args], env);
      expect(stderr).toBe("Cannot load s.ts: postgresql://me:****@127.0.0.1:1/x | **** | **** | **** (s.ts:3)\n");
      expect(stdout + stderr).not.toMatch(/p@ss|p%40ss|0ther/);
      if (args.length > 0) expect(JSON.parse(stdout)).toEqual({ error: { code: null, message: stderr.trimEnd() } });
    }
  });

  test("are masked in a URL in the wrong place", async () => {
    const project = await newProject();
    for (const args of [["postgresql://me:s3cret@host/x"], ["diff", "--config", "postgresql://me:s3cret@host/x"]]) {
      const { status, stdout, stderr } = await project.runShared(...args);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("****");
      expect(stderr).not.toContain("s3cret");
    }
  });

  test.each([
    "postgresql://me:a@S3cr3t@h1,h2/x",
    "postgresql://me:@S3cr3t@h1,h2/x",
    "postgresql://me:a@b/S3cr3t@host/x",
    "postgresql://me:a@b#S3cr3t@host/x",
    "postgresql://me:a@b?S3cr3t=@host/x",
    "postgresql://me:p@127.0.0.1:1/x/S3cr3t",
  ])("never become a host or a database: %s", async (url) => {
    const project = await newProject();
    const { status, stderr } = await project.runShared("status", "--url", url);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^--url is not a url such as /)]);
    expect(stderr).not.toContain("S3cr3t");
  });

  test("are masked in the wrong place of a configuration, and in errors that a file throws", async () => {
    const url = "postgresql://me:S3cr3t@host/x";
    const project = await newProject({
      "a.ts": `export default { declarations: "${url}" }`,
      "b.ts": `export default { out: "${url}", schemas: ["S3cr3t"] }`,
      "c.ts": `const pw = "S3cr3t"; throw new Error("bad password " + pw)`,
      "d.ts": `throw new TypeError("me:S3cr3t@host")`,
      "e.ts": `throw new Error("DB_PASSWORD=S3cr3t, password: 'S3cr3t' is wrong")`,
      "f.ts": `throw new Error("the password is not set, or the password for me is missing")`,
    });
    const failing = async (name: string, command = "check") => {
      const args = [command, "--url", database.url, "--config", `${name}.ts`];
      return (await project.runShared(...args)).stderr;
    };
    expect(await failing("a")).toBe("There is no file postgresql:/me:****@host/x\n");
    expect(await failing("b", "status")).toMatch(/^There is no schema \*{4} in the database\n/);
    const { stderr } = await project.runShared("status", "--url", database.url, "--schemas", "me:S3cr3t@host");
    expect(stderr).toMatch(/^There is no schema "me:\*{4}@host" in the database\n/);
    expect(await failing("c")).toBe("Cannot load c.ts: bad password **** (c.ts:1)\n");
    expect(await failing("d")).toBe("Cannot load d.ts: me:****@host (d.ts:1)\n");
    expect(await failing("e")).toBe("Cannot load e.ts: DB_PASSWORD=**** password: **** is wrong (e.ts:1)\n");
    expect(await failing("f")).toBe(
      "Cannot load f.ts: the password is not set, or the password for me is missing (f.ts:1)\n",
    );
  });
});

test("a password is not shown in the name of a database, or in an option that there is not", async () => {
  const { runShared: run } = await newProject();
  const name = encodeURIComponent("host=h password=S3cr3tWord dbname=x");
  const refused = await run("status", "--url", `postgresql://u@127.0.0.1:1/${name}`);
  expect(refused.stderr).toMatch(/^Cannot connect to the database host=h password=\*\*\*\* dbname=x at 127/);
  const unknown = await run("status", "--pasword=S3cr3tWord");
  expect(unknown.stderr).toMatch(/^Unknown option '--pasword'\n/);
});

test("a file that cannot be written is reported", async () => {
  const project = await newProject();
  const { status, stderr } = await project.runShared("pull", "--url", database.url, "--out", "package.json/s.ts");
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^Cannot write package\.json\/s\.ts: (ENOTDIR|EEXIST): /),
  ]);
});

test("the output of a loaded file goes to stderr", async () => {
  const project = await newProject({ "nextval.config.ts": `console.log("hello"); export default {};` });
  const { stdout, stderr } = await project.runShared("pull", "--json", "--url", database.url);
  expect(stderr).toBe("hello\n");
  expect(JSON.parse(stdout)).toMatchObject({ file: null });
});
