import { type Handle, NextvalError } from "../index.js";
import { readDocument } from "../catalog/read-document.js";
import { fedColumnsQuery } from "./fed-columns-query.js";
import { type ColumnName, keyOf, type SequenceName } from "./names.js";

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
  /** Whether the column alone is a primary key, unique, or excluded from holding equal values. */
  readonly unique: boolean;
  /**
   * The table and those of its children that take values from the same sequence, to be read each by itself, as another
   * child has a sequence of its own; null where the table is read with all below it.
   */
  readonly parts: readonly TableName[] | null;
  /** How many tables and indexes are locked to read it. */
  readonly locks: number;
  /** Whether an index gives the greatest and the smallest value at once, in every partition. */
  readonly indexed: boolean;
  readonly mayRead: boolean;
  /** Whether row level security may hide rows from the connected role. */
  readonly rowSecurity: boolean;
  /** Roles that may insert, and may not draw from the sequence. */
  readonly rolesWithoutUsage: readonly RoleWithoutUsage[];
}

type TableName = Pick<ColumnName, "schema" | "table">;

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
  db: Pick<Handle, "query">,
  schemas: readonly string[] | undefined,
): Promise<FedColumns> {
  if (schemas !== undefined && (!Array.isArray(schemas) || !schemas.every((name) => typeof name === "string"))) {
    throw new NextvalError("INVALID_OPTIONS", `schemas must be a list of names, not ${JSON.stringify(schemas)}`);
  }
  const { user, columns } = await readDocument<Document>(db, fedColumnsQuery(schemas));
  return {
    user,
    columns: columns.map(({ increment, kind, ...column }) => ({
      ...column,
      increment: BigInt(increment),
      kind: KINDS[kind] ?? "view",
    })),
  };
}

/** The columns of each sequence, by its key. */
export function groupBySequence(columns: readonly FedColumn[]): Map<string, FedColumn[]> {
  const groups = new Map<string, FedColumn[]>();
  for (const column of columns) {
    const key = keyOf(column.sequence);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  return groups;
}

interface Document {
  readonly user: string;
  readonly columns: readonly (Omit<FedColumn, "increment" | "kind"> & {
    readonly increment: string;
    readonly kind: string;
  })[];
}

const KINDS: { readonly [letter: string]: FedColumn["kind"] } = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
};
