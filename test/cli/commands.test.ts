import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { areMeant } from "../../lib/cli/commands/dotted-names.js";
import { type Project, useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const newProject = useProjects();

const DECLARATIONS = `
import { pgSchema, pgSequence } from "nextval";
export const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });
export const billing = pgSchema("billing");
export const invoiceSeq = billing.sequence("invoice_seq");
`;

const CREATED = `3 changes:

create schema billing
  create schema "billing";

create billing.invoice_seq
  create sequence "billing"."invoice_seq";

create order_seq
  create sequence "public"."order_seq" increment by 2 start with 100;
`;

let project: Project;

beforeEach(async () => {
  await database.client`drop schema if exists billing cascade`;
  await database.client`drop schema public cascade`;
  await database.client`create schema public`;
  project = await newProject({
    "sequences.ts": DECLARATIONS,
    "nextval.config.ts": `
      import { defineConfig } from "nextval/config";
      export default defineConfig({ declarations: "sequences.ts", url: ${JSON.stringify(database.url)} });
    `,
  });
});

/** The database as a question names it. */
function target(): string {
  const { host, username } = new URL(database.url);
  return `${database.name} at ${host} as ${username}`;
}

async function sequences(): Promise<string[]> {
  const rows = await database.client<{ name: string }[]>`
    select format('%s.%s', schemaname, sequencename) as name from pg_sequences order by 1`;
  return rows.map(({ name }) => name);
}

describe("diff", () => {
  test("shows each change with its SQL, and changes nothing", async () => {
    expect(await project.runShared("diff")).toEqual({ status: 0, stdout: CREATED, stderr: "" });
    expect(await sequences()).toEqual([]);
  });

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

  test("shows hazards, whether they are allowed or blocked, and questions", async () => {
    await database.client.unsafe(
      "create sequence ticket_seq; create sequence full_seq; select setval('full_seq', 500)",
    );
    await database.client`create sequence old_seq start with 7`;
    await project.write({
      "sequences.ts": `
        import { pgSequence } from "nextval";
        export const ticketSeq = pgSequence("ticket_seq", { as: "integer", increment: 5 });
        export const fullSeq = pgSequence("full_seq", { maxValue: 100 });
        export const newSeq = pgSequence("new_seq", { startWith: 7 });
      `,
    });
    const { stdout, status } = await project.runShared("diff", "--allow", "INCREMENT_CHANGED");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^alter ticket_seq\n  alter sequence "public"."ticket_seq" .*;$/m);
    expect(stdout).toMatch(/^  ! INCREMENT_CHANGED \(allowed\) ticket_seq: .+$/m);
    expect(stdout).toMatch(/^  ! NARROWER_TYPE ticket_seq: .+$/m);
    expect(stdout).toMatch(/^  ! CURRENT_VALUE_EXCLUDED \(blocked\) full_seq: .+$/m);
    expect(stdout).toMatch(/^\? Is new_seq the new name of public\.old_seq,/m);
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

  test("prints one JSON document", async () => {
    await database.client`create sequence order_seq`;
    const { stdout, stderr } = await project.runShared("diff", "--json");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      changes: [
        expect.objectContaining({ kind: "create schema", subject: "billing" }),
        expect.objectContaining({ kind: "create", subject: "billing.invoice_seq", hazards: [] }),
        {
          kind: "alter",
          subject: "order_seq",
          sql: 'alter sequence "public"."order_seq" increment by 2 start with 100 restart',
          restart: {
            lock: 'alter sequence "public"."order_seq" no cycle',
            oid: expect.stringMatching(/^\d+$/),
            from: "1",
            without: 'alter sequence "public"."order_seq" increment by 2 start with 100',
          },
          inverse: 'alter sequence "public"."order_seq" increment by 1 start with 1',
          hazards: [expect.objectContaining({ code: "INCREMENT_CHANGED", blocked: false, allowed: false })],
        },
      ],
      pending: [],
      questions: [],
    });
    const allowed = await project.runShared("diff", "--json", "--allow", "INCREMENT_CHANGED");
    const { changes } = JSON.parse(allowed.stdout) as { changes: { hazards: unknown[] }[] };
    expect(changes[2]?.hazards).toEqual([expect.objectContaining({ code: "INCREMENT_CHANGED", allowed: true })]);
  });
});

describe("check", () => {
  test("exits with 1 if something differs, and with 0 if nothing does", async () => {
    const before = await project.runShared("check");
    expect(before).toEqual({
      status: 1,
      stdout: `${CREATED}\nThe database differs from the declarations.\n`,
      stderr: "",
    });
    await project.runShared("push", "--yes");
    expect(await project.runShared("check")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });
  });

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
  test("applies with --yes", async () => {
    expect(await project.runShared("push", "--yes")).toEqual({
      status: 0,
      stdout: `${CREATED}\nApplying these 3 changes to ${target()}.\nApplied 3 changes.\n`,
      stderr: "",
    });
    expect(await sequences()).toEqual(["billing.invoice_seq", "public.order_seq"]);
    expect(await project.runShared("push", "--yes")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });
    expect((await project.runShared("push")).status).toBe(0);
  });

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

  test("does nothing without a terminal and without --yes", async () => {
    const { status, stderr, stdout } = await project.runShared("push");
    expect([status, stdout]).toEqual([2, `${CREATED}\n`]);
    expect(stderr).toBe(
      "Nothing was changed: cannot ask whether to apply 3 changes, because this is not a terminal\n" +
        "  Hint: Add --yes to apply without asking.\n",
    );
    expect(await sequences()).toEqual([]);
  });

  test("refuses hazards that are not allowed, and names the flags to allow them", async () => {
    await database.client`create sequence order_seq`;
    const refused = await project.runShared("push", "--yes");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toBe(
      "Nothing was changed: there are hazards that are not allowed\n" +
        "  Hint: Add --allow INCREMENT_CHANGED to accept them.\n",
    );
    expect(await sequences()).toEqual(["public.order_seq"]);
    expect(await project.runShared("push", "--yes", "--allow", "INCREMENT_CHANGED")).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await sequences()).toEqual(["billing.invoice_seq", "public.order_seq"]);
  });

  test("refuses a blocked hazard, whatever is allowed", async () => {
    await database.client.unsafe("create sequence full_seq; select setval('full_seq', 500)");
    await project.write({
      "sequences.ts": `import { pgSequence } from "nextval";
        export const s = pgSequence("full_seq", { maxValue: 100 });`,
    });
    const refused = await project.runShared("push", "--yes");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toBe(
      "Nothing was changed: CURRENT_VALUE_EXCLUDED is blocked, and cannot be allowed\n" +
        "  Hint: Change the declaration, because the server would refuse such a change, or could not be stopped.\n",
    );
  });

  test("gives up waiting for a lock after --lock-timeout, with nothing changed", async () => {
    await database.client`create sequence order_seq start with 100`;
    await project.write({
      "sequences.ts": `import { pgSequence } from "nextval";
        export const order = pgSequence("order_seq", { startWith: 200 });
        export const other = pgSequence("other_seq");`,
    });
    await database.connect({ max: 1 }).begin(async (holder) => {
      await holder`alter sequence order_seq cache 7`;
      await holder`alter sequence order_seq cache 1`;
      const { status, stderr } = await project.runShared("push", "--yes", "--lock-timeout", "200");
      const problem = "the locks were not free within 200 ms in all";
      expect([status, stderr]).toEqual([2, expect.stringContaining(problem)]);
    });
    expect(await sequences()).toEqual(["public.order_seq"]);
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

  test("reports as JSON what was applied, and what was not", async () => {
    const asked = await project.runShared("push", "--json");
    expect([asked.status, JSON.parse(asked.stdout)]).toMatchObject([2, { applied: false, changes: { length: 3 } }]);
    const done = await project.runShared("push", "--json", "--yes");
    expect([done.status, done.stderr, JSON.parse(done.stdout)]).toMatchObject([
      0,
      "",
      { applied: true, changes: { length: 3 } },
    ]);
    const again = await project.runShared("push", "--json");
    expect([again.status, JSON.parse(again.stdout)]).toEqual([
      0,
      { applied: false, changes: [], pending: [], questions: [] },
    ]);
  });
});

describe("pull", () => {
  test("--identity declares identity columns, which check compares and push changes through the column", async () => {
    await database.client.unsafe(`
      create table orders (id int generated always as identity);
      create table typed (id int generated by default as identity)`);
    expect((await project.runShared("pull")).stdout).toContain("// Left out: public.orders_id_seq");
    await project.write({
      "nextval.config.ts": `
        import { defineConfig } from "nextval/config";
        const url = ${JSON.stringify(database.url)};
        export default defineConfig({ declarations: "sequences.ts", url, identity: true });`,
    });
    expect((await project.runShared("pull", "--no-identity")).stdout).toContain("// Left out: public.orders_id_seq");
    expect((await project.runShared("pull", "--out", "sequences.ts", "--force")).status).toBe(0);
    expect(await project.runShared("check")).toMatchObject({ status: 0, stdout: "Nothing differs.\n" });
    expect(await project.runShared("push", "--prune", "--yes")).toMatchObject({ status: 0 });

    await database.client.unsafe(`
      alter table orders alter column id set increment by 5;
      alter table typed alter column id type bigint`);
    const { status, stdout } = await project.runShared("check");
    expect(status).toBe(1);
    expect(stdout).toContain(
      '1 change:\n\nalter orders_id_seq\n  alter table "public"."orders" alter column "id" set increment by 1;\n' +
        "  ! INCREMENT_CHANGED ",
    );
    expect(stdout).toContain(`
1 identity column pending, which a migration of the table has to change, such as with:

pending typed_id_seq: its type is bigint and declared as integer, and it is that of public.typed.id
  alter table "public"."typed" alter column "id" type integer;
  ! Warning: the statement rewrites the table and locks it meanwhile, and other options are compared only afterwards
  Hint: Declare as: "bigint", or let a migration of typed change the type of its column.

The database differs from the declarations.
`);
    const pushed = await project.runShared("push", "--yes", "--allow", "INCREMENT_CHANGED");
    expect(pushed).toMatchObject({ status: 0 });
    expect(pushed.stdout).toContain("1 identity column pending: only a migration of the table changes that.");
    const [increment] =
      await database.client`select seqincrement from pg_sequence where seqrelid = 'orders_id_seq'::regclass`;
    expect(increment).toEqual({ seqincrement: "1" });
  });

  beforeEach(async () => {
    await database.client`create sequence order_seq start with 9007199254740993`;
  });

  test("writes the declarations to stdout", async () => {
    const stdout =
      `import { pgSequence } from "nextval";\n\nexport const orderSeq = pgSequence("order_seq", {\n` +
      `  startWith: 9007199254740993n,\n});\n`;
    expect(await project.runShared("pull")).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("writes them to a file, and overwrites it only with --force", async () => {
    const wrote = await project.runShared("pull", "--out", "src.ts");
    expect(wrote).toEqual({ status: 0, stdout: "Wrote src.ts.\n", stderr: "" });
    expect((await project.runShared("check", "--declarations", "src.ts")).stdout).toBe("Nothing differs.\n");

    await project.write({ "src.ts": "mine" });
    const refused = await project.runShared("pull", "--out", "src.ts");
    expect(refused).toEqual({
      status: 2,
      stdout: "",
      stderr: "src.ts exists, and nothing was written\n  Hint: Add --force to overwrite it.\n",
    });
    expect(await readFile(`${project.folder}/src.ts`, "utf8")).toBe("mine");

    expect((await project.runShared("pull", "--out", "src.ts", "--force")).status).toBe(0);
    expect(await readFile(`${project.folder}/src.ts`, "utf8")).toContain("orderSeq");
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
  test("writes files", async () => {
    const { status, stdout } = await project.runShared("generate", "--name", "first", "--format", "sql");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^Wrote migrations\/.*first.*$/m)]);
    const files = await readdir(`${project.folder}/migrations`, { recursive: true });
    expect(files).not.toEqual([]);
    const [file] = /migrations\/\S+(?=\.$)/m.exec(stdout) ?? [];
    expect(await readFile(`${project.folder}/${file}`, "utf8")).toContain('create sequence "billing"."invoice_seq"');
    expect(await sequences()).toEqual([]);
  });

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

  test("refuses a folder that the tool would refuse, and writes nothing", async () => {
    await project.write({ "atlas/1_a.sql": "select 1;\n", "atlas/atlas.sum": "h1:x\n" });
    const { status, stderr } = await project.runShared("generate", "--format", "atlas", "--out", "atlas");
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining("atlas.sum is not that of the files in its folder\n"),
    ]);
    expect((await readdir(`${project.folder}/atlas`)).sort()).toEqual(["1_a.sql", "atlas.sum"]);
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
