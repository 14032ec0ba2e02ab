import { setTimeout } from "node:timers/promises";
import { Option } from "commander";
import {
  type Health,
  usageRates,
  type SequenceRate,
  sequenceStatus as healthOf,
  type StatusOptions,
  toJson,
  toPrometheus,
} from "../../operate/index.js";
import { share, seconds } from "../config/parse-flags.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { checkSchemas } from "../database/known-schemas.js";
import { withTimeouts } from "../database/timeouts.js";
import { describeHealth } from "../report/describe-health.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { color } from "../terminal/color.js";
import { throwCommandError } from "../terminal/command-error.js";
import { hasReader, print, printJson, printJsonLine, printMetrics } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { text } from "../terminal/shown-text.js";
import { addReading, type CliCommand } from "./command.js";

/** `nextval status`: shows the health of sequences, worst first. Exits with 1 past a threshold. */
export const command: CliCommand = {
  summary: "show the health of sequences, worst first",
  details: `
Shows how full each sequence is, measured against the sequence or its column. Reports
inserts that are about to fail, and roles that can insert but lack USAGE. Changes
nothing.

Run it as a role with pg_read_all_data that is not a superuser. For a superuser,
columns are not compared if that would run code of another role: see --trust-owner.
Views and foreign tables are only read with --views.

Examples:
  nextval status
  nextval status --watch 60 --once          with the days left
  nextval status --watch 60 --json          a document per line, forever
  nextval status --prometheus > new.prom && mv new.prom sequences.prom

Put findings that are known into accepted of the configuration, each with a reason:
they do not count for the exit code. --verbose shows them.

Exit codes: 0 all is well, or --prometheus, whose metrics have the level; 1 past the
threshold; 2 an error.
`,
  addOptions(command) {
    const failAt = new Option("--fail-at <level>", "exit with 1 from this level on; default: critical");
    addReading(command)
      .option("--warn-at <share>", "warning from this used share on; default: 0.75", share)
      .option("--critical-at <share>", "critical from this used share on; default: 0.9", share)
      .addOption(failAt.choices(["warning", "critical"]))
      .option("--all-columns", "also compare columns without an index, which reads their tables")
      .option("--watch <seconds>", "check repeatedly, and show how many days are left", seconds)
      .option("--once", "with --watch: check twice, and print the second result")
      .option("--verbose", "also print informational findings")
      .option("--prometheus", "print Prometheus' text format; exit with 0 whatever the level");
  },
  run: status,
};

async function status(flags: Flags): Promise<number> {
  refuseContradictions(flags);
  const settings = await settingsOf(flags);
  const options: StatusOptions = {
    schemas: settings.schemas,
    exclude: settings.exclude,
    accepted: settings.accepted.ofStatus,
    warnAt: flags.warnAt,
    criticalAt: flags.criticalAt,
    columns: flags.allColumns === true ? "all" : undefined,
    views: flags.views,
    trustOwners: flags.trustOwner,
  };
  return withDatabase(settings, async (db) => {
    const reader = withTimeouts(db, settings);
    await checkSchemas(reader, settings.schemas);
    let before = await sample();
    warnOfUnmatched(before.unmatched);
    if (flags.watch === undefined || flags.once !== true) printHealth(before, undefined, flags);
    while (flags.watch !== undefined && hasReader()) {
      await setTimeout(flags.watch * 1000);
      const after = await sample();
      printHealth(after, usageRates(before, after), flags);
      before = after;
      if (flags.once === true) break;
    }
    return exitCode(before, flags);

    async function sample(): Promise<Health> {
      const progress = progressBar("comparing columns");
      try {
        return await healthOf(reader, { ...options, onProgress: progress.show });
      } finally {
        progress.clear();
      }
    }
  });
}

function refuseContradictions({ json, prometheus, once, watch, verbose, failAt }: Flags): void {
  if (json === true && prometheus === true)
    throwCommandError("--json and --prometheus are two formats; give one of them");
  if (once === true && watch === undefined) {
    throwCommandError("--once ends what --watch begins, at its second look; add --watch SECONDS, or leave --once out");
  }
  if (verbose === true && (json === true || prometheus === true)) {
    throwCommandError("--verbose adds sentences for people; --json and --prometheus have all there is without it");
  }
  if (failAt !== undefined && prometheus === true) {
    throwCommandError(
      "--fail-at sets an exit code, and with --prometheus it is 0 whatever the level is; leave one of them out",
    );
  }
}

/** The metrics contain the level, and a script keeps them only if the command succeeds. */
function exitCode({ level }: Health, { failAt = "critical", prometheus }: Flags): number {
  if (prometheus === true) return 0;
  return level === "critical" || (level === "warning" && failAt === "warning") ? 1 : 0;
}

function printHealth(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  const isOneOfMany = flags.watch !== undefined && flags.once !== true;
  if (flags.prometheus === true) printMetrics(toPrometheus(health).trimEnd());
  else if (flags.json === true) {
    const document = rates === undefined ? toJson(health) : toJson({ ...health, rates });
    if (isOneOfMany) printJsonLine(document);
    else printJson(document);
  } else {
    if (isOneOfMany) print(color.dim(`${health.sampledAt.toISOString()}:`));
    const { stdout } = process;
    const columns = stdout.isTTY === true && stdout.columns > 0 ? stdout.columns : undefined;
    print(describeHealth(health, { rates, verbose: flags.verbose === true, columns }));
    if (isOneOfMany) print(text``);
  }
}
