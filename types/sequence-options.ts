/**
 * An exact integer: a `number` within 2^53-1, a `bigint`, or a decimal string such as "-9223372036854775808".
 *
 * ```ts
 * pgSequence("order_seq", { maxValue: 10_000 });
 * pgSequence("order_seq", { maxValue: "9223372036854775806" }); // as a number it would have lost digits
 * ```
 *
 * A number beyond 2^53-1 is refused with `INVALID_OPTIONS`.
 */
export type Integer = number | bigint | string;

/**
 * The type of a sequence on the server. `smallint` goes to 32767, `integer` to 2147483647, and `bigint` to
 * 9223372036854775807.
 *
 * ```ts
 * pgSequence("ticket_seq", { as: "integer" }); // create sequence "ticket_seq" as integer
 * ```
 *
 * Source: "CREATE SEQUENCE", parameter `data_type`.
 */
export type SequenceType = "smallint" | "integer" | "bigint";

/**
 * The JavaScript type of a sequence's values, by name.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { mode: "string" });
 * const id = await db.nextval(orderSeq); // "1", a string
 * ```
 *
 * With `"number"`, a value beyond 2^53-1 fails with `UNEXPECTED_VALUE`, because it would lose digits.
 */
export type ValueMode = "number" | "bigint" | "string";

/**
 * The column that owns a sequence. Its table is in the sequence's own schema.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } });
 * setSequenceOwnedBy(orderSeq); // alter sequence "order_seq" owned by "orders"."id"
 * ```
 */
export interface OwningColumn {
  /** The name of the table, without its schema and without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
}

/** A column that takes values of a sequence: the option `feeds` of {@link pgSequence}. */
export interface TargetColumn {
  /** The schema of the table. Default: that of the sequence. */
  readonly schema?: string | undefined;
  /** The name of the table, without quotes. */
  readonly table: string;
  /** The name of the column, without quotes. */
  readonly column: string;
}

/**
 * Which ids a value of a sequence of blocks stands for: itself and those above it, or itself and those below it. It is
 * the option `blocks` of {@link pgSequence} and of `blockAllocator`.
 *
 * ```ts
 * const reads: BlockReading = "upwards";
 * ```
 */
export type BlockReading = "upwards" | "downwards";

/** How an identity column takes values: inserts never give one, or only take one from the sequence by default. */
export type IdentityKind = "always" | "by default";

/**
 * The options of a sequence. An option that is absent or undefined has PostgreSQL's default.
 *
 * ```ts
 * pgSequence("order_seq", { startWith: 100, increment: 2, maxValue: 10000, cache: 10, cycle: true });
 * // create sequence "order_seq" increment by 2 maxvalue 10000 start with 100 cache 10 cycle
 * ```
 *
 * Source: "CREATE SEQUENCE".
 */
export interface SequenceOptions {
  /** The first value. Default: minValue, or maxValue if the increment is negative. */
  readonly startWith?: Integer | undefined;
  /** The difference between two values. Negative for a descending sequence, never 0. Default: 1. */
  readonly increment?: Integer | undefined;
  /** The smallest value. Default: 1, or the minimum of the type if the increment is negative. */
  readonly minValue?: Integer | undefined;
  /** The largest value. Default: the maximum of the type, or -1 if the increment is negative. */
  readonly maxValue?: Integer | undefined;
  /** How many values a session reserves in one step, at least 1. Default: 1. */
  readonly cache?: Integer | undefined;
  /** Whether the sequence continues at its other bound after the last value, instead of failing. Default: false. */
  readonly cycle?: boolean | undefined;
  /** The type on the server, which limits the values. Default: bigint. */
  readonly as?: SequenceType | undefined;
  /** The column that owns the sequence. PostgreSQL drops the sequence together with it. Default: none. */
  readonly ownedBy?: OwningColumn | undefined;
  /**
   * Whether the owner is an identity column, and of which kind. Such a column makes the sequence, and a plan changes it
   * through the column. Default: it is not.
   */
  readonly identity?: IdentityKind | undefined;
  /**
   * The columns that programs fill with values of the sequence. No statement is made of it: `sequenceStatus` and
   * `planResync` compare these columns with the sequence. The server itself knows the columns that own the sequence,
   * and those whose default draws from it. Default: none.
   */
  readonly feeds?: TargetColumn | readonly TargetColumn[] | undefined;
  /**
   * Which ids a value stands for if programs make a block of ids of each, as `blockAllocator` and Hibernate do. With
   * increment 100, `"upwards"` is the value and the 99 above it, `"downwards"` the value and the 99 below it. No
   * statement is made of it. Default: a value is one id.
   */
  readonly blocks?: BlockReading | undefined;
  /** Whether the sequence starts over after a crash. True needs PostgreSQL 15 or later. Default: false. */
  readonly unlogged?: boolean | undefined;
  /** The comment on the sequence. Default: none. */
  readonly comment?: string | undefined;
  /** The JavaScript type of the values. Default: bigint for a bigint sequence, number for the others. */
  readonly mode?: ValueMode | undefined;
}

/**
 * A sequence as every function accepts it: one of ours, or one of Drizzle's, which has the same properties.
 *
 * ```ts
 * nextval(drizzleSchema.orderSeq); // pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)
 * ```
 *
 * The values of Drizzle's sequences are bigint, because Drizzle declares no type.
 */
export interface SequenceLike {
  /** The name of the sequence, without its schema and without quotes. */
  readonly seqName: string | undefined;
  /** The schema. Undefined leaves it to the server's `search_path`. */
  readonly schema: string | undefined;
  /** The options as declared. Undefined means that every option has its default. */
  readonly seqOptions: SequenceOptions | undefined;
}

/**
 * The complete options of a sequence, with every default filled in as PostgreSQL does it. {@link resolveOptions}
 * returns them.
 */
export interface ResolvedOptions {
  /** The type on the server. */
  readonly as: SequenceType;
  /** The first value. */
  readonly startWith: bigint;
  /** The difference between two values; negative for a descending sequence. */
  readonly increment: bigint;
  /** The smallest value. */
  readonly minValue: bigint;
  /** The largest value. */
  readonly maxValue: bigint;
  /** How many values a session reserves in one step. */
  readonly cache: bigint;
  /** Whether the sequence continues at its other bound after the last value. */
  readonly cycle: boolean;
  /** The column that owns the sequence; null if there is none. */
  readonly ownedBy: OwningColumn | null;
  /** The kind of the identity column that owns the sequence; null if the owner is not one. */
  readonly identity: IdentityKind | null;
  /** The columns that programs fill from the sequence. */
  readonly feeds: readonly TargetColumn[];
  /** Which ids a value stands for; null if it stands for itself. */
  readonly blocks: BlockReading | null;
  /** Whether the sequence starts over after a crash. */
  readonly unlogged: boolean;
  /** The comment on the sequence; null if there is none. */
  readonly comment: string | null;
  /** The JavaScript type of the values. */
  readonly mode: ValueMode;
}

/**
 * The compiler's message if a name is passed instead of a sequence, as in `nextval("order_seq")`. Parameters of
 * functions such as {@link nextval} accept this type, so the error shows it.
 */
export type SequenceNeeded = "a sequence made by pgSequence is needed";
