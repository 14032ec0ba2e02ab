import { applyTransfer, planTransfer, type SequenceName, toJson, type TransferReport } from "../../operate/index.js";
import { shownName } from "../../server/names.js";
import { rename, values } from "../config/parse-flags.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { withTimeouts } from "../database/timeouts.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { color } from "../terminal/color.js";
import { REFUSED_BY_USER, throwCommandError } from "../terminal/command-error.js";
import { ask, cannotAsk, isInteractive } from "../terminal/confirm.js";
import { print, printJson } from "../terminal/print.js";
import { count, lines, type ShownText, text } from "../terminal/shown-text.js";
import { table } from "../terminal/table.js";
import { addDriver, addExclude, type CliCommand, refuseContradiction } from "./command.js";

/** `nextval transfer`: carries the positions of sequences to another database, at a cutover. */
export const command: CliCommand = {
  summary: "carry the positions of sequences to another database, at a cutover",
  details: `
For a cutover or a major upgrade: logical replication carries rows, not sequences. Stop
writing to the source, wait for the target to catch up, then run this. It checks
everything before it sets anything, shows what it would set, and asks. It can be run
again.

Example:
  nextval transfer --from "$OLD_URL" --to "$NEW_URL" --margin 5000

Exit codes: 0 done; 2 refused, with all differences, or an error; 3 you answered no.
`,
  addOptions(command) {
    addExclude(addDriver(command))
      .option("--from <url>", "the source")
      .option("--to <url>", "the target, which never moves backwards")
      .option("--rename <old=new>", "a sequence has a new name on the target; may be repeated", rename)
      .option("--margin <values>", "how many values to skip; default: 1000", values)
      .option("--dry-run", "do all checks, and set nothing")
      .option("--yes", "set without asking");
  },
  run: transfer,
};

async function transfer(flags: Flags): Promise<number> {
  if (flags.from === undefined || flags.to === undefined) {
    return throwCommandError("A transfer needs two databases", "Give --from URL and --to URL.");
  }
  refuseContradiction(flags);
  if (flags.from === "") throwCommandError("--from is empty", "Set the variable that --from is read from.");
  if (flags.to === "") throwCommandError("--to is empty", "Set the variable that --to is read from.");
  const settings = await settingsOf({ ...flags, url: flags.to });
  const { from, to } = flags;
  const { driver } = settings;
  return withDatabase({ url: from, urlFrom: "--from", driver }, (source, sourceName) =>
    withDatabase({ url: to, urlFrom: "--to", driver }, async (target, targetName) => {
      if (flags.json !== true) print(text`From ${sourceName}\nto ${targetName}:\n`);
      const [one, other] = [withTimeouts(source, settings), withTimeouts(target, settings)];
      const { margin, rename: renames } = flags;
      const { schemas, exclude, accepted, lockTimeout } = settings;
      const plan = await planTransfer(one, other, { schemas, exclude, accepted: accepted.ofTransfer, margin, renames });
      warnOfUnmatched(plan.unmatched);
      const apply = () => applyTransfer(one, other, plan, { lockTimeout });
      const behind = countMoves(plan);
      if (flags.yes === true) return finish(await apply(), flags, true);
      if (flags.dryRun === true || behind === 0) return finish(plan, flags, false);
      const sequences = count(behind, "sequence");
      if (flags.json !== true) print(describe(plan, undefined));
      if (flags.json === true || !isInteractive()) throw cannotAsk(`set ${sequences}`);
      if (!(await ask(text`\nSet ${sequences} of ${targetName}? [y/N] `))) {
        print(text`Nothing was changed.`);
        return REFUSED_BY_USER;
      }
      const report = await apply();
      // The user has read the plan.
      const isAsPlanned = `${lines(rowsOf(plan))}` === `${lines(rowsOf(report))}`;
      print(isAsPlanned ? summaryOf(report, true) : describe(report, summaryOf(report, true)));
      return 0;
    }),
  );
}

function countMoves({ sequences }: TransferReport): number {
  return sequences.filter(({ moves }) => moves).length;
}

function finish(report: TransferReport, { json }: Flags, isDone: boolean): number {
  const { sequences, hint, accepted, unmatched } = report;
  const applied = isDone && countMoves(report) > 0;
  if (json === true) printJson(toJson({ applied, sequences, hint, accepted, unmatched }));
  else print(describe(report, summaryOf(report, isDone)));
  return 0;
}

/** A plan that a question follows has no summary. */
function describe(report: TransferReport, summary: ShownText | undefined): ShownText {
  const { sequences, hint, accepted } = report;
  const left = accepted.map(({ code, message, reason }) =>
    color.dim(text`${message}, and it is left out because ${code} is accepted: ${reason}`),
  );
  if (sequences.length === 0) return lines([text`There are no sequences.`, ...left]);
  const end = summary === undefined ? [] : ["", summary];
  return lines([...rowsOf(report), ...left, ...end, ...(hint === null ? [] : [hint])]);
}

/** The positions of the sequences, and the notes about them. */
function rowsOf({ sequences }: TransferReport): ShownText[] {
  const rows = sequences.map(({ sequence, target, from, before, to, moves }) => [
    nameOf(sequence, target),
    `source ${from ?? "at its end"}`,
    `target ${before ?? "at its end"}`,
    moves ? `-> ${to ?? "at its end"}` : "far enough",
  ]);
  const notes = sequences.flatMap(({ sequence, notes }) =>
    notes.map((note) => text`${shownName(sequence.schema, sequence.name)}: ${note}`),
  );
  return [...table(rows), ...notes];
}

function summaryOf(report: TransferReport, isDone: boolean): ShownText {
  const moves = countMoves(report);
  if (moves === 0) return text`Nothing to set: no sequence of the target is behind.`;
  const share = `${moves} of ${count(report.sequences.length, "sequence")}`;
  return isDone ? text`${share} set, and read again.` : text`${share} would be set; nothing was changed.`;
}

/** The name of a sequence, and its new name on the target. */
function nameOf(sequence: SequenceName, target: SequenceName): string {
  const name = shownName(sequence.schema, sequence.name);
  const isRenamed = sequence.schema !== target.schema || sequence.name !== target.name;
  return isRenamed ? `${name} as ${shownName(target.schema, target.name)}` : name;
}
