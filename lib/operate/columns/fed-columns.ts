import type { BlockReading } from "../../index.js";
import { type IntegerRange, isText } from "../../server/integer-limits.js";
import type { ColumnName, SequenceName } from "../../server/name-shapes.js";
import { sequenceKeyOf } from "../../server/names.js";
import { checkSchemaNames } from "../../server/queries/schema-filter.js";
import { readDocument, type Source } from "../../server/read-json.js";
import type { StoredColumn } from "../../server/stored-column.js";
import { usableRange } from "../../server/usable-range.js";
import type { DeclaredFeeds } from "../declared-feeds.js";
import { checkTrust, type Trust } from "../reading-options.js";
import { fedColumnsQuery } from "./fed-columns-query.js";
import { keepsValue, narrowestOf } from "./plain-default.js";

/** @internal A column that takes its values from a sequence, with the facts that matter to the sequence's health. */
export interface FedColumn extends StoredColumn {
  readonly sequence: SequenceName;
  /** The OID of the sequence, because another one may get its name. */
  readonly sequenceOid: string;
  readonly increment: bigint;
  readonly cycle: boolean;
  /** How programs make blocks of ids of the values, as declared; null if they do not, or if the sequence cycles. */
  readonly blocks: BlockReading | null;
  /** The owner of the sequence, who may alter it. */
  readonly owner: string;
  /** Whether the connected role owns the sequence, itself or as a member of its owner. */
  readonly mayAlter: boolean;
  /** Whether the connected role may set the sequence. */
  readonly mayUpdate: boolean;
  /**
   * The type that its default casts the value to, which may hold less than the column: `smallint`, `numeric(3,0)`. If
   * there are several, the narrowest; null if there is none.
   */
  readonly castType: string | null;
  readonly kind: "table" | "partitioned table" | "foreign table" | "view";
  readonly unlogged: boolean;
  /** Whether the server refuses to alter its type, because a view or something else depends on it. */
  readonly fixedType: boolean;
  /**
   * The way of a value into the column: by the identity, by the default, or by programs if the column only owns the
   * sequence, or is declared to take its values.
   */
  readonly way: "identity" | "default" | "owned";
  /** Whether the column stores the value of the sequence unchanged, and no other default replaces it. */
  readonly plain: boolean;
  /**
   * The owner of the table if that role lacks USAGE on the sequence; else null. Any role can create such a table, so
   * its rows and its type say nothing about the sequence.
   */
  readonly stranger: string | null;
  /**
   * The default of a column that owns the sequence but does not draw from it: `public.random_id()`; null if it has
   * none.
   */
  readonly otherDefault: string | null;
  /** The trigger that sets the column to something else; null if none is found. */
  readonly setBy: SettingTrigger | null;
  /**
   * Whether the column by itself is a primary key, unique, or excluded from holding equal values. False for an
   * inheritance child whose column draws from no sequence: its keys do not prevent the parent's sequence from returning
   * their values.
   */
  readonly unique: boolean;
  /** The key of several columns that the column is part of; null if there is none. */
  readonly key: SharedKey | null;
  /**
   * An index that holds each value only once for some rows: those of its condition, or those of one partition; null if
   * there is none.
   */
  readonly partialKey: string | null;
  /**
   * An index that refuses values by an expression of the column, or by an operator other than `=`; null if none does.
   */
  readonly computedKey: string | null;
  /** The table that a statement names to read the column. */
  readonly source: HeldTable;
  /** Whether the column is in a view or a foreign table, or has a part that is. */
  readonly shut: boolean;
  /** Whether the connected role is so powerful that others' code must not run as it. */
  readonly guarded: boolean;
  /** Whether another role could replace the sequence, because the schema of the sequence belongs to that role. */
  readonly swappable: boolean;
  /** Whether one of the tables belongs to such another role, and so is locked while it is read. */
  readonly others: boolean;
  /**
   * The roles whose code would run, with the rights of the connected role, to read the column. Empty if that role can
   * do little.
   */
  readonly codeOf: readonly string[];
  /** How many tables and indexes are locked to read the column. */
  readonly locks: number;
  /** Whether an index has the greatest and the smallest value ready, in every partition. */
  readonly indexed: boolean;
  readonly mayRead: boolean;
  /** Whether row level security may hide rows from the connected role. */
  readonly rowSecurity: boolean;
  /** Whether row level security would also hide rows from the owner of the table. */
  readonly ownerIsLimited: boolean;
  /** About how many rows its table has had, including deleted ones; null if that is unknown. */
  readonly rows: bigint | null;
  /** How many rows were inserted into its table since the server's statistics began; null if that is unknown. */
  readonly inserts: bigint | null;
  /** The columns of foreign keys that refer to it, also through others, and have another type. */
  readonly references: readonly ReferringColumn[];
  /** Roles with INSERT on the table but without USAGE on the sequence. */
  readonly rolesWithoutUsage: readonly RoleWithoutUsage[];
}

type TableName = Pick<ColumnName, "schema" | "table">;

/** @internal A trigger whose function assigns a value to the column, without naming the sequence. */
export interface SettingTrigger {
  readonly name: string;
  /** Whether it replaces the value that the default has drawn in each row. Else it depends on a condition. */
  readonly always: boolean;
}

/** @internal A column of a foreign key. */
export interface ReferringColumn extends StoredColumn {
  readonly kind: FedColumn["kind"];
  readonly fixedType: boolean;
}

/** @internal A primary key, or a unique index, of several columns. */
export interface SharedKey {
  /** The names of the other columns. */
  readonly others: readonly string[];
  /** The leading columns, if the index leads from one of their values to the next; else null. */
  readonly leading: readonly string[] | null;
}

/**
 * @internal A table to read. If it is `alone`, its inheritance children are not read, because they have their own keys.
 */
export interface HeldTable extends TableName {
  readonly oid: string;
  /** The OID of the type of its rows. */
  readonly rowType: string;
  readonly alone: boolean;
}

/** @internal A role, and the relation that it may insert into: the table, a part of it, or a view of it. */
export interface RoleWithoutUsage extends TableName {
  readonly role: string;
}

/** @internal */
export interface FedColumns {
  /** The connected role. */
  readonly user: string;
  readonly columns: readonly FedColumn[];
}

/**
 * @internal Reads the columns that sequences feed, in one statement. A partition counts with its table, and an
 * inheritance child is read separately. Temporary tables are left out.
 *
 * @param feeds - the columns that programs fill, as declared
 */
export async function readFedColumns(
  db: Source,
  schemas: readonly string[] | undefined,
  trust: Trust,
  feeds: Pick<DeclaredFeeds, "columns" | "blocks">,
): Promise<FedColumns> {
  checkTrust(trust);
  checkSchemaNames(schemas);
  const query = fedColumnsQuery(schemas, trust.trustOwners ?? [], feeds.columns);
  const { user, columns } = await readDocument<Document>(db, query);
  return {
    user,
    columns: columns.map(({ increment, kind, oid, rowType, alone, casts, references, ...column }) => ({
      ...column,
      blocks: column.cycle ? null : (feeds.blocks.get(sequenceKeyOf(column.sequence)) ?? null),
      rows: column.rows === null ? null : BigInt(column.rows),
      inserts: column.inserts === null ? null : BigInt(column.inserts),
      references: references.map((each) => ({ ...each, kind: KINDS[each.kind] ?? "view" })),
      plain:
        column.plain && column.stranger === null && (casts ?? []).every((cast) => keepsValue(cast, column.baseType)),
      castType: narrowestOf(casts ?? []),
      // Otherwise a stranger would decide which grants `status` recommends.
      rolesWithoutUsage: column.stranger === null ? column.rolesWithoutUsage : [],
      source: { schema: column.schema, table: column.table, oid, rowType, alone },
      shut: column.shut && trust.views !== true,
      increment: BigInt(increment),
      // The index of a text column is in the order of texts.
      indexed: column.indexed && !isText(column.baseType),
      kind: KINDS[kind] ?? "view",
    })),
  };
}

/**
 * @internal Whether an insert fails if the column already has its value, possibly only for the same values of other
 * columns.
 */
export function takesOnce({ unique, key }: Pick<FedColumn, "unique" | "key">): boolean {
  return unique || key !== null;
}

/** @internal Whether an insert may fail if the column already has its value: also by a key that was not looked into. */
export function mayRefuse(column: FedColumn): boolean {
  const { partialKey, computedKey, kind } = column;
  // A view or a foreign table hides the keys of its table.
  const hidesKeys = kind === "view" || kind === "foreign table";
  return takesOnce(column) || partialKey !== null || computedKey !== null || hidesKeys;
}

/**
 * @internal Returns the part of a sequence's range that fits every column which stores its values unchanged, also a
 * column that is not compared.
 */
export function rangeWithin(
  options: Parameters<typeof usableRange>[0],
  columns: readonly Pick<FedColumn, "plain" | "baseType" | "castType">[],
): IntegerRange {
  return usableRange(
    options,
    columns.filter(({ plain }) => plain),
  );
}

/** @internal Groups the columns by the key of their sequence. */
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
  readonly columns: readonly (Omit<
    FedColumn,
    "increment" | "kind" | "source" | "castType" | "references" | "rows" | "inserts" | "blocks"
  > & {
    readonly rows: string | null;
    readonly inserts: string | null;
    readonly references: readonly (StoredColumn & { readonly kind: string; readonly fixedType: boolean })[];
    readonly increment: string;
    readonly kind: string;
    readonly casts: readonly string[] | null;
    readonly oid: string;
    readonly rowType: string;
    readonly alone: boolean;
  })[];
}

const KINDS: { readonly [letter: string]: FedColumn["kind"] } = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
};
