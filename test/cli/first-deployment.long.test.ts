import { beforeEach, describe, expect, test } from "vitest";
import { declaring, DECLARING_OWNER, useDeclaredProjects } from "../support/command/declared-project.js";
import type { Project } from "../support/command/project.js";

const { database, begin, sequences } = useDeclaredProjects();
let project: Project;

beforeEach(async () => {
  project = await begin(DECLARING_OWNER);
});

const declare = (source: string) => project.write(declaring(source));

describe("an owner that does not exist yet", () => {
  test("comes with a warning if another table may be the missing one under a new name", async () => {
    await database.client.unsafe(`
      create table "Table1" (id serial); alter table "Table1" rename to "Table2"`);
    await declare(`export const s = pgSequence("Table1_id_seq",
      { as: "integer", ownedBy: { table: "Table1", column: "id" } });`);
    const { status, stdout } = await project.runShared("push", "--yes");
    expect(status).toBe(0);
    expect(stdout).toContain(
      '  ! Warning: the sequence belongs to public."Table2".id now, which may be the column under a new name\n' +
        '  Hint: Declare the new name in ownedBy, or create "Table1".id.\n',
    );
  });

  test("is a question after a serial has created its own sequence", async () => {
    await project.runShared("push", "--yes");
    await database.client`create table orders (id bigserial)`;
    const { status, stderr } = await project.runShared("push", "--yes");
    expect([status, stderr]).toEqual([
      2,
      "Nothing was changed: 1 question is open, which --yes does not answer\n  Hint: Add --new orders_id_seq.\n",
    ]);
    expect(await project.runShared("push", "--yes", "--new", "orders_id_seq")).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("the question whether a new sequence is an old one", () => {
  beforeEach(async () => {
    await database.client.unsafe("create sequence order_seq start 100 increment 5; select setval('order_seq', 700)");
    await declare(`export const s = pgSequence("sales_order_seq", { startWith: 100, increment: 5 });`);
  });

  test("is answered by --new", async () => {
    expect(await project.runShared("push", "--yes", "--new", "sales_order_seq")).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await sequences()).toEqual(["public.order_seq", "public.sales_order_seq"]);
  });
});

describe("prune drops the last sequence", () => {
  beforeEach(async () => {
    await database.client.unsafe("create schema billing; create sequence billing.a_seq; create sequence b_seq");
  });

  test("in an exported schema", async () => {
    await declare(`export const billing = pgSchema("billing");`);
    const dropping = await project.runShared("push", "--prune", "--yes", "--allow", "DROPS_SEQUENCE");
    expect(dropping.status).toBe(0);
    expect(await sequences()).toEqual(["public.b_seq"]);
  });
});
