import {
  applyResync,
  planResync,
  ResyncError,
  type ResyncPlan,
  type ResyncReport,
  toJson,
} from "../../operate/index.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { checkSchemas } from "../database/inspect-database.js";
import { withTimeouts } from "../database/timeouts.js";
import { describeMoves, describeResync } from "../report/describe-resync.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { REFUSED_BY_USER } from "../terminal/command-error.js";
import { ask, cannotAsk, isInteractive } from "../terminal/confirm.js";
import { errorMessage, explained } from "../terminal/error-message.js";
import { printError, print, printJson } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { count, type ShownText, text } from "../terminal/shown-text.js";
import { cancellable } from "../terminal/signals.js";
import { addReading, type CliCommand, refuseContradiction } from "./command.js";

/** A plan or a report, with the number of columns that were read. */
interface Run {
  readonly report: ResyncReport;
  readonly columns: number;
}

/**
 * `nextval resync`: moves sequences past the values of their columns after an import. Shows the plan and asks first.
 */
export const command: CliCommand = {
  summary: "move sequences past the values of their columns, after an import",
  details: `
After an import or a restore, inserts fail with duplicate keys, because the sequences
are behind the rows. Moves none backwards without --allow-backwards. It is safe while
others work: each sequence is locked for a moment; see --lock-timeout.

Run it as the owner of the sequences, not as a superuser. A role with UPDATE sets those
that have no cache. For a superuser, columns are not compared if that would run code of
another role: see --trust-owner. Views and foreign tables are only read with --views.

Example:
  nextval resync --dry-run

Exit codes: 0 done; 2 some could not be moved, or an error; 3 you answered no.
`,
  addOptions(command) {
    addReading(command)
      .option("--dry-run", "only show the plan")
      .option("--yes", "apply without asking")
      .option("--allow-backwards", "also move back sequences that are further than they need")
      .option("--empty-caches", "also make connections forget reserved values");
  },
  run: resync,
};

async function resync(flags: Flags): Promise<number> {
  refuseContradiction(flags);
  const settings = await settingsOf(flags);
  const feeds = await settings.feeds();
  return withDatabase(settings, async (db, target) => {
    const reader = withTimeouts(db, settings);
    await checkSchemas(reader, settings.schemas);
    const { plan, columns } = await withProgress("reading columns", async (show) => {
      let columns: number | undefined;
      const plan = await planResync(reader, {
        schemas: settings.schemas,
        exclude: settings.exclude,
        accepted: settings.accepted.ofStatus,
        allowBackwards: flags.allowBackwards,
        emptyCaches: flags.emptyCaches,
        views: flags.views,
        trustOwners: flags.trustOwner,
        ...feeds,
        onProgress(progress) {
          columns ??= progress.total;
          show(progress);
        },
      });
      return { plan, columns: columns ?? 0 };
    });
    warnOfUnmatched({ ...plan.unmatched, accepted: [] });
    const apply = () => {
      const applied = withProgress("moving sequences", (onProgress) =>
        applyResync(reader, plan, { lockTimeout: settings.lockTimeout, onProgress }).catch(reportOf),
      );
      // A signal closes the connection, which fails the other moves. The moves before it stay.
      return cancellable(
        () => applied.then((report) => printError(withMoves(report))),
        () => applied,
      );
    };
    const planned = { report: plan, columns };
    if (flags.yes === true) return finish({ report: await apply(), columns }, flags, target);
    if (flags.dryRun === true || plan.moves.length === 0) return finish(planned, flags, target);
    if (flags.json === true || !isInteractive()) {
      if (flags.json !== true) printMoves(planned);
      throw cannotAsk(`move ${count(plan.moves.length, "sequence")}`);
    }
    printMoves(planned);
    if (!(await ask(text`\nMove ${count(plan.moves.length, "sequence")} of ${target}? [y/N] `))) {
      print(text`Nothing was changed.`);
      return REFUSED_BY_USER;
    }
    return finishAsked(plan, await apply());
  });
}

async function withProgress<Result>(
  phase: string,
  work: (show: ReturnType<typeof progressBar>["show"]) => Promise<Result>,
): Promise<Result> {
  const progress = progressBar(phase);
  try {
    return await work((done) => progress.show(done));
  } finally {
    progress.clear();
  }
}

function reportOf(error: unknown): ResyncReport {
  if (error instanceof ResyncError) return error.report;
  throw error;
}

/** Prints the moves on stdout and the failures on stderr. */
function printMoves({ report, columns }: Run): void {
  print(describeResync(report, columns));
  for (const { error } of report.failures) printError(errorMessage(error));
}

function finish(run: Run, { json, yes = false }: Flags, target: ShownText): number {
  const { report } = run;
  if (json === true) {
    const failures = report.failures.map(({ sequence, error }) => {
      return { sequence, ...explained(error) };
    });
    const { moves, skips } = report;
    printJson(toJson({ applied: yes && moves.length > 0, moves, failures, skips }));
    for (const { error } of report.failures) printError(errorMessage(error));
  } else {
    printMoves(run);
    if (yes && report.moves.length > 0) print(text`\n${moved(report)} of ${target}.`);
  }
  return exitCode(report);
}

/** The user has read the plan, so this prints what was done only if it differs. */
function finishAsked(planned: ResyncPlan, report: ResyncReport): number {
  const asPlanned = `${describeMoves(planned)}` === `${describeMoves(report)}`;
  print(asPlanned ? text`${moved(report)}.` : withMoves(report));
  const known = new Set(planned.failures.map(({ error }) => error.message));
  for (const { error } of report.failures) if (!known.has(error.message)) printError(errorMessage(error));
  return exitCode(report);
}

function withMoves(report: ResyncReport): ShownText {
  return report.moves.length === 0 ? text`${moved(report)}.` : text`${moved(report)}:\n${describeMoves(report)}`;
}

function moved({ moves }: ResyncReport): string {
  return `Moved ${count(moves.length, "sequence")}`;
}

/** A sequence that could not be moved is an error. The others stay moved. */
function exitCode({ failures }: ResyncReport): number {
  return failures.length > 0 ? 2 : 0;
}
