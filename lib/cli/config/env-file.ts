import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { throwCommandError } from "../terminal/command-error.js";
import { errorMessage } from "../terminal/error-message.js";
import { keepEnvironmentSecrets } from "../terminal/redact.js";
import { shownPath } from "../terminal/relative-path.js";

/** Sets the variables of a file such as `.env`. A variable that is already set keeps its value, as in Node.js. */
export function loadEnvFile(file: string): void {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    throwCommandError(`Cannot read ${shownPath(resolve(file))}: ${errorMessage(error)}`);
  }
  for (const [name, value] of Object.entries(parseEnv(source))) process.env[name] ??= value as string;
  keepEnvironmentSecrets();
}

/**
 * Returns the beginning of a hint about a variable that is not set, because a file `.env` is only read on request;
 * undefined if there is none.
 */
export function envFileHint(folder: string, variable: string): string | undefined {
  const file = resolve(folder, ".env");
  if (!existsSync(file)) return undefined;
  const name = shownPath(file);
  return `Add --env ${name} if ${variable} is in it`;
}
