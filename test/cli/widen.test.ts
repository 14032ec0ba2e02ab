import { readdir, readFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

const database = useDatabase();
const makeProject = useProjects();

beforeEach(async () => {
  await database.client.unsafe(`
    drop schema public cascade; create schema public;
    create table "my.orders" (id serial primary key, note text);
    create table items (order_id int references "my.orders");
    insert into "my.orders" (note) select n from generate_series(1, 100) n`);
});

const start = async (...args: string[]) => {
  const project = await makeProject();
  const result = await project.runSharedWith(["widen", ...args], { DATABASE_URL: database.url });
  return { project, ...result };
};

const NAME = 'public."my.orders".id';

test("prints the phases, and runs none", async () => {
  const { status, stdout, stderr } = await start(NAME);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines[0]).toBe('These columns become bigint: public."my.orders".id, public.items.order_id');
  expect(lines[1]).toMatch(/^Warning: The new columns come last/);
  expect(lines.filter((line) => /^-- \d/.test(line))).toEqual([
    "-- 1. add_my_orders",
    "-- 2. add_items",
    "-- 3. backfill_my_orders",
    "-- 4. backfill_items",
    "-- 5. prove_my_orders",
    "-- 6. prove_items",
    "-- 7. index_my_orders_pkey",
    "-- 8. swap",
    "-- 9. validate_items_order_id_fkey",
    "-- 10. clean_up_items",
    "-- 11. clean_up_my_orders",
  ]);
  expect(lines).toContain('alter table "public"."my.orders" add column "id_nextval_new" bigint;');
  const [{ type } = { type: "" }] = await database.client<{ type: string }[]>`
    select pg_typeof(id)::text as type from "my.orders" limit 1`;
  expect(type).toBe("integer");
});

test("writes files, and overwrites none", async () => {
  const { project, status, stdout } = await start(NAME, "--out", "phases");
  expect(status).toBe(0);
  expect(stdout).toContain("Wrote phases/01_add_my_orders.up.sql.");
  const files = await readdir(`${project.folder}/phases`);
  expect(files).toHaveLength(22);
  expect(await readFile(`${project.folder}/phases/08_swap.down.sql`, "utf8")).toMatch(
    /^begin;\n\nset local lock_timeout/,
  );
  const again = await project.runSharedWith(["widen", NAME, "--out", "phases"], { DATABASE_URL: database.url });
  expect(again.status).toBe(2);
  expect(again.stderr).toContain("phases/01_add_my_orders.up.sql exists, and nothing was written");
});

test("runs what is left, and the clean-up when told to", async () => {
  const first = await start(NAME, "--apply", "--yes");
  expect(first).toMatchObject({ status: 0, stderr: "" });
  expect(first.stdout.split("\n").slice(-6)).toEqual([
    "Ran index_my_orders_pkey.",
    "Ran swap.",
    "Ran validate_items_order_id_fkey.",
    "The old columns are still there. When nothing needs the way back, drop them:",
    `  nextval widen '${NAME}' --apply --clean-up`,
    "",
  ]);
  await database.client`select setval('"my.orders_id_seq"', 2147483647)`;
  await database.client`insert into "my.orders" (note) values ('x')`;
  const last = await start(NAME, "--apply", "--clean-up", "--yes", "--json");
  expect(JSON.parse(last.stdout)).toEqual({ applied: true, ran: ["clean_up_items", "clean_up_my_orders"] });
  const after = await start(NAME);
  expect(after).toMatchObject({ status: 2, stdout: "" });
  expect(after.stderr).toContain('public."my.orders".id: it is of type bigint');
});

test("prints the phases that ran before one failed, then the error", async () => {
  await database.client.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
    create trigger refuse before update on items execute function refuse()`);
  const [message, hint] = ["phase backfill_items failed: not now", "Plan again to go on."];
  const { status, stdout, stderr } = await start(NAME, "--apply", "--yes");
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: "Ran add_my_orders.\nRan add_items.\nRan backfill_my_orders.\n",
    stderr: `${message}\n  Hint: ${hint}\n`,
  });
  const again = await start(NAME, "--apply", "--yes", "--json");
  expect([again.status, JSON.parse(again.stdout), again.stderr]).toEqual([
    2,
    { applied: true, ran: ["backfill_my_orders"], error: { code: "WIDEN_INCOMPLETE", message, hint } },
    stderr,
  ]);
});

test("asks first, and needs to know what to do", async () => {
  const problems = async (...args: string[]) => {
    const { status, stderr } = await start(...args);
    expect(status).toBe(2);
    return stderr.split("\n")[0];
  };
  expect(await problems(NAME, "--apply")).toContain("Nothing was changed: cannot ask whether to run 9 phases");
  expect(await problems(NAME, "--clean-up")).toContain("--clean-up needs --apply");
  // It works on one column.
  expect(await problems(NAME, "--schemas", "x")).toBe("Unknown option '--schemas'");
  expect(await problems(NAME, "--statement-timeout", "5")).toBe("Unknown option '--statement-timeout'");
  expect(await problems("a.b.c.d")).toContain('The column has to be schema.table.column, not "a.b.c.d"');
  expect(await problems('public."my.orders.id')).toContain("The column has to be schema.table.column");
});
