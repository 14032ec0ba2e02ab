import { createHash } from "node:crypto";
import type { MigrationFolder } from "nextval/catalog";

/** A folder of migrations that has these files. */
export function folderOf(files: Readonly<Record<string, string>> = {}): MigrationFolder {
  return {
    files: Object.keys(files),
    read: (file) => files[file]!,
    hash: (algorithm, text, encoding) => createHash(algorithm).update(text).digest(encoding),
  };
}
