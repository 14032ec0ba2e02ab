import { lstatSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Jiti } from "jiti";
import type { Advice } from "../../internal.js";
import { CommandError } from "../terminal/command-error.js";
import { redactThrown } from "../terminal/redact.js";
import { shownPath } from "../terminal/relative-path.js";
import { thrownAt } from "./thrown-at.js";

let loader: Promise<Jiti> | undefined;
let loaded: Jiti | undefined;

/**
 * Returns one loader for all files, so each is loaded once. `paths` are those of the working folder's tsconfig.json.
 */
function loaderOf(): Promise<Jiti> {
  return (loader ??= makeLoader());
}

/** Returns the files of the user that were loaded, also those that others import. */
export function loadedFiles(): readonly string[] {
  const files = Object.keys(loaded?.cache ?? {});
  // Only the part of a path below the working folder counts.
  return files.filter((file) => !/(^|[\\/])node_modules[\\/]/.test(shownPath(file)));
}

/** Loading the compiler takes a third of the time of a command that needs no file. */
async function makeLoader(cache = cacheFolder()): Promise<Jiti> {
  const { createJiti } = await import("jiti");
  const options = { fsCache: cache, interopDefault: false, tsconfigPaths: true };
  return (loaded = createJiti(resolve("nextval.config.ts"), options));
}

/**
 * Returns the folder for compiled files, which saves a third of the time the next time. Nobody else may write there,
 * because the files run, nor read, because a configuration may contain a password. Without such a folder of the project
 * nothing is kept.
 */
function cacheFolder(): string | false {
  const folder = resolve("node_modules/.cache/nextval");
  try {
    if (!lstatSync("node_modules").isDirectory()) return false;
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isOwn(folder) ? folder : false;
  } catch {
    return false;
  }
}

/** Whether this is a folder that only the user of this process may use. Windows does not tell. */
function isOwn(folder: string): boolean {
  const found = lstatSync(folder);
  const user = process.getuid?.();
  return found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & 0o077) === 0));
}

/** Loads a file of the user, TypeScript or JavaScript, and returns its exports. An error in it becomes one sentence. */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await settled(file, importFile(file));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const place = isCompiled(error) ? thrownAt(error) : undefined;
    const at = place === undefined ? "" : ` (${place})`;
    const { hint, fix } = isMisplaced(error) ? { hint: CONFIG_EXPORT } : adviceOf(error);
    const reason = redactThrown(reasonOf(error, file));
    throw new CommandError(`Cannot load ${shownPath(file)}: ${reason}${at}`, { hint, fix, cause: error, place });
  }
}

/** Without the folder for compiled files if one cannot be written there. */
async function importFile(file: string): Promise<Record<string, unknown>> {
  const importer = await loaderOf();
  try {
    return await importer.import(file);
  } catch (error) {
    if (!isOfCache(error, importer.options.fsCache)) throw error;
    loader = makeLoader(false);
    return (await loader).import(file);
  }
}

/** Whether a compiled file could not be read or written: it is another user's, or the disk is full. */
function isOfCache(error: unknown, folder: unknown): boolean {
  if (typeof folder !== "string" || !(error instanceof Error && "syscall" in error)) return false;
  // Errors of open files do not name them.
  return "path" in error ? String(error.path).startsWith(folder) : ["read", "write"].includes(String(error.syscall));
}

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
