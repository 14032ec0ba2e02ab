import { once } from "node:events";
import type { Readable } from "node:stream";
import { beforeEach, describe, expect, test } from "vitest";
import { useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";

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
  return await project.runSharedWith(args, { DATABASE_URL: database.url });
}

/** Runs it while another session has a table locked against reading. */
async function runWhileLocked(table: string, ...args: string[]) {
  const holder = await database.connect({ max: 1 }).reserve();
  await holder`begin`;
  await holder`lock table ${holder(table)}`;
  const result = await run(...args);
  await holder`rollback`;
  holder.release();
  return result;
}

/** Rows with explicit keys, as an import inserts them. */
async function importRows(): Promise<void> {
  await database.client`insert into orders (id) select n from generate_series(1, 500) n`;
  await database.client`insert into tickets overriding system value values (70)`;
}

describe("status", () => {
  test("exits with 0 if all is well, and shows every sequence", async () => {
    const { status, stdout, stderr } = await run("status");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("public.small_seq");
    expect(stdout).toContain("3 sequences: 0 critical, 0 warning, 3 ok");
  });

  test("exits with 1 past the threshold, and shows the problems, worst first", async () => {
    await importRows();
    await database.client`select setval('small_seq', 30000)`;
    const { status, stdout } = await run("status");
    expect(status).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^level +used +left {2}sequence$/);
    expect(lines[1]).toMatch(/^CRITICAL .* public\.\w+/);
    expect(stdout).toMatch(/^CRITICAL {2}91\.5 % {2}█{18}░{2} +2,767 {2}public\.small_seq {2}no column known$/m);
    expect(stdout).toContain("    ! NEARLY_EXHAUSTED public.small_seq: 91.5 % is used");
    expect(stdout).toContain(
      "    ! BEHIND_COLUMN public.orders_id_seq: its next value is 1, but public.orders.id goes to 500",
    );
  });

  test("names the roles whose code it does not run, and runs it with --trust-owner", async () => {
    await database.client.unsafe(`
      drop role if exists nextval_app; create role nextval_app; grant all on schema public to nextval_app;
      set role nextval_app;
      create sequence app_seq; create view app as select 5 as id;
      alter view app alter id set default nextval('app_seq');
      create function truth(int) returns boolean immutable language sql as 'select true';
      create table keys (id serial primary key); create index on keys (id) where truth(1); reset role`);
    try {
      const { stdout } = await run("status");
      expect(stdout).toMatch(/^ok .* public\.app_seq .* not compared: reading a view runs code of its owner$/m);
      expect(stdout).toContain("reading runs code of role nextval_app, as the connected role");
      const { stdout: views } = await run("status", "--views", "--all-columns");
      expect(views).toMatch(/^ok .* public\.app_seq .* not compared: reading runs code of role nextval_app$/m);
      const trusting = await run(
        "status",
        "--views",
        "--all-columns",
        "--trust-owner",
        "nextval_app",
        "--trust-owner",
        "x",
      );
      expect(trusting.stdout).not.toContain("not compared");
    } finally {
      await database.client`drop owned by nextval_app cascade`;
      await database.client`drop role nextval_app`;
    }
  });

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

  test.each([["status"], ["resync"], ["pull"]])("%s rejects schemas that do not exist", async (command) => {
    const { status, stderr } = await run(command, "--schemas", "public,pubic");
    expect(status).toBe(2);
    expect(stderr).toBe("There is no schema pubic in the database\n  Hint: The database has the schema public.\n");
  });

  test("watches: prints immediately, then each sample with its time, a document per line", async () => {
    const project = await makeProject();
    for (const flags of [["--json"], []]) {
      const { process: child, finished } = project.start(["status", "--watch", "1", ...flags], {
        DATABASE_URL: database.url,
      });
      let samples = 0;
      child.stdout?.on("data", (text: string) => {
        samples += text.match(/sampledAt|^\d{4}-\d\d-\d\dT[\d:.]+Z:$/gm)?.length ?? 0;
        if (samples >= 2) child.kill("SIGINT");
      });
      const { stdout, status } = await finished;
      expect(status).toBe(130);
      if (flags.length === 0) continue;
      const documents = stdout.trimEnd().split("\n");
      const [first, second] = documents.map((line) => JSON.parse(line) as { rates?: unknown[]; sampledAt: string });
      expect(first?.rates).toBeUndefined();
      expect(second?.rates).toHaveLength(3);
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

  test("watches once, and shows how many days are left", async () => {
    const { status, stdout } = await run("status", "--watch", "1", "--once", "--json");
    expect(status).toBe(0);
    const { rates } = JSON.parse(stdout) as { rates: { sequence: { name: string }; drawn: string }[] };
    expect(rates.map(({ sequence, drawn }) => [sequence.name, drawn])).toEqual(
      expect.arrayContaining([["small_seq", "0"]]),
    );
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

  test.each([
    [["--warn-at", "75"], "It has to be above 0 and up to 1"],
    [["--once"], "--once ends --watch, which is not given"],
    [["--json", "--prometheus"], "--json and --prometheus are two formats"],
    [["--watch", "0"], "It has to be from 1 to 86400 seconds"],
  ])("rejects %j", async (flags, message) => {
    const { status, stderr } = await run("status", ...flags);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("resync", () => {
  test("shows the plan, applies it with --yes, and then has nothing to do", async () => {
    await importRows();
    await expect(database.client`insert into orders default values`).rejects.toMatchObject({ code: "23505" });
    const dry = await run("resync", "--dry-run");
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('alter sequence "public"."orders_id_seq" restart with 501;');

    const asked = await run("resync");
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain(
      "Nothing was changed: cannot ask whether to move 2 sequences, because this is not a terminal\n",
    );

    const done = await run("resync", "--yes");
    expect(done.status).toBe(0);
    expect(done.stdout).toContain(`Moved 2 sequences of ${database.name} at `);
    await database.client`insert into orders default values`;
    await database.client`insert into tickets default values`;
    expect((await run("resync")).stdout).toMatch(
      /^Nothing to move: 2 columns were read, and no sequence is behind\.$/m,
    );
  });

  test("waits for a locked table no longer than the timeout, and moves the other sequences", async () => {
    await importRows();
    const { status, stderr, stdout } = await runWhileLocked("tickets", "resync", "--lock-timeout", "200", "--yes");
    expect(status).toBe(2);
    expect(stdout).toContain(`Moved 1 sequence of ${database.name} at `);
    expect(stderr).toContain("public.tickets.id could not be read: canceling statement due to lock timeout");
    await database.client`insert into orders default values`;
  });

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

  test("prints one JSON document", async () => {
    await importRows();
    const { stdout, status } = await run("resync", "--yes", "--json");
    expect(status).toBe(0);
    const { moves } = JSON.parse(stdout) as { moves: { from: string; to: string }[] };
    expect(moves.map(({ to }) => to).sort()).toEqual(["501", "71"]);
  });
});

describe("columns that programs fill", () => {
  const declaring = 'import { pgSequence } from "nextval";\nexport const small = pgSequence("small_seq", ';
  const files = {
    "nextval.config.mjs":
      'export default { declarations: "seqs.ts", feeds: [{ sequence: "small_seq", table: "gone", column: "id" }] };',
    "seqs.ts": `${declaring}{ as: "smallint", feeds: { table: "notes", column: "id" } });`,
  };

  beforeEach(async () => {
    await database.client`create table notes (id bigint primary key)`;
    await database.client`insert into notes values (7)`;
  });

  async function runIn(given: Readonly<Record<string, string>>, ...args: string[]) {
    const project = await makeProject(given);
    return project.runSharedWith(args, { DATABASE_URL: database.url });
  }

  test("are compared if a declaration names them, and the row says if no column is known", async () => {
    expect((await runIn({}, "status")).stdout).toMatch(/ public\.small_seq {2}no column known$/m);
    expect((await runIn({}, "resync")).stdout).toContain(
      "public.small_seq is left alone: no column is known that it feeds\n" +
        "  Hint: Name its column in feeds of the declaration or the configuration.\n",
    );
    const { stdout, stderr } = await runIn(files, "status");
    expect(stdout).toContain("public.small_seq: its next value is 1, but public.notes.id goes to 7");
    expect(stderr).toContain("Warning: small_seq feeds gone.id, which was not found, or has other values.");
    const known = { "seqs.ts": files["seqs.ts"] };
    expect((await runIn(known, "resync", "--declarations", "seqs.ts", "--yes")).stdout).toContain("moves to 8");
  });

  test("are unknown without their declarations: status goes on if only the configuration names them", async () => {
    const config = { "nextval.config.mjs": files["nextval.config.mjs"] };
    const { status, stdout, stderr } = await runIn(config, "status");
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("no column known") });
    expect(stderr).toContain(
      "Warning: the declarations could not be loaded, so their feeds are unknown:\n  There is no",
    );
    expect(await runIn({}, "status", "--declarations", "seqs.ts")).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("exclude and accepted", () => {
  const config = (text: string) => ({ "nextval.config.ts": `export default { ${text} };` });
  const runWith = async (text: string, ...args: string[]) => {
    const project = await makeProject(config(text));
    return await project.runSharedWith(args, { DATABASE_URL: database.url });
  };
  const accepted = (code: string, sequence: string) =>
    `accepted: [{ code: "${code}", sequence: "${sequence}", reason: "rows of the old system" }]`;

  test("status leaves sequences out, and warns of a pattern that matches nothing", async () => {
    await importRows();
    const flags = ["--exclude", "orders_*", "--exclude", "public.tickets*", "--exclude", "gone_*"];
    const { status, stdout, stderr } = await run("status", ...flags);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "Warning: exclude gone_* matches no sequence.\n" });
    expect(stdout).toContain("1 sequence: 0 critical, 0 warning, 1 ok");
    const both = await runWith('exclude: ["orders_*"]', "status", "--exclude", "tickets_*", "--json");
    expect(both.status).toBe(0);
    expect((JSON.parse(both.stdout) as { sequences: object[] }).sequences).toHaveLength(1);
  });

  test("status does not fail for an accepted finding, shows its reason, and warns if it is gone", async () => {
    await importRows();
    const known = accepted("BEHIND_COLUMN", "*_id_seq");
    const { status, stdout } = await runWith(known, "status");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ok .* public\.orders_id_seq .* behind column \(accepted\)$/m);
    expect(stdout).not.toContain("! BEHIND_COLUMN");
    expect((await runWith(known, "status", "--verbose")).stdout).toContain(
      "    ! BEHIND_COLUMN (accepted: rows of the old system) public.orders_id_seq: its next value is 1, but",
    );
    const document = JSON.parse((await runWith(known, "status", "--json")).stdout) as {
      sequences: { accepted: { reason: string }[] }[];
    };
    expect(document.sequences.flatMap((each) => each.accepted.map(({ reason }) => reason))).toHaveLength(2);
    const gone = await runWith(accepted("EXHAUSTED", "small_seq"), "status");
    expect(gone).toMatchObject({
      status: 1,
      stderr:
        "Warning: accepted EXHAUSTED of small_seq matches no finding.\n  Hint: Remove it if the finding is solved.\n",
    });
  });

  test("status says that all sequences are excluded", async () => {
    expect(await run("status", "--exclude", "*")).toMatchObject({
      status: 0,
      stdout: "All 3 sequences are excluded.\n",
    });
  });

  test("resync moves neither excluded nor accepted sequences", async () => {
    await importRows();
    const { status, stdout } = await runWith(
      accepted("BEHIND_COLUMN", "orders_*"),
      "resync",
      "--yes",
      "--exclude",
      "tickets_*",
    );
    expect(status).toBe(0);
    expect(stdout).toContain("public.orders_id_seq is left alone: accepted: rows of the old system");
    expect(stdout).not.toContain("tickets");
    expect(await database.client`select last_value from orders_id_seq`).toEqual([{ last_value: "1" }]);
  });

  test("pull leaves sequences out", async () => {
    const { stdout, stderr } = await runWith('exclude: ["orders_*"]', "pull", "--exclude", "smal_seq");
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
    const { status, stdout } = await runWith(accepted("OPTIONS_DIFFER", "small_seq"), "transfer", ...flags);
    expect(status).toBe(0);
    expect(stdout).toContain(
      "public.small_seq: cycle is false on the source and true on the target, " +
        "and it is left out because OPTIONS_DIFFER is accepted: rows of the old system",
    );
    expect((await run("transfer", ...flags, "--exclude", "small_seq")).status).toBe(0);
  });
});

describe("transfer", () => {
  test("carries positions to the target, repeatedly", async () => {
    await database.client`insert into orders select from generate_series(1, 40)`;
    const flags = ["--from", database.url, "--to", target.url, "--margin", "10"];
    const dry = await run("transfer", ...flags, "--dry-run");
    expect(dry.stdout).toContain("sequences would be set; nothing was changed.");
    expect(await target.client`select last_value, is_called from orders_id_seq`).toEqual([
      { last_value: "1", is_called: false },
    ]);
    const done = await run("transfer", ...flags);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    const [first, second] = done.stdout.split("\n");
    expect(first).toMatch(new RegExp(`^From ${database.name} at .+:\\d+ as .`));
    expect(second).toMatch(new RegExp(`^to ${target.name} at .+:\\d+ as .+:$`));
    expect(done.stdout).toMatch(/public\.orders_id_seq +source 41 +target 1 +-> 51/);
    expect(await target.client`insert into orders default values returning id`).toEqual([{ id: 51 }]);
    expect((await run("transfer", ...flags)).stdout).toContain("far enough");
  });

  test("carries sequences to other names", async () => {
    await database.client`select setval('small_seq', 700)`;
    await target.client.unsafe(
      `create schema new; alter sequence small_seq rename to "a=b"; alter sequence "a=b" set schema new`,
    );
    const flags = ["--from", database.url, "--to", target.url, "--margin", "10"];
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
    const { stdout } = await run("transfer", "--from", database.url, "--to", target.url);
    expect(stdout).toContain("\npublic.small_seq: 7 values are left until its end at 32767");
    expect(stdout).toContain("3 of 3 sequences set, and read again.");
  });

  test("refuses if the definitions differ, and never shows a password", async () => {
    await target.client`alter sequence small_seq cycle`;
    const { status, stderr } = await run("transfer", "--from", database.url, "--to", target.url);
    expect(status).toBe(2);
    expect(stderr).toContain("small_seq");
    const wrong = new URL(target.url);
    wrong.port = "1";
    wrong.password = "s3cret";
    const refused = await run("transfer", "--from", database.url, "--to", wrong.href);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("127.0.0.1:1");
    expect(refused.stdout + refused.stderr).not.toContain("s3cret");
    expect((await run("transfer")).stderr).toContain("Give --from URL and --to URL");
  });
});
