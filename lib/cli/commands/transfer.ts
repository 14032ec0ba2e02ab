import { applyTransfer, planTransfer, type SequenceName, toJson, type TransferReport } from "../../operate/index.js";
import { shownName } from "../../server/names.js";
import { rename, values } from "../config/parse-flags.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { withTimeouts } from "../database/timeouts.js";
import { warnOfUnmatched } from "../report/describe-unmatched.js";
import { color } from "../terminal/color.js";
import { throwCommandError } from "../terminal/command-error.js";
import { print, printJson } from "../terminal/print.js";
import { count, lines, type ShownText, text } from "../terminal/shown-text.js";
import { table } from "../terminal/table.js";
import { addDriver, addExclude, type CliCommand } from "./command.js";

/** `nextval transfer`: carries the positions of sequences to another database, at a cutover. */
export const command: CliCommand = {
  summary: "carry the positions of sequences to another database, at a cutover",
  details: `
For a cutover or a major upgrade: logical replication carries rows, not sequences. Stop
writing to the source, wait for the target to catch up, then run this. It checks
everything before it sets anything, and can be run again.

Example:
  nextval transfer --from "$OLD_URL" --to "$NEW_URL" --margin 5000

Exit codes: 0 done; 2 refused, with all differences, or an error.
`,
  addOptions(command) {
    addExclude(addDriver(command))
      .option("--from <url>", "the source")
      .option("--to <url>", "the target, which never moves backwards")
      .option("--rename <old=new>", "a sequence has a new name on the target; may be repeated", rename)
      .option("--margin <values>", "how many values to skip; default: 1000", values)
      .option("--dry-run", "do all checks, and set nothing");
  },
  run: transfer,
};

async function transfer(flags: Flags): Promise<number> {
  if (flags.from === undefined || flags.to === undefined) {
    return throwCommandError("A transfer needs two databases", "Give --from URL and --to URL.");
  }
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
      const report = flags.dryRun === true ? plan : await applyTransfer(one, other, plan, { lockTimeout });
      warnOfUnmatched(report.unmatched);
      if (flags.json === true) printJson(toJson(report));
      else print(describe(report, flags.dryRun === true));
      return 0;
    }),
  );
}

function describe({ sequences, hint, accepted }: TransferReport, dryRun: boolean): ShownText {
  const left = accepted.map(({ code, message, reason }) =>
    color.dim(text`${message}, and it is left out because ${code} is accepted: ${reason}`),
  );
  if (sequences.length === 0) return lines([text`There are no sequences.`, ...left]);
  const rows = sequences.map(({ sequence, target, from, before, to, moves }) => [
    nameOf(sequence, target),
    `source ${from ?? "at its end"}`,
    `target ${before ?? "at its end"}`,
    moves ? `-> ${to ?? "at its end"}` : "far enough",
  ]);
  const notes = sequences.flatMap(({ sequence, notes }) =>
    notes.map((note) => text`${shownName(sequence.schema, sequence.name)}: ${note}`),
  );
  const moved = sequences.filter((each) => each.moves).length;
  return lines([
    ...table(rows),
    ...notes,
    ...left,
    "",
    `${moved} of ${count(sequences.length, "sequence")} ` +
      `${dryRun ? "would be set; nothing was changed" : "set, and read again"}.`,
    ...(hint === null ? [] : [hint]),
  ]);
}

/** The name of a sequence, and its new name on the target. */
function nameOf(sequence: SequenceName, target: SequenceName): string {
  const name = shownName(sequence.schema, sequence.name);
  const isRenamed = sequence.schema !== target.schema || sequence.name !== target.name;
  return isRenamed ? `${name} as ${shownName(target.schema, target.name)}` : name;
}
