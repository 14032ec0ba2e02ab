import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { throwCommandError } from "../terminal/command-error.js";
import { withoutSecrets } from "../terminal/redact.js";
import { shownPath } from "../terminal/relative-path.js";

/** Returns the files of a name or glob, relative to a folder, sorted by name. */
export async function filesOf(pattern: string, folder: string): Promise<string[]> {
  const path = resolve(folder, pattern);
  // A name such as [id].ts is looked up before it is treated as a glob.
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return [path];
    const files = JSON.stringify(`${pattern.replace(/\/$/, "")}/*.ts`);
    throwCommandError(`${shownPath(path)} is a folder, not a file or a glob`, `Name its files, as in ${files}.`);
  }
  const { glob, isDynamicPattern } = await import("tinyglobby");
  if (!isDynamicPattern(pattern)) throwCommandError(`There is no file ${shownPath(path)}`);
  const found = await glob(pattern, {
    cwd: folder,
    absolute: true,
    ignore: ["**/node_modules/**", "**/*.d.{ts,mts,cts}"],
  });
  if (found.length === 0) throwCommandError(`No file matches ${withoutSecrets(pattern)} in ${folder}`);
  return found.map((file) => resolve(file)).sort();
}
