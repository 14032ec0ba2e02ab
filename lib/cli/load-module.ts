import { relative, resolve, sep } from "node:path";
import { createJiti, type Jiti } from "jiti";
import { CommandError } from "./command-error.js";
import { maskUserinfo, redactThrown } from "./redact.js";

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
    throw new CommandError(`Cannot load ${shownPath(file)}: ${redactThrown(reasonOf(error, file))}`, { cause: error });
  }
}

/** A path as the user would write it: relative to the working folder, where it is below that. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  // A url in the wrong place is taken for a path, too.
  return maskUserinfo(short === "" || short.startsWith(`..${sep}`) || short === ".." ? path : short);
}

const PARSE_ERROR = "ParseError: ";

function reasonOf(error: unknown, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const [problem = "", ...lines] = message.split("\n").map((line) => line.trim());
  const place = lines.find((line) => line !== "");
  if (problem.startsWith(PARSE_ERROR) && place !== undefined && /:\d+:\d+$/.test(place)) {
    return `it does not compile: ${problem.slice(PARSE_ERROR.length)} at ${place.replace(file, () => shownPath(file))}`;
  }
  return message.replace(/\nRequire stack:.*/s, "").trim() || "it throws an error without a message";
}
