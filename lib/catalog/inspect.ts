import { type Handle, NextvalError, type SequenceType } from "../index.js";
import { readAgain } from "./read-again.js";
import { readDocument } from "./read-document.js";
import { sequencesQuery } from "./sequences-query.js";
import { serverQuery } from "./server-query.js";
import type { DatabaseState, FedColumn, KeyColumn, SequenceState, TakenName } from "./state.js";

export interface InspectOptions {
  /** Look at these schemas only. Default: all but the server's own. */
  readonly schemas?: readonly string[] | undefined;
}

/**
 * Reads the state of every sequence of a database: options, type, persistence, whom it belongs to, the columns it feeds,
 * its current value, and what the connected role may not do with it.
 *
 * ```ts
 * const state = await inspect(db, { schemas: ["public", "billing"] });
 * state.sequences.filter((sequence) => sequence.missingPrivileges.includes("select")); // could not be read
 * ```
 *
 * Two statements, however many sequences there are. Where somebody drops one meanwhile, the second may fail with XX000, and is
 * run again; in a transaction only a savepoint around `inspect` lets you do so. Temporary sequences are left out. A value that
 * the role may not read is null. Sources: "System Catalogs", `pg_sequence` and `pg_depend`; "pg_sequences".
 */
export async function inspect(db: Pick<Handle, "query">, { schemas }: InspectOptions = {}): Promise<DatabaseState> {
  if (schemas !== undefined && (!Array.isArray(schemas) || !schemas.every((name) => typeof name === "string"))) {
    throw new NextvalError("INVALID_OPTIONS", "inspect takes schemas as a list of names");
  }
  const server = await readDocument<ServerDocument>(db, serverQuery(schemas));
  const query = sequencesQuery(server.version, schemas);
  const columns = await readAgain(() => readDocument<ColumnsOf<SequenceRow>>(db, query));
  return {
    inspected: schemas === undefined ? null : [...schemas],
    defaultSchema: server.searchPath[0] ?? null,
    searchPath: server.searchPath,
    serverVersion: server.version,
    schemas: server.schemas,
    sequences: rowsOf(columns).map(toState),
    taken: (server.taken ?? []).flatMap(toTakenNames),
    keys: server.keys ?? [],
  };
}

interface ServerDocument {
  readonly version: number;
  readonly searchPath: string[];
  readonly schemas: string[];
  readonly taken: readonly TakenNames[] | null;
  readonly keys: readonly KeyColumn[] | null;
}

type TakenNames = readonly [schema: string, kind: string, names: readonly string[]];

/** Every integer of 64 bits is text: JSON would round it. */
interface SequenceRow {
  readonly schema: string;
  readonly name: string;
  readonly as: SequenceType;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly unlogged: boolean;
  readonly comment: string | null;
  readonly identity: boolean;
  readonly extension: boolean;
  readonly table: string | null;
  readonly column: string | null;
  readonly referenced: boolean;
  readonly feeds: readonly (Omit<FedColumn, "inserts"> & { readonly inserts: string })[] | null;
  readonly last: string | null;
  readonly called: boolean | null;
  readonly may_select: boolean;
  readonly may_use: boolean;
  readonly may_update: boolean;
}

/** Null where there is no row. */
type ColumnsOf<Row> = { readonly [Name in keyof Row]: readonly Row[Name][] | null };

function rowsOf<Row extends { readonly name: string }>(columns: ColumnsOf<Row>): Row[] {
  const entries = Object.entries<readonly unknown[] | null>(columns);
  return (columns.name ?? []).map((_name, index) => {
    const row: Record<string, unknown> = {};
    for (const [name, values] of entries) row[name] = values?.[index];
    return row as Row;
  });
}

/** By their letters in `pg_class`. */
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

function toState(row: SequenceRow): SequenceState {
  const { table, column } = row;
  return {
    schema: row.schema,
    seqName: row.name,
    definedBy: row.identity ? "identity" : row.extension ? "extension" : "user",
    options: {
      as: row.as,
      startWith: BigInt(row.start),
      increment: BigInt(row.increment),
      minValue: BigInt(row.min),
      maxValue: BigInt(row.max),
      cache: BigInt(row.cache),
      cycle: row.cycle,
      ownedBy: row.identity || table === null || column === null ? null : { table, column },
      unlogged: row.unlogged,
      comment: row.comment,
    },
    feeds: (row.feeds ?? []).map(({ inserts, ...column }) => ({ ...column, inserts: BigInt(inserts) })),
    isReferenced: row.referenced,
    lastValue: row.last === null ? null : BigInt(row.last),
    isCalled: row.called,
    missingPrivileges: [
      ...(row.may_select ? [] : ["select" as const]),
      ...(row.may_use ? [] : ["usage" as const]),
      ...(row.may_update ? [] : ["update" as const]),
    ],
  };
}
