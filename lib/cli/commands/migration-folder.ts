import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MigrationFolder } from "../../catalog/index.js";
import { throwCommandError } from "../terminal/command-error.js";
import { errorMessage } from "../terminal/error-message.js";
import { shownPath } from "../terminal/relative-path.js";

/**
 * Reads a folder of migrations and the folders in it, but nothing deeper. A folder that is missing, or that this user
 * may not read, counts as empty: what is wrong with it shows when the files are written.
 */
export function migrationFolder(folder: string): MigrationFolder {
  const entries = entriesOf(folder);
  const inner = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules");
  return {
    files: [
      ...filesIn(entries),
      ...inner.flatMap(({ name }) => filesIn(entriesOf(join(folder, name))).map((file) => `${name}/${file}`)),
    ],
    read: (file) => read(join(folder, file)),
    hash: (algorithm, text, encoding) => createHash(algorithm).update(text).digest(encoding),
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function filesIn(entries: readonly Dirent[]): string[] {
  return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return throwCommandError(`Cannot read ${shownPath(path)}: ${errorMessage(error)}`);
  }
}
