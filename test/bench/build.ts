import { isDeepStrictEqual } from "node:util";
import { type Build, type Case, CASES, type Contender } from "./contenders/contender.js";
import { databasesSql } from "./contenders/databases.js";
import { drizzle } from "./contenders/drizzle.js";
import { handWritten } from "./contenders/hand-written.js";
import { kysely } from "./contenders/kysely.js";
import { ours, oursCalled, oursInsert } from "./contenders/nextval.js";
import { postgresJs } from "./contenders/postgres-js.js";
import { slonik } from "./contenders/slonik.js";
import { sqlTemplateTag } from "./contenders/sql-template-tag.js";
import { unchecked } from "./contenders/unchecked.js";
import { interleave, median, type Task } from "./interleave.js";
import { atLeast, atMost, greatest, least, ratios, type Report, round, type Table, type Target } from "./report.js";

/**
 * Contenders of a group are timed in turn. The queries of postgres.js are promises that V8 keeps longer than it should.
 * Collecting them delays every contender beside them, so it comes last and alone.
 */
const GROUPS: readonly (readonly Contender[])[] = [
  [handWritten, unchecked, ours, oursCalled, oursInsert, sqlTemplateTag, databasesSql, kysely, drizzle, slonik],
  [postgresJs],
];
const CONTENDERS = GROUPS.flat();

const TARGETS: readonly { of: Contender; in: Case; timesLimit: number; timesFaster: number }[] = [
  { of: ours, in: "3 scalars", timesLimit: 1.7, timesFaster: 6.5 },
  { of: ours, in: "splice", timesLimit: 1.9, timesFaster: 4 },
  { of: ours, in: "nested", timesLimit: 3, timesFaster: 6 },
  { of: ours, in: "100 rows", timesLimit: 4, timesFaster: 6.5 },
  { of: oursInsert, in: "100 rows", timesLimit: 2, timesFaster: 14 },
  { of: ours, in: "10 deep", timesLimit: 7, timesFaster: 7 },
];

/** What the peers are not. */
const OWN = new Set([handWritten, unchecked, ours, oursCalled, oursInsert]);

/** Whether a text is only made, or also used as an object key. Drivers do so, which makes V8 flatten and hash it. */
const USES = ["built", "keyed"] as const;

type Use = (typeof USES)[number];

/** Takes the text and the values of a built query. */
type Read = (query: object) => void;

/** Keeps everything that was read, so nothing can be optimized away. */
const sink: Record<string, unknown> = { query: undefined, text: undefined, values: undefined };

/** The texts of all cases, as a driver has its prepared statements by their texts. */
const statements: Record<string, number> = {};

/** Builds the same queries in all ways, again for each reading, and times that. */
export async function measure(): Promise<Report> {
  for (const name of CASES) checkEquality(name);

  const times = new Map<Task, readonly number[]>();
  const tasks = CONTENDERS.flatMap(makeTasks);
  for (const group of GROUPS) {
    const ofGroup = tasks.filter(({ contender }) => group.includes(contender));
    // A program runs more than one query, so the code that is timed has seen them all before.
    await interleave(ofGroup, { warmups: 1, rounds: 1, batch: 3 });
    for (const name of CASES) {
      for (const use of USES) {
        const alike = ofGroup.filter((task) => task.case === name && task.use === use);
        const rounds = await interleave(alike, { warmups: 5, rounds: 21, batch: 4 });
        alike.forEach((task, index) => times.set(task, rounds[index] as number[]));
      }
    }
  }

  const roundsOf = (contender: Contender, name: Case, use: Use): readonly number[] => {
    const timed = tasks.find((task) => task.contender === contender && task.case === name && task.use === use);
    return times.get(timed as Task) as readonly number[];
  };
  const time = (contender: Contender, name: Case, use: Use) => median(roundsOf(contender, name, use));
  const timesLimit = (contender: Contender, name: Case) =>
    ratios(roundsOf(contender, name, "built"), roundsOf(handWritten, name, "built"));
  const timesFaster = (contender: Contender, name: Case) =>
    ratios(roundsOf(sqlTemplateTag, name, "keyed"), roundsOf(contender, name, "keyed"));
  const peersIn = (name: Case, figures: typeof timesLimit) =>
    CONTENDERS.filter((each) => !OWN.has(each) && each.cases[name] !== undefined).map((each) => ({
      name: each.name,
      figure: median(figures(each, name)),
    }));

  const limitIn = (name: Case, figures: typeof timesLimit) =>
    [handWritten, unchecked].map((each) => `${round(median(figures(each, name)))} (${each.name})`).join(", ");

  const tables = CASES.map((name): Table => ({
    title: `Building "${name}"`,
    columns: ["", "built, ns", "keyed, ns", "built, times the limit", "keyed, times faster than sql-template-tag"],
    rows: CONTENDERS.filter((contender) => contender.cases[name] !== undefined).map((contender) => [
      contender.name,
      Math.round(time(contender, name, "built")),
      Math.round(time(contender, name, "keyed")),
      round(median(timesLimit(contender, name))),
      round(median(timesFaster(contender, name))),
    ]),
  }));
  const targets = TARGETS.flatMap((target): Target[] => [
    atMost(
      `${target.of.name}, ${target.in}: built, times the limit`,
      timesLimit(target.of, target.in),
      target.timesLimit,
      { limit: limitIn(target.in, timesLimit), peer: least(peersIn(target.in, timesLimit)) },
    ),
    atLeast(
      `${target.of.name}, ${target.in}: keyed, times faster`,
      timesFaster(target.of, target.in),
      target.timesFaster,
      {
        limit: limitIn(target.in, timesFaster),
        peer: greatest(peersIn(target.in, timesFaster)),
      },
    ),
  ]);
  return { tables, targets };
}

interface BuildTask extends Task {
  readonly contender: Contender;
  readonly case: Case;
  readonly use: Use;
}

function makeTasks(contender: Contender): BuildTask[] {
  const readers = makeReaders(contender);
  return CASES.flatMap((name) => {
    const build = contender.cases[name];
    if (build === undefined) return [];
    return USES.map((use) => ({ contender, case: name, use, run: (count) => repeat(build, readers[use], count) }));
  });
}

/** All contenders are called from here: V8 can inline none of them, and what the loop costs, it costs all of them. */
function repeat(build: Build, read: Read, count: number): void {
  for (let seed = 0; seed < count; seed++) read(build(seed));
}

/**
 * Makes the readers of a contender. They are compiled separately for each, because shared code would see the queries of
 * all contenders. Reading a property is several times slower if V8 has seen many kinds of objects.
 */
function makeReaders({ name, text, values }: Contender): Record<Use, Read> {
  const make = (source: string) =>
    new Function("sink", "statements", `/* ${name} */ return function read(query) { sink.query = query; ${source} }`);
  return {
    built: make(`sink.text = query.${text}; sink.values = query.${values};`)(sink, statements),
    keyed: make(`sink.text = statements[query.${text}]; sink.values = query.${values};`)(sink, statements),
  };
}

/** A comparison of those that do not build the same would be worth nothing. */
function checkEquality(name: Case): void {
  const expected = built(handWritten, name);
  for (const contender of CONTENDERS) {
    if (contender.cases[name] === undefined) continue;
    const query = built(contender, name);
    statements[query.text] = 1;
    if (!isDeepStrictEqual(normalize(query), normalize(expected))) {
      throw new Error(
        `${contender.name} builds "${name}" as ${JSON.stringify(query)} and not ${JSON.stringify(expected)}`,
      );
    }
  }
}

interface Built {
  readonly text: string;
  readonly values: readonly unknown[];
}

function built(contender: Contender, name: Case): Built {
  const query = contender.cases[name]?.(7) as Record<string, unknown>;
  return { text: query[contender.text] as string, values: query[contender.values] as unknown[] };
}

/** Slonik numbers as `$slonik_1`, and postgres.js adds its own spaces between the items of a list. */
function normalize({ text, values }: Built): Built {
  return {
    text: text
      .replaceAll("$slonik_", "$")
      .replace(/\s*,\s*/g, ", ")
      .replace(/\s+/g, " "),
    values: [...values],
  };
}
