import { Console } from "node:console";
import { createRequire } from "node:module";
import { Command, CommanderError, Option } from "commander";
import { DEFAULT_FORMAT, MIGRATION_FORMATS } from "../catalog/generate/migration-formats.js";
import { ALLOWABLE_CODES } from "../catalog/plan/hazards/hazard-codes.js";
import { nearest } from "../internal.js";
import { loadEnvFile } from "./config/env-file.js";
import { hazardCode, isNew, list, milliseconds, rename, role, seconds, share, values } from "./config/parse-flags.js";
import type { Flags } from "./config/settings.js";
import { thrownAt } from "./config/thrown-at.js";
import { AFTER_HELP, EXAMPLES } from "./help.js";
import { fail } from "./terminal/command-error.js";
import { codeOf, explain, stacksOf } from "./terminal/error-message.js";
import { complain, sayJson } from "./terminal/print.js";
import { keepEnvironmentSecrets, keepSecretsOf, maskUrls, redact } from "./terminal/redact.js";
import { lines } from "./terminal/shown-text.js";
import { listenToSignals } from "./terminal/signals.js";

/** Runs the command of these arguments; gives its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  // Also what stands behind the name of a flag: --url=postgresql://...
  for (const text of argv) keepSecretsOf(text.replace(/^--[a-z-]+=/, ""));
  keepEnvironmentSecrets();
  listenToSignals();
  // What a file that is loaded prints must not end up in a document, or in the source that pull writes.
  globalThis.console = new Console(process.stderr);
  const report = (error: unknown, place?: string) => {
    const message = maskUrls(explain(error)) + (place === undefined ? "" : ` (${place})`);
    complain(message);
    if (argv.includes("--debug")) complain(stacksOf(error));
    if (argv.includes("--json")) sayJson({ error: { code: codeOf(error), message } });
    return 2;
  };
  // Of the files that are loaded: a promise that nobody waits for, for instance.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      process.exit(report(error, thrownAt(error)));
    });
  }
  let status = 0;
  try {
    await programOf((result) => (status = result)).parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error);
  }
}

function programOf(finish: (status: number) => void): Command {
  const program = new Command("nextval")
    .description("Keeps the sequences of a PostgreSQL database as they are declared in TypeScript.")
    .version(versionOf(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this; nextval COMMAND --help explains a command")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: (text) => complain(lines(redact(text.trimEnd()).split("\n"))) })
    .showHelpAfterError("(--help explains what there is)")
    .addHelpText("after", AFTER_HELP);

  /** A command is loaded when it is called for, so that help is there at once. */
  const command = (
    name: keyof typeof EXAMPLES,
    summary: string,
    load: () => Promise<(flags: Flags) => Promise<number>>,
  ) =>
    program
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .addHelpText("after", EXAMPLES[name])
      .option("--config <file>", "the configuration; default: nextval.config.ts, .mts, .js, .mjs or .cjs, here")
      .option("--env-file <file>", "set the variables of this file first, such as .env")
      .option("--schemas <names>", "look at these schemas only, as in public,billing", list)
      .option("--lock-timeout <ms>", "how long to wait for a lock, in ms; 0 waits forever; default: 5000", milliseconds)
      .option(
        "--statement-timeout <ms>",
        "how long a statement may take, but not what push changes; 0: no limit",
        milliseconds,
      )
      .option("--json", "print one JSON document to stdout, and nothing else")
      .option("--debug", "print the stack of an error, too")
      .action(async (flags: Flags) => {
        if (flags.envFile !== undefined) loadEnvFile(flags.envFile);
        finish(await (await load())(flags));
      });

  const ofOneDatabase = (added: Command) =>
    added.option("--url <url>", "the database; default: url in the configuration, then DATABASE_URL");

  const planning = (added: Command) =>
    ofOneDatabase(added)
      .option("--declarations <files...>", "files or globs that export the declarations; may be repeated")
      .option("--rename <old=new>", "a sequence of the database has a new name; may be repeated", rename)
      .option("--new <name>", "a declared sequence is new, and no other one renamed; may be repeated", isNew)
      .option("--prune", "drop what is not declared, unless it belongs to a column or feeds one")
      .option("--no-prune", "drop nothing, whatever the configuration says")
      .option("--verbose", "also name what the files export that is not a declaration");

  const allow = new Option("--allow <code>", `accept a hazard; may be repeated: ${ALLOWABLE_CODES.join(", ")}`);
  allow.argParser(hazardCode);

  planning(command("diff", "show what push would do", async () => (await import("./commands/diff.js")).diff)).addOption(
    allow,
  );
  planning(
    command(
      "push",
      "change the database so that it has what is declared",
      async () => (await import("./commands/push.js")).push,
    ),
  )
    .addOption(allow)
    .option("--yes", "apply without a question");
  ofOneDatabase(
    command(
      "pull",
      "write the declarations of what a database has",
      async () => (await import("./commands/pull.js")).pull,
    ),
  )
    .option("--out <file>", "write to this file; default: stdout")
    .option("--force", "overwrite the file");
  planning(
    command(
      "generate",
      "write what push would do as a migration",
      async () => (await import("./commands/generate.js")).generate,
    ),
  )
    .option("--name <name>", "what the migration is called; default: sequences")
    .addOption(
      new Option("--format <format>", `the tool it is for; default: ${DEFAULT_FORMAT}`).choices(MIGRATION_FORMATS),
    )
    .option("--out <folder>", "write to this folder; default: out in the configuration, then migrations");
  planning(
    command(
      "check",
      "fail where the database differs from the declarations",
      async () => (await import("./commands/check.js")).check,
    ),
  );
  const reading = (added: Command) =>
    ofOneDatabase(added)
      .option("--views", "also read views and foreign tables, which run code of their owners as you")
      .option("--trust-owner <role>", "let a superuser run code of this role; may be repeated", role);

  reading(
    command(
      "status",
      "show how the sequences are, worst first",
      async () => (await import("./commands/status.js")).status,
    ),
  )
    .option("--warn-at <share>", "a warning from this share of its range on; default: 0.75", share)
    .option("--critical-at <share>", "critical from this share on; default: 0.9", share)
    .addOption(
      new Option("--fail-at <level>", "exit with 1 from this level on; default: critical").choices([
        "warning",
        "critical",
      ]),
    )
    .option("--all-columns", "compare columns without an index, too, which reads their tables")
    .option("--watch <seconds>", "look again and again, and show how many days are left", seconds)
    .option("--once", "with --watch: look twice, and print the second look")
    .option("--verbose", "also say what is worth knowing and no problem, in sentences")
    .option("--prometheus", "print Prometheus' text format; exit with 0 whatever the level is");
  reading(
    command(
      "resync",
      "put sequences behind what their columns hold, after an import",
      async () => (await import("./commands/resync.js")).resync,
    ),
  )
    .option("--dry-run", "only show what would be done")
    .option("--yes", "do it without a question")
    .option("--allow-backwards", "also move back those that are further than they need")
    .option("--empty-caches", "also make connections forget what they reserved");
  command(
    "transfer",
    "carry the positions of sequences to another database, at a cutover",
    async () => (await import("./commands/transfer.js")).transfer,
  )
    .option("--from <url>", "the source")
    .option("--to <url>", "the target, which never moves backwards")
    .option("--margin <values>", "so many values are left out; default: 1000", values)
    .option("--dry-run", "do all checks, and set nothing");
  program
    .command("help")
    .summary("print this, or explain a command")
    .argument("[command]")
    .action((name?: string) => explainCommand(program, name));
  return program;
}

function explainCommand(program: Command, name: string | undefined): never {
  if (name === undefined) return program.help();
  const command = program.commands.find((each) => each.name() === name);
  const names = program.commands.map((each) => each.name());
  return command?.help() ?? fail(`There is no command ${redact(name)}${nearest(name, names)}`);
}

/** The package is known under its own name, from the source as from what was built. */
function versionOf(): string {
  return (createRequire(import.meta.url)("nextval/package.json") as { version: string }).version;
}
