import type { SequenceType } from "../../index.js";
import { checkKnown, sleep } from "../../internal.js";
import { holdSchemas } from "../../server/queries/powerful-reader.js";
import { checkSchemaNames } from "../../server/queries/schema-filter.js";
import { readDocument, type Reading, type Source } from "../../server/read-json.js";
import { readAgain } from "../../server/retry-concurrent-ddl.js";
import { sequencesQuery } from "./sequences-query.js";
import { serverQuery } from "./server-query.js";
import type { DatabaseState, FedColumn, KeyColumn, SequenceState, TakenName } from "./state.js";

/** Options of {@link inspectSequences}. */
export interface InspectOptions {
  /** The schemas to inspect. Default: all except the server's own. */
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
  const query = sequencesQuery(server.version, schemas);
  const read = (reading?: Reading) => readAgain(() => readDocument<ColumnsOf<SequenceRow>>(db, query, reading));
  let columns = await read();
  // Most locks are released quickly. One that stays must not delay reading all other sequences.
  for (let waited = 0; waited < LOCKED_MS && columns.locked?.includes(true) === true; waited += PAUSE_MS) {
    await sleep(PAUSE_MS);
    columns = await read();
  }
  if (server.version < 180_000 && "begin" in db && hasUnknown(columns)) {
    // A superuser may read a name in another role's schema only while schemas cannot be renamed.
    columns = await read({ before: [holdSchemas] }).catch(() => columns);
  }
  return {
    inspected: schemas === undefined ? null : [...schemas],
    defaultSchema: server.searchPath[0] ?? null,
    searchPath: server.searchPath,
    pathNames: server.pathNames ?? [],
    serverVersion: server.version,
    schemas: server.schemas,
    sequences: (columns.name ?? []).map((_name, index) => stateAt(index, columns)),
    otherSequences: server.others ?? [],
    taken: (server.taken ?? []).flatMap(toTakenNames),
    keys: server.keys ?? [],
    tables: (server.tables ?? []).map(([schema, table, columns]) => ({ schema, table, columns })),
    unloggedTables: (server.unlogged ?? []).map(([schema, table]) => ({ schema, table })),
  };
}

/** Whether a position is unknown although the role may read it. */
function hasUnknown({ last, locked, may_select: mayRead }: ColumnsOf<SequenceRow>): boolean {
  return last?.some((value, index) => value === null && mayRead?.[index] === true && locked?.[index] !== true) ?? false;
}

/** How long to wait for locked sequences, and the pause between two attempts. */
const LOCKED_MS = 500;
const PAUSE_MS = 100;

interface ServerDocument {
  readonly version: number;
  readonly searchPath: string[];
  readonly pathNames: string[] | null;
  readonly schemas: string[];
  readonly others: DatabaseState["otherSequences"] | null;
  readonly taken: readonly TakenNames[] | null;
  readonly keys: readonly KeyColumn[] | null;
  readonly tables: readonly (readonly [schema: string, table: string, columns: readonly string[]])[] | null;
  readonly unlogged: readonly (readonly [schema: string, table: string])[] | null;
}

type TakenNames = readonly [schema: string, kind: string, names: readonly string[]];

/** 64-bit integers are text, because JSON would round them. */
interface SequenceRow {
  readonly oid: string;
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
  readonly always: boolean;
  readonly extension: boolean;
  readonly table: string | null;
  readonly column: string | null;
  readonly referenced: boolean;
  readonly named: readonly string[] | null;
  readonly feeds: readonly (Omit<FedColumn, "inserts"> & { readonly inserts: string })[] | null;
  readonly last: string | null;
  readonly called: boolean | null;
  readonly locked: boolean;
  readonly may_select: boolean;
  readonly may_use: boolean;
  readonly may_update: boolean;
}

/** A list per column. The lists are null if there are no rows. */
type ColumnsOf<Row> = { readonly [Name in keyof Row]: readonly Row[Name][] | null };

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

function stateAt(index: number, columns: ColumnsOf<SequenceRow>): SequenceState {
  const of = <Name extends keyof SequenceRow>(name: Name) => columns[name]?.[index] as SequenceRow[Name];
  const table = of("table");
  const column = of("column");
  const last = of("last");
  return {
    oid: of("oid"),
    schema: of("schema"),
    seqName: of("name"),
    definedBy: of("identity") ? "identity" : of("extension") ? "extension" : "user",
    options: {
      as: of("as"),
      startWith: BigInt(of("start")),
      increment: BigInt(of("increment")),
      minValue: BigInt(of("min")),
      maxValue: BigInt(of("max")),
      cache: BigInt(of("cache")),
      cycle: of("cycle"),
      ownedBy: table === null || column === null ? null : { table, column },
      identity: of("identity") ? (of("always") ? "always" : "by default") : null,
      unlogged: of("unlogged"),
      comment: of("comment"),
    },
    feeds: (of("feeds") ?? []).map(({ inserts, ...fed }) => ({ ...fed, inserts: BigInt(inserts) })),
    isReferenced: of("referenced"),
    namedIn: of("named") ?? [],
    lastValue: last === null ? null : BigInt(last),
    isCalled: of("called"),
    ...(of("locked") && of("may_select") ? { isLocked: true as const } : {}),
    missingPrivileges: [
      ...(of("may_select") ? [] : ["select" as const]),
      ...(of("may_use") ? [] : ["usage" as const]),
      ...(of("may_update") ? [] : ["update" as const]),
    ],
  };
}
