import { dirname } from "node:path";
import { median } from "./interleave.js";
import { atMost, least, ratios, type Report, round, spread, type Table, type Target } from "./report.js";
import { declarations, declarationsFile, pulledFile, TEMPLATES, templatesFile } from "./sources.js";
import { COMPILERS, compile, type Cost, userFolder, userProject } from "./user-project.js";

const COUNT = 1000;
const PULLED = 1642;
const ROUNDS = 5;

/** Files to check. The first is the limit for the others, and those with `wanted` have a target. */
interface Comparison {
  readonly title: string;
  readonly files: { readonly [name: string]: string };
  readonly wanted: { readonly [name: string]: number };
}

const DRIZZLE = "drizzle-orm/pg-core";
/** The limit for what keeps the literals of a declaration, as a check of them has to. */
const INFERRED = "functions that infer literals";
const LIMITS = /infer|by hand, all options/;
/** Contenders that do nothing, or more than is compared. */
const NOT_PEERS = /^nextval|only|empty|infer/;

const COMPARISONS: readonly Comparison[] = [
  {
    title: `${COUNT} declarations`,
    files: {
      drizzle: declarationsFile(DRIZZLE, declarations(COUNT)),
      nextval: declarationsFile("nextval", declarations(COUNT)),
      [INFERRED]: declarationsFile("inferred", declarations(COUNT)),
      "nextval, all options": declarationsFile("nextval", declarations(COUNT, true)),
      "drizzle, import only": declarationsFile(DRIZZLE, []),
      "nextval, import only": declarationsFile("nextval", []),
      "an empty file": "export {};\n",
    },
    wanted: { nextval: 1 },
  },
  {
    title: `${PULLED} declarations as pull writes them`,
    files: {
      "nextval, by hand": declarationsFile("nextval", declarations(PULLED)),
      "nextval, by hand, all options": declarationsFile("nextval", declarations(PULLED, true)),
      "nextval, pulled": pulledFile(PULLED),
    },
    wanted: { "nextval, pulled": 1 },
  },
  {
    title: `${COUNT} templates`,
    files: Object.fromEntries(
      Object.entries(TEMPLATES).map(([name, templates]) => [name, templatesFile(templates, COUNT)]),
    ),
    wanted: { nextval: 1.2 },
  },
];

/**
 * Measures what checking costs the compilers: our declarations, fully checked, beside Drizzle's, which are not; what
 * `pull` writes beside what a person writes; and templates beside those of other libraries.
 */
export function measure(): Report {
  const folder = userFolder();
  const reports = COMPARISONS.flatMap((comparison, number) => {
    const names = Object.keys(comparison.files);
    const projects = Object.values(comparison.files).map((source, file) =>
      dirname(userProject(folder, `${number}-${file}`, source)),
    );
    return Object.entries(COMPILERS).map(([name, compiler]) =>
      reportOf(`${name}, ${comparison.title}`, names, takeTurns(compiler, projects), comparison.wanted),
    );
  });
  return { tables: reports.map(({ table }) => table), targets: reports.flatMap(({ targets }) => targets) };
}

/** Compiles the projects in turn, in another order in each round, after one round that warms the disk's cache up. */
function takeTurns(compiler: string, projects: readonly string[]): readonly Cost[][] {
  const costs: Cost[][] = projects.map(() => []);
  for (let turn = 0; turn <= ROUNDS; turn++) {
    for (let index = 0; index < projects.length; index++) {
      const project = (index + turn) % projects.length;
      const cost = compile(compiler, projects[project] as string);
      if (turn > 0) costs[project]?.push(cost);
    }
  }
  return costs;
}

function reportOf(
  title: string,
  names: readonly string[],
  costs: readonly Cost[][],
  wanted: Comparison["wanted"],
): { table: Table; targets: Target[] } {
  const [limit] = costs as [Cost[]];
  const rows = names.map((name, index) => {
    const own = costs[index] as Cost[];
    const timesFirst = (figure: keyof Cost) =>
      ratios(
        own.map((cost) => cost[figure]),
        limit.map((cost) => cost[figure]),
      );
    return {
      name,
      processor: median(own.map(({ processor }) => processor)),
      memory: median(own.map(({ memory }) => memory)),
      times: timesFirst("processor"),
      memoryTimes: timesFirst("memory"),
    };
  });
  const targets = rows.flatMap(({ name, times, memoryTimes }): Target[] => {
    const most = wanted[name];
    if (most === undefined) return [];
    const peers = rows.filter((row) => !NOT_PEERS.test(row.name));
    const peerBy = (figure: "times" | "memoryTimes") =>
      least(peers.map((row) => ({ name: row.name, figure: median(row[figure]) })));
    const limitBy = (figure: "times" | "memoryTimes") =>
      least(
        rows.filter((row) => LIMITS.test(row.name)).map((row) => ({ name: row.name, figure: median(row[figure]) })),
      );
    return [
      atMost(`${title}: processor time of ${name}, of ${names[0]}`, times, most, {
        limit: limitBy("times"),
        peer: peerBy("times"),
      }),
      atMost(`${title}: memory of ${name}, of ${names[0]}`, memoryTimes, most, {
        limit: limitBy("memoryTimes"),
        peer: peerBy("memoryTimes"),
      }),
    ];
  });
  return {
    table: {
      title: `${title}, medians of ${ROUNDS} turns`,
      columns: ["", "processor, s", `of ${names[0]}`, "quartiles", "memory, MB", `of ${names[0]}`],
      rows: rows.map(({ name, processor, memory, times, memoryTimes }) => [
        name,
        round(processor),
        round(median(times)),
        spread(times),
        round(memory),
        round(median(memoryTimes)),
      ]),
    },
    targets,
  };
}
