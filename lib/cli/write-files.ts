import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "./command-error.js";
import { explain } from "./explain.js";
import { shownPath } from "./load-module.js";

export interface NewFile {
  readonly path: string;
  readonly content: string;
}

/** Writes all of them or none, in one go: a signal comes before or after. */
export function writeFiles(
  files: readonly NewFile[],
  { overwrite = false, hint = "nothing was written" }: { readonly overwrite?: boolean; readonly hint?: string } = {},
): void {
  if (!overwrite) for (const { path } of files) refuseToOverwrite(path, hint);
  const written: string[] = [];
  for (const { path, content } of files) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      // The file is never half written: it takes the place of the old one when it is whole.
      writeFileSync(`${path}.new`, content);
      renameSync(`${path}.new`, path);
      written.push(path);
    } catch (error) {
      removeIfThere(`${path}.new`);
      if (!overwrite) for (const each of written) rmSync(each, { force: true });
      fail(`Cannot write ${shownPath(path)}: ${explain(error)}`);
    }
  }
}

export function refuseToOverwrite(path: string, hint: string): void {
  if (existsSync(path)) fail(`${shownPath(path)} exists; ${hint}`);
}

/** Where a folder of the path is a file, there is nothing to remove, and that is no error either. */
function removeIfThere(path: string): void {
  if (existsSync(path)) rmSync(path);
}
