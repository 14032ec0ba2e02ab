import { Console } from "node:console";
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { didYouMean } from "../internal.js";
import type { CliCommand } from "./commands/command.js";
import { loadEnvFile } from "./config/env-file.js";
import { list, milliseconds } from "./config/parse-flags.js";
import type { Flags } from "./config/settings.js";
import { thrownAt } from "./config/thrown-at.js";
import { usageError } from "./config/usage-error.js";
import type { SourceLine } from "./terminal/annotation.js";
import { throwCommandError } from "./terminal/command-error.js";
import { errorMessage, explained, stacksOf } from "./terminal/error-message.js";
import { annotateErrors, printError, printFailure, printJson } from "./terminal/print.js";
import { keepEnvironmentSecrets, rememberUrlSecrets, maskUrls, redact } from "./terminal/redact.js";
import { lines } from "./terminal/shown-text.js";
import { listenToSignals } from "./terminal/signals.js";

/** The commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: CliCommand }>>> = {
  diff: () => import("./commands/diff.js"),
  push: () => import("./commands/push.js"),
  pull: () => import("./commands/pull.js"),
  generate: () => import("./commands/generate.js"),
  check: () => import("./commands/check.js"),
  status: () => import("./commands/status.js"),
  resync: () => import("./commands/resync.js"),
  transfer: () => import("./commands/transfer.js"),
  widen: () => import("./commands/widen.js"),
};

const READING_LIMIT = "how long a reading statement may take, in ms; 0: no limit";

/** Printed after the help of the program. */
const AFTER_HELP = `
Start from an existing database, and keep it in sync:
  nextval pull --out src/sequences.ts         write the declarations
  nextval check --declarations src/sequences.ts
                                              nothing differs: exit code 0
  ... edit src/sequences.ts ...
  nextval diff --declarations src/sequences.ts
                                              see the SQL and its hazards
  nextval push --declarations src/sequences.ts
                                              apply it, in one transaction

Put options that you always use into nextval.config.ts:
  import { defineConfig } from "nextval/config";
  export default defineConfig({ declarations: "src/sequences.ts" });

Exit codes: 0 success, 1 check or status found something, 2 an error (the sentence is on
stderr), 3 you answered no.

The documentation explains each code: of an error on the page "Errors", of status and
transfer on "Problems", of a change on "Hazards, one by one".

Connect as a role that has pg_read_all_data (PostgreSQL 14) and is not a superuser:
reading a table runs code of its owner with the rights of the reading role. A
read-only transaction is not a sandbox.
`;

/** Runs the command of these arguments, and returns its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  // Values of flags may be URLs too: --url=postgresql://...
  for (const text of argv) rememberUrlSecrets(text.replace(/^--[a-z-]+=/, ""));
  keepEnvironmentSecrets();
  listenToSignals();
  // Output of loaded files must not end up in a document, or in the source that pull writes.
  globalThis.console = new Console(process.stderr);
  const report = (error: unknown, place?: string) => {
    printFailure(errorMessage(error, place), lineOf(place ?? (error as { place?: string } | null)?.place));
    if (argv.includes("--debug")) printError(stacksOf(error));
    if (argv.includes("--json")) {
      const problem = explained(error, place);
      printJson({ error: { ...problem, message: maskUrls(problem.message) } });
    }
    return 2;
  };
  // Errors of loaded files, such as a rejected promise that nothing awaits.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      process.exit(report(error, thrownAt(error)));
    });
  }
  let status = 0;
  try {
    const commands = await commandsFor(argv[2]);
    await programOf(commands, (result) => (status = result)).parseAsync(argv);
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error);
    if (error.exitCode === 0) return 0;
    // Without a command, the help was printed.
    return error.code === "commander.help" ? 2 : report(usageError(error));
  }
}

/** Loads the command that is called, or all of them for the help of the program. */
async function commandsFor(name: string | undefined): Promise<[name: string, definition: CliCommand][]> {
  const called = Object.entries(COMMANDS).filter(([each]) => each === name);
  const wanted = called.length > 0 ? called : Object.entries(COMMANDS);
  return Promise.all(wanted.map(async ([each, load]): Promise<[string, CliCommand]> => [each, (await load()).command]));
}

function programOf(commands: readonly [name: string, definition: CliCommand][], finish: (status: number) => void) {
  const program = new Command("nextval")
    .description("Keeps the sequences of a PostgreSQL database in sync with their TypeScript declarations.")
    .version(versionOf(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help; nextval COMMAND --help explains a command")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: (text) => printError(lines(text.trimEnd().split("\n"))), outputError: () => {} })
    .addHelpText("after", AFTER_HELP);

  for (const [name, definition] of commands) {
    const { summary, lockTimeout = 5000, isOfOne = false } = definition;
    const waits = `how long to wait for a lock, in ms; 0 waits forever; default: ${lockTimeout}`;
    const command = program
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .addHelpText("after", definition.details)
      .option("--config <file>", "the configuration; default: nextval.config.ts, .mts, .js, .mjs or .cjs, here")
      // Node.js reads --env-file itself, wherever it stands.
      .option("--env <file>", "set the variables of this file first, such as .env");
    if (!isOfOne) command.option("--schemas <names>", "only these schemas, such as public,billing", list);
    command.option("--lock-timeout <ms>", waits, milliseconds);
    if (!isOfOne) command.option("--statement-timeout <ms>", READING_LIMIT, milliseconds);
    command
      .option("--json", "print one JSON document to stdout, and nothing else")
      .option("--debug", "also print the stack of an error")
      .action(async () => {
        const flags: Flags = { ...command.opts<Flags>(), args: command.args };
        if (flags.format === "github") annotateErrors();
        if (flags.env !== undefined) loadEnvFile(flags.env);
        finish(await definition.run(flags));
      });
    definition.addOptions(command);
  }
  program
    .command("help")
    .summary("print this help, or explain a command")
    .argument("[command]")
    .action((name?: string) => explainCommand(program, name));
  return program;
}

function explainCommand(program: Command, name: string | undefined): never {
  if (name === undefined) return program.help();
  const command = program.commands.find((each) => each.name() === name);
  const names = program.commands.map((each) => each.name());
  return command?.help() ?? throwCommandError(`There is no command ${redact(name)}`, didYouMean(name, names));
}

/** Splits a place such as `src/sequences.ts:12`. */
function lineOf(place: unknown): SourceLine | undefined {
  const [, file, line] = /^(.+):(\d+)$/s.exec(typeof place === "string" ? place : "") ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

/** The package can import itself by its name, both from source and from the build. */
function versionOf(): string {
  return (createRequire(import.meta.url)("nextval/package.json") as { version: string }).version;
}
