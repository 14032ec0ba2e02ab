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

/** Returns the end of a sentence about a variable that is not set, because `.env` files are only read on request. */
export function envFileHint(folder: string): string {
  const file = resolve(folder, ".env");
  if (!existsSync(file)) return "";
  const name = shownPath(file);
  return `. If the variable is in ${name}, add --env-file ${name}`;
}
