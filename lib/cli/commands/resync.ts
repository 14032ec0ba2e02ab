import { resync as moveBehind, type ResyncOptions, type ResyncReport, toJson } from "../../operate/index.js";
import { ask, isInteractive } from "../terminal/confirm.js";
import { CommandError, fail } from "../command-error.js";
import { withDatabase } from "../database/connect.js";
import { describeMoves, describeResync } from "../report/describe-resync.js";
import { codeOf, explain } from "../error-message.js";
import { checkSchemas } from "../database/known-schemas.js";
import { complain, count, say, sayJson } from "../terminal/print.js";
import { patiently } from "../database/timeouts.js";
import { progressBar } from "../terminal/progress.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { type ShownText, text } from "../terminal/shown-text.js";

/** A report, with how many columns were read for it. */
interface Run {
  readonly report: ResyncReport;
  readonly columns: number;
}

const READING = "reading columns";
const MOVING = "moving sequences";

/** `nextval resync`: after an import, puts sequences behind what their columns hold; shows it and asks first. */
export async function resync(flags: Flags): Promise<number> {
  if (flags.yes === true && flags.dryRun === true) {
    fail("--dry-run changes nothing, and --yes changes it without a question; leave one of them out");
  }
  const settings = await settingsOf(flags);
  return withDatabase(settings, async (db, target) => {
    const reader = patiently(db, settings);
    await checkSchemas(reader, settings.schemas);
    const run = async (step: Pick<ResyncOptions, "dryRun" | "plan">, ...phases: readonly string[]): Promise<Run> => {
      const progress = progressBar(...phases);
      let columns: number | undefined;
      try {
        const report = await moveBehind(reader, {
          schemas: settings.schemas,
          allowBackwards: flags.allowBackwards,
          emptyCaches: flags.emptyCaches,
          views: flags.views,
          trustOwners: flags.trustOwner,
          lockTimeout: settings.lockTimeout,
          ...step,
          onProgress(done) {
            columns ??= done.total;
            progress.show(done);
          },
        });
        return { report, columns: columns ?? 0 };
      } finally {
        progress.clear();
      }
    };
    if (flags.yes === true) return finish(await run({}, READING, MOVING), flags, target);
    const planned = await run({ dryRun: true }, READING);
    if (flags.dryRun === true) return finish(planned, flags, target);
    const { moves } = planned.report;
    if (moves.length === 0) return finish(planned, flags, target);
    if (flags.json === true || !isInteractive()) {
      if (flags.json !== true) tell(planned);
      throw new CommandError(
        `Nothing was changed: there is nobody to ask whether to move ${count(moves.length, "sequence")}. Add --yes to do it without a question.`,
      );
    }
    tell(planned);
    if (!(await ask(text`\nMove ${count(moves.length, "sequence")} of ${target}? [y/N] `))) {
      say(text`Nothing was changed.`);
      return 1;
    }
    return finishAsked(planned, await run({ plan: planned.report }, MOVING));
  });
}

/** What was found is said, what could not be done on stderr. */
function tell({ report, columns }: Run): void {
  say(describeResync(report, columns));
  for (const { error } of report.failures) complain(explain(error));
}

function finish(run: Run, { json }: Flags, target: ShownText): number {
  const { report } = run;
  if (json === true) {
    const failures = report.failures.map(({ sequence, error }) => {
      return { sequence, code: codeOf(error), message: explain(error) };
    });
    sayJson(toJson({ ...report, failures }));
    for (const { error } of report.failures) complain(explain(error));
  } else {
    tell(run);
    if (!report.dryRun && report.moves.length > 0) say(text`\n${moved(report)} of ${target}.`);
  }
  return exitCode(report);
}

/** Somebody has read what was planned: what became of it is said where it is something else. */
function finishAsked({ report: planned }: Run, { report }: Run): number {
  const moves = describeMoves(report);
  const asPlanned = `${describeMoves(planned)}` === `${moves}`;
  say(asPlanned || report.moves.length === 0 ? text`${moved(report)}.` : text`${moved(report)}:\n${moves}`);
  const known = new Set(planned.failures.map(({ error }) => error.message));
  for (const { error } of report.failures) if (!known.has(error.message)) complain(explain(error));
  return exitCode(report);
}

function moved({ moves }: ResyncReport): string {
  return `Moved ${count(moves.length, "sequence")}`;
}

/** What could not be moved is an error; what was moved stays moved. */
function exitCode({ failures }: ResyncReport): number {
  return failures.length > 0 ? 2 : 0;
}
