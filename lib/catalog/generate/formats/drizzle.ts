import {
  linesOf,
  type MigrationFile,
  type MigrationFolder,
  type MigrationScript,
  wayBackOf,
} from "./migration-script.js";
import { nextName } from "./next-name.js";
import { throwGenerateError } from "./throw-generate-error.js";

/** The part of the journal that is used. */
interface Journal {
  readonly version: string;
  readonly dialect: string;
  readonly entries: readonly { readonly idx: number; readonly when: number; readonly tag: string }[];
}

interface Snapshot {
  readonly id: string;
  readonly prevId: string;
  readonly version: string;
}

const JOURNAL = "meta/_journal.json";

/** What drizzle-kit takes for the snapshot before the first one. */
const NO_SNAPSHOT = {
  id: "00000000-0000-0000-0000-000000000000",
  prevId: "",
  version: "7",
  dialect: "postgresql",
  tables: {},
  enums: {},
  schemas: {},
  sequences: {},
  roles: {},
  policies: {},
  views: {},
  _meta: { columns: {}, schemas: {}, tables: {} },
};

/**
 * Writes what `drizzle-kit generate --custom` writes: the file, its entry in the journal, and a copy of the last
 * snapshot. The migrator splits the text at each breakpoint, and skips an entry whose time is not later than that of
 * the last one. Sources: drizzle-kit's `writeResult` and drizzle-orm's `readMigrationFiles`.
 */
export function drizzle({ name, at, up, down, folder }: MigrationScript): MigrationFile[] {
  const journal = journalOf(folder);
  const last = journal.entries.at(-1);
  const tag = nextName(
    journal.entries.map((entry) => entry.tag),
    name,
    at,
    "index",
  );
  const breaks = up.map(({ comments, statement }, index) => ({
    comments,
    statement: index === up.length - 1 ? statement : `${statement}--> statement-breakpoint`,
  }));
  const content = `${linesOf(breaks)}\n${wayBackOf("drizzle-kit", down)}`;
  const snapshot = snapshotAfter(folder, `${tag}\n${content}`);
  const entry = {
    idx: (last?.idx ?? -1) + 1,
    version: snapshot.version,
    when: Math.max(at.getTime(), (last?.when ?? 0) + 1),
    tag,
    breakpoints: true,
  };
  return [
    { path: `${tag}.sql`, content },
    { path: `meta/${tag.split("_")[0]}_snapshot.json`, content: JSON.stringify(snapshot, null, 2) },
    {
      path: JOURNAL,
      content: JSON.stringify({ ...journal, entries: [...journal.entries, entry] }, null, 2),
      replaces: true,
    },
  ];
}

function journalOf(folder: MigrationFolder): Journal {
  const journal = folder.files.includes(JOURNAL)
    ? (jsonOf(folder, JOURNAL) as Journal)
    : { version: "7", dialect: "postgresql", entries: [] };
  if (journal.dialect !== "postgresql" || !Array.isArray(journal.entries)) {
    throwGenerateError(`${JOURNAL} is not a journal of drizzle-kit for PostgreSQL`);
  }
  return journal;
}

/** The last snapshot under a new id: the migration changes nothing that drizzle-kit knows of. */
function snapshotAfter(folder: MigrationFolder, text: string): Snapshot {
  const path = folder.files
    .filter((file) => /^meta\/[^_/][^/]*\.json$/.test(file))
    .sort()
    .at(-1);
  const { id, prevId: _prevId, ...rest } = path === undefined ? NO_SNAPSHOT : (jsonOf(folder, path) as Snapshot);
  const hex = folder.hash("sha256", `${id}\n${text}`, "hex");
  // As a UUID of version 8, whose bits anyone may choose.
  const next = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return { id: next.join("-"), prevId: id, ...rest };
}

function jsonOf(folder: MigrationFolder, path: string): unknown {
  try {
    return JSON.parse(folder.read(path));
  } catch (error) {
    return throwGenerateError(`${path} is not JSON: ${(error as Error).message}`);
  }
}
