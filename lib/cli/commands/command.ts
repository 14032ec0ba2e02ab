import { type Command, Option } from "commander";
import { ALLOWABLE_CODES } from "../../catalog/plan/hazards/hazard-codes.js";
import { hazardCode, isNew, pattern, rename, role } from "../config/parse-flags.js";
import type { Flags } from "../config/settings.js";
import { throwCommandError } from "../terminal/command-error.js";

/** A command: its help, its options, and its function. */
export interface CliCommand {
  /** Its line in the list of commands. */
  readonly summary: string;
  /** The text after its options: details, examples, exit codes. */
  readonly details: string;
  addOptions(command: Command): void;
  /** The default of `--lock-timeout`, in milliseconds. Default: 5000. */
  readonly lockTimeout?: number;
  /** Whether it works on one column, so it has neither `--schemas` nor `--statement-timeout`. Default: false. */
  readonly isOfOne?: boolean;
  /** Runs the command, and returns the exit code. */
  run(flags: Flags): Promise<number>;
}

/** The options of every command that works on one database. */
export function addUrl(command: Command): Command {
  return addDriver(command.option("--url <url>", "the database; default: url in the configuration, then DATABASE_URL"));
}

/** The option of every command that connects. */
export function addDriver(command: Command): Command {
  const driver = new Option("--driver <name>", "the package that connects; default: the one that is installed");
  return command.addOption(driver.choices(["postgres", "pg"]));
}

/** The option of the commands that leave sequences out. */
export function addExclude(command: Command): Command {
  return command.option("--exclude <name>", "leave out a sequence; * matches anything; may be repeated", pattern);
}

/** The options of every command that compares a database with declarations. */
export function addPlanning(command: Command): Command {
  return addUrl(command)
    .option("--declarations <files...>", "files or globs that export the declarations; may be repeated")
    .option("--rename <old=new>", "a sequence of the database gets a new name; may be repeated", rename)
    .option("--new <name>", "a declared sequence is new, not a renamed one; may be repeated", isNew)
    .option("--prune", "drop undeclared sequences, except those that belong to a column or feed one")
    .option("--no-prune", "drop nothing, whatever the configuration says")
    .option("--verbose", "also list exports of the files that are not declarations");
}

/** The option of the commands that show hazards. */
export function addAllow(command: Command): Command {
  const allow = new Option("--allow <code>", `accept a hazard; may be repeated: ${ALLOWABLE_CODES.join(", ")}`);
  return command.addOption(allow.argParser(hazardCode));
}

/** The option of the commands that can annotate the files of declarations. */
export function addFormat(command: Command): Command {
  const format = new Option("--format <format>", "github: annotate the declarations in a workflow of GitHub");
  return command.addOption(format.choices(["github"]));
}

export function refuseTwoFormats({ format, json, prometheus }: Flags): void {
  if (format !== undefined && json === true) throwCommandError("--json and --format are two formats", GIVE_ONE);
  if (json === true && prometheus === true) throwCommandError("--json and --prometheus are two formats", GIVE_ONE);
  if (format !== undefined && prometheus === true) {
    throwCommandError("--prometheus and --format are two formats", GIVE_ONE);
  }
}

const GIVE_ONE = "Give one of them.";

/** Refuses `--yes` together with `--dry-run`. */
export function refuseContradiction({ yes, dryRun }: Flags): void {
  if (yes !== true || dryRun !== true) return;
  throwCommandError("--dry-run changes nothing, and --yes changes it without a question", "Leave one of them out.");
}

/** The options of every command that reads tables. */
export function addReading(command: Command): Command {
  return addExclude(addUrl(command))
    .option("--declarations <files...>", "declarations whose feeds are also compared; may be repeated")
    .option("--views", "also read views and foreign tables, which run their owners' code as you")
    .option("--trust-owner <role>", "let a superuser run code of this role; may be repeated", role);
}
