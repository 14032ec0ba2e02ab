import * as fc from "fast-check";
import { bind, type Database } from "nextval";
import { inspectSequences, type SequenceState } from "nextval/catalog";
import { type ResyncReport, type SequenceHealth, sequenceStatus } from "nextval/operate";
import { beforeAll, expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { firstSeed, HAS_LONG_FILES } from "../support/effort.js";
import { type BuiltSchema, buildSchema } from "../support/oracle/build-schema.js";
import { contradictionsOf, type Seen, type Witnessed } from "../support/oracle/judge.js";
import { quoted } from "../support/oracle/names.js";
import { ORACLE } from "../support/oracle/oracle-functions.js";
import { type SchemaModel, schemaModel } from "../support/oracle/schema-model.js";
import { resync } from "../support/resync.js";

/*
 * What status says must be what the inserts do.
 *
 * A door is a way of values from a sequence into a column: an insert into the table, a partition, an inheritance child
 * or a view that leaves the column to its default or trigger; or, if the column only owns the sequence, an insert of
 * `nextval`. For each door the oracle inserts the next rows, and one row for each value that is there, as if the
 * sequence returned that value. It tries each insert beside the rows that have the value, so a key of several columns
 * fails if it can fail for any of them. Then the following holds for each sequence.
 *
 * 1. No silence about the next insert. If it fails
 *    - because the value is there (23505, 23P01), the sequence has BEHIND_COLUMN, critical. It is of any level, or is
 *      NOT_COMPARED, if only an index decides that has a condition or an expression, that only a partition has, or
 *      that a view hides; and of any level for a key of several columns if the sequence cycles;
 *    - because the sequence has ended (2200H), it has EXHAUSTED or COLUMN_EXCEEDED, critical;
 *    - because the value does not fit (22003, 22001), it has COLUMN_EXCEEDED, critical. It is NOT_COMPARED if an index
 *      computes something of the value that does not fit.
 * 2. No silence about the inserts after it. If one of them fails because the value is there, the sequence has
 *    BEHIND_COLUMN of any level. If one fails because nothing is left, `left` is not greater than the number of inserts
 *    before it.
 * 3. What status does not compare, it names: the column is NOT_COMPARED if status lists it, else the sequence is
 *    NOT_ATTACHED or DRAWN_ELSEWHERE. With `columns: "all"` it compares everything whose default, type or owner allows
 *    it.
 * 4. `ahead` is the first value that makes an insert fail: never later, and for a key of the column alone exactly that.
 * 5. No false alarm. BEHIND_COLUMN is critical only if some value that the sequence reaches makes an insert fail.
 *    EXHAUSTED and COLUMN_EXCEEDED come only if the next insert fails, or stores another number than the sequence's.
 * 6. resync moves a sequence exactly if it has BEHIND_COLUMN above ok, or names it among its failures and skips.
 *    Afterwards 1 to 5 hold again, and no sequence has BEHIND_COLUMN above ok except those that it named.
 *
 * Status knows nothing of the values that a trigger makes of those of a default. It names the trigger, and 1 to 5 do
 * not hold for the column. It also knows nothing of the conditions of such a trigger, nor of values that a
 * floating-point column rounds. Behind a view, it knows nothing of such a trigger, nor of an index that refuses more
 * than equal values, such as one on `id / 3`. No door has any of them.
 */

const database = useDatabase({ max: 1 });
const SCHEMAS = Number(process.env["NEXTVAL_SCHEMAS"] ?? (HAS_LONG_FILES ? 30 : 12));
/** The first database to judge, to try one again or to go on after one. */
const FIRST = Number(process.env["NEXTVAL_FIRST_SCHEMA"] ?? 0);
const BATCH = 30;
const SHRINK_MS = 60_000;
/** How many rows each door inserts. */
const DRAWS = 6;

beforeAll(async () => {
  await database.client.unsafe(ORACLE);
});

test(
  `${SCHEMAS} databases with the habits of real ones: status says which inserts fail, and after resync none does`,
  { timeout: 60_000 + SCHEMAS * 3000 },
  async () => {
    const seed = firstSeed();
    const models = fc.sample(schemaModel, { numRuns: SCHEMAS, seed });
    for (let from = FIRST; from < models.length; from += BATCH) {
      const found = await judge(models.slice(from, from + BATCH));
      for (const [at, contradictions] of found.entries()) {
        if (contradictions.length > 0) await shrink(seed, from + at, contradictions);
      }
    }
    // The property says something only if these came up.
    for (const figure of FIRST === 0 ? ["ok", "23505", "2200H"] : []) {
      expect(figures.get(figure), figure).toBeGreaterThan(0);
    }
    const list = [...figures].map(([figure, amount]) => `${figure} ${amount.toLocaleString("en")}`);
    console.log(`${SCHEMAS} databases from NEXTVAL_SEED=${seed}: ${list.join(", ")}`);
  },
);

/** How many doors there were, and how the last insert of each ended. */
const figures = new Map<string, number>();
let built = 0;

function count(figure: string): void {
  figures.set(figure, (figures.get(figure) ?? 0) + 1);
}

/** Finds the smallest database with a contradiction of the same kind, and fails with its statements. */
async function shrink(seed: number, index: number, contradictions: readonly string[]): Promise<never> {
  const kinds = new Set(contradictions.map(kindOf));
  let smallest = ["it does not contradict alone:", ...contradictions];
  const property = fc.asyncProperty(schemaModel, async (model) => {
    const [found = []] = await judge([model]);
    if (!found.some((each) => kinds.has(kindOf(each)))) return;
    smallest = [...found, ...buildSchema(model, 0).statements.map((statement) => `${statement};`)];
    throw new Error("a contradiction");
  });
  console.error(`NEXTVAL_SEED=${seed}, database ${index}:\n${contradictions.join("\n")}`);
  await fc.check(property, { seed, path: `${index}`, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS });
  throw new Error(`NEXTVAL_SEED=${seed}, database ${index}:\n${smallest.join("\n")}`);
}

/** The words of a contradiction, without the names and figures of its database. */
function kindOf(contradiction: string): string {
  return contradiction.replace(/^.*: /s, "").replace(/\d+/g, "N");
}

/** Builds a schema for each model, and returns the contradictions in each. */
async function judge(models: readonly SchemaModel[]): Promise<string[][]> {
  const db = bind(database.client);
  const schemas = models.map((model) => buildSchema(model, built++));
  const names = schemas.map(({ name }) => name);
  try {
    // The server refuses some statements, such as values that do not fit.
    await database.client`select oracle.attempt_all(${schemas.flatMap(({ statements }) => statements)})`;
    const options = { schemas: names, views: true };
    const before = await witness(schemas);
    const states = (await inspectSequences(db, { schemas: names })).sequences;
    const cheap = await healthsOf(db, { ...options, columns: "indexed" });
    const complete = await healthsOf(db, { ...options, columns: "all" });
    const report = await resync(db, options);
    const after = await witness(schemas);
    const afterwards = await healthsOf(db, { ...options, columns: "all" });
    return schemas.map(({ name }) => [
      ...contradictionsIn(name, states, cheap, before, false),
      ...contradictionsIn(name, states, complete, before, true),
      ...contradictionsIn(name, states, afterwards, after, true).map((text) => `after resync: ${text}`),
      ...contradictionsOfResync(name, complete, report, afterwards),
    ]);
  } finally {
    for (const name of names) await database.client.unsafe(`drop schema if exists ${quoted(name)} cascade`);
  }
}

async function witness(schemas: readonly BuiltSchema[]): Promise<Witnessed[]> {
  const doors = schemas.flatMap((each) => each.doors);
  const given = doors.map(({ schema, relation, column, program }) => [schema, relation, column, program]);
  const [{ seen }] = await database.client<[{ seen: (Seen | null)[] }]>`
    select oracle.doors(${JSON.stringify(given)}::text::json, ${DRAWS}) as seen`;
  return doors.flatMap((door, index) => {
    const each = seen[index] ?? null;
    if (each === null || each.sequences.length !== 1) return [];
    count("doors");
    count(each.near.at(-1) ?? "nothing");
    return [{ ...each, door }];
  });
}

async function healthsOf(
  db: Database,
  options: Parameters<typeof sequenceStatus>[1],
): Promise<readonly SequenceHealth[]> {
  return (await sequenceStatus(db, options)).sequences;
}

function contradictionsIn(
  schema: string,
  states: readonly SequenceState[],
  healths: readonly SequenceHealth[],
  witnessed: readonly Witnessed[],
  isComplete: boolean,
): string[] {
  return healths.flatMap((health) => {
    const { sequence } = health;
    const state = states.find((each) => each.schema === schema && each.seqName === sequence.name);
    if (sequence.schema !== schema || state === undefined) return [];
    const doors = witnessed.filter(({ door, sequences }) => door.schema === schema && sequences[0] === sequence.name);
    return contradictionsOf(health, state.options, doors, isComplete).map((text) => `${sequence.name}: ${text}`);
  });
}

function contradictionsOfResync(
  schema: string,
  before: readonly SequenceHealth[],
  { moves, failures, skips }: ResyncReport,
  after: readonly SequenceHealth[],
): string[] {
  const own = (some: readonly { readonly sequence: { readonly schema: string; readonly name: string } }[]) =>
    new Set(some.filter(({ sequence }) => sequence.schema === schema).map(({ sequence }) => sequence.name));
  const isBehind = ({ problems }: SequenceHealth) =>
    problems.some(({ code, level }) => code === "BEHIND_COLUMN" && level !== "ok");
  const behind = own(before.filter(isBehind));
  const moved = own(moves);
  const named = own([...failures, ...skips]);
  return [
    ...[...behind]
      .filter((name) => !moved.has(name) && !named.has(name))
      .map((name) => `${name}: is behind, and resync is silent`),
    ...[...moved].filter((name) => !behind.has(name)).map((name) => `${name}: is not behind, and resync moves it`),
    ...[...own(after.filter(isBehind))]
      .filter((name) => !named.has(name))
      .map((name) => `${name}: is behind after resync`),
  ];
}
