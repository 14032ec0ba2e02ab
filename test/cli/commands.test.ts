import { readdir, readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { CREATED, useDeclaredProjects } from "../support/command/declared-project.js";
import type { Project } from "../support/command/project.js";
import { HAS_LONG_FILES } from "../support/effort.js";
import { longTest } from "../support/long-test.js";

const { database, begin, sequences } = useDeclaredProjects();
let project: Project;

beforeEach(async () => {
  project = await begin();
});

/** The database as a question names it. */
function target(): string {
  const { host, username } = new URL(database.url);
  return `${database.name} at ${host} as ${username}`;
}

describe("diff", () => {
  test("shows each change with its SQL, and changes nothing", async () => {
    expect(await project.runShared("diff")).toEqual({ status: 0, stdout: CREATED, stderr: "" });
    expect(await sequences()).toEqual([]);
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
    if (!HAS_LONG_FILES) return;
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
});

describe("push", () => {
  test("applies with --yes", async () => {
    expect(await project.runShared("push", "--yes")).toEqual({
      status: 0,
      stdout: `${CREATED}\nApplying these 3 changes to ${target()}.\nApplied 3 changes.\n`,
      stderr: "",
    });
    expect(await sequences()).toEqual(["billing.invoice_seq", "public.order_seq"]);
    if (!HAS_LONG_FILES) return;
    expect(await project.runShared("push", "--yes")).toEqual({ status: 0, stdout: "Nothing differs.\n", stderr: "" });
    expect((await project.runShared("push")).status).toBe(0);
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

  test("reports as JSON what was applied, and what was not", async () => {
    if (HAS_LONG_FILES) {
      const asked = await project.runShared("push", "--json");
      expect([asked.status, JSON.parse(asked.stdout)]).toMatchObject([2, { applied: false, changes: { length: 3 } }]);
    }
    const done = await project.runShared("push", "--json", "--yes");
    expect([done.status, done.stderr, JSON.parse(done.stdout)]).toMatchObject([
      0,
      "",
      { applied: true, changes: { length: 3 } },
    ]);
    if (!HAS_LONG_FILES) return;
    const again = await project.runShared("push", "--json");
    expect([again.status, JSON.parse(again.stdout)]).toEqual([
      0,
      { applied: false, changes: [], pending: [], questions: [] },
    ]);
  });
});

describe("pull", () => {
  longTest(
    "--identity declares identity columns, which check compares and push changes through the column",
    async () => {
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
    },
  );

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
    if (HAS_LONG_FILES) {
      expect((await project.runShared("check", "--declarations", "src.ts")).stdout).toBe("Nothing differs.\n");
    }

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

  test("refuses a folder that the tool would refuse, and writes nothing", async () => {
    await project.write({ "atlas/1_a.sql": "select 1;\n", "atlas/atlas.sum": "h1:x\n" });
    const { status, stderr } = await project.runShared("generate", "--format", "atlas", "--out", "atlas");
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining("atlas.sum is not that of the files in its folder\n"),
    ]);
    expect((await readdir(`${project.folder}/atlas`)).sort()).toEqual(["1_a.sql", "atlas.sum"]);
  });
});
