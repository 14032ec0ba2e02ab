import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MIGRATION_FORMATS } from "../../catalog/generate/migration-formats.js";
import { ALLOWABLE_CODES, type AllowableCode } from "../../catalog/plan/hazards/hazard-codes.js";
import type { Config } from "../../config.js";
import { didYouMean, isSequence } from "../../internal.js";
import { acceptedProblem } from "../../operate/accepted-findings.js";
import { feedProblem } from "../../operate/declared-feeds.js";
import { ACCEPTABLE_CODES } from "../../operate/finding-codes.js";
import { throwCommandError } from "../terminal/command-error.js";
import { keepSecretsIn, withoutSecrets } from "../terminal/redact.js";
import { shownPath } from "../terminal/relative-path.js";
import { loadModule } from "./load-module.js";
import { SHARE_BOUNDS } from "./parse-flags.js";

const NAMES = ["ts", "mts", "js", "mjs", "cjs"].map((extension) => `nextval.config.${extension}`);

/** A configuration, with the folder that its file names are relative to. */
export interface LoadedConfig {
  readonly config: Config;
  readonly folder: string;
  /** Undefined if there is none. */
  readonly file: string | undefined;
  /** The name of the file in messages. */
  readonly name: string;
}

/** Loads the configuration of this name, or that of the working folder. It is empty if there is no file. */
export async function loadConfig(given: string | undefined): Promise<LoadedConfig> {
  const file = given === undefined ? NAMES.map((name) => resolve(name)).find(existsSync) : resolve(given);
  if (file === undefined) return { config: {}, folder: process.cwd(), file, name: "the configuration" };
  const name = shownPath(file);
  if (!existsSync(file)) throwCommandError(`There is no file ${name}`);
  const config = configOf(await loadModule(file, dirname(file)));
  if (config === undefined) throwCommandError(`${name} has no default export`, DEFAULT_EXPORT);
  keepSecretsIn(config);
  check(config, name);
  return { config, folder: dirname(file), file, name };
}

/**
 * Returns the default export. In CommonJS that is `module.exports`, which may contain the default export of a compiled
 * ES module.
 */
function configOf(exported: Readonly<Record<string, unknown>>): unknown {
  const isCommonJs =
    !("default" in exported) && !("__esModule" in exported) && Object.getPrototypeOf(exported) !== null;
  // A file without exports has probably forgotten them.
  if (isCommonJs && Object.keys(exported).length === 0) return undefined;
  const config = isCommonJs ? exported : exported["default"];
  return isObject(config) && "__esModule" in config && "default" in config ? config.default : config;
}

const DEFAULT_EXPORT = "Write export default defineConfig({ ... }).";

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isList = (value: unknown, of: (each: unknown) => boolean) => Array.isArray(value) && value.every(of);
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const MILLISECONDS = [
  (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  "a whole number of milliseconds, at least 0",
] as const;

const SHARE = [(value: unknown) => typeof value === "number" && value > 0 && value <= 1, SHARE_BOUNDS] as const;

/** The check of each option, with the words for its expected value. */
const PARTS: { readonly [Part in keyof Config]-?: readonly [is: (value: unknown) => boolean, what: string] } = {
  declarations: [
    (value) => isText(value) || isList(value, (each) => isText(each) || isSequence(each)),
    "a file, a glob, or a list of files, globs and sequences",
  ],
  schemas: [(value) => isList(value, isText), "a list of names"],
  exclude: [(value) => isList(value, isText), 'a list of names, such as ["legacy_*"]'],
  accepted: [Array.isArray, "a list of findings, each with its code, sequence and reason"],
  warnAt: SHARE,
  criticalAt: SHARE,
  failAt: [(value) => value === "warning" || value === "critical", "warning or critical"],
  feeds: [Array.isArray, "a list of columns, each with its sequence, table and column"],
  url: [(value) => typeof value === "string", "text such as postgresql://user@host:5432/database"],
  driver: [(value) => value === "postgres" || value === "pg", "postgres or pg"],
  renames: [
    (value) => isObject(value) && Object.values(value).every(isText),
    "an object of new names by old ones, such as { order_seq: 'sales_order_seq' }",
  ],
  prune: [(value) => typeof value === "boolean", "true or false"],
  identity: [(value) => typeof value === "boolean", "true or false"],
  allow: [
    (value) => isList(value, (each) => ALLOWABLE_CODES.includes(each as AllowableCode)),
    `a list of ${ALLOWABLE_CODES.join(", ")}`,
  ],
  lockTimeout: MILLISECONDS,
  statementTimeout: MILLISECONDS,
  out: [isText, "the name of a folder"],
  format: [
    (value) => MIGRATION_FORMATS.includes(value as (typeof MIGRATION_FORMATS)[number]),
    `one of ${MIGRATION_FORMATS.join(", ")}`,
  ],
};

/**
 * Checks the options. Messages never contain the given value, because it may be a URL with a password in the wrong
 * place.
 */
function check(config: unknown, name: string): asserts config is Config {
  if (!isObject(config)) throwCommandError(`The default export of ${name} has to be an object`, DEFAULT_EXPORT);
  for (const [part, value] of Object.entries(config)) {
    const rule = Object.hasOwn(PARTS, part) ? PARTS[part as keyof Config] : undefined;
    if (rule === undefined) {
      const hint = didYouMean(part, Object.keys(PARTS));
      throwCommandError(`Unknown option ${JSON.stringify(withoutSecrets(part))} in ${name}`, hint);
    }
    if (value !== undefined && !rule[0](value)) throwCommandError(`${part} in ${name} has to be ${rule[1]}`);
  }
  for (const entry of (config as Config).accepted ?? []) {
    const problem = acceptedProblem(entry, ACCEPTABLE_CODES);
    if (problem !== undefined) throwCommandError(`accepted in ${name} ${problem[0]}`, problem[1]);
  }
  for (const entry of (config as Config).feeds ?? []) {
    const problem = feedProblem(entry);
    if (problem !== undefined) throwCommandError(`feeds in ${name} ${problem[0]}`, problem[1]);
  }
}
