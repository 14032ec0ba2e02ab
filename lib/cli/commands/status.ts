import { setTimeout } from "node:timers/promises";
import { Option } from "commander";
import {
  type Health,
  usageRates,
  type SequenceRate,
  sequenceStatus as healthOf,
  type StatusOptions,
} from "../../operate/index.js";
import { selected } from "../../operate/monitor/selected.js";
import { listenAddress, seconds, share, wholeNumber } from "../config/parse-flags.js";
import { type Flags, type Settings, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { checkSchemas } from "../database/inspect-database.js";
import { withTimeouts } from "../database/timeouts.js";
import { listen } from "../listen/listen.js";
import { Sampler } from "../listen/sampler.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { throwCommandError } from "../terminal/command-error.js";
import { errorMessage } from "../terminal/error-message.js";
import { hasReader, print, printError } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { text } from "../terminal/shown-text.js";
import { addFormat, addReading, type CliCommand, refuseTwoFormats } from "./command.js";
import { deliver, lineFinderOfStatus, withdraw } from "./status-outputs.js";

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
  nextval status --html sequences.html      a page to look at, in one file
  nextval status --listen 9187              that page at http://127.0.0.1:9187/, which
                                            keeps itself up to date; /metrics for
                                            Prometheus, /status.json, /healthz
  nextval status --prometheus --out /var/lib/node_exporter/nextval.prom
  nextval status --format github            in a workflow of GitHub

--watch goes on if the status cannot be read, and says so on stderr. With --once that is
an error.

With --listen, the status is read when it is asked for, one at a time, at most every 5
seconds, and at least every --watch seconds (60). It stays up while the database is
away: nextval_up is 0 then. Only this machine can connect unless you give a host:
0.0.0.0:9187 listens on all addresses. There is no password.

Put findings that are known into accepted of the configuration, each with a reason:
they do not count for the exit code. --verbose shows them. The configuration also
takes the thresholds: warnAt, criticalAt and failAt.

Exit codes: 0 all is well, or --prometheus, whose metrics have the level; 1 past the
threshold; 2 an error.
`,
  addOptions(command) {
    const only = new Option("--only <which>", "metrics and the page: only sequences with problems");
    const failAt = new Option("--fail-at <level>", "exit with 1 from this level on; default: critical");
    addFormat(addReading(command))
      .option("--warn-at <share>", "warning from this used share on; default: 0.75", share)
      .option("--critical-at <share>", "critical from this used share on; default: 0.9", share)
      .addOption(failAt.choices(["warning", "critical"]))
      .option("--all-columns", "also compare columns without an index, which reads their tables")
      .option("--watch <seconds>", "check repeatedly, and show how many days are left", seconds)
      .option("--once", "with --watch: check twice, and print the second result")
      .option("--verbose", "also print informational findings")
      .option("--prometheus", "print Prometheus' text format; exit with 0 whatever the level")
      .option("--html <file>", "write a page to look at, in one file")
      .option("--listen <address>", "serve that page and metrics at [HOST:]PORT; host: 127.0.0.1", listenAddress)
      .option("--out <file>", "write the metrics of --prometheus into this file, all at once")
      .addOption(only.choices(["problems"]))
      .option("--top <number>", "metrics and the page: only so many sequences, worst first", wholeNumber);
  },
  run: status,
};

/** With `--listen`: how old a sample may be that is given again. */
const MIN_INTERVAL_MS = 5000;

/** With `--listen`: how often the status is read if nothing asks for it. */
const DEFAULT_INTERVAL_S = 60;

/** With `--listen`: how long one statement may take, and how long a request waits for an answer. */
const PATIENCE_MS = 60_000;

async function status(flags: Flags): Promise<number> {
  refuseContradictions(flags);
  const given = await settingsOf(flags);
  const patience = flags.listen === undefined ? undefined : PATIENCE_MS;
  const settings = { ...given, statementTimeout: given.statementTimeout ?? patience };
  const options: StatusOptions = {
    schemas: settings.schemas,
    exclude: settings.exclude,
    accepted: settings.accepted.ofStatus,
    warnAt: settings.warnAt,
    criticalAt: settings.criticalAt,
    columns: flags.allColumns === true ? "all" : undefined,
    views: flags.views,
    trustOwners: flags.trustOwner,
    ...(await settings.feeds()),
  };
  const lineOf = flags.format === "github" ? await lineFinderOfStatus(settings) : () => undefined;
  const reading = withDatabase(settings, async (db, _target, running) => {
    // A connection that has gone silent is closed, and the next read opens another one.
    const patient = flags.listen === undefined ? db : db.with({ timeout: PATIENCE_MS });
    const isOnce = flags.listen === undefined && flags.watch === undefined;
    const reader = withTimeouts(patient, settings, isOnce ? undefined : running);
    await checkSchemas(reader, settings.schemas);
    if (flags.listen !== undefined) return serve(() => healthOf(reader, options), flags);
    let before = await sample();
    warnOfUnmatched(before.unmatched);
    if (flags.watch === undefined || flags.once !== true) deliver(before, undefined, flags, lineOf);
    const report = reporter();
    while (flags.watch !== undefined && hasReader()) {
      await setTimeout(flags.watch * 1000);
      const since = before;
      let rates: readonly SequenceRate[];
      try {
        before = await sample();
        // Fails if the clock of the server was set back.
        rates = usageRates(since, before);
      } catch (problem) {
        if (flags.once === true) throw problem;
        withdraw(flags);
        report(problem);
        continue;
      }
      report(undefined);
      deliver(before, rates, flags, lineOf);
      if (flags.once === true) break;
    }
    return exitCode(before, flags, settings);

    async function sample(): Promise<Health> {
      const progress = progressBar("comparing columns");
      try {
        return await healthOf(reader, { ...options, onProgress: progress.show });
      } finally {
        progress.clear();
      }
    }
  });
  return reading.catch((error: unknown) => {
    withdraw(flags);
    throw error;
  });
}

/** Serves the page and the metrics until a signal ends the process. */
async function serve(read: () => Promise<Health>, flags: Flags): Promise<never> {
  const intervalS = flags.watch ?? DEFAULT_INTERVAL_S;
  const minIntervalMs = Math.min(MIN_INTERVAL_MS, intervalS * 1000);
  const sampler = new Sampler(read, { minIntervalMs, patienceMs: PATIENCE_MS });
  const { health } = await sampler.sample();
  if (health !== undefined) warnOfUnmatched(health.unmatched);
  const url = await listen({
    address: flags.listen as NonNullable<Flags["listen"]>,
    sampler,
    silenceMs: 2 * PATIENCE_MS,
    intervalS,
    only: flags.only,
    top: flags.top,
    select: (sequences) => selected(sequences, flags),
  });
  print(text`Listening on ${url}`);
  const report = reporter();
  for (;;) {
    await setTimeout(intervalS * 1000);
    report((await sampler.sample()).problem);
  }
}

/** Says when the status cannot be read any more, and when it can be read again. Takes why not, or undefined. */
function reporter(): (problem: unknown) => void {
  let wasUp = true;
  return (problem) => {
    const isUp = problem === undefined;
    if (!isUp && wasUp) printError(`The status could not be read: ${errorMessage(problem)}`);
    if (isUp && !wasUp) printError(text`The status can be read again.`);
    wasUp = isUp;
  };
}

function refuseContradictions(flags: Flags): void {
  const { json, prometheus, html, format, listen, out, only, top, once, watch, verbose, failAt } = flags;
  refuseTwoFormats(flags);
  const isOther = json === true || prometheus === true || html !== undefined || format !== undefined;
  if (listen !== undefined && (isOther || once === true)) {
    throwCommandError(
      "--listen serves all formats until it is stopped",
      "Leave --json, --prometheus, --html, --format and --once out.",
    );
  }
  if (format !== undefined && watch !== undefined && once !== true) {
    throwCommandError("--format annotates files once, and --watch never ends", "Add --once, or leave --watch out.");
  }
  if (out !== undefined && prometheus !== true) {
    throwCommandError("--out is the file of --prometheus, which is not given", "Add --prometheus, or use --html.");
  }
  if ((only !== undefined || top !== undefined) && prometheus !== true && html === undefined && listen === undefined) {
    throwCommandError("--only and --top are for metrics and the page", "Add --prometheus, --html or --listen.");
  }
  if (once === true && watch === undefined) {
    throwCommandError("--once ends --watch, which is not given", "Add --watch SECONDS, or leave --once out.");
  }
  if (verbose === true && (json === true || prometheus === true)) {
    throwCommandError("--json and --prometheus have everything that --verbose would add", "Leave --verbose out.");
  }
  if (failAt !== undefined && (prometheus === true || listen !== undefined)) {
    const other = listen === undefined ? "is always 0 with --prometheus" : "--listen never returns";
    throwCommandError(`--fail-at sets an exit code, which ${other}`, "Leave one of them out.");
  }
}

/** The metrics contain the level, and a script keeps them only if the command succeeds. */
function exitCode({ level }: Health, { prometheus }: Flags, { failAt = "critical" }: Pick<Settings, "failAt">): number {
  if (prometheus === true) return 0;
  return level === "critical" || (level === "warning" && failAt === "warning") ? 1 : 0;
}
