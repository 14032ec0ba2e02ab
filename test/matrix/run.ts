import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Target } from "./target.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** What became of the tests on one target. */
export interface Outcome {
  readonly passed: number;
  /** Tests, and files that failed as a whole. */
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** Also false if no test failed but an error came from outside the tests, or vitest did not get that far. */
  readonly ok: boolean;
}

/** As vitest's JSON reporter writes it. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly status: string;
  /** Of its tests. */
  readonly assertionResults: readonly { readonly status: string }[];
}

/** Runs the tests of this target, or those whose files fit a filter. */
export async function runTests(target: Target, filters: readonly string[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "nextval-matrix-"));
  try {
    const output = join(folder, "report.json");
    const begin = performance.now();
    const program = spawn(
      target.node,
      [
        vitest,
        "run",
        ...target.projects,
        "--reporter=default",
        "--reporter=./test/support/skipped.ts",
        "--reporter=json",
        `--outputFile.json=${output}`,
        ...(filters.length > 0 ? filters : target.files),
      ],
      // A server at DATABASE_URL would go before the one that is to be tested.
      { cwd: root, stdio: "inherit", env: { ...process.env, NEXTVAL_LONG: "files", ...target.env, DATABASE_URL: "" } },
    );
    const [exitCode] = (await once(program, "exit")) as [number | null];
    const seconds = (performance.now() - begin) / 1000;
    const report = await readReport(output);
    if (report === undefined) return { passed: 0, failed: 0, skipped: 0, seconds, ok: false };
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.testResults.filter(failedAsAWhole).length,
      skipped: report.numPendingTests + report.numTodoTests,
      seconds,
      ok: exitCode === 0,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The file could not be loaded, or its setup or teardown failed. */
function failedAsAWhole({ status, assertionResults }: FileReport): boolean {
  return status === "failed" && assertionResults.every((each) => each.status !== "failed");
}

/** Nothing if vitest ended before it could write a result. */
async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
