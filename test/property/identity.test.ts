import * as fc from "fast-check";
import {
  type AnySequence,
  bind,
  generatedAsIdentity,
  pgSequence,
  resolveOptions,
  type SequenceOptions,
  sql,
} from "nextval";
import { applyPlan, inspectSequences, planChanges } from "nextval/catalog";
import { expect, test } from "vitest";
import { ALLOWABLE_CODES } from "../../lib/catalog/plan/hazards/hazard-codes.js";
import { useDatabase } from "../support/database.js";
import { firstSeed } from "../support/effort.js";

const database = useDatabase({ max: 1 });
const PAIRS = Number(process.env["NEXTVAL_IDENTITY_PAIRS"] ?? 12);

const bound = fc.oneof(
  fc.constant(undefined),
  fc.bigInt({ min: -40n, max: 40n }),
  fc.constantFrom(-(1n << 31n), (1n << 31n) - 1n, -(1n << 15n), (1n << 15n) - 1n),
);
const change = fc.record(
  {
    increment: fc.constantFrom(1, -1, 2, -2, 7n, -100),
    minValue: bound,
    maxValue: bound,
    startWith: bound,
    cache: fc.constantFrom(1, 10),
    cycle: fc.boolean(),
    identity: fc.constantFrom("always", "by default"),
    comment: fc.constantFrom(undefined, "it's", "two\nlines"),
  },
  { requiredKeys: ["identity"] },
);
const declarations = fc
  .record({ as: fc.constantFrom("smallint", "integer", "bigint"), before: change, after: change, draws: fc.nat(3) })
  .filter(({ as, before, after }) => accepts({ ...before, as }) && accepts({ ...after, as }));

function accepts(options: object): boolean {
  try {
    declare(0, options);
    return true;
  } catch {
    return false;
  }
}

function declare(number: number, options: object): AnySequence {
  const owner = { ownedBy: { table: `t ${number}`, column: 'i"d' } };
  return pgSequence<string, SequenceOptions>(`s ${number}`, { ...owner, ...options } as never) as AnySequence;
}

test(
  `${PAIRS} pairs of declarations of identity columns: a push makes the second true, and keeps a drawn value`,
  { timeout: 600_000 },
  async () => {
    const seed = firstSeed();
    const pairs = fc.sample(declarations, { numRuns: PAIRS, seed });
    const db = bind(database.client);
    const look = () => inspectSequences(db, { schemas: ["public"] });
    for (const [number, { as, before, draws }] of pairs.entries()) {
      const { identity, comment: _comment, ...options } = before;
      const kind = generatedAsIdentity(identity as "always", { ...options, as, name: `s ${number}` } as never);
      await db`create table ${sql.identifier(`t ${number}`)} ("i""d" ${sql.raw(as)} ${kind}, n int)`;
      for (let draw = 0; draw < draws; draw++)
        await db`insert into ${sql.identifier(`t ${number}`)} (n) values (1)`.catch(() => {});
    }
    const first = pairs.map(({ as, before }, number) => declare(number, { ...before, as }));
    const created = planChanges(first, await look(), { prune: true });
    expect(
      created.changes.filter(({ kind }) => kind !== "comment"),
      `NEXTVAL_SEED=${seed}`,
    ).toEqual([]);
    await applyPlan(db, created);

    const state = await look();
    const second = pairs.map(({ as, after }, number) => declare(number, { ...after, as }));
    const isBlocked = (sequence: AnySequence) =>
      planChanges([sequence], state).changes.some(({ hazards }) => hazards.some(({ blocked }) => blocked));
    const declared = second.filter((sequence) => !isBlocked(sequence));
    expect(declared.length).toBeGreaterThan(PAIRS / 4);
    const plan = planChanges(declared, state, { prune: true });
    await applyPlan(db, plan, { allow: ALLOWABLE_CODES });

    const after = await look();
    const rest = planChanges(declared, after, { prune: true });
    expect([rest.changes, rest.pending, rest.questions], `NEXTVAL_SEED=${seed}`).toEqual([[], [], []]);
    const found = new Map(after.sequences.map((sequence) => [sequence.seqName, sequence]));
    for (const sequence of declared) {
      const { mode: _mode, feeds: _feeds, blocks: _blocks, ...options } = resolveOptions(sequence);
      expect(found.get(sequence.seqName)?.options, `NEXTVAL_SEED=${seed}: ${sequence.seqName}`).toEqual(options);
    }
    const starts = new Map(declared.map((sequence) => [sequence.seqName, resolveOptions(sequence).startWith]));
    expect(after.sequences.map(({ lastValue }) => lastValue)).toEqual(
      state.sequences.map(
        ({ seqName, lastValue, isCalled }) => (isCalled ? lastValue : starts.get(seqName)) ?? lastValue,
      ),
    );
    // What the server would refuse is blocked, and nothing else.
    for (const sequence of second.filter((each) => !declared.includes(each))) {
      const { changes } = planChanges([sequence], after);
      await expect(db.query(sql.raw(changes[0]!.sql)), changes[0]!.sql).rejects.toMatchObject({ code: "22023" });
    }
    for (const { inverse } of [...plan.changes].reverse()) await db.query(sql.raw(inverse as string));
    // Values may have been drawn since, so undoing does not restart. The statistics of inserts arrive late.
    const comparable = (sequences: typeof state.sequences) =>
      sequences.map(({ feeds, lastValue, isCalled, ...rest }) => ({
        ...rest,
        isCalled,
        lastValue: isCalled ? lastValue : null,
        feeds: feeds.map(({ inserts: _inserts, ...feed }) => feed),
      }));
    expect(comparable((await look()).sequences)).toEqual(comparable(state.sequences));
  },
);
