import { NextvalError } from "../../index.js";
import { type ColumnName, sequenceKeyOf, type SequenceName } from "../../server/names.js";
import { readDocument, type Source } from "../../server/read-json.js";
import { fedColumnsQuery } from "./fed-columns-query.js";

/** A column that takes its values from a sequence, with what matters to the sequence's health. */
export interface FedColumn extends ColumnName {
  readonly sequence: SequenceName;
  readonly increment: bigint;
  /** Who may alter the sequence. */
  readonly owner: string;
  /** As the server writes it: `integer`, `numeric(10,0)`, the name of a domain. */
  readonly type: string;
  /** The type that a domain is made of, as the server writes it; else the type itself. */
  readonly baseType: string;
  readonly kind: "table" | "partitioned table" | "foreign table" | "view";
  readonly unlogged: boolean;
  /** How a value gets there: by the identity, by the default, or by programs, as it is only owned by the column. */
  readonly way: "identity" | "default" | "owned";
  /** Whether what gets there is the value of the sequence itself, and not something made of it. */
  readonly plain: boolean;
  /**
   * The owner of the table if it may not draw from the sequence; else null. Every role may make such a table, so what it holds, and
   * what fits into it, tells nothing of the sequence.
   */
  readonly stranger: string | null;
  /** Whether the column alone is a primary key, unique, or excluded from holding equal values. */
  readonly unique: boolean;
  /**
   * The table and those of its children that take values from the same sequence, to be read each by itself, as another
   * child has a sequence of its own; null where the table is read with all below it.
   */
  readonly parts: readonly TableName[] | null;
  /** The tables that a statement names to read it. */
  readonly tables: readonly HeldTable[];
  /** Whether it is a view or a foreign table, or has such a part. */
  readonly shut: boolean;
  /** Whether the connected role is so powerful that the code of others must not run as it. */
  readonly guarded: boolean;
  /** Whether such a role could put something else in the place of its sequence, because its schema belongs to another role. */
  readonly swappable: boolean;
  /** Whether one of its tables belongs to such another role, and so is held while it is read. */
  readonly others: boolean;
  /** The roles whose code would run, with the rights of the connected role, to read it. Empty for a role that can do little. */
  readonly codeOf: readonly string[];
  /** How many tables and indexes are locked to read it. */
  readonly locks: number;
  /** Whether an index gives the greatest and the smallest value at once, in every partition. */
  readonly indexed: boolean;
  readonly mayRead: boolean;
  /** Whether row level security may hide rows from the connected role. */
  readonly rowSecurity: boolean;
  /** Whether it would hide them from the owner of the table, too. */
  readonly ownerIsLimited: boolean;
  /** Roles that may insert, and may not draw from the sequence. */
  readonly rolesWithoutUsage: readonly RoleWithoutUsage[];
}

type TableName = Pick<ColumnName, "schema" | "table">;

/** A table to read; `alone` without what is below it. */
export interface HeldTable extends TableName {
  readonly oid: string;
  /** The type of its rows, by its OID. */
  readonly rowType: string;
  readonly alone: boolean;
}

/** What may be read beyond tables that run no code. */
export interface Trust {
  /**
   * Also read views and foreign tables, which run code of their owners as the connected role. Default: false, and such a column is
   * not compared.
   */
  readonly views?: boolean | undefined;
  /**
   * Roles whose code may run as the connected role, if that is a superuser or may become one: as a member of a superuser, or of a role
   * that may run programs, or read or write files, on the server. Default: none. Tables of superusers and of the role that has logged
   * in are always read.
   */
  readonly trustOwners?: readonly string[] | undefined;
}

export function checkTrust({ trustOwners }: Trust): void {
  if (trustOwners === undefined) return;
  if (Array.isArray(trustOwners) && trustOwners.every((name) => typeof name === "string")) return;
  throw new NextvalError("INVALID_ARGUMENT", `trustOwners must be a list of roles, not ${JSON.stringify(trustOwners)}`);
}

/** A role, and what it may insert into: the table, a part of it, or a view of it. */
export interface RoleWithoutUsage extends TableName {
  readonly role: string;
}

export interface FedColumns {
  /** The connected role. */
  readonly user: string;
  readonly columns: readonly FedColumn[];
}

/**
 * The columns that sequences feed, in one statement. A partition or a child table goes with its parent. Temporary
 * tables are left out.
 */
export async function readFedColumns(
  db: Source,
  schemas: readonly string[] | undefined,
  trust: Trust,
): Promise<FedColumns> {
  checkTrust(trust);
  if (schemas !== undefined && (!Array.isArray(schemas) || !schemas.every((name) => typeof name === "string"))) {
    throw new NextvalError("INVALID_ARGUMENT", `schemas must be a list of names, not ${JSON.stringify(schemas)}`);
  }
  const { user, columns } = await readDocument<Document>(db, fedColumnsQuery(schemas, trust.trustOwners ?? []));
  return {
    user,
    columns: columns.map(({ increment, kind, oid, rowType, parts, ...column }) => ({
      ...column,
      parts,
      plain: column.plain && column.stranger === null,
      // A stranger would otherwise choose what `status` advises to grant.
      rolesWithoutUsage: column.stranger === null ? column.rolesWithoutUsage : [],
      tables:
        parts === null
          ? [{ schema: column.schema, table: column.table, oid, rowType, alone: false }]
          : parts.map((part) => ({ ...part, alone: true })),
      shut: column.shut && trust.views !== true,
      increment: BigInt(increment),
      kind: KINDS[kind] ?? "view",
    })),
  };
}

/** The columns of each sequence, by its key. */
export function groupBySequence(columns: readonly FedColumn[]): Map<string, FedColumn[]> {
  const groups = new Map<string, FedColumn[]>();
  for (const column of columns) {
    const key = sequenceKeyOf(column.sequence);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  return groups;
}

interface Document {
  readonly user: string;
  readonly columns: readonly (Omit<FedColumn, "increment" | "kind" | "tables" | "parts"> & {
    readonly increment: string;
    readonly kind: string;
    readonly oid: string;
    readonly rowType: string;
    readonly parts: readonly Omit<HeldTable, "alone">[] | null;
  })[];
}

const KINDS: { readonly [letter: string]: FedColumn["kind"] } = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
};
