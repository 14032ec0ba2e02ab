import { relative, resolve, sep } from "node:path";
import { createJiti, type Jiti } from "jiti";
import { CommandError } from "./command-error.js";

let loader: Jiti | undefined;

/** One for all files, so that each is loaded once; `paths` are those of the working folder's tsconfig.json. */
function loaderOf(): Jiti {
  const options = { fsCache: false, interopDefault: false, tsconfigPaths: true };
  return (loader ??= createJiti(resolve("nextval.config.ts"), options));
}

/** What a file of the user exports, TypeScript or JavaScript; what goes wrong in it becomes one sentence. */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await loaderOf().import<Record<string, unknown>>(file);
  } catch (error) {
    throw new CommandError(`Cannot load ${shownPath(file)}: ${reasonOf(error, file)}`, { cause: error });
  }
}

/** A path as the user would write it: relative to the working folder, where it is below that. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith(`..${sep}`) || short === ".." ? path : short;
}

function reasonOf(error: unknown, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, problem, place] = /^ParseError: (.*?)\s*\n\s*(\S.*:\d+:\d+)/s.exec(message) ?? [];
  if (problem !== undefined && place !== undefined) {
    return `it does not compile: ${problem.trim()} at ${place.replace(file, shownPath(file))}`;
  }
  return message.replace(/\nRequire stack:.*/s, "").trim() || "it throws an error without a message";
}
