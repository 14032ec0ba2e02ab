/*
 * What `planWiden` reads from the catalog. OIDs are text, because they only identify things. Definitions are texts of
 * the server, read in the catalog path, so every name in them is qualified.
 */

/** A table, or a partition of one. */
export interface Relation {
  readonly oid: string;
  /** The partitioned table at the top; the table itself for any other. */
  readonly root: string;
  readonly schema: string;
  readonly name: string;
  /** Whether it has the trigger of the phases. */
  readonly hasTrigger: boolean;
  /** `relkind`: `r`, `p`, `f`, ... */
  readonly kind: string;
  readonly persistence: string;
  /** How many partitioned tables are above it. */
  readonly level: number;
  readonly isPartition: boolean;
  readonly inherits: boolean;
  readonly hasChildren: boolean;
  readonly isTyped: boolean;
  readonly replicaIdentity: string;
  readonly publications: readonly string[];
  /** The names of triggers that fire for each updated row, also before it. */
  readonly updateTriggers: readonly string[];
  /** The names of triggers that may change a row after the trigger of the phases has seen it. */
  readonly laterTriggers: readonly string[];
  readonly rules: readonly string[];
  readonly indexes: readonly { readonly name: string; readonly isValid: boolean }[];
  readonly columns: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly number: number;
  /** The type as the server writes it. */
  readonly type: string;
  readonly isNotNull: boolean;
  /** The name of its NOT NULL constraint, which PostgreSQL 18 and later have. */
  readonly notNullName: string | null;
  /** `a`, `d` or nothing. */
  readonly identity: string;
  readonly default: string | null;
  readonly isGenerated: boolean;
  readonly inPartitionKey: boolean;
  readonly comment: string | null;
  readonly statisticsTarget: number | null;
  readonly options: readonly string[] | null;
  readonly privileges: readonly Privilege[];
}

/** A privilege of a role. A grantee of null is PUBLIC. */
export interface Privilege {
  readonly grantee: string | null;
  readonly privilege: string;
  readonly isGrantable: boolean;
}

export interface ForeignKey {
  readonly oid: string;
  readonly name: string;
  readonly from: string;
  readonly fromRoot: string;
  readonly fromNumbers: readonly number[];
  readonly to: string;
  readonly toRoot: string;
  readonly toNumbers: readonly number[];
  readonly definition: string;
  readonly isValid: boolean;
  readonly comment: string | null;
}

/** A constraint that is not a foreign key. */
export interface Constraint {
  readonly oid: string;
  readonly name: string;
  /** `c`, `p`, `u` or `x`. */
  readonly type: string;
  readonly definition: string;
  readonly isValid: boolean;
  readonly comment: string | null;
}

export interface Index {
  readonly oid: string;
  readonly relation: string;
  readonly schema: string;
  readonly name: string;
  /** The index of the partitioned table that it is part of. */
  readonly parent: string | null;
  readonly definition: string;
  /** The number of the column of each entry; 0 for an expression. */
  readonly entries: readonly number[];
  /** The numbers of the columns whose operator class is not the default one. */
  readonly otherClasses: readonly number[];
  /** The numbers of the columns in its expressions and predicate. */
  readonly inExpressions: readonly number[];
  readonly isUnique: boolean;
  readonly isValid: boolean;
  readonly isClustered: boolean;
  readonly isReplicaIdentity: boolean;
  readonly tablespace: string | null;
  readonly comment: string | null;
  readonly constraint: Constraint | null;
}

/** A constraint of checks, with its table. */
export interface Check extends Constraint {
  readonly relation: string;
}

export interface Trigger {
  readonly relation: string;
  readonly name: string;
  readonly definition: string;
  /** `tgenabled`. */
  readonly enabled: string;
  readonly comment: string | null;
}

export interface Policy {
  readonly relation: string;
  readonly name: string;
  readonly using: string | null;
  readonly check: string | null;
}

export interface Statistics {
  readonly schema: string;
  readonly name: string;
  readonly definition: string;
  readonly target: number | null;
  readonly owner: string;
  readonly comment: string | null;
}

export interface View {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly columns: readonly { readonly name: string; readonly comment: string | null }[];
  readonly options: readonly string[] | null;
  readonly definition: string;
  readonly comment: string | null;
  readonly privileges: readonly Privilege[] | null;
}

/** A sequence that a column owns, or that its default draws from. */
export interface Sequence {
  readonly relation: string;
  readonly number: number;
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly type: string;
  readonly isIdentity: boolean;
  readonly isOwned: boolean;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
  readonly comment: string | null;
  readonly privileges: readonly Privilege[] | null;
  /** What else depends on it, in words of the server. */
  readonly usedBy: readonly string[];
}

/** What depends on the columns. */
export interface Dependents {
  readonly indexes: readonly Index[];
  readonly checks: readonly Check[];
  readonly triggers: readonly Trigger[];
  readonly policies: readonly Policy[];
  readonly statistics: readonly Statistics[];
  /** In the order in which they can be created. */
  readonly views: readonly View[];
  readonly sequences: readonly Sequence[];
  /** What cannot be carried over, in words of the server. */
  readonly others: readonly string[];
}
