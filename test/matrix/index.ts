/**
 * Runs the tests that need a server on every supported version of PostgreSQL, one after the other, and then plays the first hour of
 * a newcomer with every package manager, module system and compiler.
 *
 * `npm run test:matrix -- 14 16` takes these versions only, without that hour, and what follows a second `--` is for vitest:
 * `npm run test:matrix -- 14 -- test/database/ddl`.
 */
import { COMBINATIONS } from "../first-hour/combination.js";
import { playAll } from "../first-hour/play-all.js";
import { type Installed, install } from "./install.js";
import { type Outcome, runTests } from "./run.js";

const SUPPORTED = [14, 15, 16, 17, 18];

/** The versions, and what is for vitest. */
function readArguments(): { majors: readonly number[]; filters: readonly string[] } {
  const given = process.argv.slice(2);
  const end = given.includes("--") ? given.indexOf("--") : given.length;
  const majors = given.slice(0, end).map((text) => {
    const major = SUPPORTED.find((each) => String(each) === text);
    if (major === undefined) {
      process.stderr.write(`${text} is none of ${SUPPORTED.join(", ")}; what is for vitest comes after a second --\n`);
      process.exit(1);
    }
    return major;
  });
  return { majors: majors.length > 0 ? [...new Set(majors)] : SUPPORTED, filters: given.slice(end + 1) };
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

const { majors, filters } = readArguments();
// Before the first test runs, so a missing version is known immediately.
const servers: Installed[] = [];
for (const major of majors) servers.push(await install(major));

const outcomes: Outcome[] = [];
for (const server of servers) {
  process.stdout.write(`\nPostgreSQL ${server.version}\n`);
  outcomes.push(await runTests(server, filters));
}

const rows = outcomes.map(({ passed, failed, skipped, seconds, ok }, index) => [
  servers[index]!.version,
  String(passed),
  String(failed),
  String(skipped),
  seconds.toFixed(0),
  ok ? "" : "FAILED",
]);
process.stdout.write(`\n${table([["version", "passed", "failed", "skipped", "seconds", ""], ...rows])}`);
const isWhole = process.argv.length === 2;
const isWell = !isWhole || (await playAll(COMBINATIONS));
process.exitCode = isWell && outcomes.every(({ ok }) => ok) ? 0 : 1;
