import { type Sql, sql } from "nextval";
import { atMost, type Report, round, type Table } from "./report.js";

/** The most heap that a million unused shapes may occupy. */
const LIMIT_MB = 20;

/** A source of shapes that are not the same twice, or seldom. `random(n)` is a whole number below n. */
interface Kind {
  readonly name: string;
  readonly count: number;
  make(random: (below: number) => number, index: number): Sql;
}

const KINDS: readonly Kind[] = [
  {
    name: "raw texts",
    count: 450_000,
    make: (random, index) => sql`select ${sql.raw(`${random(1e9)} + ${index}`)} as number, ${index} as value`,
  },
  {
    name: "identifiers",
    count: 250_000,
    make: (random, index) =>
      sql`select ${sql.identifier(`column_${index}`)} from ${sql.identifier("s", `t_${random(1e9)}`)}`,
  },
  { name: "nested to random depth", count: 200_000, make: makeNested },
  {
    name: "column names of inserts",
    count: 50_000,
    make: (random, index) =>
      sql`insert into orders ${sql.insert({ [`column_${index}`]: index, [`c_${random(1e9)}`]: null })}`,
  },
  {
    name: "lists of 1 to 2,000 values",
    count: 20_000,
    make: (random) => sql`select * from orders where id in (${sql.join(makeArray(1 + random(2000), random))})`,
  },
  {
    name: "lists of 1 to 2,000 fragments",
    count: 20_000,
    make: (random) =>
      sql`select * from orders where ${sql.join(
        makeArray(1 + random(2000), random).map((id) => (id % 2 === 0 ? sql`id = ${id}` : sql`parent = ${id}`)),
        sql` or `,
      )}`,
  },
  {
    name: "inserts of 1 to 600 rows",
    count: 10_000,
    make: (random) => sql`insert into orders ${sql.insert(makeRows(1 + random(600), random))}`,
  },
];

/** Makes a million shapes, asks each for its text and values and lets go of it, and looks at what is left of them. */
export function measure(): Report {
  const random = makeRandom();
  // The first of each kind leaves only code and constants.
  for (const kind of KINDS) run(kind, 100, random);

  const start = heapAfterCollection();
  let before = start;
  const rows = KINDS.map((kind): Table["rows"][number] => {
    const startTime = performance.now();
    const peak = run(kind, kind.count, random);
    const seconds = (performance.now() - startTime) / 1000;
    const after = heapAfterCollection();
    const left = after - before;
    before = after;
    return [kind.name, kind.count, round(left), round(after), round(peak), round(seconds)];
  });
  const shapes = KINDS.reduce((sum, { count }) => sum + count, 0);
  return {
    tables: [
      {
        title: `The heap after ${shapes.toLocaleString("en-US")} shapes, in MB (${round(start)} before)`,
        columns: ["", "shapes", "left", "heap", "peak", "s"],
        rows,
      },
    ],
    targets: [atMost("growth of the heap", before - start, LIMIT_MB, { unit: " MB" })],
  };
}

/** Returns the largest heap during the run, including garbage. */
function run({ make }: Kind, count: number, random: (below: number) => number): number {
  let peak = 0;
  for (let index = 0; index < count; index++) {
    const { text, values } = make(random, index);
    if (text.length === 0 || values.length > 65_533) throw new Error("a shape without text, or with too many values");
    if (index % 1000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed / 1e6);
  }
  return peak;
}

function makeNested(random: (below: number) => number, index: number): Sql {
  let condition: Sql = sql`a = ${index}`;
  for (let depth = random(20); depth >= 0; depth--) {
    switch (random(4)) {
      case 0:
        condition = sql`(${condition} or b = ${depth})`;
        break;
      case 1:
        condition = sql`not ${condition}`;
        break;
      case 2:
        condition = sql`(${condition} and ${condition})`;
        if (condition.values.length > 1000) return condition;
        break;
      default:
        condition = sql`case when ${condition} then ${depth} = c else ${sql`d > ${depth}`} end`;
    }
  }
  return sql`select * from orders where ${condition}`;
}

function makeArray(length: number, random: (below: number) => number): number[] {
  return Array.from({ length }, () => random(1e6));
}

function makeRows(count: number, random: (below: number) => number) {
  return Array.from({ length: count }, (_, id) => ({ id, note: `note ${id}`, paid: random(2) === 0 }));
}

function heapAfterCollection(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("the heap cannot be measured without --expose-gc");
  for (let time = 0; time < 3; time++) gc();
  return process.memoryUsage().heapUsed / 1e6;
}

/** Random numbers that are the same in every run. Source: mulberry32. */
function makeRandom(): (below: number) => number {
  let state = 2;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
