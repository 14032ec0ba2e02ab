import * as fc from "fast-check";
import { type AnySequence, bind, pgSchema, resolveOptions, type SequenceOptions } from "nextval";
import { applyPlan, type HazardCode, inspectSequences, planChanges } from "nextval/catalog";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { firstSeed } from "../support/effort.js";

const database = useDatabase({ max: 1 });
const PAIRS = Number(process.env["NEXTVAL_PLAN_PAIRS"] ?? 40);
const BATCH = 100;
const SCHEMAS = ["one", 'Two "quoted"'];
const ALL: readonly HazardCode[] = [
  "CACHE_BREAKS_ORDER",
  "CYCLE_REPEATS_KEYS",
  "ENDS_SEQUENCE",
  "INCREMENT_CHANGED",
  "LOCKS_INSERTS",
  "LOGGED_FROM_CHECKPOINT",
  "NARROWER_TYPE",
  "UNLOGGED_STARTS_OVER",
  "WIDER_THAN_COLUMN",
];
let mayBeUnlogged = true;

beforeAll(async () => {
  mayBeUnlogged = (await inspectSequences(bind(database.client))).serverVersion >= 150_000;
  for (const schema of SCHEMAS) {
    await database.client.unsafe(`create schema "${schema.replaceAll('"', '""')}"`);
    await database.client`create table ${database.client(schema)}.owners (a bigint, b int)`;
  }
});

/** A table that is created after the first push of its sequences. */
const LATER = "later";
const LIMITS = { smallint: 15n, integer: 31n, bigint: 63n };
const bound = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.bigInt({ min: -40n, max: 40n }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...Object.values(LIMITS).flatMap((bits) => [-(1n << bits), (1n << bits) - 1n])),
  },
);
const options: fc.Arbitrary<SequenceOptions> = fc
  .record(
    {
      as: fc.constantFrom("smallint", "integer", "bigint"),
      increment: fc.constantFrom(1, -1, 2, -2, 3, 7n, -100, "1"),
      minValue: bound,
      maxValue: bound,
      startWith: bound,
      cache: fc.constantFrom(1, 1, 2, 10),
      cycle: fc.boolean(),
      ownedBy: fc.constantFrom(
        undefined,
        { table: "owners", column: "a" },
        { table: "owners", column: "b" },
        { table: LATER, column: "id" },
      ),
      comment: fc.constantFrom(undefined, "", "it's", "two\nlines \\ and $1"),
      unlogged: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((given) => (mayBeUnlogged ? given : { ...given, unlogged: false }))
  .filter((given) => accepts(() => pgSchema("x").sequence("x", given as never)));

/** Declarations that have nothing in common, or of which the second changes little in the first. */
const declarations = fc.oneof(
  fc.tuple(options, options),
  fc
    .tuple(options, options, fc.constantFrom("as", "increment", "maxValue", "cycle", "startWith" as const))
    .map(
      ([before, other, changed]) =>
        [before, { ...before, [changed]: other[changed as keyof SequenceOptions] }] as const,
    )
    .filter(([, after]) => accepts(() => pgSchema("x").sequence("x", after as never))),
);

const pair = fc.record({
  schemas: fc.tuple(fc.constantFrom(...SCHEMAS), fc.constantFrom(...SCHEMAS)),
  renamed: fc.boolean(),
  declarations,
  draws: fc.nat(4),
});

test(
  `${PAIRS} pairs of declarations: a push makes them true, owners as soon as they exist, and no value comes twice`,
  { timeout: 600_000 + PAIRS * 100 },
  async () => {
    const seed = firstSeed();
    const pairs = fc.sample(pair, { numRuns: PAIRS, seed });
    let refused = 0;
    for (let from = 0; from < pairs.length; from += BATCH) {
      refused += await pushBoth(pairs.slice(from, from + BATCH), from).catch((error: Error) => {
        throw new Error(`NEXTVAL_SEED=${seed}: ${error.message}`, { cause: error });
      });
    }
    // The property says something about both kinds only if both came up.
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(PAIRS * 0.6);
  },
);

type Pair = typeof pair extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Pushes what all pairs declare first, draws, then pushes what they declare then; says how many the server had to
 * refuse.
 */
async function pushBoth(pairs: readonly Pair[], number: number): Promise<number> {
  const db = bind(database.client);
  const look = () => inspectSequences(db, { schemas: SCHEMAS });
  const push = async (declared: readonly AnySequence[], renames?: Record<string, string>) =>
    applyPlan(db, planChanges(declared, await look(), { renames, prune: true }), { allow: [...ALL, "DROPS_SEQUENCE"] });

  const cases = pairs.map((each, index) => {
    const name = `Seq "${number + index}`;
    const before = declare(each.schemas[0], name, each.declarations[0]);
    const after = declare(each.schemas[1], each.renamed ? `${name} anew` : name, each.declarations[1]);
    return { ...each, before, after, values: [] as bigint[] };
  });
  const first = cases.map(({ before }) => before);
  const isLater = (sequence: AnySequence) => resolveOptions(sequence).ownedBy?.table === LATER;
  const { pending } = await push(first);
  expect(pending.map(({ subject }) => subject).sort()).toEqual(first.filter(isLater).map(nameOf).sort());
  await expectState(first, isLater);
  for (const schema of SCHEMAS) await database.client`create table ${database.client(schema)}.later (id bigint)`;
  expect(planChanges(first, await look(), { prune: true }).changes.map(({ sql }) => sql)).toEqual(
    pending.map(({ sql }) => sql),
  );
  await push(first);
  await expectState(first);
  for (const each of cases) await draw(each.before, each.draws, each.values);

  const state = await look();
  const renamesOf = (some: typeof cases) =>
    Object.fromEntries(
      some
        .filter(({ before, after }) => nameOf(before) !== nameOf(after))
        .map(({ before, after }) => [nameOf(before), nameOf(after)]),
    );
  const isBlocked = new Map(
    cases.map((each) => [
      each,
      planChanges([each.after], state, { renames: renamesOf([each]) }).changes.flatMap(({ sql, hazards }) =>
        hazards.some(({ blocked }) => blocked) ? [sql] : [],
      ),
    ]),
  );
  const blocked = cases.filter((each) => isBlocked.get(each)!.length > 0);
  const free = cases.filter((each) => isBlocked.get(each)!.length === 0);
  await push([...free.map(({ after }) => after), ...blocked.map(({ before }) => before)], renamesOf(free));
  await expectState([...free.map(({ after }) => after), ...blocked.map(({ before }) => before)]);

  const wasUndrawn = new Set(free.filter(({ values }) => values.length === 0));
  for (const each of free) {
    await draw(each.after, each.draws + 1, each.values);
    const flips =
      BigInt(resolveOptions(each.before).increment) < 0n !== BigInt(resolveOptions(each.after).increment) < 0n;
    if (wasUndrawn.has(each)) expect(each.values[0], nameOf(each.after)).toBe(resolveOptions(each.after).startWith);
    const cycles = resolveOptions(each.before).cycle || resolveOptions(each.after).cycle;
    if (!flips && !cycles) expect(new Set(each.values).size, nameOf(each.after)).toBe(each.values.length);
  }
  const now = await look();
  // The value is the obstacle, not the name: the statement is tried under the name that the sequence has.
  const refused = blocked.map((each) => declare(each.schemas[0], each.before.seqName, each.after.seqOptions));
  for (const declared of refused) {
    const { changes } = planChanges([declared], now);
    const change = changes.find(({ hazards }) => hazards.some((hazard) => hazard.blocked))!;
    await expect(database.client.unsafe(change.sql)).rejects.toMatchObject({ code: "22023" });
    // The statement that the hazard names makes all of this change.
    await database.client.unsafe(change.hazards.find((hazard) => hazard.blocked)!.fix!);
  }
  const left = planChanges(refused, await look()).changes.filter(({ kind }) => kind === "alter");
  expect(left.filter(({ sql }) => !/ set (un)?logged$/.test(sql))).toEqual([]);
  for (const { before } of blocked) await database.client.unsafe(`drop sequence ${quoted(before)}`);
  for (const { after } of free) await database.client.unsafe(`drop sequence ${quoted(after)}`);
  for (const schema of SCHEMAS) await database.client`drop table ${database.client(schema)}.later`;
  return blocked.length;

  /** Everything is as declared, and nothing is left to do; but some sequences have no owner yet. */
  async function expectState(declared: readonly AnySequence[], isPending: typeof isLater = () => false): Promise<void> {
    const now = await look();
    const left = planChanges(declared, now, { prune: true });
    expect(left.changes).toEqual([]);
    expect(left.pending).toHaveLength(declared.filter(isPending).length);
    const found = new Map(now.sequences.map((sequence) => [nameOf(sequence), sequence.options]));
    for (const sequence of declared) {
      const { mode: _mode, feeds: _feeds, blocks: _blocks, ...expected } = resolveOptions(sequence);
      const ownedBy = isPending(sequence) ? null : expected.ownedBy;
      expect(found.get(nameOf(sequence)), nameOf(sequence)).toEqual({ ...expected, ownedBy });
    }
  }

  async function draw(sequence: AnySequence, count: number, into: bigint[]): Promise<void> {
    for (let drawn = 0; drawn < count; drawn++) {
      try {
        into.push(BigInt(await db.nextval(sequence)));
      } catch (error) {
        expect(error).toMatchObject({ code: "SEQUENCE_EXHAUSTED" });
        return;
      }
    }
  }
}

function declare(schema: string, name: string, given: SequenceOptions): AnySequence {
  return pgSchema(schema).sequence(name, given as never) as AnySequence;
}

function nameOf({ schema, seqName }: { readonly schema: string | undefined; readonly seqName: string }): string {
  return `${schema}.${seqName}`;
}

function quoted({ schema, seqName }: AnySequence): string {
  return [`${schema}`, seqName].map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
}

function accepts(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
