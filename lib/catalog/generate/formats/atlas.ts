import {
  linesOf,
  type MigrationFile,
  type MigrationFolder,
  type MigrationScript,
  wayBackOf,
} from "./migration-script.js";
import { nextName } from "./next-name.js";
import { throwGenerateError } from "./throw-generate-error.js";

const SUM = "atlas.sum";

/**
 * Writes a versioned migration and `atlas.sum`, which has a hash of each file and all before it. The first line cannot
 * be a directive of Atlas, whatever the names and comments are. Source: Atlas' "Migration Directory Integrity", and
 * its `sql/migrate/dir.go`.
 */
export function atlas({ name, at, up, down, folder }: MigrationScript): MigrationFile[] {
  const others = folder.files.filter((file) => /^[^/]+\.sql$/.test(file));
  const contents = new Map(others.map((file) => [file, folder.read(file)]));
  const known = folder.files.includes(SUM) ? folder.read(SUM) : "";
  if (others.length > 0 && known.trimEnd() !== sumOf(contents, folder).trimEnd()) {
    throwGenerateError(
      "atlas.sum is not that of the files in its folder",
      "Run atlas migrate validate to see what differs, and atlas migrate hash if that is intended.",
    );
  }
  const path = `${nextName(others, name, at, "timestamp")}.sql`;
  const content = `-- Migration ${name}\n\n${linesOf(up)}\n${wayBackOf("Atlas", down)}`;
  const sum = sumOf(new Map([...contents, [path, content]]), folder);
  return [
    { path, content },
    { path: SUM, content: sum, replaces: true },
  ];
}

/** The text of `atlas.sum` for these files. */
function sumOf(contents: ReadonlyMap<string, string>, { hash }: Pick<MigrationFolder, "hash">): string {
  let before = "";
  const entries: [name: string, hash: string][] = [];
  for (const [name, content] of [...contents].sort(([one], [other]) => (one < other ? -1 : 1))) {
    before += name;
    // Atlas looks for this directive in the first line only.
    if (/^[ -~]*atlas:sum +ignore\s*$/.test(content.split("\n", 1)[0] ?? "")) continue;
    before += content;
    entries.push([name, hash("sha256", before, "base64")]);
  }
  const total = hash("sha256", entries.flat().join(""), "base64");
  return [`h1:${total}\n`, ...entries.map(([name, each]) => `${name} h1:${each}\n`)].join("");
}
