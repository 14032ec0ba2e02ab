import type { ResolvedOptions } from "../../index.js";

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
  /**
   * The columns that take their values from it: the one it belongs to, and those whose default draws from it. The default may be
   * that of the column, of its domain, or of a view that shows it, and may call a function written as `begin atomic`. Functions
   * whose body is a string, and triggers, are not looked through.
   */
  readonly feeds: readonly FedColumn[];
  /** Whether something else depends on it, such as a view, a function or the default of a domain. */
  readonly isReferenced: boolean;
  /** As in the sequence's own row; null where it may not be read. */
  readonly lastValue: bigint | null;
  /** Whether `lastValue` has been given out; null where it may not be read. */
  readonly isCalled: boolean | null;
  /** True if it may be read, and another session has it locked, to drop or alter it. `lastValue` is null then. */
  readonly isLocked?: true | undefined;
  /** What the connected role may not do with it. */
  readonly missingPrivileges: readonly ("select" | "usage" | "update")[];
}

/** A column of a table, with what it holds and how often. */
export interface StateColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As the server writes it: `integer`, `bigint`, `numeric(10,0)`. */
  readonly type: string;
  /** The type that a domain is made of; else the type itself. */
  readonly baseType: string;
  /** Whether the column alone is a primary key, unique, or excluded from holding equal values. */
  readonly unique: boolean;
  /** Whether the column is part of a key together with other columns, or a unique expression is made of it. */
  readonly partOfKey: boolean;
}

/** A column that a sequence feeds. */
export interface FedColumn extends StateColumn {
  /** Whether a default that draws from the sequence gives the column its value. */
  readonly byDefault: boolean;
  /** Whether its default looks the sequence up by its name each time: `nextval('order_seq'::text)`. */
  readonly lateBound: boolean;
  /**
   * Whether the values come by another way than a default of the column itself: through a function, a domain, a view, a rule, or the
   * table of a partition. What arrives may be something else than what was drawn.
   */
  readonly indirect: boolean;
  /**
   * Whether something may refuse values that the type holds: a check constraint, a foreign key, the bounds of partitions, a generated
   * column that uses the column, or a default that does more than draw, such as `nextval('order_seq')::int2`.
   */
  readonly checked: boolean;
  /** How many rows were inserted into the table since its statistics began. */
  readonly inserts: bigint;
}

/** A column of numbers that is a key, or part of one. */
export interface KeyColumn extends StateColumn {
  /** Whether the table has rows, or had some. A table that another session locks for itself alone is taken for one with rows. */
  readonly hasRows: boolean;
}

/** A name that is not free, and what has it. */
export interface TakenName {
  readonly schema: string;
  readonly name: string;
  /** A `"type"` is one that stands for itself, such as an enum: it bars creating a sequence of its name, not renaming one. */
  readonly kind: "table" | "view" | "index" | "composite type" | "type";
}

/** A table by its schema and name. */
export type TableName = Pick<StateColumn, "schema" | "table">;

/** A relation whose columns can own sequences: a table, a foreign table or a view. */
export interface TableState extends TableName {
  /** The names of its columns, in their order. */
  readonly columns: readonly string[];
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
  /** The sequences in schemas of the `search_path` that were not looked at: a new sequence may hide them. */
  readonly otherSequences: readonly Pick<SequenceState, "schema" | "seqName">[];
  /** What else has a name in the schemas that were looked at: sequences share their names with it. */
  readonly taken: readonly TakenName[];
  /** The columns of these schemas to which a sequence could come to belong, because they are a key of numbers or part of one. */
  readonly keys: readonly KeyColumn[];
  /** Every table of these schemas with its columns, so that a plan knows which owners exist. */
  readonly tables: readonly TableState[];
  /** The tables of these schemas that a crash of the server empties. */
  readonly unloggedTables: readonly TableName[];
}
