import {
  resync as moveBehind,
  type ResyncMove,
  type ResyncOptions,
  type ResyncReport,
  toJson,
} from "../operate/index.js";
import { ask, isInteractive } from "./ask.js";
import { CommandError } from "./command-error.js";
import { withDatabase } from "./connect.js";
import { complain, count, printable, say, sayJson } from "./output.js";
import { progressBar } from "./progress.js";
import { type Flags, settingsOf } from "./settings.js";

/** `nextval resync`: after an import, puts sequences behind what their columns hold; shows it and asks first. */
export async function resync(flags: Flags): Promise<number> {
  const settings = await settingsOf(flags);
  return withDatabase(settings, async (db) => {
    const options = {
      schemas: settings.schemas,
      allowBackwards: flags.allowBackwards,
      emptyCaches: flags.emptyCaches,
      lockTimeout: settings.lockTimeout,
    };
    const progress = progressBar("reading columns");
    const run = async (step: Pick<ResyncOptions, "dryRun" | "plan">) => {
      try {
        return await moveBehind(db, { ...options, ...step, onProgress: progress.show });
      } finally {
        progress.clear();
      }
    };
    const planned = await run({ dryRun: true });
    if (flags.json !== true) say(describe(planned));
    if (flags.dryRun === true || planned.moves.length === 0) return finish(planned, flags);
    const moves = count(planned.moves.length, "sequence");
    if (flags.yes !== true) {
      if (flags.json === true || !isInteractive()) {
        throw new CommandError(
          `Nothing was changed: there is nobody to ask whether to move ${moves}. Add --yes to do it without a question.`,
        );
      }
      if (!(await ask(`\nMove ${moves}? [y/N] `))) {
        say("Nothing was changed.");
        return 1;
      }
    }
    const done = await run({ plan: planned });
    if (flags.json !== true) say(`\nMoved ${count(done.moves.length, "sequence")}.`);
    return finish(done, flags);
  });
}

/** What could not be moved is an error; what was moved stays moved. */
function finish(report: ResyncReport, { json }: Flags): number {
  if (json === true) {
    const failures = report.failures.map(({ sequence, error }) => ({ sequence, message: error.message }));
    sayJson(toJson({ ...report, failures }));
  }
  for (const { error } of report.failures) complain(error.message);
  return report.failures.length > 0 ? 2 : 0;
}

function describe({ moves }: ResyncReport): string {
  if (moves.length === 0) return "Every sequence is behind its columns.";
  return moves.map((move) => printable(describeMove(move))).join("\n");
}

function describeMove({ sequence, column, extreme, from, to, sql }: ResyncMove): string {
  const why =
    column === null
      ? "its columns are empty"
      : `${column.schema}.${column.table}.${column.column} goes to ${String(extreme)}`;
  return `${sequence.schema}.${sequence.seqName}: next is ${from}, and ${why}: ${to}\n  ${sql};`;
}
