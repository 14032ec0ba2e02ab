import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { HazardCode, MigrationFormat, ModuleExtension, PlanOptions } from "../../catalog/index.js";
import type { Config } from "../../config.js";
import type { SequenceLike } from "../../index.js";
import { HEALTH_CODES, TRANSFER_CODES } from "../../operate/finding-codes.js";
import type { AcceptableTransferCode, AcceptedFinding, HealthCode, StatusOptions } from "../../operate/index.js";
import { color } from "../terminal/color.js";
import { throwCommandError } from "../terminal/command-error.js";
import { errorMessage } from "../terminal/error-message.js";
import { printError } from "../terminal/print.js";
import { lines, text } from "../terminal/shown-text.js";
import { filesOf } from "./declaration-files.js";
import { addListed, type Declarations, declarationsOf, findIn, nothingFound } from "./declarations.js";
import { envFileHint } from "./env-file.js";
import { type LoadedConfig, loadConfig } from "./load-config.js";

/** The flags of all commands, as given. */
export interface Flags {
  /** The arguments that are not flags. */
  readonly args?: readonly string[];
  readonly config?: string;
  readonly env?: string;
  readonly url?: string;
  readonly driver?: Config["driver"];
  readonly declarations?: readonly string[];
  readonly schemas?: readonly string[];
  readonly exclude?: readonly string[];
  readonly prune?: boolean;
  readonly rename?: Readonly<Record<string, string>>;
  readonly new?: readonly string[];
  readonly allow?: readonly HazardCode[];
  readonly json?: boolean;
  readonly identity?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly name?: string;
  readonly format?: MigrationFormat | "github";
  readonly extension?: ModuleExtension;
  readonly apply?: boolean;
  readonly cleanUp?: boolean;
  readonly yes?: boolean;
  readonly lockTimeout?: number;
  readonly statementTimeout?: number;
  readonly warnAt?: number;
  readonly criticalAt?: number;
  readonly failAt?: Config["failAt"];
  readonly allColumns?: boolean;
  readonly views?: boolean;
  readonly trustOwner?: readonly string[];
  readonly watch?: number;
  readonly once?: boolean;
  readonly prometheus?: boolean;
  readonly html?: string;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly only?: "problems";
  readonly top?: number;
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
  readonly allowBackwards?: boolean;
  readonly emptyCaches?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly margin?: bigint;
}

/** The combined flags, configuration and environment. Flags win, and repeatable flags add to the configuration. */
export interface Settings {
  readonly url: string;
  /** The source of the URL, for messages. */
  readonly urlFrom: string;
  readonly driver?: Config["driver"];
  readonly schemas: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** The accepted findings of `status` and `resync`, and those of `transfer`. */
  readonly accepted: {
    readonly ofStatus: readonly AcceptedFinding<HealthCode>[];
    readonly ofTransfer: readonly AcceptedFinding<AcceptableTransferCode>[];
  };
  /** The used shares from which `status` reports a warning, and a critical sequence. */
  readonly warnAt: number | undefined;
  readonly criticalAt: number | undefined;
  /** The level from which `status` exits with 1. */
  readonly failAt: Config["failAt"];
  readonly planOptions: PlanOptions;
  readonly allow: readonly HazardCode[];
  readonly lockTimeout: number | undefined;
  readonly statementTimeout?: number | undefined;
  /** Whether `pull` declares the sequences of identity columns. */
  readonly identity: boolean | undefined;
  /** The folder of migrations. */
  readonly migrations: string;
  readonly format: MigrationFormat | undefined;
  /** The file of the configuration; undefined if there is none. */
  readonly file: string | undefined;
  /** Whether any declarations are given. */
  readonly hasDeclarations: boolean;
  /** Loads the files of declarations. */
  declarations(): Promise<Declarations>;
  /** Loads the declarations of a file that is about to be overwritten; none if there is no such file. */
  kept(file: string): Promise<Declarations["sequences"]>;
  /** Loads what declarations and the configuration say of the columns that programs fill. */
  feeds(): Promise<Pick<StatusOptions, "declarations" | "feeds">>;
}

export async function settingsOf(flags: Flags): Promise<Settings> {
  const loaded = await loadConfig(flags.config);
  const { config, folder } = loaded;
  const [url, urlFrom] = urlOf(flags, loaded);
  const exclude = [...(config.exclude ?? []), ...(flags.exclude ?? [])];
  return {
    url,
    urlFrom,
    driver: flags.driver ?? config.driver,
    schemas: flags.schemas ?? config.schemas,
    exclude,
    accepted: {
      ofStatus: acceptedOf(config, HEALTH_CODES),
      ofTransfer: acceptedOf(config, TRANSFER_CODES),
    },
    warnAt: flags.warnAt ?? config.warnAt,
    criticalAt: flags.criticalAt ?? config.criticalAt,
    failAt: flags.failAt ?? config.failAt,
    planOptions: {
      exclude,
      prune: flags.prune ?? config.prune,
      renames: { ...config.renames, ...flags.rename },
      new: flags.new ?? [],
    },
    allow: [...(config.allow ?? []), ...(flags.allow ?? [])],
    lockTimeout: flags.lockTimeout ?? config.lockTimeout,
    statementTimeout: flags.statementTimeout ?? config.statementTimeout,
    identity: flags.identity ?? config.identity,
    migrations: flags.out === undefined ? resolve(folder, config.out ?? "migrations") : resolve(flags.out),
    format: flags.format === "github" ? config.format : (flags.format ?? config.format),
    file: loaded.file,
    hasDeclarations: listOf(flags, config).length > 0,
    declarations: () => loadDeclarations(flags, loaded),
    kept: loadKept,
    feeds: () => loadFeeds(flags, loaded),
  };
}

/** What the file declares beyond the database would be lost silently if it cannot be loaded. */
async function loadKept(file: string): Promise<Declarations["sequences"]> {
  if (!existsSync(file)) return [];
  const found = nothingFound();
  try {
    await findIn([file], found);
    return declarationsOf(found).sequences;
  } catch (error) {
    const what = "its declarations could not be loaded, so their feeds, blocks and modes are not kept:";
    printError(lines([text`${color.yellow("Warning:")} ${what}`, `  ${errorMessage(error)}`]));
    return [];
  }
}

/**
 * Declarations that the configuration names may be missing on the machine that watches the database. Then the command
 * goes on without them, and says so.
 */
async function loadFeeds(flags: Flags, loaded: LoadedConfig): Promise<Pick<StatusOptions, "declarations" | "feeds">> {
  const { declarations = [], feeds } = loaded.config;
  if (flags.declarations === undefined && declarations.length === 0) return { feeds };
  try {
    return { feeds, declarations: (await loadDeclarations(flags, loaded)).sequences };
  } catch (error) {
    if (flags.declarations !== undefined) throw error;
    const warning = text`${color.yellow("Warning:")} the declarations could not be loaded, so their feeds are unknown:`;
    printError(lines([warning, `  ${errorMessage(error)}`]));
    return { feeds };
  }
}

/** Selects the accepted findings whose codes a function knows. */
function acceptedOf<Code extends string>({ accepted = [] }: Config, codes: readonly Code[]): AcceptedFinding<Code>[] {
  return accepted.flatMap((entry) => {
    const code = codes.find((each) => each === entry.code);
    return code === undefined ? [] : [{ ...entry, code }];
  });
}

/**
 * Returns the URL and its source. An empty URL is an error: its variable is probably not set, and the command would
 * change another database.
 */
function urlOf(flags: Flags, { config, folder, name }: LoadedConfig): [url: string, from: string] {
  if (flags.url === "") throwCommandError("--url is empty", "Set the variable that --url is read from.");
  if (flags.url !== undefined) return [flags.url, "--url"];
  if ("url" in config) {
    if (config.url !== undefined && config.url !== "") return [config.url, `url in ${name}`];
    const what = config.url === undefined ? "undefined" : "empty";
    const first = envFileHint(folder, "the variable") ?? "Set the variable that it is read from";
    throwCommandError(`url in ${name} is ${what}`, `${first}, give --url, or take url out to use DATABASE_URL.`);
  }
  const url = process.env["DATABASE_URL"] ?? "";
  if (url !== "") return [url, "DATABASE_URL"];
  const first = envFileHint(folder, "DATABASE_URL") ?? "Set DATABASE_URL";
  return throwCommandError("No database is given", `${first}, give --url, or write url into nextval.config.ts.`);
}

function listOf(flags: Flags, config: Config): readonly (string | SequenceLike)[] {
  const given = flags.declarations ?? config.declarations ?? [];
  return typeof given === "string" ? [given] : given;
}

async function loadDeclarations(flags: Flags, { config, folder, file }: LoadedConfig): Promise<Declarations> {
  const list = listOf(flags, config);
  if (list.length === 0) {
    throwCommandError(
      "No declarations are given",
      "Give --declarations FILE, or write declarations into nextval.config.ts.",
    );
  }
  const found = nothingFound();
  // Only a configuration can list sequences.
  for (const each of list) if (typeof each !== "string") addListed(each, file as string, found);
  const base = flags.declarations === undefined ? folder : process.cwd();
  for (const each of list) if (typeof each === "string") await findIn(await filesOf(each, base), found);
  if (flags.verbose === true && found.others.length > 0) printError(text`Passed over: ${found.others.join(", ")}`);
  return declarationsOf(found);
}
