import { checkKnown } from "../../internal.js";
import { checkSchemaNames } from "../../server/queries/schema-filter.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { readSequencesOn, type Settings } from "./read-sequences.js";
import { serverQuery } from "./server-query.js";
import type { DatabaseState, KeyColumn, TakenName } from "./state.js";

/** Options of {@link inspectSequences}. */
export interface InspectOptions {
  /** The schemas to inspect. One that does not exist yet has no sequences. Default: all except the server's own. */
  readonly schemas?: readonly string[] | undefined;
}

/**
 * Reads the state of every sequence of a database: its options, owner, current value, the columns that it feeds, and
 * the privileges that the connected role lacks.
 *
 * ```ts
 * const state = await inspectSequences(db, { schemas: ["public", "billing"] });
 * state.sequences.filter((sequence) => sequence.missingPrivileges.includes("select")); // could not be read
 * ```
 *
 * Temporary sequences are left out. A value that the role may not read is null.
 *
 * It runs two statements, however many sequences there are, each in a read-only transaction unless `db` is a
 * transaction. No name in them is looked up in the `search_path`. Before PostgreSQL 18 the second statement locks each
 * sequence as `nextval` does.
 *
 * The second statement can fail if sequences are dropped (XX000, 40P01 before PostgreSQL 18) or altered (XX001 from 18
 * on) at the same time. `inspectSequences` retries it. Inside a transaction, wrap `inspectSequences` in a savepoint to
 * make that possible.
 *
 * Sources: "System Catalogs", `pg_sequence` and `pg_depend`; "pg_sequences".
 */
export async function inspectSequences(db: Source, options: InspectOptions = {}): Promise<DatabaseState> {
  checkKnown("inspectSequences", options, ["schemas"]);
  const { schemas } = options;
  checkSchemaNames(schemas);
  const server = await readDocument<ServerDocument>(db, serverQuery(schemas));
  return {
    ...(await readSequencesOn(db, server, schemas)),
    pathNames: server.pathNames ?? [],
    otherSequences: server.others ?? [],
    taken: (server.taken ?? []).flatMap(toTakenNames),
    keys: server.keys ?? [],
    tables: (server.tables ?? []).map(([schema, table, columns]) => ({ schema, table, columns })),
    unloggedTables: (server.unlogged ?? []).map(([schema, table]) => ({ schema, table })),
  };
}

interface ServerDocument extends Settings {
  readonly pathNames: string[] | null;
  readonly others: DatabaseState["otherSequences"] | null;
  readonly taken: readonly TakenNames[] | null;
  readonly keys: readonly KeyColumn[] | null;
  readonly tables: readonly (readonly [schema: string, table: string, columns: readonly string[]])[] | null;
  readonly unlogged: readonly (readonly [schema: string, table: string])[] | null;
}

type TakenNames = readonly [schema: string, kind: string, names: readonly string[]];

/** The kinds of relations, by their letters in `pg_class`. */
const KINDS: { readonly [letter: string]: TakenName["kind"] } = {
  r: "table",
  p: "table",
  f: "table",
  v: "view",
  m: "view",
  i: "index",
  I: "index",
  c: "composite type",
};

function toTakenNames([schema, kind, names]: TakenNames): TakenName[] {
  return names.map((name) => ({ schema, name, kind: KINDS[kind] ?? "type" }));
}
