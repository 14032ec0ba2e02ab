import type { Entry } from "../run-program";

/** An entry, or statements of the library that are shown as one. */
export type ShownEntry = Entry | { readonly kind: "library"; readonly entries: StatementEntry[] };

type StatementEntry = Extract<Entry, { kind: "statement" }>;

/** A handle asks it before it takes the connection. */
const OWN = /^select from pg_catalog\.pg_current_xact_id_if_assigned/;

/** The first statement of a transaction that reads the catalog. */
const CATALOG = /^\s*select pg_catalog\.set_config\('nextval\.search_path'/;

/** What changes nothing that a program has made. */
const READS = /^\s*(begin|commit|rollback|select|with|set)\b/;

/** Puts together what the library sends to read the catalog, which is long and teaches little. */
export function shownEntries(entries: readonly Entry[]): ShownEntry[] {
  const shown: ShownEntry[] = [];
  let inCatalog = false;
  for (const [at, entry] of entries.entries()) {
    if (entry.kind !== "statement") {
      shown.push(entry);
      continue;
    }
    const { text } = entry.request;
    const next = entries[at + 1];
    if (text.startsWith("begin")) inCatalog = next?.kind === "statement" && CATALOG.test(next.request.text);
    const isOfLibrary = entry.outcome.error === undefined && (OWN.test(text) || (inCatalog && READS.test(text)));
    const last = shown.at(-1);
    if (!isOfLibrary) shown.push(entry);
    else if (last?.kind === "library") last.entries.push(entry);
    else shown.push({ kind: "library", entries: [entry] });
    if (/^(commit|rollback)$/.test(text)) inCatalog = false;
  }
  return shown;
}
