import * as fc from "fast-check";
import {
  alterSequence,
  createSequence,
  NextvalError,
  pgSequence,
  resolveOptions,
  type SequenceChanges,
  type SequenceOptions,
} from "nextval";
import { beforeAll, describe, expect, test } from "vitest";
import { cases, firstSeed } from "../../support/effort.js";
import { type CatalogEntry, PLAIN, useCatalog } from "../../support/stored-options.js";

const database = useCatalog();

const MAX = { smallint: 32_767n, integer: 2_147_483_647n, bigint: 9_223_372_036_854_775_807n };
const MIN = { smallint: -32_768n, integer: -2_147_483_648n, bigint: -9_223_372_036_854_775_808n };

/** One sequence after another with the same name, so every statement has the same text. */
async function alter(
  declared: SequenceOptions,
  changes: SequenceChanges,
  clauses: string,
): Promise<CatalogEntry | undefined> {
  const seq = pgSequence("order_seq", declared);
  await database.client`drop sequence if exists order_seq`;
  await database.db.query(createSequence(seq));
  await database.run(alterSequence(seq, changes), `alter sequence "order_seq" ${clauses}`);
  return database.catalog(seq);
}

describe("alterSequence changes each option alone, and resets it to its default:", () => {
  const full: SequenceOptions = {
    as: "integer",
    increment: 2,
    minValue: 5,
    maxValue: 10_000,
    startWith: 100,
    cache: 10,
    cycle: true,
  };
  const { as, increment, minValue, maxValue, startWith, cache, cycle } = resolveOptions(pgSequence("full", full));
  const entry = { ...PLAIN, as, increment, minValue, maxValue, startWith, cache, cycle };

  test.each<[string, SequenceChanges, Partial<CatalogEntry>]>([
    ["as smallint", { as: "smallint" }, { as: "smallint" }],
    ["as bigint", { as: null }, { as: "bigint" }],
    ["increment by -7", { increment: "-7" }, { increment: -7n }],
    ["increment by 1", { increment: null }, { increment: 1n }],
    ["minvalue -9", { minValue: -9n }, { minValue: -9n }],
    ["no minvalue", { minValue: null }, { minValue: 1n }],
    ["maxvalue 100", { maxValue: 100 }, { maxValue: 100n }],
    ["no maxvalue", { maxValue: null }, { maxValue: MAX.integer }],
    ["start with 10000", { startWith: 10_000 }, { startWith: 10_000n }],
    ["start with 5", { startWith: null }, { startWith: 5n }],
    ["cache 500", { cache: 500 }, { cache: 500n }],
    ["cache 1", { cache: null }, { cache: 1n }],
    ["no cycle", { cycle: false }, { cycle: false }],
    ["no cycle", { cycle: null }, { cycle: false }],
    ["cycle", { cycle: true }, { cycle: true }],
  ])("%s", async (clauses, changes, difference) => {
    expect(await alter(full, changes, clauses)).toEqual({ ...entry, ...difference });
  });

  test("all options in one statement, and all reset", async () => {
    const changes = { as: "bigint", increment: -1, minValue: -50, maxValue: 50, startWith: 50, cache: 2, cycle: false };
    const clauses = "as bigint increment by -1 minvalue -50 maxvalue 50 start with 50 cache 2 no cycle restart";
    const seq = pgSequence("order_seq", full);
    const all = { increment: -1n, minValue: -50n, maxValue: 50n, startWith: 50n, cache: 2n };
    expect(await alter(full, { ...changes, restart: true } as SequenceChanges, clauses)).toEqual({ ...PLAIN, ...all });

    const changed = pgSequence("order_seq", changes as SequenceOptions);
    const back = {
      as: null,
      increment: null,
      minValue: null,
      maxValue: null,
      startWith: null,
      cache: null,
      cycle: null,
    };
    await database.run(
      alterSequence(changed, back),
      'alter sequence "order_seq" as bigint increment by 1 no minvalue no maxvalue start with 1 cache 1 no cycle',
    );
    expect(await database.catalog(seq)).toEqual(PLAIN);
  });
});

describe("alterSequence agrees with the server:", () => {
  test("a change of the increment's sign keeps bounds and start", async () => {
    const down = await alter({}, { increment: -1 }, "increment by -1");
    expect(down).toEqual({ ...PLAIN, increment: -1n });
    const up = await alter({ increment: -1 }, { increment: 1 }, "increment by 1");
    expect(up).toEqual({ ...PLAIN, minValue: MIN.bigint, maxValue: -1n, startWith: -1n });
  });

  test("a change of type moves the bounds at its limits, also explicit ones", async () => {
    const wide = await alter({ as: "smallint", maxValue: 32_767 }, { as: "integer" }, "as integer");
    expect(wide).toEqual({ ...PLAIN, as: "integer", maxValue: MAX.integer });
    const narrow = await alter({ minValue: MIN.bigint, startWith: 7 }, { as: "smallint" }, "as smallint");
    const limits = { minValue: MIN.smallint, maxValue: MAX.smallint };
    expect(narrow).toEqual({ ...PLAIN, as: "smallint", startWith: 7n, ...limits });
    const down = await alter({ as: "smallint", increment: -1 }, { as: null }, "as bigint");
    expect(down).toEqual({ ...PLAIN, increment: -1n, minValue: MIN.bigint, maxValue: -1n, startWith: -1n });
  });

  test("a change of type keeps other bounds, including the limits of other types", async () => {
    const wide = await alter({ as: "integer", maxValue: 32_767 }, { as: "bigint" }, "as bigint");
    expect(wide).toEqual({ ...PLAIN, maxValue: MAX.smallint });
    const narrow = await alter({ maxValue: 32_767 }, { as: "smallint" }, "as smallint");
    expect(narrow).toEqual({ ...PLAIN, as: "smallint", maxValue: MAX.smallint });
  });

  test("NO MAXVALUE together with a change of type goes to the limit, even of a descending sequence", async () => {
    const declared = { as: "smallint", increment: -1, maxValue: 32_767, startWith: 5 } as const;
    const changed = await alter(declared, { as: "integer", maxValue: null }, "as integer no maxvalue");
    const limits = { minValue: MIN.integer, maxValue: MAX.integer };
    expect(changed).toEqual({ ...PLAIN, as: "integer", increment: -1n, startWith: 5n, ...limits });
  });

  test("a new start never moves the current value", async () => {
    expect(await alter({}, { startWith: 500 }, "start with 500")).toEqual({ ...PLAIN, startWith: 500n });
    expect(await database.db.nextval(pgSequence("order_seq"))).toBe(1n);
  });

  test("a current value that no longer fits is left to the server, whose error passes through", async () => {
    const seq = pgSequence("value_seq", { maxValue: 1000 });
    await database.db.query(createSequence(seq));
    await database.db.setval(seq, 500);
    const query = database.db.query(alterSequence(seq, { maxValue: 100 }));
    await expect(query).rejects.toMatchObject({ code: "22023", name: "PostgresError" });
    expect(await database.catalog(seq)).toEqual({ ...PLAIN, maxValue: 1000n });
  });
});

describe("alterSequence with restart", () => {
  test("makes changes that no two statements can make", async () => {
    const seq = pgSequence("far_seq", { minValue: 5, maxValue: 36 });
    await database.db.query(createSequence(seq));
    await database.db.setval(seq, 36);
    const changes = { increment: -4, minValue: -36, maxValue: -5, startWith: -24 };
    const clauses = "increment by -4 minvalue -36 maxvalue -5 start with -24";
    await expect(database.client.unsafe(`alter sequence far_seq ${clauses}`)).rejects.toMatchObject({ code: "22023" });
    await expect(database.client.unsafe("alter sequence far_seq restart with -24")).rejects.toMatchObject({
      code: "22023",
    });
    await database.run(
      alterSequence(seq, { ...changes, restart: true }),
      `alter sequence "far_seq" ${clauses} restart`,
    );
    const far = pgSequence("far_seq", changes);
    expect(await database.db.nextvals(far, 2)).toEqual([-24n, -28n]);
    await database.run(
      alterSequence(far, { maxValue: 10, restart: 10n }),
      'alter sequence "far_seq" maxvalue 10 restart with 10',
    );
    expect(await database.db.nextvals(far, 2)).toEqual([10n, 6n]);
    await database.run(alterSequence(far, { restart: "-5" }), 'alter sequence "far_seq" restart with -5');
    expect(await database.db.nextval(far)).toBe(-5n);
    await database.run(alterSequence(far, { restart: true }), 'alter sequence "far_seq" restart');
    await database.run(alterSequence(far, { cycle: true, restart: false }), 'alter sequence "far_seq" cycle');
    expect(await database.db.nextval(far)).toBe(-24n);
  });
});

describe("alterSequence refuses exactly what the server refuses,", () => {
  /** Makes a sequence, alters it, and says what has become of it: its row in the catalog, or an SQLSTATE. */
  beforeAll(async () => {
    await database.client.unsafe(`
      create function outcome(creation text, alteration text) returns text language plpgsql as $$
      declare
        result text;
      begin
        execute creation;
        begin
          execute alteration;
          select to_jsonb(pg_sequence) - 'seqrelid' into result from pg_sequence
            where seqrelid = 'judged_seq'::regclass;
        exception when others then
          result := sqlstate;
        end;
        drop sequence judged_seq;
        return result;
      end $$`);
  });

  /** The statement, written by hand. The current value does not matter: it moves with the restart. */
  function written({ as, increment, minValue, maxValue, startWith, cache, cycle, restart }: SequenceChanges): string {
    const clause = (word: string, value: unknown) => (value === undefined ? [] : [`${word} ${String(value)}`]);
    const bound = (word: string, value: unknown) => (value === null ? [`no ${word}`] : clause(word, value));
    return [
      "alter sequence judged_seq",
      ...clause("as", as === null ? "bigint" : as),
      ...clause("increment", increment === null ? 1 : increment),
      ...bound("minvalue", minValue),
      ...bound("maxvalue", maxValue),
      ...clause("start", startWith),
      ...clause("cache", cache === null ? 1 : cache),
      ...(cycle === undefined ? [] : [cycle === true ? "cycle" : "no cycle"]),
      restart === true ? "restart" : `restart with ${String(restart)}`,
    ].join(" ");
  }

  const type = fc.constantFrom("smallint" as const, "integer" as const, "bigint" as const);
  const increment = fc.constantFrom(1, -1, 2, -3, 40_000);
  // Small numbers meet each other; the limits of all types meet the rules about limits.
  const bound = fc.oneof(
    fc.integer({ min: -3, max: 12 }),
    fc.constantFrom(...Object.values(MIN), ...Object.values(MAX), 32_768n, MAX.integer + 1n, MIN.integer - 1n),
  );
  const cache = fc.constantFrom(1, 20);
  const declaration = fc
    .record(
      { as: type, increment, minValue: bound, maxValue: bound, startWith: bound, cache, cycle: fc.boolean() },
      { requiredKeys: [] },
    )
    .filter((options) => accepted(() => pgSequence("judged_seq", options)));
  const changes = fc
    .record(
      {
        as: fc.option(type),
        increment: fc.option(fc.oneof({ weight: 9, arbitrary: increment }, fc.constant(0))),
        minValue: fc.option(fc.oneof({ weight: 9, arbitrary: bound }, fc.constant(MIN.bigint - 1n))),
        maxValue: fc.option(fc.oneof({ weight: 9, arbitrary: bound }, fc.constant(MAX.bigint + 1n))),
        startWith: bound,
        cache: fc.option(fc.oneof({ weight: 9, arbitrary: cache }, fc.constantFrom(0, -1))),
        cycle: fc.option(fc.boolean()),
        restart: fc.oneof({ weight: 3, arbitrary: fc.constant(true as const) }, { weight: 1, arbitrary: bound }),
      },
      { requiredKeys: ["restart"] },
    )
    .filter((record) => Object.keys(record).length > 1);

  test("and a statement that both accept has the same result", async () => {
    let refusals = 0;
    const judge = async (options: SequenceOptions, record: SequenceChanges) => {
      const seq = pgSequence("judged_seq", options);
      const creation = createSequence(seq).text;
      const [server] = await database.client`select outcome(${creation}, ${written(record)})`;
      const ours = accepted(() => alterSequence(seq, record)) ? alterSequence(seq, record).text : "";
      const [library] = await database.client`select outcome(${creation}, ${ours})`;
      if (ours === "") refusals++;
      expect(ours === "" ? "refused" : library?.["outcome"]).toEqual(
        /^\d/.test(server?.["outcome"]) ? "refused" : server?.["outcome"],
      );
    };
    await fc.assert(fc.asyncProperty(declaration, changes, judge), { numRuns: RUNS, seed: firstSeed() });
    // Neither side of the line is nearly empty.
    expect(refusals).toBeGreaterThan(RUNS / 10);
    expect(refusals).toBeLessThan((RUNS * 9) / 10);
  });
});

const RUNS = cases(150);

function accepted(build: () => unknown): boolean {
  try {
    build();
    return true;
  } catch (error) {
    if (error instanceof NextvalError && /^(INVALID_OPTIONS|SEQUENCE_OUT_OF_BOUNDS)$/.test(error.code)) return false;
    throw error;
  }
}
