import type { SequenceState } from "../../catalog/index.js";
import { readSequencesOn, readSettings } from "../../catalog/inspect/read-sequences.js";
import { keyOf, sequenceKeyOf, type SequenceName, sequenceNameOf } from "../../server/names.js";
import { checkSchemaNames, refuseUnknownSchemas } from "../../server/queries/schema-filter.js";
import type { Source } from "../../server/read-json.js";
import { readPositions, type SequencePosition } from "../../server/read-positions.js";
import { declaredFeeds } from "../declared-feeds.js";
import { checkTrust, type FeedOptions, type Progress, type SequenceFeed, type Trust } from "../reading-options.js";
import { UNREADABLE } from "./comparability.js";
import type { Extreme } from "./extremes-query.js";
import { type FedColumn, groupBySequence, readFedColumns } from "./fed-columns.js";
import { readExtremes } from "./read-extremes.js";

/** A sequence with the columns that it feeds, and the extremes of its values in them. */
export interface SurveyedSequence {
  readonly sequence: SequenceState;
  readonly columns: readonly { readonly column: FedColumn; readonly extreme: Extreme }[];
}

/** The sequences to look at, and what is declared of them. */
export interface Extent extends FeedOptions {
  readonly schemas?: readonly string[] | undefined;
  readonly isExcluded: (sequence: SequenceName) => boolean;
}

/** The columns to read, and how to read them. */
export interface Choice {
  /** Returns why a column must not be read; undefined if it may be read. */
  readonly whyNot: (column: FedColumn) => string | undefined;
  /** Whether to avoid reading a whole table if an index is enough. Default: false. */
  readonly cheaply?: boolean;
}

/** The result of a survey. */
export interface Survey {
  /** The connected role. */
  readonly user: string;
  readonly surveyed: readonly SurveyedSequence[];
  /** The declared columns in the form of the option `feeds`, with exact names, and those that do not exist. */
  readonly feeds: { readonly exact: readonly SequenceFeed[]; readonly unmatched: readonly SequenceFeed[] };
}

/**
 * Reads the sequences and the columns that they feed. The sequences are read at the end, so their positions are not
 * older than the columns' values.
 *
 * @param what - the function that takes the options
 */
export async function surveySequences(
  what: string,
  db: Source,
  { schemas, isExcluded, declarations, feeds, ...trust }: Trust & Extent,
  { whyNot, cheaply = false }: Choice,
  onProgress?: ((progress: Progress) => void) | undefined,
): Promise<Survey> {
  checkTrust(trust);
  checkSchemaNames(schemas);
  const server = await readSettings(db);
  refuseUnknownSchemas(what, schemas, server.schemas);
  const positions = await readPositions(db, server.version, schemas);
  const { searchPath } = server;
  const declared = declaredFeeds(what, { declarations, feeds }, { sequences: positions, searchPath });
  const { user, columns: all } = await readFedColumns(db, schemas, trust, declared);
  const columns = all.filter(({ sequence }) => !isExcluded(sequence));
  const readable = new Set(positions.filter(({ lastValue }) => lastValue !== null).map(keyOf));
  const reasons = new Map<FedColumn, string>();
  for (const column of columns) {
    const reason = whyNot(column) ?? (readable.has(sequenceKeyOf(column.sequence)) ? undefined : UNREADABLE);
    if (reason !== undefined) reasons.set(column, reason);
  }
  const extremes = await readExtremes(
    db,
    columns.filter((column) => !reasons.has(column)),
    { ...trust, cheaply, version: server.version, undrawn: undrawnIn(server.version, positions) },
    onProgress,
  );
  const { sequences } = await readSequencesOn(db, server, schemas);
  const fed = groupBySequence(columns);
  const surveyed = sequences.flatMap((sequence): SurveyedSequence[] => {
    if (isExcluded(sequenceNameOf(sequence))) return [];
    const own = fed.get(keyOf(sequence)) ?? [];
    return [
      {
        sequence,
        columns: own.map((column) => ({ column, extreme: extremes.get(column) ?? unknown(reasons.get(column)) })),
      },
    ];
  });
  return { user, surveyed, feeds: { exact: declared.exact, unmatched: declared.unmatched(all) } };
}

/**
 * Returns the sequences from which no value was drawn. Before PostgreSQL 18 the server has no function for their
 * position.
 */
function undrawnIn(version: number, positions: readonly SequencePosition[]): ReadonlySet<string> {
  return new Set(version < 180_000 ? positions.filter(({ isCalled }) => isCalled === false).map(keyOf) : []);
}

function unknown(reason: string | undefined): Extreme {
  return { unknown: reason ?? "it was not read" };
}
