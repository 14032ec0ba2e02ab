import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Option } from "commander";
import {
  type Health,
  type SequenceHealth,
  usageRates,
  type SequenceRate,
  sequenceStatus as healthOf,
  type StatusOptions,
  toJson,
  toPrometheus,
} from "../../operate/index.js";
import { listenAddress, seconds, share, wholeNumber } from "../config/parse-flags.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { checkSchemas } from "../database/known-schemas.js";
import { withTimeouts } from "../database/timeouts.js";
import { listen } from "../listen/listen.js";
import { Sampler } from "../listen/sampler.js";
import { statusPage } from "../page/status-page.js";
import { describeHealth } from "../report/describe-health.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { color } from "../terminal/color.js";
import { throwCommandError } from "../terminal/command-error.js";
import { errorMessage } from "../terminal/error-message.js";
import { hasReader, print, printError, printJson, printJsonLine, printMetrics, redraw } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { lines, text } from "../terminal/shown-text.js";
import { addReading, type CliCommand } from "./command.js";
import { writeFiles } from "./write-files.js";

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

--watch goes on if the status cannot be read, and says so on stderr. With --once that is
an error.

With --listen, the status is read when it is asked for, one at a time, at most every 5
seconds, and at least every --watch seconds (60). It stays up while the database is
away: nextval_up is 0 then. Only this machine can connect unless you give a host:
0.0.0.0:9187 listens on all addresses. There is no password.

Put findings that are known into accepted of the configuration, each with a reason:
they do not count for the exit code. --verbose shows them.

Exit codes: 0 all is well, or --prometheus, whose metrics have the level; 1 past the
threshold; 2 an error.
`,
  addOptions(command) {
    const only = new Option("--only <which>", "metrics and the page: only sequences with problems");
    const failAt = new Option("--fail-at <level>", "exit with 1 from this level on; default: critical");
    addReading(command)
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
    warnAt: flags.warnAt,
    criticalAt: flags.criticalAt,
    columns: flags.allColumns === true ? "all" : undefined,
    views: flags.views,
    trustOwners: flags.trustOwner,
  };
  const reading = withDatabase(settings, async (db, _target, running) => {
    // A connection that has gone silent is closed, and the next read opens another one.
    const patient = flags.listen === undefined ? db : db.with({ timeout: PATIENCE_MS });
    const isOnce = flags.listen === undefined && flags.watch === undefined;
    const reader = withTimeouts(patient, settings, isOnce ? undefined : running);
    await checkSchemas(reader, settings.schemas);
    if (flags.listen !== undefined) return serve(() => healthOf(reader, options), flags);
    let before = await sample();
    warnOfUnmatched(before.unmatched);
    if (flags.watch === undefined || flags.once !== true) deliver(before, undefined, flags);
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
        report(problem);
        continue;
      }
      report(undefined);
      deliver(before, rates, flags);
      if (flags.once === true) break;
    }
    return exitCode(before, flags);

    async function sample(): Promise<Health> {
      const progress = progressBar("comparing columns");
      try {
        return await healthOf(reader, { ...options, onProgress: progress.show });
      } catch (error) {
        withdraw(flags);
        throw error;
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

/** Says in the file of `--out` that nothing could be read. Otherwise the metrics of an earlier time would stay. */
function withdraw({ out }: Flags): void {
  if (out !== undefined) writeOut(out, toPrometheus(null));
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

/** Selects the sequences that `--only` and `--top` leave. */
function selected(sequences: readonly SequenceHealth[], { only, top }: Flags): readonly SequenceHealth[] {
  return sequences.filter(({ level }) => only === undefined || level !== "ok").slice(0, top);
}

function refuseContradictions(flags: Flags): void {
  const { json, prometheus, html, listen, out, only, top, once, watch, verbose, failAt } = flags;
  if (json === true && prometheus === true) {
    throwCommandError("--json and --prometheus are two formats", "Give one of them.");
  }
  if (listen !== undefined && (json === true || prometheus === true || html !== undefined || once === true)) {
    throwCommandError(
      "--listen serves all formats until it is stopped",
      "Leave --json, --prometheus, --html and --once out.",
    );
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
function exitCode({ level }: Health, { failAt = "critical", prometheus }: Flags): number {
  if (prometheus === true) return 0;
  return level === "critical" || (level === "warning" && failAt === "warning") ? 1 : 0;
}

/** Prints the health, or writes it into the files of the flags. */
function deliver(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  const { html, out, only, top } = flags;
  if (html !== undefined) {
    writeOut(html, statusPage({ health, shown: selected(health.sequences, flags), rates }));
  }
  if (flags.prometheus === true) {
    const metrics = toPrometheus(health, { only, top, rates });
    if (out === undefined) printMetrics(metrics.trimEnd());
    else writeOut(out, metrics);
  } else if (html === undefined || flags.json === true) printHealth(health, rates, flags);
}

function writeOut(path: string, content: string): void {
  writeFiles([{ path: resolve(path), content }], { overwrite: true });
}

function printHealth(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  const isOneOfMany = flags.watch !== undefined && flags.once !== true;
  if (flags.json === true) {
    const document = rates === undefined ? toJson(health) : toJson({ ...health, rates });
    if (isOneOfMany) printJsonLine(document);
    else printJson(document);
    return;
  }
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true && stdout.columns > 0;
  const columns = isTerminal ? stdout.columns : undefined;
  const common = { rates, hasDays: flags.watch !== undefined, verbose: flags.verbose === true, columns };
  const time = color.dim(`${health.sampledAt.toISOString()}:`);
  if (!isOneOfMany) print(describeHealth(health, common));
  else if (isTerminal) redraw(lines([time, describeHealth(health, { ...common, lines: stdout.rows - 2 })]));
  else print(lines([time, describeHealth(health, common), ""]));
}
