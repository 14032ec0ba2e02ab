import type { ResolvedOptions } from "../index.js";

/** What the database knows of a sequence's options: everything but the `mode`, which is a matter of the program. */
export type StateOptions = Omit<ResolvedOptions, "mode">;

/** A sequence as the database has it. */
export interface SequenceState {
  readonly seqName: string;
  readonly schema: string;
  /** Complete, in the form of `resolveOptions`. `ownedBy` is the column of a serial or of OWNED BY, not of an identity. */
  readonly options: StateOptions;
  /**
   * Who defines it: somebody by hand or by a migration, SERIAL and OWNED BY included (`"user"`), an identity column, or an
   * extension. Plans leave the last two alone.
   */
  readonly definedBy: "user" | "identity" | "extension";
  /** The columns that take their values from it: the one it belongs to, and those whose default draws from it. */
  readonly feeds: readonly FedColumn[];
  /** Whether something else depends on it, such as a view, a function or the default of a domain. */
  readonly isReferenced: boolean;
  /** As in the sequence's own row; null where it may not be read. */
  readonly lastValue: bigint | null;
  /** Whether `lastValue` has been given out; null where it may not be read. */
  readonly isCalled: boolean | null;
  /** What the connected role may not do with it. */
  readonly missingPrivileges: readonly ("select" | "usage" | "update")[];
}

/** A column that a sequence feeds. */
export interface FedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As the server writes it: `integer`, `bigint`, `numeric(10,0)`. */
  readonly type: string;
  /** The type that a domain is made of; else the type itself. */
  readonly baseType: string;
  /** Whether its default draws from the sequence. */
  readonly byDefault: boolean;
  /** Whether its default looks the sequence up by its name each time: `nextval('order_seq'::text)`. */
  readonly lateBound: boolean;
  /** Whether the column alone is a primary key, unique, or excluded from holding equal values. */
  readonly unique: boolean;
  /** How many rows were inserted into the table since its statistics began. */
  readonly inserts: bigint;
}

/** A column of numbers that holds each of them only once. */
export type KeyColumn = Pick<FedColumn, "schema" | "table" | "column" | "type" | "baseType" | "unique">;

/** A name that is not free, and what has it. */
export interface TakenName {
  readonly schema: string;
  readonly name: string;
  /** A `"type"` is one that stands for itself, such as an enum: it bars creating a sequence of its name, not renaming one. */
  readonly kind: "table" | "view" | "index" | "composite type" | "type";
}

/** The sequences of a database, as `inspect` finds them; temporary ones are left out. */
export interface DatabaseState {
  /** The schemas that were looked at; null for all of them. */
  readonly inspected: readonly string[] | null;
  /** Where a name without a schema is created: the first schema of the `search_path` that exists; null where none does. */
  readonly defaultSchema: string | null;
  /** Where a name without a schema is looked for, in this order. */
  readonly searchPath: readonly string[];
  /** Of the server: 180004 for 18.4. */
  readonly serverVersion: number;
  /** Every schema that exists, so that a plan knows which to create. */
  readonly schemas: readonly string[];
  /** By schema and name. */
  readonly sequences: readonly SequenceState[];
  /** What else has a name in the schemas that were looked at: sequences share their names with it. */
  readonly taken: readonly TakenName[];
  /** The columns of these schemas to which a sequence could come to belong, as they alone are a key of numbers. */
  readonly keys: readonly KeyColumn[];
}
