import { once } from "node:events";
import type { Readable } from "node:stream";
import { beforeEach, describe, expect, test } from "vitest";
import { accepting, EXCLUDING, FEEDING, useShop, useShopDatabase } from "../support/command/shop.js";

const { database, makeProject, run, runIn, runWhileLocked, importRows } = useShop();
const target = useShopDatabase();

describe("status", () => {
  test("prints a row per sequence, whatever its name, and distinguishes names", async () => {
    await database.client.unsafe(`
      create sequence "line\nbreak\ttab\u001b[31m"; create sequence "表序列";
      create schema a; create schema "a.b"; create sequence a."b.c" cache 20; create sequence "a.b".c`);
    try {
      const { stdout } = await run("status", "--schemas", "public,a,a.b");
      const rows = stdout.split("\n").filter((line) => line.startsWith("ok"));
      expect(rows).toHaveLength(7);
      expect(stdout).toContain('public."line\\u000abreak\\u0009tab\\u001b[31m"');
      expect(stdout).toMatch(/\d {2}a\."b\.c" {2}cache 20, no column known$/m);
      expect(stdout).toMatch(/\d {2}"a\.b"\.c {2}no column known$/m);
      const verbose = await run("status", "--schemas", "a", "--verbose");
      expect(verbose.stdout).toContain('    ! CACHE_LOST a."b.c": each connection reserves 20 values');
      expect(verbose.stdout).toContain("1 sequence: 0 critical, 0 warning, 1 ok");
      const watched = await run("status", "--schemas", "a,a.b", "--watch", "1", "--once");
      expect(watched.stdout).not.toContain("days");
    } finally {
      await database.client`drop schema a cascade`;
      await database.client`drop schema "a.b" cascade`;
    }
  });

  test("advises the command's flags, not the library's options", async () => {
    await database.client.unsafe(`
      create schema a; create table a.plain (id bigserial); create view a.seen as select id from a.plain;
      alter view a.seen alter column id set default nextval('a.plain_id_seq')`);
    try {
      for (const format of ["--verbose", "--json"]) {
        const { stdout } = await run("status", "--schemas", "a", format);
        expect(stdout).toContain("Pass --all-columns to read it anyway.");
        expect(stdout).toContain("Pass --views to read it anyway.");
        expect(stdout).not.toMatch(/views: true|columns: /);
      }
    } finally {
      await database.client`drop schema a cascade`;
    }
  });

  test("goes on watching after a status that could not be read", async () => {
    const project = await makeProject();
    const holder = await database.connect({ max: 1 }).reserve();
    const { process: child, finished } = project.start(["status", "--watch", "1", "--json", "--lock-timeout", "100"], {
      DATABASE_URL: database.url,
    });
    child.stdout?.once("data", () => void holder`begin; lock table pg_sequence`.simple().execute());
    child.stderr?.on("data", (text: string) => {
      if (text.includes("could not")) void holder`rollback`.execute();
      else child.kill("SIGINT");
    });
    const { stdout, stderr, status } = await finished;
    holder.release();
    expect(stderr).toMatch(
      /^The status could not be read: .* lock timeout.*\n(?: {2}Hint: .*\n)?The status can be read again\.\n/,
    );
    expect([status, stdout.trimEnd().split("\n").length]).toEqual([130, 2]);
  });

  test("cancels the statement of the connection that it has, after it has lost the first one", async () => {
    const project = await makeProject();
    const holder = await database.connect({ max: 1 }).reserve();
    const sessions = () => database.client<{ pid: number; waits: boolean }[]>`
      select pid, wait_event_type = 'Lock' as waits from pg_stat_activity
      where application_name = 'nextval' and datname = current_database()`;
    const { process: child, finished } = project.start(["status", "--watch", "1", "--json", "--lock-timeout", "0"], {
      DATABASE_URL: database.url,
    });
    await once(child.stdout as Readable, "data");
    const [first] = await sessions();
    await database.client`select pg_terminate_backend(${first?.pid ?? 0})`;
    await expect.poll(async () => (await sessions()).some(({ pid }) => pid !== first?.pid)).toBe(true);
    await holder`begin; lock table pg_sequence`.simple();
    await expect.poll(async () => (await sessions()).some(({ waits }) => waits)).toBe(true);
    child.kill("SIGINT");
    expect((await finished).status).toBe(130);
    await expect.poll(sessions).toEqual([]);
    await holder`rollback`;
    holder.release();
  });

  test("waits for a locked table no longer than the timeout", async () => {
    const { status, stdout } = await runWhileLocked("tickets", "status", "--lock-timeout", "200", "--json");
    expect(status).toBe(0);
    const { sequences } = JSON.parse(stdout) as {
      sequences: { sequence: { name: string }; columns: { notCompared: string | null }[] }[];
    };
    const notCompared = (name: string) =>
      sequences.find(({ sequence }) => sequence.name === name)?.columns[0]?.notCompared;
    expect(notCompared("tickets_id_seq")).toBe(
      "public.tickets.id could not be read: canceling statement due to lock timeout",
    );
    expect(notCompared("orders_id_seq")).toBeNull();
    // The default of a serial column can be read as well.
    const serial = await runWhileLocked("orders", "status", "--lock-timeout", "200", "--json");
    expect(serial.status).toBe(0);
    expect(serial.stdout).toContain("public.orders.id could not be read: canceling statement due to lock timeout");
  });

  test("prints for machines", async () => {
    const json = JSON.parse((await run("status", "--json")).stdout) as {
      sequences: { sequence: { name: string }; left: string }[];
    };
    expect(json.sequences.find(({ sequence }) => sequence.name === "small_seq")?.left).toBe("32767");
    const { stdout } = await run("status", "--prometheus");
    expect(stdout).toMatch(/^# HELP nextval_sequence_/m);
    expect(stdout).toMatch(/^nextval_sequence_values_left\{.*small_seq.*\} 32767$/m);
    await importRows();
    expect(await run("status", "--prometheus")).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("resync", () => {
  test("reports what it could not compare, and why it leaves a sequence unchanged", async () => {
    await database.client.unsafe(`
      create view broken as select 1 / (select 0) as id;
      alter view broken alter column id set default nextval('small_seq');
      create sequence round_seq as integer cycle; create table rounds (id int default nextval('round_seq'))`);
    const { status, stdout, stderr } = await run("resync", "--views");
    expect(status).toBe(2);
    expect(stdout).toBe(
      "Nothing can be moved: 4 columns were read, and 1 sequence could not be compared or moved.\n" +
        "public.round_seq is left alone: it cycles, and so comes back behind its column by itself\n",
    );
    expect(stderr).toContain("public.small_seq: public.broken.id");
    const json = await run("resync", "--views", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      failures: [{ sequence: { name: "small_seq" }, code: "COLUMN_NOT_COMPARED" }],
      skips: [{ sequence: { name: "round_seq" } }],
    });
  });

  test("a role with UPDATE sets sequences; without it, the message has the grant", async () => {
    await importRows();
    const role = `importer_${database.name}`;
    await database.client.unsafe(`
      create role ${role} login password 'x'; grant usage on schema public to ${role};
      grant select on orders, tickets, orders_id_seq, tickets_id_seq to ${role};
      grant update on orders_id_seq to ${role}`);
    try {
      const url = new URL(database.url);
      [url.username, url.password] = [role, "x"];
      const { status, stdout, stderr } = await run("resync", "--url", url.href, "--yes");
      expect(status).toBe(2);
      expect(stdout).toContain(
        `select pg_catalog.setval('"public"."orders_id_seq"'::pg_catalog.regclass, 501, false);`,
      );
      expect(stderr).toContain(`grant update on sequence "public"."tickets_id_seq" to "${role}"`);
      await database.client`insert into orders default values`;
    } finally {
      await database.client.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe("columns that programs fill", () => {
  beforeEach(async () => {
    await database.client`create table notes (id bigint primary key)`;
    await database.client`insert into notes values (7)`;
  });

  test("are unknown without their declarations: status goes on if only the configuration names them", async () => {
    const config = { "nextval.config.mjs": FEEDING["nextval.config.mjs"] };
    const { status, stdout, stderr } = await runIn(config, "status");
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("no column known") });
    expect(stderr).toContain(
      "Warning: the declarations could not be loaded, so their feeds are unknown:\n  There is no",
    );
    expect(await runIn({}, "status", "--declarations", "seqs.ts")).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("exclude and accepted", () => {
  test("status says that all sequences are excluded", async () => {
    expect(await run("status", "--exclude", "*")).toMatchObject({
      status: 0,
      stdout: "All 3 sequences are excluded.\n",
    });
  });

  test("pull leaves sequences out", async () => {
    const { stdout, stderr } = await runIn(EXCLUDING, "pull", "--exclude", "smal_seq");
    expect(stdout).toContain('pgSequence("small_seq"');
    expect(stdout).not.toContain("orders");
    expect(stderr).toBe("Warning: exclude smal_seq matches no sequence.\n");
  });

  test("transfer goes past an accepted difference, and says so", async () => {
    await target.client`alter sequence small_seq cycle`;
    const flags = ["--from", database.url, "--to", target.url];
    const refused = await run("transfer", ...flags);
    expect(refused.stderr).toBe(
      "nothing was transferred:\n  public.small_seq: cycle is false on the source and true on the target\n" +
        "  Hint: Alter the one that is wrong.\n",
    );
    const { status, stdout } = await runIn(accepting("OPTIONS_DIFFER", "small_seq"), "transfer", ...flags, "--yes");
    expect(status).toBe(0);
    expect(stdout).toContain(
      "public.small_seq: cycle is false on the source and true on the target, " +
        "and it is left out because OPTIONS_DIFFER is accepted: rows of the old system",
    );
    expect((await run("transfer", ...flags, "--exclude", "small_seq")).status).toBe(0);
  });
});

describe("transfer", () => {
  test("carries sequences to other names", async () => {
    await database.client`select setval('small_seq', 700)`;
    await target.client.unsafe(
      `create schema new; alter sequence small_seq rename to "a=b"; alter sequence "a=b" set schema new`,
    );
    const flags = ["--from", database.url, "--to", target.url, "--margin", "10", "--yes"];
    const done = await run("transfer", ...flags, "--rename", 'small_seq=new."a=b"');
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toMatch(/public\.small_seq as new\."a=b" +source 701 +target 1 +-> 711/);
    expect(await target.client`select nextval('new."a=b"') as id`).toEqual([{ id: "711" }]);
    await target.client.unsafe("drop schema new cascade");
    const refused = await run("transfer", ...flags, "--rename", "smal_seq=new.x");
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("the source has no sequence smal_seq\n  Hint: Did you mean small_seq?\n");
  });

  test("names the sequence of each note", async () => {
    await database.client`select setval('small_seq', 32760)`;
    const { stdout } = await run("transfer", "--from", database.url, "--to", target.url, "--yes");
    expect(stdout).toContain("\npublic.small_seq: 7 values are left until its end at 32767");
    expect(stdout).toContain("3 of 3 sequences set, and read again.");
  });
});
