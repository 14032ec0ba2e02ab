/**
 * Runs the tests that need a server on every supported version of PostgreSQL and of Node.js, those of what stands on a
 * handle also over node-postgres, and what users start on Deno and Bun, one after the other. Then it plays the first
 * hour of a newcomer with every package manager, module system and compiler.
 *
 * `npm run test:matrix -- 14 deno` takes these only, without that hour, and what follows a second `--` is for vitest:
 * `npm run test:matrix -- 14 -- test/database/ddl`.
 */
import { COMBINATIONS } from "../first-hour/combination.js";
import { playAll } from "../first-hour/play-all.js";
import { type Outcome, runTests } from "./run.js";
import { type Target, TARGETS } from "./target.js";

/** What to run on, and what is for vitest. */
function readArguments(): { names: readonly string[]; filters: readonly string[] } {
  const given = process.argv.slice(2);
  const end = given.includes("--") ? given.indexOf("--") : given.length;
  const names = given.slice(0, end);
  const unknown = names.find((name) => !TARGETS.has(name));
  if (unknown !== undefined) {
    const known = [...TARGETS.keys()].join(", ");
    process.stderr.write(`${unknown} is none of ${known}; what is for vitest comes after a second --\n`);
    process.exit(1);
  }
  return { names: names.length > 0 ? [...new Set(names)] : [...TARGETS.keys()], filters: given.slice(end + 1) };
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      // Words to the left, numbers to the right.
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

const { names, filters } = readArguments();
// Before the first test runs, so that whatever cannot be had is known at once.
const targets: Target[] = [];
for (const name of names) targets.push(await TARGETS.get(name)!());

const outcomes: Outcome[] = [];
for (const target of targets) {
  process.stdout.write(`\n${target.title}\n`);
  outcomes.push(await runTests(target, filters));
}

const rows = outcomes.map(({ passed, failed, skipped, seconds, ok }, index) => [
  targets[index]!.title,
  String(passed),
  String(failed),
  String(skipped),
  seconds.toFixed(0),
  ok ? "" : "FAILED",
]);
process.stdout.write(`\n${table([["", "passed", "failed", "skipped", "seconds", ""], ...rows])}`);
const isWhole = process.argv.length === 2;
const isWell = !isWhole || (await playAll(COMBINATIONS));
process.exitCode = isWell && outcomes.every(({ ok }) => ok) ? 0 : 1;
