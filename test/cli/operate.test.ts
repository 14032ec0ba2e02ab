import { beforeEach, describe, expect, test } from "vitest";
import { accepting, EXCLUDING, FEEDING, useShop, useShopDatabase } from "../support/command/shop.js";
import { HAS_LONG_FILES, withLong } from "../support/effort.js";
import { longTest } from "../support/long-test.js";

const { database, makeProject, run, runIn, runWhileLocked, importRows } = useShop();

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
      if (HAS_LONG_FILES) {
        const { stdout: views } = await run("status", "--views", "--all-columns");
        expect(views).toMatch(/^ok .* public\.app_seq .* not compared: reading runs code of role nextval_app$/m);
      }
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

  test.each(withLong(["status"], ["resync", "pull"]))("%s rejects schemas that do not exist", async (command) => {
    const { status, stderr } = await run(command, "--schemas", "public,pubic");
    expect(status).toBe(2);
    expect(stderr).toBe("There is no schema pubic in the database\n  Hint: The database has the schema public.\n");
  });

  test("watches: prints immediately, then each sample with its time, a document per line", async () => {
    const project = await makeProject();
    for (const flags of withLong<string[]>([["--json"]], [[]])) {
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

  longTest("watches once, and shows how many days are left", async () => {
    const { status, stdout } = await run("status", "--watch", "1", "--once", "--json");
    expect(status).toBe(0);
    const { rates } = JSON.parse(stdout) as { rates: { sequence: { name: string }; drawn: string }[] };
    expect(rates.map(({ sequence, drawn }) => [sequence.name, drawn])).toEqual(
      expect.arrayContaining([["small_seq", "0"]]),
    );
  });

  test("takes its thresholds from the configuration, and flags win", async () => {
    await database.client`select setval('small_seq', 20000)`;
    const config = { "nextval.config.ts": `export default { warnAt: 0.5, criticalAt: 0.8, failAt: "warning" };` };
    const statusWith = async (...flags: string[]) => {
      const { status, stdout } = await runIn(config, "status", ...flags);
      return [status, /^(\w+) .*public\.small_seq/m.exec(stdout)?.[1]];
    };
    expect((await run("status")).status).toBe(0);
    expect(await statusWith()).toEqual([1, "warning"]);
    expect(await statusWith("--fail-at", "critical")).toEqual([0, "warning"]);
    expect(await statusWith("--critical-at", "0.6", "--fail-at", "critical")).toEqual([1, "CRITICAL"]);
    expect(await statusWith("--warn-at", "0.7")).toEqual([0, "ok"]);
    // The metrics have the level.
    expect((await runIn(config, "status", "--prometheus")).status).toBe(0);
    const crossed = await runIn(config, "status", "--critical-at", "0.4");
    expect([crossed.status, crossed.stderr]).toEqual([
      2,
      "sequenceStatus takes 0 < warnAt <= criticalAt <= 1, not warnAt 0.5 and criticalAt 0.4\n",
    ]);
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
  test("shows the plan, and applies it with --yes", async () => {
    await importRows();
    await expect(database.client`insert into orders default values`).rejects.toMatchObject({ code: "23505" });
    const dry = await run("resync", "--dry-run");
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('alter sequence "public"."orders_id_seq" restart with 501;');

    const done = await run("resync", "--yes");
    expect(done.status).toBe(0);
    expect(done.stdout).toContain(`Moved 2 sequences of ${database.name} at `);
    await database.client`insert into orders default values`;
    await database.client`insert into tickets default values`;
  });

  longTest("does nothing without a terminal and without --yes, or if no sequence is behind", async () => {
    expect((await run("resync")).stdout).toMatch(
      /^Nothing to move: 2 columns were read, and no sequence is behind\.$/m,
    );
    await importRows();
    const asked = await run("resync");
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain(
      "Nothing was changed: cannot ask whether to move 2 sequences, because this is not a terminal\n",
    );
  });

  longTest("waits for a locked table no longer than the timeout, and moves the other sequences", async () => {
    await importRows();
    const { status, stderr, stdout } = await runWhileLocked("tickets", "resync", "--lock-timeout", "200", "--yes");
    expect(status).toBe(2);
    expect(stdout).toContain(`Moved 1 sequence of ${database.name} at `);
    expect(stderr).toContain("public.tickets.id could not be read: canceling statement due to lock timeout");
    await database.client`insert into orders default values`;
  });

  test("prints one JSON document", async () => {
    await importRows();
    const documentOf = async (...flags: string[]) => {
      const { stdout, status } = await run("resync", "--json", ...flags);
      expect(status).toBe(0);
      return JSON.parse(stdout) as { applied: boolean; moves: { from: string; to: string }[] };
    };
    const dry = await documentOf("--dry-run");
    expect(Object.keys(dry)).toEqual(["applied", "moves", "failures", "skips"]);
    expect(dry.applied).toBe(false);
    const { applied, moves } = await documentOf("--yes");
    expect(applied).toBe(true);
    expect(moves.map(({ to }) => to).sort()).toEqual(["501", "71"]);
    expect(await documentOf("--yes")).toMatchObject({ applied: false, moves: [] });
  });
});

describe("columns that programs fill", () => {
  beforeEach(async () => {
    await database.client`create table notes (id bigint primary key)`;
    await database.client`insert into notes values (7)`;
  });

  test("are compared if a declaration names them", async () => {
    const { stdout, stderr } = await runIn(FEEDING, "status");
    expect(stdout).toContain("public.small_seq: its next value is 1, but public.notes.id goes to 7");
    expect(stderr).toContain("Warning: small_seq feeds gone.id, which was not found, or has other values.");
  });

  longTest("are resynced if a declaration names them, and the row says if no column is known", async () => {
    expect((await runIn({}, "status")).stdout).toMatch(/ public\.small_seq {2}no column known$/m);
    expect((await runIn({}, "resync")).stdout).toContain(
      "public.small_seq is left alone: no column is known that it feeds\n" +
        "  Hint: Name its column in feeds of the declaration or the configuration.\n",
    );
    const known = { "seqs.ts": FEEDING["seqs.ts"] };
    expect((await runIn(known, "resync", "--declarations", "seqs.ts", "--yes")).stdout).toContain("moves to 8");
  });
});

describe("exclude and accepted", () => {
  test("status leaves sequences out, and warns of a pattern that matches nothing", async () => {
    await importRows();
    const flags = ["--exclude", "orders_*", "--exclude", "public.tickets*", "--exclude", "gone_*"];
    const { status, stdout, stderr } = await run("status", ...flags);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "Warning: exclude gone_* matches no sequence.\n" });
    expect(stdout).toContain("1 sequence: 0 critical, 0 warning, 1 ok");
    if (!HAS_LONG_FILES) return;
    const both = await runIn(EXCLUDING, "status", "--exclude", "tickets_*", "--json");
    expect(both.status).toBe(0);
    expect((JSON.parse(both.stdout) as { sequences: object[] }).sequences).toHaveLength(1);
  });

  longTest("status does not fail for an accepted finding, shows its reason, and warns if it is gone", async () => {
    await importRows();
    const known = accepting("BEHIND_COLUMN", "*_id_seq");
    const { status, stdout } = await runIn(known, "status");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ok .* public\.orders_id_seq .* behind column \(accepted\)$/m);
    expect(stdout).not.toContain("! BEHIND_COLUMN");
    expect((await runIn(known, "status", "--verbose")).stdout).toContain(
      "    ! BEHIND_COLUMN (accepted: rows of the old system) public.orders_id_seq: its next value is 1, but",
    );
    const document = JSON.parse((await runIn(known, "status", "--json")).stdout) as {
      sequences: { accepted: { reason: string }[] }[];
    };
    expect(document.sequences.flatMap((each) => each.accepted.map(({ reason }) => reason))).toHaveLength(2);
    const gone = await runIn(accepting("EXHAUSTED", "small_seq"), "status");
    expect(gone).toMatchObject({
      status: 1,
      stderr:
        "Warning: accepted EXHAUSTED of small_seq matches no finding.\n  Hint: Remove it if the finding is solved.\n",
    });
  });

  test("resync moves neither excluded nor accepted sequences", async () => {
    await importRows();
    const { status, stdout } = await runIn(
      accepting("BEHIND_COLUMN", "orders_*"),
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
});

describe("transfer", () => {
  const target = useShopDatabase();

  test("carries positions to the target, repeatedly", async () => {
    await database.client`insert into orders select from generate_series(1, 40)`;
    const flags = ["--from", database.url, "--to", target.url, "--margin", "10"];
    if (HAS_LONG_FILES) {
      const dry = await run("transfer", ...flags, "--dry-run");
      expect(dry.stdout).toContain("sequences would be set; nothing was changed.");
      expect(await target.client`select last_value, is_called from orders_id_seq`).toEqual([
        { last_value: "1", is_called: false },
      ]);
    }
    const done = await run("transfer", ...flags, "--yes");
    expect(done).toMatchObject({ status: 0, stderr: "" });
    const [first, second] = done.stdout.split("\n");
    expect(first).toMatch(new RegExp(`^From ${database.name} at .+:\\d+ as .`));
    expect(second).toMatch(new RegExp(`^to ${target.name} at .+:\\d+ as .+:$`));
    expect(done.stdout).toMatch(/public\.orders_id_seq +source 41 +target 1 +-> 51/);
    expect(await target.client`insert into orders default values returning id`).toEqual([{ id: 51 }]);
    const again = await run("transfer", ...flags);
    expect(again).toMatchObject({ status: 0, stderr: "" });
    expect(again.stdout).toContain("far enough");
    expect(again.stdout).toContain("\n\nNothing to set: no sequence of the target is behind.\n");
  });

  test("needs --yes or --dry-run without a terminal, and with --json", async () => {
    await database.client`insert into orders select from generate_series(1, 40)`;
    const flags = ["--from", database.url, "--to", target.url, "--exclude", "small_seq"];
    const message = "Nothing was changed: cannot ask whether to set 2 sequences, because this is not a terminal";
    const hint = "Add --yes to apply without asking.";
    const position = () => target.client`select last_value, is_called from orders_id_seq`;
    const untouched = [{ last_value: "1", is_called: false }];

    const asked = await run("transfer", ...flags);
    expect(asked).toMatchObject({ status: 2, stderr: `${message}\n  Hint: ${hint}\n` });
    expect(asked.stdout).toMatch(/public\.orders_id_seq +source 41 +target 1 +-> 1041\n/);
    expect(asked.stdout).not.toContain("sequences set");
    const asJson = await run("transfer", ...flags, "--json");
    expect([asJson.status, JSON.parse(asJson.stdout)]).toEqual([2, { error: { code: null, message, hint } }]);
    expect(await position()).toEqual(untouched);

    const both = await run("transfer", ...flags, "--yes", "--dry-run");
    expect(both).toMatchObject({ status: 2, stdout: "" });
    expect(both.stderr).toContain("--dry-run changes nothing, and --yes changes it without a question");
    expect(await position()).toEqual(untouched);
  });

  test("prints one JSON document, which says whether something was set", async () => {
    await database.client`insert into orders select from generate_series(1, 40)`;
    const documentOf = async (...more: string[]) => {
      const { status, stdout } = await run("transfer", "--from", database.url, "--to", target.url, "--json", ...more);
      expect(status).toBe(0);
      return JSON.parse(stdout) as { applied: boolean; sequences: { to: string; moves: boolean }[] };
    };
    const movesOf = ({ sequences }: Awaited<ReturnType<typeof documentOf>>) => sequences.map(({ moves }) => moves);

    const dry = await documentOf("--dry-run");
    expect(Object.keys(dry)).toEqual(["applied", "sequences", "hint", "accepted", "unmatched"]);
    expect([dry.applied, movesOf(dry)]).toEqual([false, [true, true, true]]);
    const done = await documentOf("--yes");
    expect([done.applied, done.sequences]).toEqual([true, dry.sequences]);
    for (const flag of withLong<string[]>([[]], [["--yes"], ["--dry-run"]])) {
      const again = await documentOf(...flag);
      expect([again.applied, movesOf(again)]).toEqual([false, [false, false, false]]);
    }
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
