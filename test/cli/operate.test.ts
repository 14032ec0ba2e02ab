import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../database.js";
import { useProjects } from "./project.js";

const database = useDatabase();
const target = useDatabase();
const makeProject = useProjects();

beforeEach(async () => {
  for (const { client } of [database, target]) {
    await client.unsafe(`
      drop schema public cascade; create schema public;
      create table orders (id serial primary key, note text);
      create table tickets (id int generated always as identity primary key);
      create sequence small_seq as smallint`);
  }
});

async function run(...args: string[]) {
  const project = await makeProject();
  return await project.start(args, { DATABASE_URL: database.url }).finished;
}

/** Runs it while somebody holds a table so that nobody may read it. */
async function runWhileLocked(table: string, ...args: string[]) {
  const holder = await database.connect({ max: 1 }).reserve();
  await holder`begin`;
  await holder`lock table ${holder(table)}`;
  const result = await run(...args);
  await holder`rollback`;
  holder.release();
  return result;
}

/** Rows with keys of their own, as an import brings them. */
async function importRows(): Promise<void> {
  await database.client`insert into orders (id) select n from generate_series(1, 500) n`;
  await database.client`insert into tickets overriding system value values (70)`;
}

describe("status", () => {
  test("is 0 where all is well, and shows every sequence", async () => {
    const { status, stdout, stderr } = await run("status");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("public.small_seq");
    expect(stdout).toContain("3 sequences: 0 critical, 0 warning, 3 ok");
  });

  test("is 1 past the threshold, worst first, and says what happens", async () => {
    await importRows();
    await database.client`select setval('small_seq', 30000)`;
    const { status, stdout } = await run("status");
    expect(status).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^CRITICAL {2}[█░]{20} {2}public\.\w+/);
    expect(stdout).toContain("CRITICAL");
    expect(stdout).toMatch(/█{18}░{2} {2}public\.small_seq +91\.6 %/);
    expect(stdout).toMatch(/public\.orders_id_seq: its next value is 1, and public\.orders\.id already goes to 500/);
    expect((await run("status", "--critical-at", "1", "--warn-at", "0.99", "--schemas", "none")).status).toBe(0);
  });

  test("watches, and knows how many days are left", async () => {
    const { status, stdout } = await run("status", "--watch", "1", "--once", "--json");
    expect(status).toBe(0);
    const { rates } = JSON.parse(stdout) as { rates: { seqName: string; drawn: string }[] };
    expect(rates.map(({ seqName, drawn }) => [seqName, drawn])).toEqual(expect.arrayContaining([["small_seq", "0"]]));
  });

  test("waits no longer than it is told for a table that is locked", async () => {
    const { status, stdout } = await runWhileLocked("tickets", "status", "--lock-timeout", "200", "--json");
    expect(status).toBe(0);
    const { sequences } = JSON.parse(stdout) as {
      sequences: { seqName: string; columns: { notCompared: string | null }[] }[];
    };
    const notCompared = (name: string) => sequences.find(({ seqName }) => seqName === name)?.columns[0]?.notCompared;
    expect(notCompared("tickets_id_seq")).toBe(
      "public.tickets.id could not be read: canceling statement due to lock timeout",
    );
    expect(notCompared("orders_id_seq")).toBeNull();
  });

  test("prints for machines", async () => {
    const json = JSON.parse((await run("status", "--json")).stdout) as {
      sequences: { seqName: string; left: string }[];
    };
    expect(json.sequences.find(({ seqName }) => seqName === "small_seq")?.left).toBe("32767");
    const { stdout } = await run("status", "--prometheus");
    expect(stdout).toMatch(/^# HELP nextval_sequence_/m);
    expect(stdout).toMatch(/^nextval_sequence_values_left\{.*small_seq.*\} 32767$/m);
  });

  test.each([
    [["--warn-at", "75"], "It has to be above 0 and up to 1"],
    [["--watch", "0"], "It has to be from 1 to 86400 seconds"],
  ])("refuses %j", async (flags, message) => {
    const { status, stderr } = await run("status", ...flags);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("resync", () => {
  test("shows what it would do, does it with --yes, and then has nothing to do", async () => {
    await importRows();
    await expect(database.client`insert into orders default values`).rejects.toMatchObject({ code: "23505" });
    const dry = await run("resync", "--dry-run");
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('alter sequence "public"."orders_id_seq" restart with 501;');

    const asked = await run("resync");
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain("Nothing was changed: there is nobody to ask whether to move 2 sequences.");

    const done = await run("resync", "--yes");
    expect(done.status).toBe(0);
    expect(done.stdout).toContain("Moved 2 sequences.");
    await database.client`insert into orders default values`;
    await database.client`insert into tickets default values`;
    expect((await run("resync")).stdout).toBe("Every sequence is behind its columns.\n");
  });

  test("waits no longer than it is told for a table that is locked, and moves the others", async () => {
    await importRows();
    const { status, stderr, stdout } = await runWhileLocked("tickets", "resync", "--lock-timeout", "200", "--yes");
    expect(status).toBe(2);
    expect(stdout).toContain("Moved 1 sequence.");
    expect(stderr).toContain("public.tickets.id could not be read: canceling statement due to lock timeout");
    await database.client`insert into orders default values`;
  });

  test("prints one JSON document", async () => {
    await importRows();
    const { stdout, status } = await run("resync", "--yes", "--json");
    expect(status).toBe(0);
    const { moves } = JSON.parse(stdout) as { moves: { from: string; to: string }[] };
    expect(moves.map(({ to }) => to).sort()).toEqual(["501", "71"]);
  });
});

describe("transfer", () => {
  test("carries positions to the target, again and again", async () => {
    await database.client`insert into orders select from generate_series(1, 40)`;
    const flags = ["--from", database.url, "--to", target.url, "--margin", "10"];
    const dry = await run("transfer", ...flags, "--dry-run");
    expect(dry.stdout).toContain("sequences would be set; nothing was changed.");
    expect(await target.client`select last_value, is_called from orders_id_seq`).toEqual([
      { last_value: "1", is_called: false },
    ]);
    const done = await run("transfer", ...flags);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toMatch(/public\.orders_id_seq +source 41 +target 1 +-> 51/);
    expect(await target.client`insert into orders default values returning id`).toEqual([{ id: 51 }]);
    expect((await run("transfer", ...flags)).stdout).toContain("ahead already");
  });

  test("refuses where the definitions differ, and never shows a password", async () => {
    await target.client`alter sequence small_seq cycle`;
    const { status, stderr } = await run("transfer", "--from", database.url, "--to", target.url);
    expect(status).toBe(2);
    expect(stderr).toContain("small_seq");
    const password = new URL(database.url).password;
    const wrong = new URL(target.url);
    wrong.port = "1";
    const refused = await run("transfer", "--from", database.url, "--to", wrong.href);
    expect(refused.status).toBe(2);
    expect(refused.stdout + refused.stderr).not.toContain(password);
    expect((await run("transfer")).stderr).toContain("Give --from URL and --to URL");
  });
});
