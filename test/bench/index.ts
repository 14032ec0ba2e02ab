import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CHECKOUT_VARIABLE } from "./checkout.js";
import { compare } from "./compare.js";
import { printReport, type Report } from "./report.js";
import { writeLimits } from "./write-figures.js";

interface Part {
  readonly file: string;
  /** The flags of Node that it needs. */
  readonly flags?: readonly string[];
}

const PARTS: { readonly [name: string]: Part } = {
  // V8 gives more space to young objects the more of them survive. A space larger than the processor's cache makes
  // building slower for all. With a fixed size, no contender pays for the garbage of another.
  build: { file: "build", flags: ["--min-semi-space-size=2", "--max-semi-space-size=2"] },
  memory: { file: "memory", flags: ["--expose-gc"] },
  "query-rate": { file: "query-rate" },
  size: { file: "size" },
  start: { file: "start" },
  catalog: { file: "catalog" },
  // Ids are young objects as well, and what one contender leaves is cleared away before the next.
  draw: { file: "draw", flags: ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"] },
  "type-check": { file: "type-checking" },
  editor: { file: "editor" },
  scale: { file: "scale" },
};

/** How often a part runs for each of two checkouts. The one that runs first is the other one in each next pair. */
const PAIRS = 5;

const { values, positionals: chosen } = parseArgs({ allowPositionals: true, options: { against: { type: "string" } } });
const against = values.against === undefined ? undefined : `${resolve(values.against)}/`;
if (against !== undefined && !existsSync(`${against}dist/lib/index.js`)) {
  console.error(`${against} is not a checkout that was built`);
  process.exit(1);
}
const strangers = chosen.filter((name) => !(name in PARTS));
if (strangers.length > 0) {
  console.error(`no such part: ${strangers.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(1);
}

const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
console.log(`Node.js ${machine.node}, ${machine.cpus} processors: ${machine.cpu}`);

const json = fileURLToPath(new URL("../../bench.json", import.meta.url));
const reports: Record<string, Report | { readonly error: string }> = {};
for (const [name, part] of Object.entries(PARTS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n== ${name} ==`);
  const start = performance.now();
  try {
    const report = (reports[name] = await (against === undefined ? runPart(part) : runPairs(part, against)));
    printReport(report);
  } catch (error) {
    // A target missed on a busy machine fails nothing; results that are not equal do.
    process.exitCode = 1;
    reports[name] = { error: String(error) };
    console.error(`\n${String(error)}`);
  }
  console.log(`\n(${((performance.now() - start) / 1000).toFixed(1)} s)`);
  // A run that is ended early keeps what it has measured.
  await writeFile(json, `${JSON.stringify({ date: new Date().toISOString(), machine, parts: reports }, null, 2)}\n`);
}

const measured = Object.keys(PARTS).flatMap((name) => {
  const report = reports[name];
  // How the cost grows has a page of its own.
  return name === "scale" || report === undefined || "error" in report ? [] : [report];
});
if (against === undefined && measured.length === Object.keys(PARTS).length - 1) {
  writeLimits(measured.flatMap(({ targets }) => targets));
}

/** Runs a part for both checkouts in turn, because the machine is busier at one time than at another. */
async function runPairs(part: Part, other: string): Promise<Report> {
  const theirs: Report[] = [];
  const ours: Report[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const runTheirs = async () => theirs.push(await runPart(part, other));
    const runOurs = async () => ours.push(await runPart(part));
    for (const run of pair % 2 === 0 ? [runTheirs, runOurs] : [runOurs, runTheirs]) await run();
  }
  return compare(theirs, ours);
}

/** Each part has its own process, so its memory does not affect the others. */
async function runPart({ file, flags = [] }: Part, checkout?: string): Promise<Report> {
  const child = fork(fileURLToPath(new URL("./run-part.ts", import.meta.url)), [file], {
    execArgv: [...process.execArgv, ...flags],
    // Here "nextval" is the built and published package, not its sources.
    env: {
      ...process.env,
      ...(checkout !== undefined && { [CHECKOUT_VARIABLE]: checkout }),
      TSX_TSCONFIG_PATH: fileURLToPath(new URL("./tsconfig.json", import.meta.url)),
    },
  });
  return new Promise((resolve, reject) => {
    let report: Report | undefined;
    child.on("message", (message) => {
      report = message as Report;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (report !== undefined) resolve(report);
      else reject(new Error(`${file}.ts ended with ${signal ?? `code ${code}`} and without a report`));
    });
  });
}
