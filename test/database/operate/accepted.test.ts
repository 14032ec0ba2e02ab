import { bind, type Database, NextvalError, pgSequence } from "nextval";
import { applyPlan, inspectSequences, planChanges, pullDeclarations } from "nextval/catalog";
import { applyResync, planResync, sequenceStatus, toJson, toPrometheus } from "nextval/operate";
import { beforeEach, describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { longTest } from "../../support/long-test.js";

const database = useDatabase();
let db: Database;

const run = (text: string) => database.client.unsafe(text);

beforeEach(async () => {
  db = bind(database.client);
  await run(`drop schema if exists audit cascade; drop schema public cascade; create schema public; create schema audit;
    create table orders (id bigserial primary key); insert into orders values (500);
    create table audit.log (id bigserial primary key); insert into audit.log values (70);
    create sequence legacy_seq maxvalue 10; select setval('legacy_seq', 10)`);
});

const find = async (options?: Parameters<typeof sequenceStatus>[1]) => {
  const health = await sequenceStatus(db, options);
  return { health, names: health.sequences.map(({ sequence }) => `${sequence.schema}.${sequence.name}`).sort() };
};

describe("exclude", () => {
  test("status leaves sequences out, reads no columns of theirs, and names patterns that match nothing", async () => {
    const progress: number[] = [];
    const { health, names } = await find({
      exclude: ["legacy_*", "audit.*", "gone_*"],
      onProgress: ({ total }) => progress.push(total),
    });
    expect(names).toEqual(["public.orders_id_seq"]);
    expect(progress[0]).toBe(1);
    expect(health.unmatched).toEqual({ exclude: ["gone_*"], accepted: [], feeds: [] });
    expect((await find({ exclude: ["*"] })).health).toMatchObject({ level: "ok", sequences: [] });
    expect((await find({ schemas: ["public"], exclude: ["audit.*"] })).health.unmatched.exclude).toEqual([]);
    await expect(sequenceStatus(db, { exclude: "legacy_*" as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  test("resync does not move them", async () => {
    const plan = await planResync(db, { exclude: ["audit.*", "x"] });
    expect(plan.moves.map(({ sequence }) => sequence.name)).toEqual(["orders_id_seq"]);
    expect(plan.unmatched).toEqual({ exclude: ["x"], feeds: [] });
    expect((await applyResync(db, plan)).moves).toHaveLength(1);
    expect((await find()).health.sequences.find(({ sequence }) => sequence.schema === "audit")?.level).toBe("critical");
  });

  test("pull does not declare them, and prune does not drop them", async () => {
    const state = await inspectSequences(db);
    const source = pullDeclarations(state, { exclude: ["legacy_*", "audit.*"] });
    expect(source).toContain("orders_id_seq");
    expect(source).not.toMatch(/legacy|audit/);
    const declared = [pgSequence("orders_id_seq", { ownedBy: { table: "orders", column: "id" } })];
    const dropped = (exclude?: string[]) =>
      planChanges(declared, state, { prune: true, exclude }).changes.flatMap(({ kind, subject }) =>
        kind === "drop" ? [subject] : [],
      );
    expect(dropped()).toEqual(["public.legacy_seq"]);
    expect(dropped(["legacy_*"])).toEqual([]);
    const plan = planChanges(declared, state, { prune: true, exclude: ["legacy_*"] });
    await applyPlan(db, plan, { allow: ["LOCKS_INSERTS"] });
    expect((await find()).names).toContain("public.legacy_seq");
    expect(() => planChanges(declared, state, { exclude: [""] })).toThrow(
      "planChanges takes exclude as a list of names",
    );
  });
});

describe("accepted findings of status", () => {
  const reason = "the rows are of the old system";

  test("do not count for the level, and keep their reason", async () => {
    const accepted = [
      { code: "EXHAUSTED", sequence: "legacy_seq", reason },
      { code: "BEHIND_COLUMN", sequence: "audit.*", column: "log.id", reason },
      { code: "BEHIND_COLUMN", sequence: "orders_*", column: "audit.log.id", reason: "gone" },
      { code: "UNLOGGED", sequence: "orders_*", reason: "solved" },
    ] as const;
    const { health } = await find({ accepted });
    const byName = Object.fromEntries(health.sequences.map((each) => [each.sequence.name, each]));
    expect(byName["legacy_seq"]).toMatchObject({
      level: "ok",
      problems: [{ code: "NOT_ATTACHED" }],
      accepted: [{ code: "EXHAUSTED", level: "critical", reason, fix: expect.stringContaining("no maxvalue") }],
    });
    expect(byName["log_id_seq"]).toMatchObject({ level: "ok", problems: [], accepted: [{ reason }] });
    expect(byName["orders_id_seq"]).toMatchObject({ level: "critical", accepted: [] });
    expect(health).toMatchObject({ level: "critical", unmatched: { exclude: [], accepted: accepted.slice(2) } });
    const text = toPrometheus(health);
    const labels = `{datname="${database.name}",schemaname="audit",sequencename="log_id_seq"}`;
    expect(text).toContain(`nextval_sequence_level${labels} 0`);
    expect(text).toContain(`nextval_sequence_behind${labels} 1`);
    expect(text).not.toContain('sequencename="log_id_seq",code=');
    expect(toJson(health).sequences.flatMap((each) => each.accepted)).toHaveLength(2);
    const failed = new NextvalError("TIMEOUT", "order_seq: too late", { sequence: "order_seq", hint: "Wait." });
    const { name, code, message, sequence, hint } = failed;
    expect(toJson(failed)).toEqual({ name, code, message, sequence, hint });
  });

  test("may be some columns of many: the others remain one problem, which counts them", async () => {
    const columns = Array.from({ length: 27 }, (_, index) => `c${index} int default nextval('shared_seq')`);
    await run(`create sequence shared_seq; create table wide (${columns.join(", ")})`);
    const narrower = async (column?: string) => {
      const accepted = [{ code: "COLUMN_NARROWER", sequence: "shared_seq", column, reason }] as const;
      const { health } = await find(column === undefined ? {} : { accepted });
      const { problems, accepted: known } = health.sequences.find(({ sequence }) => sequence.name === "shared_seq")!;
      return [problems, known].map((each) => each.filter(({ code }) => code === "COLUMN_NARROWER"));
    };
    const [all, none] = await narrower();
    expect(all).toHaveLength(1);
    expect(all![0]!.message).toBe(
      "public.shared_seq: inserts into 27 columns (public.wide.c0, public.wide.c1, public.wide.c2, " +
        "...) fail with 22003 after 2147483647, before it ends",
    );
    expect(all![0]!.columns).toHaveLength(27);
    expect(all![0]!.fix?.split("; ")).toHaveLength(27);
    expect(none).toEqual([]);
    const [rest, known] = await narrower("wide.c1*");
    expect(rest![0]!.columns).toHaveLength(16);
    expect(known![0]).toMatchObject({ reason, columns: expect.objectContaining({ length: 11 }) });
    expect(known![0]!.message).toContain("11 columns (public.wide.c1, public.wide.c10, ");
  });
});

describe("accepted findings of resync", () => {
  const reason = "known";

  test("move no sequence, also when the plan is applied", async () => {
    const accepted = [{ code: "BEHIND_COLUMN", sequence: "audit.*", reason }] as const;
    const plan = await planResync(db, { accepted });
    expect(plan.moves.map(({ sequence }) => sequence.name)).toEqual(["orders_id_seq"]);
    expect(plan.skips).toEqual([
      { sequence: { schema: "audit", name: "log_id_seq" }, reason: "accepted: known" },
      {
        sequence: { schema: "public", name: "legacy_seq" },
        reason: "no column is known that it feeds",
        hint: "Name its column in feeds of the declaration or the configuration.",
      },
    ]);
    const unattached = [{ code: "NOT_ATTACHED", sequence: "legacy_*", reason }] as const;
    expect((await planResync(db, { accepted: unattached })).skips).toEqual([]);
    const all = await planResync(db);
    const report = await applyResync(db, { ...all, options: { accepted } });
    expect(report.moves.map(({ sequence }) => sequence.name)).toEqual(["orders_id_seq"]);
  });

  longTest("leave a column out of the decision, but never let a sequence go back behind its rows", async () => {
    await run(`create sequence s; create table a (id bigint primary key default nextval('s'));
      create table b (id bigint primary key default nextval('s')); insert into a values (10);
      insert into b values (900);
      select setval('s', 300)`);
    const accepted = [{ code: "BEHIND_COLUMN", sequence: "s", column: "b.id", reason }] as const;
    const moves = async (options: Parameters<typeof planResync>[1]) =>
      (await planResync(db, options)).moves.flatMap(({ sequence, to }) => (sequence.name === "s" ? [to] : []));
    expect(await moves({})).toEqual([901n]);
    expect(await moves({ accepted })).toEqual([]);
    expect(await moves({ accepted, allowBackwards: true })).toEqual([]);
    await run("select setval('s', 5)");
    expect(await moves({ accepted })).toEqual([11n]);
  });

  longTest("are no failures if a column could not be compared", async () => {
    await run(`drop role if exists nextval_accepting; create role nextval_accepting;
      grant usage on schema public to nextval_accepting;
      grant select on sequence orders_id_seq to nextval_accepting`);
    const plan = (accepted: NonNullable<Parameters<typeof planResync>[1]>["accepted"]) =>
      db.session(async (session) => {
        await session`set role nextval_accepting`;
        try {
          return await planResync(session, { schemas: ["public"], accepted });
        } finally {
          await session`reset role`;
        }
      });
    expect((await plan([])).failures).toHaveLength(1);
    const unattached = { code: "NOT_ATTACHED", sequence: "legacy_*", reason } as const;
    expect(await plan([unattached, { code: "NOT_COMPARED", sequence: "orders_*", reason }])).toMatchObject({
      failures: [],
      skips: [{ reason: "accepted: known" }],
    });
    await run(
      "revoke select on sequence orders_id_seq from nextval_accepting; grant select on orders to nextval_accepting",
    );
    expect((await plan([])).failures).toHaveLength(1);
    expect((await plan([{ code: "UNREADABLE", sequence: "orders_*", reason }])).failures).toEqual([]);
    await run("drop owned by nextval_accepting; drop role nextval_accepting");
  });
});
