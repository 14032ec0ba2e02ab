import type { ResolvedOptions } from "../../index.js";
import type { StoredColumn } from "../../server/stored-column.js";

/**
 * A sequence's options in the database, as {@link inspectSequences} reads them: all except those that only concern
 * programs.
 */
export type StateOptions = Omit<ResolvedOptions, "mode" | "feeds" | "blocks">;

/** A sequence as the database has it, found by {@link inspectSequences}. */
export interface SequenceState {
  /** Its OID, which stays the same when it is renamed. Absent if the state is not that of a database. */
  readonly oid?: string | undefined;
  /** The name of the sequence, without its schema and without quotes. */
  readonly seqName: string;
  /** The schema that the sequence is in. */
  readonly schema: string;
  /**
   * The complete options, in the form of `resolveOptions`. `ownedBy` is the column of a serial, of OWNED BY, or of an
   * identity; `identity` tells them apart.
   */
  readonly options: StateOptions;
  /**
   * What defines the sequence. `"user"`: a person or a migration, including SERIAL and OWNED BY. `"identity"`: an
   * identity column. `"extension"`: an extension, whose sequences plans never change.
   */
  readonly definedBy: "user" | "identity" | "extension";
  /**
   * The columns that take their values from the sequence: its owner, and those whose default draws from it.
   *
   * The default may be that of the column, of its domain, or of a view that shows it. It may call a function written as
   * `begin atomic`. Functions whose body is a string, and triggers, are not searched.
   */
  readonly feeds: readonly FedColumn[];
  /** Whether something else depends on the sequence, such as a view, a function or the default of a domain. */
  readonly isReferenced: boolean;
  /**
   * The functions, views and rules that look up the sequence by name, as `"function public.next_id()"`. A function
   * whose body is a string counts if the name is a word of the body, so it may mean something else.
   */
  readonly namedIn: readonly string[];
  /** The last value in the sequence's own row; null if the role may not read it. */
  readonly lastValue: bigint | null;
  /** Whether `nextval` has returned `lastValue`; null if the role may not read it. */
  readonly isCalled: boolean | null;
  /** True if the role may read it, but another session has locked it to drop or alter it. `lastValue` is null then. */
  readonly isLocked?: true | undefined;
  /** The privileges on the sequence that the connected role lacks. */
  readonly missingPrivileges: readonly ("select" | "usage" | "update")[];
}

/** A column of a table, with its type and keys, as {@link inspectSequences} finds it. */
export interface StateColumn extends StoredColumn {
  /** Whether the server refuses to alter its type, because a view or something else depends on it. */
  readonly fixedType: boolean;
  /** Whether the column by itself is a primary key, unique, or excluded from holding equal values. */
  readonly unique: boolean;
  /** Whether the column is part of a key of several columns, or a unique expression uses it. */
  readonly partOfKey: boolean;
}

/** A column that takes its values from a sequence, as {@link inspectSequences} finds it. */
export interface FedColumn extends StateColumn {
  /** Whether the column gets its value from a default that draws from the sequence. */
  readonly byDefault: boolean;
  /** Whether the default looks up the sequence by name each time: `nextval('order_seq'::text)`. */
  readonly lateBound: boolean;
  /**
   * Whether the values come in another way than by a default of the column itself: through a function, a domain, a
   * view, a rule, or the table of a partition. The stored values may differ from the drawn ones.
   */
  readonly indirect: boolean;
  /**
   * Whether something may refuse values that the type holds: a check constraint, a foreign key, the bounds of
   * partitions, a generated column that uses the column, or a default that does more than draw, such as
   * `nextval('order_seq')::int2`.
   */
  readonly checked: boolean;
  /**
   * Whether the table has rows, or had some. A view, a foreign table, and a table that another session has locked
   * exclusively count as ones with rows.
   */
  readonly hasRows: boolean;
  /** How many rows were inserted into the table since its statistics began. */
  readonly inserts: bigint;
}

/** A numeric or text column that is a key, or part of one, as {@link inspectSequences} finds it. */
export interface KeyColumn extends StateColumn {
  /**
   * Whether the table has rows, or had some. A table that another session has locked exclusively counts as one with
   * rows.
   */
  readonly hasRows: boolean;
}

/** A name that is taken, and the kind of object that has it, as {@link inspectSequences} finds it. */
export interface TakenName {
  /** The schema of the object. */
  readonly schema: string;
  /** The name of the object, without its schema and without quotes. */
  readonly name: string;
  /**
   * The kind of object. A `"type"` has no relation, such as an enum: its name prevents creating a sequence, not
   * renaming one.
   */
  readonly kind: "table" | "view" | "index" | "composite type" | "type";
}

/** A table by its schema and name, in the result of {@link inspectSequences}. */
export type TableName = Pick<StateColumn, "schema" | "table">;

/**
 * A relation whose columns can own sequences: a table, a foreign table or a view. {@link inspectSequences} finds it.
 */
export interface TableState extends TableName {
  /** The names of its columns, in their order. */
  readonly columns: readonly string[];
}

/**
 * The sequences of a database and their context, as {@link inspectSequences} finds them. Temporary sequences are left
 * out.
 */
export interface DatabaseState {
  /** The schemas that were inspected; null for all of them. */
  readonly inspected: readonly string[] | null;
  /**
   * The schema in which an unqualified name is created: the first existing schema of the `search_path`; null if there
   * is none.
   */
  readonly defaultSchema: string | null;
  /** The schemas in which an unqualified name is looked up, in order. */
  readonly searchPath: readonly string[];
  /**
   * The schemas that the `search_path` names, in order, also those that do not exist. Once one exists, unqualified
   * names are looked up there.
   */
  readonly pathNames: readonly string[];
  /** The version of the server: 180004 for 18.4. */
  readonly serverVersion: number;
  /** Every existing schema, so a plan knows which ones to create. */
  readonly schemas: readonly string[];
  /** The sequences, sorted by schema and name. */
  readonly sequences: readonly SequenceState[];
  /** The sequences in schemas of the `search_path` that were not inspected. A new sequence may hide them. */
  readonly otherSequences: readonly Pick<SequenceState, "schema" | "seqName">[];
  /** The other objects with names in the inspected schemas. Sequences share their names with them. */
  readonly taken: readonly TakenName[];
  /**
   * The columns of the inspected schemas that could become owners of a sequence: numeric or text columns that are a key
   * or part of one.
   */
  readonly keys: readonly KeyColumn[];
  /** Every table of the inspected schemas with its columns, so a plan knows which owners exist. */
  readonly tables: readonly TableState[];
  /** The tables of the inspected schemas that a crash of the server empties. */
  readonly unloggedTables: readonly TableName[];
}
