import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { printReport, type Report } from "./report.js";

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
  "type-check": { file: "type-checking" },
  size: { file: "size" },
  catalog: { file: "catalog" },
  // Ids are young objects as well, and what one contender leaves is cleared away before the next.
  draw: { file: "draw", flags: ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"] },
};

const chosen = process.argv.slice(2);
const strangers = chosen.filter((name) => !(name in PARTS));
if (strangers.length > 0) {
  console.error(`no such part: ${strangers.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(1);
}

const reports: Record<string, Report | { readonly error: string }> = {};
for (const [name, part] of Object.entries(PARTS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n== ${name} ==`);
  const start = performance.now();
  try {
    const report = (reports[name] = await runPart(part));
    printReport(report);
  } catch (error) {
    // A target missed on a busy machine fails nothing; results that are not equal do.
    process.exitCode = 1;
    reports[name] = { error: String(error) };
    console.error(`\n${String(error)}`);
  }
  console.log(`\n(${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
const json = fileURLToPath(new URL("../../bench.json", import.meta.url));
await writeFile(json, `${JSON.stringify({ date: new Date().toISOString(), machine, parts: reports }, null, 2)}\n`);

/** Each part has its own process, so its memory does not affect the others. */
async function runPart({ file, flags = [] }: Part): Promise<Report> {
  const child = fork(fileURLToPath(new URL("./run-part.ts", import.meta.url)), [file], {
    execArgv: [...process.execArgv, ...flags],
    // Here "nextval" is the built and published package, not its sources.
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL("./tsconfig.json", import.meta.url)) },
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
