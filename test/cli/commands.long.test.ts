import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { areMeant } from "../../lib/cli/commands/dotted-names.js";
import { CREATED, useDeclaredProjects } from "../support/command/declared-project.js";
import type { Project } from "../support/command/project.js";

const { database, begin } = useDeclaredProjects();
let project: Project;

beforeEach(async () => {
  project = await begin();
});

describe("diff", () => {
  test("rejects schemas that neither exist nor are declared", async () => {
    expect(await project.runShared("diff", "--schemas", "public,pubic")).toEqual({
      status: 2,
      stdout: "",
      stderr: "There is no schema pubic in the database\n  Hint: The database has the schema public.\n",
    });
    expect(await project.runShared("diff", "--schemas", "public,billing")).toMatchObject({
      status: 0,
      stdout: CREATED,
    });
  });

  test("reports that nothing differs", async () => {
    await project.runShared("push", "--yes");
    expect(await project.runShared("diff")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });
  });

  test("renames with --rename", async () => {
    await database.client`create sequence old_seq increment 2 start with 100`;
    const { stdout } = await project.runShared("diff", "--rename", "old_seq=order_seq");
    expect(stdout).toContain('rename order_seq\n  alter sequence "public"."old_seq" rename to "order_seq";');
  });

  test("drops undeclared sequences only with prune, and a flag wins over the configuration", async () => {
    await database.client`create sequence left_seq`;
    expect((await project.runShared("diff")).stdout).not.toContain("drop sequence");
    expect((await project.runShared("diff", "--prune")).stdout).toContain('drop sequence "public"."left_seq"');
    await project.write({
      "nextval.config.ts": `export default { declarations: "sequences.ts", url: "${database.url}", prune: true };`,
    });
    expect((await project.runShared("diff")).stdout).toContain('drop sequence "public"."left_seq"');
    expect((await project.runShared("diff", "--no-prune")).stdout).not.toContain("drop sequence");
  });

  test("does not let a name control the terminal", async () => {
    await database.client.unsafe('create sequence "\x1b[2Jgone"');
    expect((await project.runShared("diff", "--prune")).stdout).toContain('drop sequence "public"."\\u001b[2Jgone";');
  });
});

describe("check", () => {
  test("reports the same as JSON", async () => {
    const before = await project.runShared("check", "--json");
    expect([before.status, JSON.parse(before.stdout).differs]).toEqual([1, true]);
    await project.runShared("push", "--yes");
    const after = await project.runShared("check", "--json");
    expect([after.status, JSON.parse(after.stdout)]).toEqual([
      0,
      { differs: false, changes: [], pending: [], questions: [] },
    ]);
  });
});

describe("push", () => {
  test("hints at a name with a dot, and stops if it is almost certainly a mistake", async () => {
    await project.write({
      "sequences.ts": `import { pgSequence } from "nextval"; export const s = pgSequence("billing.order_seq");`,
    });
    const problem = 'pgSequence("billing.order_seq") declares a sequence with a dot in its name';
    const advice = '  Hint: Declare pgSchema("billing").sequence("order_seq") for a sequence of schema billing';
    const hint = `Warning: ${problem}.\n${advice}.\n`;
    expect(await project.runShared("check")).toMatchObject({ status: 1, stderr: hint });
    await database.client`create schema billing`;
    expect(await project.runShared("diff")).toMatchObject({ status: 0, stderr: hint });
    const stopped = `Nothing was changed: ${problem}\n${advice}, or add --new billing.order_seq if the dot is meant.\n`;
    expect(await project.runShared("push", "--yes")).toMatchObject({ status: 2, stderr: hint + stopped });
    expect(await project.runShared("push", "--yes", "--json")).toMatchObject({ status: 2, stderr: hint + stopped });
    expect(await areMeant([{ name: "a.b", message: "", hint: "", isMistake: true }], { new: ["a.b"] })).toBe(true);
    await database.client`create sequence "billing.order_seq"`;
    expect(await project.runShared("check")).toMatchObject({ status: 0, stderr: hint });
    expect(await project.runShared("push", "--yes")).toMatchObject({ status: 0, stderr: hint });
  });

  test("--statement-timeout limits statements that read, not those that change", async () => {
    await database.client`create sequence order_seq start with 100`;
    await database.client`create table orders (id bigint primary key default nextval('order_seq'))`;
    await project.write({
      "sequences.ts": `import { pgSequence } from "nextval";
        export const order = pgSequence("order_seq", { startWith: 200 });`,
    });
    const holder = await database.connect({ max: 1 }).reserve();
    await holder`begin`;
    await holder`lock table orders`;
    const status = await project.runShared(
      "status",
      "--all-columns",
      "--lock-timeout",
      "0",
      "--statement-timeout",
      "200",
    );
    expect(`${status.stdout}${status.stderr}`).toContain("canceling statement due to statement timeout");
    await holder`rollback`;
    // The change has to wait for this longer than any statement that reads may take.
    await holder`begin`;
    await holder`select nextval('order_seq')`;
    const pushing = project.runShared("push", "--yes", "--statement-timeout", "1500", "--lock-timeout", "60000");
    await expect
      .poll(
        () =>
          database.client`select 1 from pg_locks where not granted and database = (select oid from pg_database
            where datname = current_database())`,
      )
      .toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await holder`rollback`;
    holder.release();
    expect(await pushing).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("pull", () => {
  beforeEach(async () => {
    await database.client`create sequence order_seq start with 9007199254740993`;
  });

  test("keeps every digit in JSON", async () => {
    const { stdout } = await project.runShared("pull", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      file: null,
      source: expect.stringContaining("orderSeq"),
      sequences: [{ seqName: "order_seq", options: { startWith: "9007199254740993" } }],
    });
  });

  test("inspects the given schemas", async () => {
    await database.client`create schema billing`;
    await database.client`create sequence billing.invoice_seq`;
    const { stdout } = await project.runShared("pull", "--schemas", "billing");
    expect(stdout).toContain("invoice_seq");
    expect(stdout).not.toContain("order_seq");
  });
});

describe("generate", () => {
  test("shows what it writes, without the restart of push", async () => {
    await database.client`create sequence order_seq increment 2`;
    const { stdout } = await project.runShared("generate", "--name", "first", "--format", "sql");
    const statement = 'alter sequence "public"."order_seq" start with 100';
    expect(stdout).toContain(`alter order_seq\n  ${statement};\n`);
    const [file] = /migrations\/\S+up\S+(?=\.$)/m.exec(stdout) ?? [];
    expect(await readFile(`${project.folder}/${file}`, "utf8")).toContain(
      `-- Where no value was drawn from it, it can begin at its new start: ${statement} restart\n${statement};\n`,
    );
    expect((await project.runShared("diff")).stdout).toContain(`${statement} restart;`);
  });

  test("continues the folder: the next number, and the records of the tool", async () => {
    const written = async (...args: string[]) =>
      [...(await project.runShared("generate", ...args)).stdout.matchAll(/^Wrote (.*)\.$/gm)].map(([, path]) => path);
    expect(await written("--name", "first")).toEqual([
      "migrations/0001_first.up.sql",
      "migrations/0001_first.down.sql",
    ]);
    expect((await written("--name", "second"))[0]).toBe("migrations/0002_second.up.sql");
    const drizzle = ["--format", "drizzle", "--out", "drizzle", "--name"] as const;
    expect(await written(...drizzle, "first")).toContain("drizzle/0000_first.sql");
    expect(await written(...drizzle, "second")).toEqual([
      "drizzle/0001_second.sql",
      "drizzle/meta/0001_snapshot.json",
      "drizzle/meta/_journal.json",
    ]);
    const journal = await readFile(`${project.folder}/drizzle/meta/_journal.json`, "utf8");
    expect(JSON.parse(journal)).toMatchObject({ entries: [{ tag: "0000_first" }, { tag: "0001_second" }] });
    expect((await written("--format", "umzug", "--extension", "cjs"))[0]).toMatch(
      /^migrations\/[\d.]{10}T[\d.]{8}\.sequences\.cjs$/,
    );
  });

  test("overwrites no file", async () => {
    const begin = Date.now();
    // The second is unknown.
    const names = Array.from({ length: 30 }, (_, second) => {
      const time = new Date(begin + 1000 * second).toISOString().replace(/\D/g, "").slice(0, 14);
      return `migrations/${time}_first.sql`;
    });
    await project.write(Object.fromEntries(names.map((name) => [name, "mine"])));
    const { status, stderr } = await project.runShared("generate", "--name", "first", "--format", "dbmate");
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^migrations\/\d+_first\.sql exists, and nothing was written\n {2}Hint: Move it away, or give another name\./,
      ),
    ]);
    for (const name of names) expect(await readFile(`${project.folder}/${name}`, "utf8")).toBe("mine");
    expect(await readdir(`${project.folder}/migrations`)).toHaveLength(30);
  });

  test("writes nothing if nothing differs", async () => {
    await project.runShared("push", "--yes");
    const { status, stdout } = await project.runShared("generate", "--out", "elsewhere");
    expect([status, stdout]).toEqual([0, "Nothing differs.\n\nNothing was written.\n"]);
    expect(existsSync(`${project.folder}/elsewhere`)).toBe(false);
  });
});
