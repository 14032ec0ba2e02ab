import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolveBinary } from "dbmate";
import { bind } from "nextval";
import { planWiden, widenFiles, type WidenFormat } from "nextval/operate";
import { beforeEach, expect, test } from "vitest";
import { startProcess } from "../../support/command/start-process.js";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";
import { schemaOf } from "../../support/schema-of.js";

const database = useDatabase({ max: 1 });
const run = (text: string) => database.client.unsafe(text);

const NAME = `o"r 'd;-- $nextval$ :x`;
const quoted = `"${NAME.replaceAll('"', '""')}"`;

beforeEach(async () => {
  await run(`
    drop schema public cascade; create schema public; set client_min_messages = warning;
    create table ${quoted} ("i ""d" serial primary key, check ("i ""d" > 0));
    -- The backfill has a variable of this name.
    create table items (page int constraint items_id_fkey references ${quoted});
    create view v as select "i ""d", '-- x' as text from ${quoted};
    insert into ${quoted} select n from generate_series(1, 10) n;
    insert into items select n from generate_series(1, 10) n`);
});

const planned = () => planWiden(bind(database.client), { table: NAME, column: `i "d` });
const files = async (format: WidenFormat) =>
  widenFiles(await planned(), { format, at: new Date("2026-01-31T23:59:58Z") });

test("plain files run with psql's protocol, up and down", async () => {
  const before = await schemaOf(database.client);
  const made = await files("sql");
  expect(made.map(({ path }) => path).filter((path) => path.endsWith(".up.sql"))).toEqual([
    "01_add_o_r_d_nextval_x.up.sql",
    "02_add_items.up.sql",
    "03_backfill_o_r_d_nextval_x.up.sql",
    "04_backfill_items.up.sql",
    "05_prove_o_r_d_nextval_x.up.sql",
    "06_prove_items.up.sql",
    "07_index_o_r_d_nextval_x_pkey.up.sql",
    "08_swap.up.sql",
    "09_validate_items_id_fkey.up.sql",
    "10_validate_o_r_d_nextval_x_i_d_check.up.sql",
    "11_clean_up_items.up.sql",
    "12_clean_up_o_r_d_nextval_x.up.sql",
  ]);
  expect(made[0]!.content.split("\n")[0]).toBe(
    "-- Warning: The new columns come last in their tables, so statements without a list of columns see another order.",
  );
  const ups = made.filter(({ path }) => path.endsWith(".up.sql"));
  const downs = made.filter(({ path }) => path.endsWith(".down.sql"));
  expect(downs.at(-1)!.content).toBe("-- It cannot be undone.\n");
  for (const { content } of ups.slice(0, -2)) await run(content);
  for (const { content } of downs.slice(0, -2).reverse()) await run(content);
  expect(await schemaOf(database.client)).toEqual(before);
  for (const { content } of ups) await run(content);
  const after = (await schemaOf(database.client)).filter((line) => line.includes("nextval_"));
  expect(after.filter((line) => /nextval_(new|old|widen|in_step)/.test(line))).toEqual([]);
  expect((await run(`select pg_typeof("i ""d")::text as type, count(*)::int from v group by 1`))[0]).toEqual({
    type: "bigint",
    count: 10,
  });
});

test("what was run is left out", async () => {
  const [first] = (await planned()).phases;
  await database.client.begin(async (tx) => {
    for (const statement of first!.up) await tx.unsafe(statement);
  });
  expect((await files("sql"))[0]!.path).toBe("01_add_items.up.sql");
});

longTest("dbmate runs its files, up and down", async () => {
  const folder = await mkdtemp(`${tmpdir()}/nextval-widen-`);
  try {
    const made = await files("dbmate");
    expect(made[0]!.path).toBe("20260131235958_add_o_r_d_nextval_x.sql");
    // Without the clean-up, which has no way back.
    for (const { path, content } of made.slice(0, -2)) await writeFile(`${folder}/${path}`, content);
    const url = new URL(database.url);
    url.searchParams.set("sslmode", "disable");
    const dbmate = async (command: string) => {
      const args = ["--no-dump-schema", "--migrations-dir", folder, command];
      const { status, stderr } = await startProcess(resolveBinary(), args, {
        cwd: folder,
        env: { DATABASE_URL: url.href },
      }).finished;
      expect({ command, status, stderr }).toMatchObject({ status: 0 });
    };
    await dbmate("migrate");
    expect((await planned()).phases.map(({ kind }) => kind)).toEqual(["clean-up", "clean-up"]);
    // Two validations, and the swap. Each start takes a while.
    for (let back = 0; back < 3; back++) await dbmate("rollback");
    const { phases } = await planned();
    expect(phases.filter(({ isDone }) => isDone).map(({ kind }) => kind)).toEqual(
      "add add backfill backfill prove prove index".split(" "),
    );
    await dbmate("migrate");
    expect((await planned()).phases.map(({ kind }) => kind)).toEqual(["clean-up", "clean-up"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("each format says what cannot run in a transaction", async () => {
  const plan = await planned();
  const of = (format: WidenFormat) =>
    widenFiles(plan, { format, at: new Date("2026-01-31T23:59:58Z") }).filter(({ path }) =>
      path.includes("backfill_items"),
    );
  expect(of("dbmate")[0]!.content).toMatch(/^-- migrate:up transaction:false\ndo /m);
  expect(of("goose")[0]!.content).toMatch(
    /^-- \+goose NO TRANSACTION\n-- \+goose Up\n-- \+goose StatementBegin\ndo [^]*\n-- \+goose Down\n-- There/m,
  );
  expect(of("flyway").map(({ path }) => path)).toEqual([
    "V20260201000001__backfill_items.sql",
    "U20260201000001__backfill_items.sql",
    "V20260201000001__backfill_items.sql.conf",
    "U20260201000001__backfill_items.sql.conf",
  ]);
});

test.each([
  ["dbmate", "\n-- migrate:down\n"],
  ["goose", "\n-- +goose Down\n"],
  ["flyway", "${x}"],
] as const)("what %s would misread is refused", async (format, comment) => {
  await run(`comment on column items.page is '${comment}'`);
  await expect(files(format)).rejects.toThrow(`phase swap has a name or a definition that ${format} would misread`);
  expect(await files("sql")).toHaveLength(24);
});

test("wrong options are refused", async () => {
  const plan = await planned();
  expect(() => widenFiles(plan, { format: "knex" as never })).toThrow(
    "widenFiles writes for sql, dbmate, flyway, goose",
  );
  expect(() => widenFiles(plan, { at: new Date("x") })).toThrow("widenFiles takes a Date, not");
  expect(() => widenFiles({} as never)).toThrow("widenFiles takes a plan that planWiden made");
});
