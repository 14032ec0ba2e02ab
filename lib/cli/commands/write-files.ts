import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { throwCommandError } from "../terminal/command-error.js";
import { codeOf, errorMessage } from "../terminal/error-message.js";
import { shownPath } from "../terminal/relative-path.js";

export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Whether it is written over a file that exists. */
  readonly replaces?: boolean | undefined;
}

/** Writes all of the files or none, without an interruption: a signal is handled before or after. */
export function writeFiles(
  files: readonly NewFile[],
  {
    overwrite = false,
    hint = "Move it away, or give another name.",
  }: { readonly overwrite?: boolean; readonly hint?: string } = {},
): void {
  for (const { path, replaces = overwrite } of files) if (!replaces) refuseToOverwrite(path, hint);
  const created: string[] = [];
  for (const { path, content, replaces = overwrite } of files) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (replaces) replaceFile(path, content);
      else {
        createFile(path, content);
        created.push(path);
      }
    } catch (error) {
      for (const each of created) rmSync(each, { force: true });
      if (codeOf(error) === "EEXIST" && !replaces && isThere(path)) refuseToOverwrite(path, hint);
      throwCommandError(`Cannot write ${shownPath(path)}: ${errorMessage(error)}`);
    }
  }
}

export function refuseToOverwrite(path: string, hint: string): void {
  if (isThere(path)) throwCommandError(`${shownPath(path)} exists, and nothing was written`, hint);
}

/** Whether something exists at a path. A broken link counts. If a folder of the path is a file, nothing exists. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Replaces a file once the new one is complete. A link stays a link, and its target keeps its permissions. */
function replaceFile(path: string, content: string): void {
  const old = statSync(path, { throwIfNoEntry: false });
  if (old === undefined && isThere(path)) throw new Error("it is a link to a file that does not exist");
  // A regular file that replaces a device, such as /dev/null for root, would affect every program.
  if (old !== undefined && !old.isFile()) throw new Error("it is not a regular file");
  const target = old === undefined ? path : realpathSync(path);
  withTemporary(target, content, old, (temporary) => renameSync(temporary, target));
}

/** Creates a file, but never replaces one that another process has created in the meantime. */
function createFile(path: string, content: string): void {
  withTemporary(path, content, undefined, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw error;
      // Some file systems do not support hard links.
      renameSync(temporary, path);
    }
  });
}

/**
 * Writes a temporary file beside it. Its name is random, because a name that could be guessed may be taken, or be a
 * link.
 */
function withTemporary(path: string, content: string, old: Stats | undefined, use: (temporary: string) => void): void {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}.new`);
  const file = openSync(temporary, "wx", old === undefined ? 0o666 : 0o600);
  try {
    try {
      writeFileSync(file, content);
      if (old !== undefined) keepPermissions(file, old);
    } finally {
      closeSync(file);
    }
    use(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function keepPermissions(file: number, { uid, gid, mode }: Stats): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // Only root may change the owner of a file.
  }
  fchmodSync(file, mode & 0o777);
}
