import { lstatSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Jiti } from "jiti";
import type { Advice } from "../../internal.js";
import { CommandError } from "../terminal/command-error.js";
import { redactThrown } from "../terminal/redact.js";
import { shownPath } from "../terminal/relative-path.js";
import { thrownAt } from "./thrown-at.js";

let loader: Promise<Jiti> | undefined;
let loaded: Jiti | undefined;

/**
 * Returns one loader for all files, so each is loaded once. The folder of the first call has the tsconfig.json whose
 * `paths` count, and the packages.
 */
function loaderOf(folder: string): Promise<Jiti> {
  return (loader ??= makeLoader(folder, cacheFolder(folder)));
}

/** Returns the files of the user that were loaded, also those that others import. */
export function loadedFiles(): readonly string[] {
  const files = Object.keys(loaded?.cache ?? {});
  // Only the part of a path below the working folder counts.
  return files.filter((file) => !/(^|[\\/])node_modules[\\/]/.test(shownPath(file)));
}

/** Loading the compiler takes a third of the time of a command that needs no file. */
async function makeLoader(folder: string, cache: string | false): Promise<Jiti> {
  const { createJiti } = await import("jiti");
  const options = { fsCache: cache, interopDefault: false, tsconfigPaths: true };
  return (loaded = createJiti(resolve(folder, "nextval.config.ts"), options));
}

/**
 * Returns the folder for compiled files, which saves a third of the time the next time. Nobody else may write there,
 * because the files run, nor read, because a configuration may contain a password. It is directly in the folder of the
 * packages, because whoever can write that can also replace the packages. Without such a folder nothing is kept.
 */
function cacheFolder(folder: string): string | false {
  const packages = resolve(folder, "node_modules");
  const cache = resolve(packages, ".nextval");
  try {
    if (!isOwn(packages, 0o002)) return false;
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    return isOwn(cache, 0o077) ? cache : false;
  } catch {
    return false;
  }
}

/** Whether this is a folder of the user of this process, without these rights of others. Windows does not tell. */
function isOwn(folder: string, rights: number): boolean {
  const found = lstatSync(folder);
  const user = process.getuid?.();
  return found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & rights) === 0));
}

/**
 * Loads a file of the user, TypeScript or JavaScript, and returns its exports. An error in it becomes one sentence.
 *
 * @param folder - the folder of the project, for the first file
 */
export async function loadModule(file: string, folder = process.cwd()): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await settled(file, importFile(file, folder));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const place = isCompiled(error) ? thrownAt(error) : undefined;
    const at = place === undefined ? "" : ` (${place})`;
    const { hint, fix } = isMisplaced(error) ? { hint: CONFIG_EXPORT } : adviceOf(error);
    const reason = redactThrown(reasonOf(error, file));
    throw new CommandError(`Cannot load ${shownPath(file)}: ${reason}${at}`, { hint, fix, cause: error, place });
  }
}

/** Without the folder for compiled files if one cannot be read or written there: the disk may be full. */
async function importFile(file: string, folder: string): Promise<Record<string, unknown>> {
  const importer = await loaderOf(folder);
  try {
    return await importer.import(file);
  } catch (error) {
    if (importer.options.fsCache === false || !isOfLoader(error)) throw error;
    loader = makeLoader(folder, false);
    return (await loader).import(file);
  }
}

/** Whether the loader itself could not read or write a file, and not the code that it runs. */
function isOfLoader(error: unknown): boolean {
  if (!(error instanceof Error && "syscall" in error)) return false;
  const calls = error.stack?.split("\n").filter((line) => /^\s+at (?!.*\bnode:)/.test(line)) ?? [];
  return calls[0]?.includes(LOADER) === true;
}

const LOADER = join("node_modules", "jiti");

/**
 * Waits for a file. If it awaits a promise that nothing can resolve anymore, Node.js would end the process silently,
 * with exit code 13.
 */
async function settled<Result>(file: string, loading: Promise<Result>): Promise<Result> {
  let onIdle = () => {};
  const idle = new Promise<never>((_resolve, reject) => {
    onIdle = () =>
      reject(
        new CommandError(`Cannot load ${shownPath(file)}: it awaits a promise that never settles`, {
          hint: "Look for an await at the top level of the file, or of a file that it imports.",
        }),
      );
    process.once("beforeExit", onIdle);
  });
  try {
    return await Promise.race([loading, idle]);
  } finally {
    process.off("beforeExit", onIdle);
  }
}

const PARSE_ERROR = "ParseError: ";

/** Whether the file compiled. Otherwise the message already has the place of the error. */
function isCompiled(error: unknown): boolean {
  return !(error instanceof Error && error.message.startsWith(PARSE_ERROR));
}

/** The form in which the loader writes an imported name: `(0 , _nextval.pgSequence)`. */
const COMPILED_IMPORT = /\(0\s*, _[\w$]+\.([\w$]+)\)/g;

function reasonOf(error: unknown, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const [problem = "", ...lines] = message.split("\n").map((line) => line.trim());
  const place = lines.find((line) => line !== "");
  if (problem.startsWith(PARSE_ERROR) && place !== undefined && /:\d+:\d+$/.test(place)) {
    return `it does not compile: ${problem.slice(PARSE_ERROR.length)} at ${place.replace(file, () => shownPath(file))}`;
  }
  if (isMisplaced(error)) return "defineConfig is not imported from nextval/config";
  const readable = message.replace(/\nRequire stack:.*/s, "").replaceAll(COMPILED_IMPORT, "$1");
  return readable.trim() || "it throws an error without a message";
}

/** Returns what to do about an error of the library. */
function adviceOf(error: unknown): Advice {
  return error instanceof Error && error.name === "NextvalError" ? (error as Advice) : {};
}

/** Whether `defineConfig` was imported from a module that does not export it, or not at all. */
function isMisplaced(error: unknown): boolean {
  const [problem = ""] = (error instanceof Error ? error.message : "").split("\n");
  return problem.includes("defineConfig") && /is not (?:a function|defined)$|export named 'defineConfig'/.test(problem);
}

const CONFIG_EXPORT = 'Write import { defineConfig } from "nextval/config".';
