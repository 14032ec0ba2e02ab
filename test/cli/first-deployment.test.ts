import { readdir, readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { declaring, DECLARING_OWNER, useDeclaredProjects } from "../support/command/declared-project.js";
import type { Project } from "../support/command/project.js";
import { HAS_LONG_FILES, withLong } from "../support/effort.js";
import { longTest } from "../support/long-test.js";

const { database, begin, sequences } = useDeclaredProjects();
let project: Project;

beforeEach(async () => {
  project = await begin(DECLARING_OWNER);
});

const declare = (source: string) => project.write(declaring(source));

const NO_SERIAL =
  `Give orders.id default pg_catalog.nextval('"public"."orders_id_seq"'::pg_catalog.regclass), ` +
  "because a serial or identity column makes a sequence of its own, such as orders_id_seq1.";

const PENDING = `1 owner pending: push again once the table and column exist, or run:

pending orders_id_seq: it cannot belong to orders.id yet, because there is no table public.orders
  alter sequence "public"."orders_id_seq" owned by "public"."orders"."id";
  Hint: ${NO_SERIAL}
`;

describe("an owner that does not exist yet", () => {
  test("is listed by push, which applies the rest and succeeds; check succeeds after the owner is set", async () => {
    const first = await project.runShared("push", "--yes");
    expect([first.status, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain(`create orders_id_seq\n  create sequence "public"."orders_id_seq";\n\n${PENDING}`);
    expect(first.stdout).toMatch(
      /\nApplied 1 change\.\n1 owner pending: push again once the table and column exist\.\n$/,
    );
    if (HAS_LONG_FILES) {
      const waiting = `Nothing can be changed now.\n\n${PENDING}`;
      expect(await project.runShared("push", "--yes")).toEqual({ status: 0, stdout: waiting, stderr: "" });
      expect(await project.runShared("check")).toEqual({
        status: 1,
        stdout: `${waiting}\nThe database differs from the declarations.\n`,
        stderr: "",
      });
    }
    await database.client`create table orders (id bigint primary key default nextval('orders_id_seq'))`;
    expect(await project.runShared("push", "--yes")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Applied 1 change.\n"),
    });
    expect(await project.runShared("check")).toMatchObject({ status: 0, stdout: "Nothing differs.\n" });
  });

  longTest("is part of the --json documents", async () => {
    const pending = [expect.objectContaining({ subject: "orders_id_seq", warning: null })];
    const documentOf = async (...args: string[]) => {
      const { status, stdout } = await project.runShared(...args, "--json");
      return [status, JSON.parse(stdout) as unknown];
    };
    expect(await documentOf("push", "--yes")).toMatchObject([0, { applied: true, changes: { length: 1 }, pending }]);
    expect(await documentOf("check")).toMatchObject([1, { differs: true, changes: [], pending }]);
  });

  test("is a separate migration", async () => {
    const { status, stdout } = await project.runShared("generate", "--format", "dbmate", "--name", "first");
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/Wrote .*_first\.sql\.\nWrote .*_first_owners\.sql\.\n$/),
    ]);
    const [, second] = (await readdir(`${project.folder}/migrations`)).sort();
    expect(await readFile(`${project.folder}/migrations/${second}`, "utf8")).toContain(
      "-- migrate:up\n-- PENDING: run this after the migrations that create the tables and columns that it names.\n",
    );
  });
});

describe("the question whether a new sequence is an old one", () => {
  const OPEN =
    "Nothing was changed: 1 question is open, which --yes does not answer\n" +
    "  Hint: Add --rename public.order_seq=sales_order_seq or --new sales_order_seq.\n";

  beforeEach(async () => {
    await database.client.unsafe("create sequence order_seq start 100 increment 5; select setval('order_seq', 700)");
    await declare(`export const s = pgSequence("sales_order_seq", { startWith: 100, increment: 5 });`);
  });

  test("stops push --yes", async () => {
    const { status, stdout, stderr } = await project.runShared("push", "--yes");
    expect([status, stderr]).toEqual([2, OPEN]);
    expect(stdout).toContain(
      "\n\n? Is sales_order_seq the new name of public.order_seq, " +
        "which is no longer declared and has the same options? " +
        "Otherwise sales_order_seq begins at 100. " +
        "Answer with --rename public.order_seq=sales_order_seq or --new sales_order_seq.\n",
    );
    expect(await sequences()).toEqual(["public.order_seq"]);
  });

  test("is answered by --rename", async () => {
    expect(await project.runShared("push", "--yes", "--rename", "public.order_seq=sales_order_seq")).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await sequences()).toEqual(["public.sales_order_seq"]);
    expect(await database.client`select nextval('sales_order_seq')`).toMatchObject([{ nextval: "705" }]);
  });
});

describe("the output of pull for a database without its own sequences", () => {
  test.each(
    withLong<[string, string]>(
      [["has identity columns only", "create table t (id int generated by default as identity)"]],
      [["has none", "select 1"]],
    ),
  )("does not differ from a database that %s", async (_what, sql) => {
    await database.client.unsafe(sql);
    expect((await project.runShared("pull", "--out", "pulled.ts")).status).toBe(0);
    for (const command of withLong(["check"], ["push"])) {
      const { status, stdout, stderr } = await project.runShared(command, "--declarations", "pulled.ts");
      expect([command, status, stdout.split("\n")[0], stderr]).toEqual([command, 0, "Nothing differs.", ""]);
    }
  });
});

describe("prune drops the last sequence", () => {
  beforeEach(async () => {
    await database.client.unsafe("create schema billing; create sequence billing.a_seq; create sequence b_seq");
  });
  const drop = (...args: string[]) =>
    project.runShared("push", "--prune", "--yes", "--allow", "DROPS_SEQUENCE", ...args);

  test("in the given schemas", async () => {
    await project.write({ "sequences.ts": "export {};" });
    expect(await drop()).toMatchObject({ status: 0, stdout: "Nothing differs.\n" });
    expect((await drop("--schemas", "public")).status).toBe(0);
    expect(await sequences()).toEqual(["billing.a_seq"]);
  });
});
