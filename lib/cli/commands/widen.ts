import { resolve } from "node:path";
import { Option } from "commander";
import { WIDEN_FORMATS, type WidenFormat } from "../../catalog/generate/migration-formats.js";
import {
  applyWiden,
  planWiden,
  toJson,
  WidenError,
  widenFiles,
  type WidenPhase,
  type WidenPlan,
  type WidenReport,
} from "../../operate/index.js";
import { DEFAULT_WIDEN_LOCK_TIMEOUT_MS } from "../../server/lock-timeout.js";
import { columnOf } from "../../server/names.js";
import { role } from "../config/parse-flags.js";
import { type Flags, type Settings, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { color } from "../terminal/color.js";
import { throwCommandError, REFUSED_BY_USER } from "../terminal/command-error.js";
import { ask, cannotAsk, isInteractive } from "../terminal/confirm.js";
import { errorMessage, explained } from "../terminal/error-message.js";
import { print, printError, printJson } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { shownPath } from "../terminal/relative-path.js";
import { count, lines, ShownText, text } from "../terminal/shown-text.js";
import { wrapped } from "../terminal/wrap.js";
import { addUrl, type CliCommand } from "./command.js";
import { writeFiles } from "./write-files.js";

/** `nextval widen`: prints, writes or runs the phases that make a column bigint while its table is in use. */
export const command: CliCommand = {
  summary: "make an integer column bigint while its table is in use, in phases",
  details: `
The column is schema.table.column, or table.column of schema public; names with a dot are
in double quotes. Columns of foreign keys that point at it are widened with it.

Prints the phases. With --out, each becomes a file with its way back. With --apply, they
run one by one; run it again to go on after an interruption. The old columns stay until
--clean-up, which cannot be undone. --lock-timeout is short, because other sessions wait
for a phase that waits.

Examples:
  nextval widen public.orders.id
  nextval widen public.orders.id --out migrations --format dbmate
  nextval widen public.orders.id --apply

Exit codes: 0 printed, written, run, or nothing is left; 2 refused, or an error; 3 you
answered no.
`,
  addOptions(command) {
    const format = new Option("--format <format>", "the migration tool that --out writes for; default: sql");
    addUrl(command.argument("<column>", "such as public.orders.id"))
      .option("--out <folder>", "write the phases to this folder")
      .addOption(format.choices(WIDEN_FORMATS))
      .option("--apply", "run the phases that are left, but not the clean-up")
      .option("--trust-owner <role>", "let a superuser run code of this role; may be repeated", role)
      .option("--clean-up", "with --apply, also drop the old columns")
      .option("--yes", "apply without asking");
  },
  lockTimeout: DEFAULT_WIDEN_LOCK_TIMEOUT_MS,
  isOfOne: true,
  run: widen,
};

async function widen(flags: Flags): Promise<number> {
  const [given = ""] = flags.args ?? [];
  const column = columnNamed(given);
  if (flags.apply === true && flags.out !== undefined) {
    throwCommandError("--out writes the phases, and --apply runs them", "Leave one of them out.");
  }
  if (flags.apply !== true && (flags.yes === true || flags.cleanUp === true)) {
    throwCommandError(`${flags.yes === true ? "--yes" : "--clean-up"} needs --apply`, "Add --apply to run the phases.");
  }
  const settings = await settingsOf(flags);
  return withDatabase(settings, async (db, target) => {
    const plan = await planWiden(db, column, { lockTimeout: flags.lockTimeout, trustOwners: flags.trustOwner });
    if (flags.out !== undefined) return writePhases(plan, flags, settings);
    if (flags.apply !== true) {
      if (flags.json === true) printJson(toJson(plan));
      else print(describe(plan));
      return 0;
    }
    const cleanUp = flags.cleanUp === true;
    const open = plan.phases.filter(({ kind, isDone }) => !isDone && (cleanUp || kind !== "clean-up"));
    if (open.length > 0 && flags.yes !== true) {
      const question = `run ${count(open.length, "phase")}`;
      if (flags.json === true || !isInteractive()) throw cannotAsk(question);
      print(lines([...summary(plan), "", ...open.map(({ name, notes }) => sentence(`${name}: ${notes[0] ?? ""}`))]));
      if (!(await ask(text`\nRun ${count(open.length, "phase")} on ${target}? [y/N] `))) {
        print(text`Nothing was changed.`);
        return REFUSED_BY_USER;
      }
    }
    const { ran, error } = await apply(db, plan, cleanUp);
    if (flags.json === true) return finishAsJson(ran, error);
    if (error === undefined) {
      print(describeRun(ran, cleanUp, given));
      return 0;
    }
    if (ran.length > 0) print(lines(ran.map(nameRun)));
    throw error;
  });
}

/** Parses `schema.table.column`, in which a part may be in double quotes. */
function columnNamed(given: string): { schema: string; table: string; column: string } {
  const parts = [...given.matchAll(/(?:^|\.)(?:"((?:[^"]|"")+)"|([^."]+))/gy)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain as string),
  );
  const length = [...given.matchAll(/(?:^|\.)(?:"(?:[^"]|"")+"|[^."]+)/gy)].join("").length;
  const [column, table, schema = "public", ...others] = parts.reverse();
  if (column === undefined || table === undefined || others.length > 0 || length !== given.length) {
    return throwCommandError(
      `The column has to be schema.table.column, not ${JSON.stringify(given)}`,
      "Put names that have a dot into double quotes.",
    );
  }
  return { schema, table, column };
}

/** Runs the phases. Also returns what ran before one of them failed. */
async function apply(
  db: Parameters<typeof applyWiden>[0],
  plan: WidenPlan,
  cleanUp: boolean,
): Promise<WidenReport & { readonly error?: WidenError }> {
  let current = "";
  let bar = progressBar(current);
  try {
    return await applyWiden(db, plan, {
      cleanUp,
      onProgress({ phase, done, total }) {
        if (phase !== current) {
          bar.clear();
          current = phase;
          bar = progressBar(phase);
        }
        bar.show({ done, total });
      },
    });
  } catch (error) {
    if (!(error instanceof WidenError)) throw error;
    return { ...error.report, error };
  } finally {
    bar.clear();
  }
}

/** Prints what ran in the document even if a phase has failed. */
function finishAsJson(ran: readonly string[], error: WidenError | undefined): number {
  const applied = ran.length > 0;
  printJson(error === undefined ? { applied, ran } : { applied, ran, error: explained(error) });
  if (error === undefined) return 0;
  printError(errorMessage(error));
  return 2;
}

function nameRun(phase: string): ShownText {
  return text`Ran ${phase}.`;
}

function describeRun(ran: readonly string[], cleanUp: boolean, column: string): ShownText {
  const done = ran.length === 0 ? [text`Nothing was left to run.`] : ran.map(nameRun);
  if (cleanUp) return lines(done);
  return lines([
    ...done,
    text`The old columns are still there. When nothing needs the way back, drop them:`,
    text`  nextval widen ${forShell(column)} --apply --clean-up`,
  ]);
}

/** Quotes a name for a shell. */
function forShell(name: string): string {
  return /^[\w.]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}

function writePhases(plan: WidenPlan, flags: Flags, settings: Settings): number {
  const configured = WIDEN_FORMATS.find((format) => format === settings.format);
  const format: WidenFormat = WIDEN_FORMATS.find((each) => each === flags.format) ?? configured ?? "sql";
  const files = widenFiles(plan, { format }).map(({ path, content }) => ({
    path: resolve(settings.migrations, path),
    content,
  }));
  writeFiles(files);
  if (flags.json === true) printJson({ files, ...toJson(plan) });
  else print(lines([...summary(plan), "", ...files.map(({ path }) => text`Wrote ${shownPath(path)}.`)]));
  return 0;
}

function summary({ columns, warnings }: WidenPlan): ShownText[] {
  return [
    sentence(`These columns become bigint: ${columns.map(columnOf).join(", ")}`),
    ...warnings.map((warning) => color.yellow(sentence(`Warning: ${warning}`))),
  ];
}

function sentence(words: string): ShownText {
  const { columns } = process.stdout;
  return wrapped(words, columns > 0 ? columns : undefined, "  ");
}

function describe(plan: WidenPlan): ShownText {
  return lines([...summary(plan), ...plan.phases.flatMap((phase, index) => describePhase(phase, index + 1))]);
}

function describePhase({ name, notes, up, isTransactional, isDone }: WidenPhase, number: number): ShownText[] {
  const title = text`\n-- ${number}. ${name}${isDone ? ", which has run" : ""}`;
  if (isDone) return [color.dim(title)];
  const statements = isTransactional ? ["begin", ...up, "commit"] : up;
  return [
    color.bold(title),
    ...notes.map((note) => color.dim(text`-- ${note}`)),
    ...statements.map((statement) => ShownText.document(`${statement};`)),
  ];
}
