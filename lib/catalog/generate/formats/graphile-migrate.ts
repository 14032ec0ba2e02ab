import { linesOf, type MigrationFile, type MigrationScript, wayBackOf } from "./migration-script.js";
import { throwGenerateError } from "./throw-generate-error.js";

/**
 * Writes a committed migration, which runs once. `current.sql` would run again at each change, and statements such as
 * `create sequence` would fail then. The hash covers the text and the hash of the migration before it. Sources:
 * graphile-migrate's `commands/commit.ts` and `hash.ts`.
 */
export function graphileMigrate({ name, up, down, folder }: MigrationScript): MigrationFile[] {
  const last = folder.files
    .filter((file) => COMMITTED.test(file))
    .reduce((a, b) => (numberOf(b) > numberOf(a) ? b : a), "");
  const previous = last === "" ? null : hashOf(last, folder.read(last));
  const body = `${linesOf(up)}\n${wayBackOf("graphile-migrate", down)}`;
  const hash = `sha1:${folder.hash("sha1", `${previous ?? ""}\n${body.trim()}`.trim() + "\n", "hex")}`;
  const number = `${numberOf(last) + 1n}`.padStart(6, "0");
  const slug = name.toLowerCase().replaceAll(/-+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 60);
  const headers = [`Previous: ${previous ?? "-"}`, `Hash: ${hash}`, `Message: ${name}`];
  const content = [...headers.map((header) => `--! ${header}`), "", body].join("\n");
  return [{ path: `committed/${number}-${slug}.sql`, content }];
}

const COMMITTED = /^committed\/(\d+)(?:-[-\w]*)?\.sql$/;

function numberOf(file: string): bigint {
  return BigInt(COMMITTED.exec(file)?.[1] ?? 0);
}

function hashOf(file: string, text: string): string {
  return (
    /^(?:--! .*\n)*?--! Hash: *(\S+) *\n/.exec(text)?.[1] ??
    throwGenerateError(`${file} has no hash, so graphile-migrate would refuse what follows it`)
  );
}
