import { type SequenceType, sql } from "../../index.js";
import type { ColumnsOf } from "../../server/queries/inspected-sequences.js";
import { checkSchemaNames } from "../../server/queries/schema-filter.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { readUnlocked } from "../../server/read-positions.js";
import { sequencesQuery } from "./sequences-query.js";
import { settingsOfServer } from "./server-query.js";
import type { DatabaseState, FedColumn, SequenceState } from "./state.js";

/** @internal What {@link inspectSequences} finds, without the objects beside the sequences, which plans need. */
export type SequencesState = Pick<
  DatabaseState,
  "inspected" | "defaultSchema" | "searchPath" | "serverVersion" | "schemas" | "sequences"
>;

/** @internal The version of the server, and the names of schemas. */
export interface Settings {
  readonly version: number;
  readonly searchPath: string[];
  readonly schemas: string[];
}

/** @internal Reads the settings, in one statement. */
export function readSettings(db: Source): Promise<Settings> {
  return readDocument(db, sql`select json_build_object(${settingsOfServer})::text as document`);
}

/** @internal Reads the state of every sequence, as {@link inspectSequences} does, in two statements. */
export async function readSequences(db: Source, schemas: readonly string[] | undefined): Promise<SequencesState> {
  checkSchemaNames(schemas);
  return readSequencesOn(db, await readSettings(db), schemas);
}

/** @internal The same in one statement, on a server with these settings. */
export async function readSequencesOn(
  db: Source,
  server: Settings,
  schemas: readonly string[] | undefined,
): Promise<SequencesState> {
  const columns = await readUnlocked<SequenceRow>(db, server.version, sequencesQuery(server.version, schemas));
  return {
    inspected: schemas === undefined ? null : [...schemas],
    defaultSchema: server.searchPath[0] ?? null,
    searchPath: server.searchPath,
    serverVersion: server.version,
    schemas: server.schemas,
    sequences: (columns.name ?? []).map((_name, index) => stateAt(index, columns)),
  };
}

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
