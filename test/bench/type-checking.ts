import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atMost, type Report, round, type Table, type Target } from "./report.js";

const ROUNDS = 5;

interface Figures {
  readonly "total s": number;
  readonly "memory MB": number;
}

/** By compiler, by contender: what `type-check.ts` writes. */
type Results = { readonly [compiler: string]: { readonly [contender: string]: Figures } };

/** Runs the program `type-check.ts`, and states the targets of its figures. */
export async function measure(): Promise<Report> {
  const results = await run();
  const tables = Object.entries(results).map(([compiler, figures]): Table => {
    const { drizzle } = figures as { drizzle: Figures };
    return {
      title: `Checking 1,000 declarations with ${compiler}`,
      columns: ["", "total, s", "of Drizzle's", "memory, MB", "of Drizzle's"],
      rows: Object.entries(figures).map(([name, { "total s": time, "memory MB": memory }]) => [
        name,
        round(time),
        round(time / drizzle["total s"]),
        round(memory),
        round(memory / drizzle["memory MB"]),
      ]),
    };
  });
  const targets = Object.entries(results).flatMap(([compiler, figures]): Target[] => {
    const { drizzle, nextval } = figures as { drizzle: Figures; nextval: Figures };
    return [
      atMost(`${compiler}: total time, of Drizzle's`, nextval["total s"] / drizzle["total s"], 1),
      atMost(`${compiler}: memory, of Drizzle's`, nextval["memory MB"] / drizzle["memory MB"], 1),
    ];
  });
  return { tables, targets };
}

async function run(): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), "nextval-bench-"));
  try {
    const file = join(folder, "results.json");
    const program = fileURLToPath(new URL("./type-check.ts", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, program, String(ROUNDS), file], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`type-check.ts ended with code ${status}: ${stderr}`);
    return JSON.parse(await readFile(file, "utf8")) as Results;
  } finally {
    await rm(folder, { recursive: true });
  }
}
