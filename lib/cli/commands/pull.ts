import { resolve } from "node:path";
import { pullDeclarations as sourceOf } from "../../catalog/index.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { inspectWithLockTimeout, refuseUnknownSchemas } from "../database/inspect-database.js";
import { warnOfUnmatchedIn } from "../report/describe-unmatched.js";
import { throwCommandError } from "../terminal/command-error.js";
import { print, printJson, saySource } from "../terminal/print.js";
import { shownPath } from "../terminal/relative-path.js";
import { text } from "../terminal/shown-text.js";
import { addExclude, addUrl, type CliCommand } from "./command.js";
import { refuseToOverwrite, writeFiles } from "./write-files.js";

/** `nextval pull`: writes declarations for the sequences of a database. */
export const command: CliCommand = {
  summary: "write declarations for the sequences of a database",
  details: `
Writes TypeScript that declares every sequence, except those of extensions. Sequences of
identity columns are declared with --identity, or with identity in the configuration.

If the file of --out is overwritten, feeds, blocks and mode of its declarations are kept.

Example:
  nextval pull --schemas public,billing --out src/sequences.ts

Exit codes: 0 written; 2 an error, or the file exists and --force was not given.
`,
  addOptions(command) {
    addExclude(addUrl(command))
      .option("--out <file>", "write to this file; default: stdout")
      .option("--force", "overwrite the file")
      .option("--identity", "also declare the sequences of identity columns")
      .option("--no-identity", "do not, whatever the configuration says");
  },
  run: pull,
};

async function pull(flags: Flags): Promise<number> {
  const file = flags.out === undefined ? null : resolve(flags.out);
  const force = flags.force === true;
  if (file === null && force) {
    throwCommandError(
      "--force overwrites the file of --out, which is not given",
      "Add --out FILE, or leave --force out.",
    );
  }
  if (file !== null && !force) refuseToOverwrite(file, OVERWRITING);
  const settings = await settingsOf(flags);
  const state = await withDatabase(settings, (db) => inspectWithLockTimeout(db, settings));
  refuseUnknownSchemas(settings.schemas, state.schemas);
  const { exclude, identity } = settings;
  const keep = file === null ? [] : await settings.kept(file);
  const source = sourceOf(state, { exclude, identity, keep });
  warnOfUnmatchedIn(state, exclude);
  if (file !== null) writeFiles([{ path: file, content: source }], { overwrite: force, hint: OVERWRITING });
  if (flags.json === true) printJson({ file, source, sequences: state.sequences });
  else if (file === null) saySource(source.replace(/\n$/, ""));
  else print(text`Wrote ${shownPath(file)}.`);
  return 0;
}

const OVERWRITING = "Add --force to overwrite it.";
