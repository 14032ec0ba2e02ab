/** A whole number: a `number` within 2^53-1, a `bigint`, or a decimal string such as "-9223372036854775808". */
export type Integer = number | bigint | string;

export type SequenceType = "smallint" | "integer" | "bigint";

/** What the values of a sequence are in JavaScript. */
export type ValueMode = "number" | "bigint" | "string";

/** A column that a sequence belongs to. Its table is in the sequence's own schema. */
export interface OwningColumn {
  readonly table: string;
  readonly column: string;
}

/**
 * The options of a sequence; one that is absent or undefined has PostgreSQL's default.
 *
 * ```ts
 * pgSequence("order_seq", { startWith: 100, increment: 2, maxValue: 10000, cache: 10, cycle: true });
 * // create sequence "order_seq" increment by 2 maxvalue 10000 start with 100 cache 10 cycle
 * ```
 *
 * Source: "CREATE SEQUENCE".
 */
export interface SequenceOptions {
  /** The first value. Default: minValue, or maxValue where the increment is negative. */
  readonly startWith?: Integer | undefined;
  /** What is added for the next value; below 0 for a descending sequence, never 0. Default: 1. */
  readonly increment?: Integer | undefined;
  /** Default: 1, or the minimum of the type where the increment is negative. */
  readonly minValue?: Integer | undefined;
  /** Default: the maximum of the type, or -1 where the increment is negative. */
  readonly maxValue?: Integer | undefined;
  /** How many values a session reserves at once, at least 1. Default: 1. */
  readonly cache?: Integer | undefined;
  /** Whether to go on at the other end when one is passed. Default: false. */
  readonly cycle?: boolean | undefined;
  /** The type on the server, which limits the values. Default: bigint. */
  readonly as?: SequenceType | undefined;
  /** The column with which the sequence is dropped. Default: none. */
  readonly ownedBy?: OwningColumn | undefined;
  /** Whether it starts over after a crash (PostgreSQL 15 or later). Default: false. */
  readonly unlogged?: boolean | undefined;
  readonly comment?: string | undefined;
  /** The JavaScript type of the values. Default: bigint for a bigint sequence, number for the others. */
  readonly mode?: ValueMode | undefined;
}

/**
 * What every function takes as a sequence: one of ours, or one of Drizzle's, which has the same parts. Its values are bigint,
 * as Drizzle declares no type.
 *
 * ```ts
 * nextval(drizzleSchema.orderSeq); // pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)
 * ```
 */
export interface SequenceLike {
  readonly seqName: string | undefined;
  readonly schema: string | undefined;
  readonly seqOptions: SequenceOptions | undefined;
}

/** All options with every default filled in as PostgreSQL does. */
export interface ResolvedOptions {
  readonly as: SequenceType;
  readonly startWith: bigint;
  readonly increment: bigint;
  readonly minValue: bigint;
  readonly maxValue: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  readonly ownedBy: OwningColumn | null;
  readonly unlogged: boolean;
  readonly comment: string | null;
  readonly mode: ValueMode;
}
